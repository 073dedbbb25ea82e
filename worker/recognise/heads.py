"""The heads of columns: which labels stand above a row of figures, and where."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from models.disclosure.form import Column
from worker.recognise.labels import normalised
from worker.recognise.positions import Extent, Headed
from worker.recognise.records import Piece, Strip

LINES: Final = 8
"""So many lines above its first row a table may have its heads."""
_WORD: Final = re.compile(r"\S(?:\s\S)+(?!\S)|\S+")


def headed(
    lines: Sequence[Strip], columns: Sequence[Column], above: int, *, merged: bool = False
) -> Headed:
    """Return what the column labels above a row of figures say.

    Where cells are merged above the figures, the labels are shifted against them.
    """
    labels = _labels(lines, columns, above)
    size = len(columns)
    return Headed(_extents(labels, size), None if merged else _start(labels, size))


def _labels(lines: Sequence[Strip], columns: Sequence[Column], above: int) -> list[Piece]:
    words = _known(tuple(text for column in columns for text in (column.label, *column.variants)))
    found: list[Piece] = []
    for line in reversed(lines[max(0, above - LINES) : above]):
        labels = [piece for piece in line.pieces if not piece.is_value]
        matching = [
            piece
            for label in labels
            for piece in _words(label)
            if (text := normalised(piece.text)[1]) and text in words
        ]
        if found and not matching:
            break
        found.extend(matching)
    return found


@lru_cache(64)
def _known(labels: tuple[str, ...]) -> str:
    """Return column labels in one text, each on its line."""
    return "\n".join([normalised(label)[1] for label in labels])


def _words(piece: Piece) -> Iterable[Piece]:
    """Labels one space apart are one piece of text but stand over columns of their own."""
    for found in _WORD.finditer(piece.text):
        left = piece.left + found.start()
        right = left + len(found.group()) if found.group() != piece.text else piece.right
        yield Piece(
            found.group(),
            is_value=False,
            column=piece.column,
            left=left,
            right=right,
            place=piece.place,
        )


def _start(labels: Sequence[Piece], size: int) -> int | None:
    """Return the grid column of the first of ``size`` column labels standing side by side."""
    columns = {piece.column for piece in labels}
    side_by_side = len(columns) == size and max(columns) - min(columns) == size - 1
    return min(columns) if side_by_side else None


def _extents(labels: Sequence[Piece], size: int) -> tuple[Extent, ...]:
    """Return the extents of column labels, fragments of one label joined; empty when unclear."""
    extents: list[Extent] = []
    for piece in sorted(labels, key=lambda piece: piece.left):
        if extents and piece.left < extents[-1][1]:
            extents[-1] = (extents[-1][0], max(extents[-1][1], piece.right))
        else:
            extents.append((piece.left, piece.right))
    return tuple(extents) if len(extents) == size else ()
