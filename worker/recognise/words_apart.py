"""Words where figures belong, in text whose cells stand one space apart.

A reader parts figures from each other and from the label before them, and leaves a word with
what stands to the left of it. Where the row that the label names has just as many columns as
there are figures and words behind it, every one of them is a cell.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from models.disclosure.form import REVIEW_ACROSS
from worker.reading.pages import Shape
from worker.recognise import figures
from worker.recognise.records import Piece, Strip
from worker.recognise.wording import wording

_SPACED: Final = Shape.SPACED
_ACROSS: Final = frozenset((len(REVIEW_ACROSS.cells),))
_TOKEN: Final = re.compile(r"\S+")
_LONGEST: Final = 120
_MOST: Final = 24
_NEAR: Final = 6


def apart(lines: Sequence[Strip]) -> list[Strip]:
    """Return the lines, with their cells parted where the first piece holds words in cells."""
    return [
        _parted(strip, lines[max(0, at - _NEAR) : at + _NEAR + 1])
        if strip.shape is _SPACED and " " in strip.pieces[0].text
        else strip
        for at, strip in enumerate(lines)
    ]


def _parted(strip: Strip, near: Sequence[Strip]) -> Strip:
    first, *others = strip.pieces
    if first.is_value or len(first.text) > _LONGEST or not all(p.is_value for p in others):
        return strip
    tokens = list(_TOKEN.finditer(first.text))
    if len(tokens) + len(others) > _MOST:
        return strip
    for at in range(len(tokens)):
        label = first.text[: tokens[at].start()].strip()
        if _is_row(label, [token.group() for token in tokens[at:]], len(others), near):
            start = tokens[at].start()
            pieces = [*_label(first, start), *_cells(first, tokens[at:]), *others]
            numbered = [piece._replace(column=n) for n, piece in enumerate(pieces)]
            return strip._replace(pieces=tuple(numbered))
    return strip


def _is_row(label: str, texts: Sequence[str], others: int, near: Sequence[Strip]) -> bool:
    """Tell whether texts and the figures after them fill the row of a label.

    That a single word does is to be believed only among rows that print a single figure.
    """
    said = wording(label)
    sizes = (said.sizes if said.certain else frozenset()) if label else _ACROSS
    count = len(texts) + others
    if count not in sizes:
        return False
    words = [text for text in texts if not figures.is_value(text)]
    if any(said.label or said.part for said in map(wording, words)):
        return False
    return len(words) * 2 <= count or (count == 1 and any(_is_like(row, sizes) for row in near))


def _is_like(strip: Strip, sizes: frozenset[int]) -> bool:
    """Tell whether a line is a label of the same kind and one figure."""
    label, *values = strip.pieces
    if label.is_value or len(values) != 1 or not values[0].is_value:
        return False
    return wording(label.text).sizes == sizes


def _label(piece: Piece, stop: int) -> Iterator[Piece]:
    if text := piece.text[:stop].strip():
        yield piece._replace(text=text, right=piece.left + len(text))


def _cells(piece: Piece, tokens: Sequence[re.Match[str]]) -> Iterator[Piece]:
    place = piece.place
    for token in tokens:
        left = piece.left + token.start()
        here = place
        if place is not None and place.column is not None:
            here = place._replace(column=place.column + token.start())
        text = token.group()
        yield Piece(text, True, piece.column, left, left + len(text), here)
