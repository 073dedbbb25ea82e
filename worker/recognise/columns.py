"""Columns: the values of an aligned row go to the columns of the form.

By count where a row prints as many figures as it has columns; else by position, learnt from the
rows that are complete, or by the empty lines that blank cells have left; else every placement that
keeps the order is returned, and none is taken.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, islice, pairwise
from statistics import median, pstdev
from typing import Final

from worker.reading.pages import Shape
from worker.recognise.records import Piece, Record

Slots = tuple[Piece | None, ...]
"""One piece, or nothing, for each column."""

_MOST_PLACEMENTS: Final = 4000
_EXAMPLES: Final = 5
_ENOUGH: Final = 3
_MIDDLE: Final = 0.5
_ANCHORS: Final = (0.5, 0.0, 1.0)
_REACH: Final = 0.65
_RAGGED: Final = 0.3
_RARE: Final = 5
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


Extent = tuple[float, float]
Spacing = tuple[tuple[int, ...], int]
"""The lines between the cells of a row, and how many of its cells are not there."""


@dataclass(slots=True)
class Positions:
    """What complete rows and column labels teach about where the columns stand.

    ``starts``: by (label column, pieces on the line), by label column, and by nothing, the grid
    columns at which complete rows began. ``examples``: for space-aligned text, (page, strip,
    extents of all columns) of each complete row; they drift from page to page. ``headed`` and
    ``headed_start``: the extents of the column labels, and the grid column of the first.
    ``lengths``: how many cells stood behind the label of complete rows, and ``trailing`` how many
    of them, by label column, were empty cells at the end. ``behind``: how many cells after their
    label complete rows began. ``loose``: every figure of space-aligned rows; where they stand in
    columns, they show them. ``spacings``: those of every row of the table that has one cell a line.
    """

    size: int
    starts: dict[tuple[int, ...], set[int]] = field(default_factory=lambda: defaultdict(set))
    examples: list[tuple[int, int, tuple[Extent, ...]]] = field(default_factory=list)
    headed: tuple[Extent, ...] = ()
    headed_start: int | None = None
    loose: list[Piece] = field(default_factory=list)
    lengths: set[int] = field(default_factory=set)
    trailing: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    behind: set[int] = field(default_factory=set)
    spacings: list[Spacing] = field(default_factory=list)

    def learn(self, record: Record, values: Sequence[Piece]) -> None:
        """Learn from a row; most from one whose printed values fill the columns."""
        printed = _printed(record, values)
        if record.shape is Shape.SPACED and not record.stacked:
            self.loose.extend(printed)
        if record.spacing and len(printed) == len(values):
            self.spacings.append((record.spacing, self.size - len(printed)))
        if len(printed) != self.size or record.stacked:
            return
        if record.shape is Shape.SPACED:
            extents = tuple((piece.left, piece.right) for piece in printed)
            self.examples.append((_page(printed[0]), record.first, extents))
            return
        if _shared(record, printed):
            return
        self.lengths.add(len(values))
        if printed[-1].column - printed[0].column == self.size - 1:
            self.trailing[_label_column(record)].add(_trailing(values))
            if record.own:
                self.behind.add(printed[0].column - _label_column(record))
            for key in _keys(record):
                self.starts[key].add(printed[0].column)

    def starts_for(
        self, record: Record, printed: Sequence[Piece], *, alike: bool
    ) -> tuple[int, ...]:
        """Return the start columns that fit.

        With ``alike`` only rows built just like this one are asked; without it first the rows
        whose label stands in the same column, then all.
        """
        keys = _keys(record)
        for key in keys[:1] if alike else keys[1:]:
            starts = sorted(self.starts.get(key, ()))
            fitting = tuple(start for start in starts if self._fits(start, record, printed))
            if fitting:
                return fitting
        return ()

    def headed_starts(self, record: Record, printed: Sequence[Piece]) -> tuple[int, ...]:
        """Return the column under the first column label, if the figures fit there."""
        start = self.headed_start
        return (start,) if start is not None and self._fits(start, record, printed) else ()

    def directly_behind(self, record: Record, printed: Sequence[Piece]) -> tuple[int, ...]:
        """Return the column after the label, if every complete row began right behind its own.

        So it is where the cells that merged ones cover are left out, or written at the end.
        """
        start = _label_column(record) + 1
        fits = bool(record.own) and self.behind == {1} and self._fits(start, record, printed)
        return (start,) if fits else ()

    def blank_lines(self) -> tuple[int, int] | None:
        """Return how many lines a cell takes, and how many a blank one adds; where most rows agree.

        A row says so when all that its cells are apart beyond the usual is made up by blank ones.
        Of what follows the last figure nothing is said: it may be the end of the table.
        """
        every = Counter(lines for spacing, _ in self.spacings for lines in spacing)
        common = [lines for lines, count in every.items() if count * _RARE >= len(self.spacings)]
        if not common:
            return None
        pitch = min(common)
        told = Counter(
            divmod(sum(spacing[:-1]) - pitch * len(spacing[:-1]), blanks)
            for spacing, blanks in self.spacings
            if blanks > 0
        )
        ((added, odd), count), *_ = told.most_common(1) or [((0, 0), 0)]
        agreed = added > 0 and not odd and 2 * count > told.total()
        return (pitch, added) if agreed else None

    def _fits(self, start: int, record: Record, printed: Sequence[Piece]) -> bool:
        """A row that ends before its last column has lost cells; its positions say nothing."""
        end = start + self.size
        whole = record.values[-1].column >= end - 1
        return whole and start <= printed[0].column and printed[-1].column < end

    def near(self, piece: Piece, strip: int) -> list[tuple[Extent, ...]]:
        """Return examples of where the columns stand near a piece, those of its page first."""
        page = _page(piece)
        ranked = sorted(self.examples, key=lambda e: (abs(e[0] - page), abs(e[1] - strip)))
        here = [extents for on, _, extents in ranked if on == page]
        if here:
            return here[:_EXAMPLES]
        if columns := self._columns_on(page):
            return [columns]
        nearest = [extents for _, _, extents in ranked[:_EXAMPLES]]
        return nearest or ([self.headed] if self.headed else [])

    def _columns_on(self, page: int) -> tuple[Extent, ...]:
        """Return the columns in which all figures of a page stand, if there are just as many."""
        found: list[Extent] = []
        for piece in sorted((p for p in self.loose if _page(p) == page), key=lambda p: p.left):
            if found and piece.left <= found[-1][1] + 1:
                found[-1] = (found[-1][0], max(found[-1][1], piece.right))
            else:
                found.append((piece.left, piece.right))
        return tuple(found) if len(found) == self.size else ()


def _page(piece: Piece) -> int:
    return (piece.place.page or 0) if piece.place else 0


def _keys(record: Record) -> tuple[tuple[int, ...], ...]:
    label = _label_column(record)
    return (label, record.width), (label,), ()


def _label_column(record: Record) -> int:
    return record.own[-1].column if record.own else -1


def _trailing(values: Sequence[Piece]) -> int:
    """Count the empty cells after the last figure."""
    return next(at for at, piece in enumerate(reversed(values)) if not piece.blank)


def _printed(record: Record, values: Sequence[Piece]) -> Sequence[Piece]:
    if values is record.values:
        return record.printed
    return [piece for piece in values if not piece.blank]


def place(
    parts: Sequence[Record], values: Sequence[Piece], size: int, positions: Positions
) -> Placement:
    """Place the values of one row, printed on ``parts`` (more than one where a page cut it)."""
    printed = _printed(parts[0], values)
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


def _shared(record: Record, printed: Sequence[Piece]) -> bool:
    """Tell whether one cell holds several figures: then their columns say nothing."""
    if record.shape is Shape.SPACED or record.stacked:
        return False
    return len({piece.column for piece in printed}) < len(printed)


def _by_position(
    record: Record,
    values: Sequence[Piece],
    printed: Sequence[Piece],
    size: int,
    positions: Positions,
) -> tuple[Slots, ...]:
    if len(printed) > size or _shared(record, printed):
        return ()
    if record.stacked:
        inside = all(piece.blank for piece in values[size:])
        if len(values) >= size:
            return (_whole(values[:size]),) if inside else ()
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
        if _trailing(values) in positions.trailing.get(_label_column(record), ()):
            # The row ends like complete ones: it may have lost a cell further left.
            starts = tuple(start for start in starts if printed[-1].column == start + size - 1)
    return tuple(_from(printed, start, size) for start in starts)


def _by_lines(
    record: Record, values: Sequence[Piece], size: int, positions: Positions
) -> tuple[Slots, ...]:
    """Put in the blank cells that empty lines speak of, if all rows of the table agree on that."""
    usual = positions.blank_lines()
    if usual is None or not record.spacing:
        return ()
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
    return (tuple(slots),) if len(slots) == size else ()


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
