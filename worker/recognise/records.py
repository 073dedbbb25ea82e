"""Records: the lines of a document as labels and values, the stream that alignment works on."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from typing import Final, NamedTuple

from models.disclosure.report import Place
from models.tuples import maker
from worker.reading.pages import GridRow, Pages, Paragraph, Shape
from worker.recognise import figures, labels
from worker.recognise.figures import is_value

_PAGE_MARK: Final = re.compile(
    r"[-—–―─~·]+\d{1,4}[-—–―─~·]+|第\d{1,4}页(?:[,、/]?(?:共|总)\d{1,4}页)?|[Pp](?:age)?[.．]?\d{1,4}(?:of\d+)?|\d{1,3}/\d{1,3}"
)
_MARKS: Final = frozenset(("", *"-—–―─~·－−﹣第Pp"))
"""What page marks begin with, if not with a digit; nothing: with the next piece."""
_ENDS: Final = _MARKS | {"页"}
_SPACED: Final = Shape.SPACED
_INDENT: Final = 8
_LONGEST_PAGE_MARK: Final = 3
_NEAR_BEFORE: Final = 8
_NEAR_AFTER: Final = 4
_FAR_BEFORE: Final = 60
"""So many labels between two records may be those of rows that have lost their empty cells."""


class Piece(NamedTuple):
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


_piece: Final = maker(Piece)
_IS_VALUE: Final = attrgetter("is_value")


class Strip(NamedTuple):
    """One line or grid row: its pieces, left to right, and its number in the document.

    ``text`` is the line as running text.
    """

    at: int
    pieces: tuple[Piece, ...]
    shape: Shape
    text: str

    @property
    def alone(self) -> bool:
        """Whether it is one piece."""
        return len(self.pieces) == 1


_strip: Final = maker(Strip)


@dataclass(slots=True)
class Record:
    """A run of values and the labels near it.

    ``own`` are labels on the same line, ``before`` and ``after`` those of label-only lines
    between this record and its neighbours, nearest last and nearest first; ``far`` are those
    farther before, where a record stands above them. ``first`` and ``last``
    are the numbers of the strips the values stand on. ``stacked`` tells one cell a line; then
    ``spacing`` are the lines from the label down to each value in turn, and on to what follows.
    ``printed`` are the values that are not blank; ``texts`` what may be its label, once found.
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
    far: list[Piece] = field(default_factory=list)
    printed: list[Piece] = field(init=False)
    texts: tuple[str, ...] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.printed = _printed(self.values)

    def below(self, before: list[Piece]) -> "Record":
        """Return the record with other labels before it."""
        return Record(
            self.own,
            self.values,
            self.shape,
            self.first,
            self.last,
            self.stacked,
            self.width,
            self.spacing,
            before,
            self.after,
            self.far,
        )

    def go_on(self, strip: Strip) -> None:
        """Take in the values of the line that follows."""
        self.values += strip.pieces
        self.printed += _printed(strip.pieces)
        self.last = strip.at


def _printed(values: Iterable[Piece]) -> list[Piece]:
    return [piece for piece in values if piece.text.strip()]


def overlap(one: Piece, other: Piece) -> bool:
    """Tell whether two pieces stand in the same text column."""
    return min(one.right, other.right) - max(one.left, other.left) > 0


def strips(pages: Pages) -> list[Strip]:
    """Return the lines of a document, page marks left out."""
    found: list[Strip] = []
    for block in pages.blocks:
        rows: Iterable[tuple[Piece, ...]]
        if isinstance(block, Paragraph):
            shape, rows = _SPACED, ((_paragraph(block),),)
        else:
            shape, rows = block.shape, map(_cells, block.rows)
        for pieces in rows:
            if 0 < len(pieces) <= _LONGEST_PAGE_MARK and _is_page_mark(pieces, shape):
                continue
            text = (
                pieces[0].text
                if len(pieces) == 1
                else " ".join([piece.text for piece in pieces if piece.text])
            )
            found.append(_strip((len(found), pieces, shape, text)))
    return found


def _is_page_mark(pieces: tuple[Piece, ...], shape: Shape) -> bool:
    text, alone = pieces[0].text, len(pieces) == 1
    if (alone and text.isdecimal()) or (not alone and shape is not _SPACED):
        return False
    begin, end = text.lstrip()[:1], pieces[-1].text.rstrip()[-1:]
    if begin not in _MARKS and not begin.isdecimal():
        return False
    if end not in _ENDS and not end.isdecimal():
        return False
    return _PAGE_MARK.fullmatch(figures.folded("".join([p.text for p in pieces]))) is not None


def _paragraph(block: Paragraph) -> Piece:
    text, place = block.text, block.place
    left = float((place.column or 1) - 1) if place else 0.0
    return _piece((text, figures.is_value(text), 0, left, left + len(text), place, 1, None))


def _cells(row: GridRow) -> tuple[Piece, ...]:
    return tuple(
        [
            _piece((text, text.isdecimal() or is_value(text), at, left, right, place, span, sure))
            for text, at, left, right, _, span, place, sure in row.cells
        ]
    )


def records(lines: list[Strip]) -> list[Record]:
    """Return every run of values with the labels near it."""
    found: list[Record] = []
    waiting: list[Piece] = []
    for strip in lines:
        if not any(map(_IS_VALUE, strip.pieces)):
            own = [_as_label(piece) for piece in strip.pieces]
            waiting += own
            _offer(found, own)
            continue
        if found and not waiting and found[-1].stacked and _is_stacked(strip):
            found[-1].go_on(strip)
            continue
        for record in _of_strip(strip):
            if not record.values:
                waiting.extend(record.own)
                _offer(found, record.own)
                continue
            record.before = waiting[-_NEAR_BEFORE:]
            if found and len(waiting) > _NEAR_BEFORE:
                record.far = waiting[-_FAR_BEFORE:-_NEAR_BEFORE]
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


def _offer(found: list[Record], pieces: Sequence[Piece]) -> None:
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
        if values:
            if any(not value.blank for value in values):
                yield _record(strip, own, values)
                own = []
            values = []
        own.append(_as_label(piece))
    yield _record(strip, own, values)


def _record(strip: Strip, own: list[Piece], values: list[Piece]) -> Record:
    at, pieces, shape, _ = strip
    return Record(tuple(own), values, shape, at, at, _is_stacked(strip), len(pieces), (), [], [])


def _is_stacked(strip: Strip) -> bool:
    """Tell one cell a line: values that follow each other with no label between are one run."""
    pieces = strip.pieces
    return len(pieces) == 1 and not (strip.shape is _SPACED and pieces[0].left > _INDENT)


def _as_label(piece: Piece) -> Piece:
    """A paragraph is no label; its end may still be one that a reader glued to it."""
    if len(piece.text) <= 2 * labels.LONGEST_FRAGMENT:
        return piece
    text = piece.text[-labels.LONGEST_FRAGMENT :]
    return Piece(text, False, piece.column, piece.left, piece.right, piece.place)
