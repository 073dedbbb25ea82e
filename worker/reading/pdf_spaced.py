"""Rows of borderless tables: pieces of text that only the room between them tells apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.disclosure.report import Place
from worker.reading.pages import Grid, GridCell, GridRow, Shape
from worker.reading.pdf_ink import Box
from worker.reading.pdf_lines import TextLine, extent, joined, text_of
from worker.reading.scan_glyph import confidence_of

_NEXT: Final = 1.6
"""Lines of one cell are no further apart than this many times their height."""
_REACH: Final = 2
_MOST_OPEN: Final = 60
_MOST_LINES: Final = 12
"""A note beside a figure is not set over more lines."""
_MARKS: Final = frozenset("/／-－—–")
_OPENING, _CLOSING = frozenset("（("), frozenset("）)")


@dataclass(slots=True)
class _Piece:
    """A piece of text, its lines below each other, and the rows (first, last) they stand on."""

    texts: list[str]
    box: Box
    page: int
    first: int
    last: int
    confidence: float | None = None

    @property
    def open(self) -> bool:
        """Whether a bracket is not closed: the note beside a figure goes on below."""
        text = "".join(self.texts)
        return sum(c in _OPENING for c in text) > sum(c in _CLOSING for c in text)

    @property
    def is_figure(self) -> bool:
        """Whether it is a figure, or a mark in place of one."""
        return self.texts[0][0].isdigit() or _MARKS.issuperset(self.texts[0])

    def take(self, other: "_Piece") -> None:
        """Go on with the piece below."""
        self.texts += other.texts
        self.last = other.first
        sure = [c for c in (self.confidence, other.confidence) if c is not None]
        self.confidence = min(sure, default=None)
        one, two = self.box, other.box
        self.box = min(one[0], two[0]), one[1], max(one[2], two[2]), two[3]

    def is_over(self, other: "_Piece") -> bool:
        """Tell whether the other piece is the next line of this one."""
        height = other.box[3] - other.box[1]
        inside = min(self.box[2], other.box[2]) - max(self.box[0], other.box[0]) > 0
        step = other.box[3] - self.box[3]
        near = self.page == other.page and inside and 0 < step < _NEXT * height
        return near and (self.open or other.texts[0][0] in _OPENING)


def spaced_grid(run: Sequence[TextLine]) -> Grid:
    """Return lines as the rows of a spaced grid; a figure's note set over lines is put together.

    The figure then stands on the one of its lines on which most other pieces stand.
    """
    rows: list[list[_Piece]] = [[] for _ in run]
    open_pieces: list[_Piece] = []
    for at, line in enumerate(run):
        open_pieces = [piece for piece in open_pieces if at - piece.last <= _REACH]
        for part in line.parts:
            piece = _Piece([text_of(part)], extent(part), line.page, at, at, confidence_of([part]))
            above = next((one for one in open_pieces[:_MOST_OPEN] if one.is_over(piece)), None)
            if above is None:
                rows[at].append(piece)
                above = piece
            else:
                above.take(piece)
                open_pieces.remove(above)
            if above.texts[0][0].isdigit() and len(above.texts) < _MOST_LINES:
                open_pieces.append(above)
    return Grid(tuple(_row(row) for row in _level(_settled(rows))), Shape.SPACED)


def _settled(rows: list[list[_Piece]]) -> list[list[_Piece]]:
    found: list[list[_Piece]] = [
        [piece for piece in row if piece.first == piece.last] for row in rows
    ]
    counts = [len(row) for row in found]
    for piece in (piece for row in rows for piece in row if piece.first < piece.last):
        where = max(range(piece.first, piece.last + 1), key=lambda at: counts[at])
        found[where].append(piece)
    return [sorted(row, key=lambda piece: piece.box[0]) for row in found if row]


def _level(rows: list[list[_Piece]]) -> list[list[_Piece]]:
    """Put figures that stand half a line off into their row: a space in their cell was broken off.

    No two rows are nearer to each other than a line is high.
    """
    found = rows[:1]
    for row in rows[1:]:
        if _is_level(found[-1], row):
            found[-1] = sorted([*found[-1], *row], key=lambda piece: piece.box[0])
        else:
            found.append(row)
    return found


def _is_level(above: list[_Piece], below: list[_Piece]) -> bool:
    """Tell whether two lines of figures, one of them nothing else, are of one row."""
    figures = [[piece.is_figure for piece in row] for row in (above, below)]
    if not (any(figures[0]) and any(figures[1]) and (all(figures[0]) or all(figures[1]))):
        return False
    one, other = above[figures[0].index(True)], below[figures[1].index(True)]
    if one.page != other.page or other.box[1] >= one.box[3]:
        return False
    return not any(
        piece.box[0] < beside.box[2] and beside.box[0] < piece.box[2]
        for piece in above
        for beside in below
    )


def _row(pieces: list[_Piece]) -> GridRow:
    return GridRow(
        tuple(
            GridCell(
                joined(piece.texts),
                at,
                piece.box[0],
                piece.box[2],
                place=Place(page=piece.page, box=piece.box),
                confidence=piece.confidence,
            )
            for at, piece in enumerate(pieces)
        )
    )
