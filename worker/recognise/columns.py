"""Columns: the values of an aligned row go to the columns of the form.

By count where a row prints as many figures as it has columns; else by position, learnt from the
rows that are complete; else every placement that keeps the order is returned, and none is taken.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from statistics import median
from typing import Final

from worker.reading.pages import Shape
from worker.recognise.records import Piece, Record

Slots = tuple[Piece | None, ...]
"""One piece, or nothing, for each column."""

_MOST_PLACEMENTS: Final = 4000


@dataclass(frozen=True, slots=True)
class Placement:
    """Equally good ways to place a row's values; one when the row is certain."""

    candidates: tuple[Slots, ...]

    @property
    def certain(self) -> bool:
        """Whether there is no choice."""
        return len(self.candidates) == 1


@dataclass(slots=True)
class Positions:
    """What complete rows teach about where the columns stand.

    ``starts``: by (label column, pieces on the line), by label column, and by nothing, the grid
    columns at which complete rows began. ``centres``: by column of the form, the horizontal
    middles seen.
    """

    size: int
    starts: dict[tuple[int, ...], set[int]] = field(default_factory=lambda: defaultdict(set))
    centres: list[list[float]] = field(default_factory=list)

    def learn(self, record: Record, values: Sequence[Piece]) -> None:
        """Learn from a row whose printed values fill the columns."""
        printed = [piece for piece in values if not piece.blank]
        if len(printed) != self.size or record.stacked:
            return
        if record.shape is Shape.SPACED:
            self.centres = self.centres or [[] for _ in printed]
            for column, piece in zip(self.centres, printed, strict=True):
                column.append((piece.left + piece.right) / 2)
            return
        if printed[-1].column - printed[0].column == self.size - 1:
            for key in _keys(record):
                self.starts[key].add(printed[0].column)

    def starts_for(self, record: Record, printed: Sequence[Piece]) -> list[int]:
        """Return the start columns that fit, from the most alike rows that were seen."""
        for key in _keys(record):
            fitting = [
                start
                for start in sorted(self.starts.get(key, ()))
                if start <= printed[0].column and printed[-1].column < start + self.size
            ]
            if fitting:
                return fitting
        return []


def _keys(record: Record) -> tuple[tuple[int, ...], ...]:
    label = record.own[-1].column if record.own else -1
    return (label, record.width), (label,), ()


def place(
    parts: Sequence[Record], values: Sequence[Piece], size: int, positions: Positions
) -> Placement:
    """Place the values of one row, printed on ``parts`` (more than one where a page cut it)."""
    printed = [piece for piece in values if not piece.blank]
    if len(printed) == size:
        return Placement((tuple(printed),))
    if not printed:
        return Placement(((None,) * size,))
    record = parts[0]
    if len(parts) == 1:
        slots = _by_position(record, values, printed, size, positions)
        if slots:
            return Placement(slots)
    elif len(values) == size:
        return Placement((_whole(values),))
    return Placement(tuple(_in_order(printed, size)))


def _by_position(
    record: Record,
    values: Sequence[Piece],
    printed: Sequence[Piece],
    size: int,
    positions: Positions,
) -> tuple[Slots, ...]:
    if len(printed) > size:
        return ()
    if record.stacked:
        inside = all(piece.blank for piece in values[size:])
        return (_whole(values[:size]),) if len(values) >= size and inside else ()
    if record.shape is Shape.SPACED:
        return _by_centre(printed, size, positions)
    if printed[-1].column - printed[0].column == size - 1:
        return (_from(printed, printed[0].column, size),)
    starts = positions.starts_for(record, printed)
    if starts:
        return tuple(_from(printed, start, size) for start in starts)
    return (_whole(values),) if len(values) == size else ()


def _whole(values: Iterable[Piece]) -> Slots:
    return tuple(None if piece.blank else piece for piece in values)


def _from(printed: Sequence[Piece], start: int, size: int) -> Slots:
    by_column = {piece.column - start: piece for piece in printed}
    return tuple(by_column.get(column) for column in range(size))


def _by_centre(printed: Sequence[Piece], size: int, positions: Positions) -> tuple[Slots, ...]:
    """Give each figure the column whose middle is nearest; two may not share one."""
    if not positions.centres:
        return ()
    centres = [median(column) for column in positions.centres]
    gaps = [right - left for left, right in zip(centres, centres[1:], strict=False)]
    reach = min(gaps, default=8.0) * 0.6
    taken: dict[int, Piece] = {}
    for piece in printed:
        middle = (piece.left + piece.right) / 2
        column = min(range(size), key=lambda at: abs(centres[at] - middle))
        if abs(centres[column] - middle) > reach or column in taken:
            return ()
        taken[column] = piece
    return (tuple(taken.get(column) for column in range(size)),)


def _in_order(printed: Sequence[Piece], size: int) -> Iterable[Slots]:
    """Yield every placement that keeps the order; too many figures drop some, too few leave gaps."""
    if len(printed) > size:
        chosen: Iterable[Slots] = combinations(printed, size)
    else:
        chosen = (
            tuple(dict(zip(columns, printed, strict=True)).get(at) for at in range(size))
            for columns in combinations(range(size), len(printed))
        )
    return islice(chosen, _MOST_PLACEMENTS)
