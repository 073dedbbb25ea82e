"""Columns: the values of an aligned row go to the columns of the form.

By count where a row prints as many figures as it has columns; else by position, learnt from the
rows that are complete, or by the empty lines that blank cells have left; else every placement that
keeps the order is returned, and none is taken.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, islice, pairwise
from statistics import median, pstdev
from typing import Final

from worker.reading.pages import Shape
from worker.recognise.positions import (
    Extent,
    Positions,
    label_column,
    printed_of,
    shared,
    trailing,
)
from worker.recognise.records import Piece, Record

Slots = tuple[Piece | None, ...]
"""One piece, or nothing, for each column."""

_MOST_PLACEMENTS: Final = 4000
_ENOUGH: Final = 3
_MIDDLE: Final = 0.5
_ANCHORS: Final = (0.5, 0.0, 1.0)
_REACH: Final = 0.65
_RAGGED: Final = 0.3
_MERGED: Final = 2
_MOST_WRAPPED: Final = 4


@dataclass(frozen=True, slots=True)
class Placement:
    """Equally good ways to place a row's values; one when the row is certain."""

    candidates: tuple[Slots, ...]

    @property
    def certain(self) -> bool:
        """Whether there is no choice."""
        return len(self.candidates) == 1


def place(
    parts: Sequence[Record], values: Sequence[Piece], size: int, positions: Positions
) -> Placement:
    """Place the values of one row, printed on ``parts`` (more than one where a page cut it)."""
    printed = printed_of(parts[0], values)
    if len(printed) == size:
        return Placement((tuple(printed),))
    if not printed:
        return Placement(((None,) * size,))
    record = parts[0]
    if len(parts) == 1 and (single := once(record, printed, size)):
        return Placement((single,))
    if len(parts) == 1:
        slots = _by_position(record, values, printed, size, positions)
        if slots:
            return Placement(slots)
    elif len(values) == size:
        return Placement((_whole(values),))
    return Placement(tuple(_in_order(printed, size)))


def once(record: Record, printed: Sequence[Piece], size: int) -> Slots:
    """Return the figures without those that a converter repeats in the columns of a merged cell.

    Only the short rows of table 二 have such cells.
    """
    if size > _MERGED or len(printed) <= size or record.shape is not Shape.RAGGED:
        return ()
    first = [printed[0]]
    first += [piece for left, piece in pairwise(printed) if not _again(left, piece)]
    if len(first) == 1:
        return tuple(printed[:size])
    return tuple(first) if len(first) == size else ()


def _again(left: Piece, piece: Piece) -> bool:
    return left.text == piece.text and piece.column == left.column + 1


def _by_position(
    record: Record,
    values: Sequence[Piece],
    printed: Sequence[Piece],
    size: int,
    positions: Positions,
) -> tuple[Slots, ...]:
    if len(printed) > size or shared(record, printed):
        return ()
    positions.study()
    if record.stacked:
        if len(values) >= size:
            return _inside(values, size)
        return _by_lines(record, values, size, positions)
    if record.shape is Shape.SPACED:
        return _by_extent(record, printed, size, positions)
    if record.shape is Shape.CELLS and len(values) == size:
        return (_whole(values),)  # cells of a true grid, one of which may be wider than its column
    if printed[-1].column - printed[0].column == size - 1:
        return (_from(printed, printed[0].column, size),)
    starts = positions.starts_for(record, printed, alike=True) or positions.headed_starts(
        record, printed
    )
    starts = starts or positions.directly_behind(record, printed)
    if not starts and len(values) == size and positions.lengths <= {size}:
        return (_whole(values),)
    if not starts:
        starts = positions.starts_for(record, printed, alike=False)
        if trailing(values) in positions.trailing.get(label_column(record), ()):
            # The row ends like complete ones: it may have lost a cell further left.
            starts = tuple(start for start in starts if printed[-1].column == start + size - 1)
    return tuple(_from(printed, start, size) for start in starts)


def _inside(values: Sequence[Piece], size: int) -> tuple[Slots, ...]:
    """Return the cells of a row that an extractor printed an empty mark behind, or before."""
    for start in range(len(values) - size + 1):
        if all(piece.blank for piece in chain(values[:start], values[start + size :])):
            return (_whole(values[start : start + size]),)
    return ()


def _by_lines(
    record: Record, values: Sequence[Piece], size: int, positions: Positions
) -> tuple[Slots, ...]:
    """Put in the blank cells that empty lines speak of, if all rows of the table agree on that.

    Where no other row has a blank cell, it may take as many lines as any cell or one: the row has
    its cells by one of the two.
    """
    if not record.spacing:
        return ()
    usual = positions.blank_lines()
    ways = (usual,) if usual is not None else positions.blank_lines_unseen()
    found = [slots for way in ways if (slots := _spaced_by(record, values, size, way))]
    return tuple(found) if len(found) == 1 else ()


def _spaced_by(record: Record, values: Sequence[Piece], size: int, usual: tuple[int, int]) -> Slots:
    """Return the cells of a row where a cell takes so many lines, and a blank one adds so many."""
    pitch, added = usual
    slots: list[Piece | None] = []
    for lines, piece in zip(record.spacing, (*values, None), strict=True):
        if piece is None and len(slots) == size:  # below the last figure another thing begins
            break
        blanks, odd = divmod(lines - pitch, added)
        if odd or blanks < 0:
            return ()
        slots += [None] * blanks
        if piece is not None:
            slots.append(None if piece.blank else piece)
    return tuple(slots) if len(slots) == size else ()


def _whole(values: Iterable[Piece]) -> Slots:
    return tuple(None if piece.blank else piece for piece in values)


def _from(printed: Sequence[Piece], start: int, size: int) -> Slots:
    by_column = {piece.column - start: piece for piece in printed}
    return tuple(by_column.get(column) for column in range(size))


def _by_extent(
    record: Record, printed: Sequence[Piece], size: int, positions: Positions
) -> tuple[Slots, ...]:
    """Give each figure the column it stands in; two may not share one."""
    examples = positions.near(printed[0], record.first)
    if not examples or len(examples[0]) != size:
        return ()
    anchor = min(_ANCHORS, key=lambda at: _spread(examples, at))
    columns = [median(_at(e[column], anchor) for e in examples) for column in range(size)]
    gap = min((right - left for left, right in pairwise(columns)), default=8.0)
    if _spread(examples, anchor) > gap * size * _RAGGED:
        return ()
    reach = gap * _REACH
    taken: dict[int, Piece] = {}
    for piece in printed:
        here = _at((piece.left, piece.right), anchor)
        column = min(range(size), key=lambda which: abs(columns[which] - here))
        if abs(columns[column] - here) > reach or column in taken:
            return ()
        taken[column] = piece
    return (tuple(taken.get(column) for column in range(size)),)


def _at(extent: Extent, anchor: float) -> float:
    return extent[0] + (extent[1] - extent[0]) * anchor


def _spread(examples: Sequence[tuple[Extent, ...]], anchor: float) -> float:
    """Columns may be centred, or set to the left or right: the truth varies least."""
    if len(examples) < _ENOUGH:
        return abs(anchor - _MIDDLE)
    columns = zip(*examples, strict=True)
    return sum(pstdev(_at(extent, anchor) for extent in column) for column in columns)


def _in_order(printed: Sequence[Piece], size: int) -> Iterable[Slots]:
    """Yield every placement in order: too many figures drop some, too few leave gaps.

    Too many may also be figures that a narrow column wrapped: neighbours are joined as well.
    """
    if len(printed) > size:
        chosen: Iterable[Slots] = chain(_joined(printed, size), combinations(printed, size))
    else:
        chosen = (
            tuple(dict(zip(columns, printed, strict=True)).get(at) for at in range(size))
            for columns in combinations(range(size), len(printed))
        )
    return islice(chosen, _MOST_PLACEMENTS)


def _joined(printed: Sequence[Piece], size: int) -> Iterator[Slots]:
    """Yield the figures with neighbours joined until there are as many as columns."""
    excess = len(printed) - size
    if excess > _MOST_WRAPPED:
        return
    for joints in combinations(range(1, len(printed)), excess):
        found: list[Piece] = []
        for at, piece in enumerate(printed):
            if at in joints and found[-1].text.strip()[-1:].isdecimal():
                text = found[-1].text.strip() + piece.text.strip()
                found[-1] = found[-1]._replace(text=text)
            else:
                found.append(piece)
        if len(found) == size:
            yield tuple(found)
