"""Records: the lines of a document as labels and values, the stream that alignment works on."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from models.disclosure.report import Place
from worker.reading.pages import GridRow, Pages, Paragraph, Shape
from worker.recognise import figures, labels

_PAGE_MARK: Final = re.compile(
    r"[-—–―─~·]+\d{1,4}[-—–―─~·]+|第\d{1,4}页(?:[,、/]?(?:共|总)\d{1,4}页)?|[Pp]age\d+(?:of\d+)?|\d{1,3}/\d{1,3}"
)
_INDENT: Final = 8
_LONGEST_PAGE_MARK: Final = 3
_NEAR_BEFORE: Final = 8
_NEAR_AFTER: Final = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of text on a line: a label, or a value (a blank is a value without text)."""

    text: str
    is_value: bool
    column: int
    left: float
    right: float
    place: Place | None
    span: int = 1
    confidence: float | None = None

    @property
    def blank(self) -> bool:
        """Whether it is an empty cell."""
        return self.is_value and not self.text.strip()


@dataclass(frozen=True, slots=True)
class Strip:
    """One line or grid row: its pieces, left to right, and its number in the document."""

    at: int
    pieces: tuple[Piece, ...]
    shape: Shape
    alone: bool

    @property
    def text(self) -> str:
        """The line as running text."""
        return " ".join(piece.text for piece in self.pieces if piece.text)


@dataclass(slots=True)
class Record:
    """A run of values and the labels near it.

    ``own`` are labels on the same line, ``before`` and ``after`` those of label-only lines
    between this record and its neighbours, nearest last and nearest first. ``first`` and ``last``
    are the numbers of the strips the values stand on. ``stacked`` tells one cell a line; then
    ``spacing`` are the lines from the label down to each value in turn, and on to what follows.
    """

    own: tuple[Piece, ...]
    values: list[Piece]
    shape: Shape
    first: int
    last: int
    stacked: bool = False
    width: int = 0
    spacing: tuple[int, ...] = ()
    before: list[Piece] = field(default_factory=list)
    after: list[Piece] = field(default_factory=list)

    @property
    def printed(self) -> list[Piece]:
        """The values that are not blank."""
        return [piece for piece in self.values if not piece.blank]


def overlap(one: Piece, other: Piece) -> bool:
    """Tell whether two pieces stand in the same text column."""
    return min(one.right, other.right) - max(one.left, other.left) > 0


def strips(pages: Pages) -> list[Strip]:
    """Return the lines of a document, page marks left out."""
    found: list[Strip] = []
    for block in pages.blocks:
        rows: Iterable[GridRow | Paragraph] = (
            (block,) if isinstance(block, Paragraph) else block.rows
        )
        shape = Shape.SPACED if isinstance(block, Paragraph) else block.shape
        for row in rows:
            pieces = tuple(_pieces(row))
            if not _is_page_mark(pieces, shape):
                found.append(Strip(len(found), pieces, shape, len(pieces) == 1))
    return found


def _is_page_mark(pieces: tuple[Piece, ...], shape: Shape) -> bool:
    if len(pieces) != 1 and (shape is not Shape.SPACED or len(pieces) > _LONGEST_PAGE_MARK):
        return False
    return _PAGE_MARK.fullmatch(figures.folded("".join(p.text for p in pieces))) is not None


def _pieces(row: GridRow | Paragraph) -> Iterator[Piece]:
    if isinstance(row, Paragraph):
        left = float((row.place.column or 1) - 1) if row.place else 0.0
        value = figures.is_value(row.text)
        yield Piece(row.text, value, 0, left, left + len(row.text), row.place)
        return
    for cell in row.cells:
        value = figures.is_value(cell.text)
        yield Piece(
            cell.text,
            value,
            cell.column,
            cell.left,
            cell.right,
            cell.place,
            cell.column_span,
            cell.confidence,
        )


def records(lines: list[Strip]) -> list[Record]:
    """Return every run of values with the labels near it."""
    found: list[Record] = []
    waiting: list[Piece] = []
    for strip in lines:
        for record in _of_strip(strip):
            if not record.values:
                waiting.extend(record.own)
                _offer(found, record.own)
                continue
            if _continues(found, record, waiting):
                found[-1].values.extend(record.values)
                found[-1].last = record.last
                continue
            record.before = waiting[-_NEAR_BEFORE:]
            # A line of labels and empty cells may be the upper part of a wrapped label.
            waiting = [] if record.printed or record.stacked else [*waiting, *record.own]
            found.append(record)
    for record in found:
        if record.stacked and record.before:
            record.spacing = _spacing(record, lines)
    return found


def _spacing(record: Record, lines: list[Strip]) -> tuple[int, ...]:
    below = lines[record.last + 1 : record.last + 2]
    pieces = [
        record.before[-1],
        *record.values,
        *(piece for strip in below for piece in strip.pieces[:1]),
    ]
    numbers = [piece.place.line for piece in pieces if piece.place and piece.place.line]
    return tuple(down - up for up, down in pairwise(numbers)) if len(numbers) == len(pieces) else ()


def _continues(found: list[Record], record: Record, waiting: list[Piece]) -> bool:
    """One cell a line: values that follow each other with no label between are one run."""
    return bool(found) and record.stacked and found[-1].stacked and not waiting and not record.own


def _offer(found: list[Record], pieces: tuple[Piece, ...]) -> None:
    if found and len(found[-1].after) < _NEAR_AFTER:
        found[-1].after.extend(pieces)


def _of_strip(strip: Strip) -> Iterator[Record]:
    """Cut a line where a label follows a value; blank cells before a label belong to none."""
    own: list[Piece] = []
    values: list[Piece] = []
    for piece in strip.pieces:
        if piece.is_value:
            values.append(piece)
            continue
        if len(piece.text) > labels.LONGEST_FRAGMENT * 2:
            piece = _shortened(piece)
        if values and any(not value.blank for value in values):
            yield _record(strip, own, values)
            own, values = [], []
        own.append(piece)
        values = []
    yield _record(strip, own, values)


def _record(strip: Strip, own: list[Piece], values: list[Piece]) -> Record:
    indented = strip.shape is Shape.SPACED and any(
        piece.left > _INDENT for piece in strip.pieces[:1]
    )
    return Record(
        tuple(own),
        list(values),
        strip.shape,
        strip.at,
        strip.at,
        strip.alone and not indented,
        len(strip.pieces),
    )


def _shortened(piece: Piece) -> Piece:
    """A paragraph is no label; its end may still be one that a reader glued to it."""
    text = piece.text[-labels.LONGEST_FRAGMENT :]
    return Piece(text, False, piece.column, piece.left, piece.right, piece.place)
