"""Where the columns of a table stand: what its complete rows and its column labels teach.

Most rows print a figure for every column and need no such help, so it is worked out when asked for.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from worker.reading.pages import Shape
from worker.recognise.records import Piece, Record

_EXAMPLES: Final = 5
_RARE: Final = 5

Extent = tuple[float, float]
Spacing = tuple[tuple[int, ...], int]
"""The lines between the cells of a row, and how many of its cells are not there."""


class Headed(NamedTuple):
    """What the column labels above a row say: their extents, and the grid column of the first."""

    extents: tuple[Extent, ...] = ()
    start: int | None = None


@dataclass(slots=True)
class Positions:
    """What complete rows and column labels teach about where the columns stand.

    ``starts``: by (label column, pieces on the line), by label column, and by nothing, the grid
    columns at which complete rows began. ``examples``: for space-aligned text, (page, strip,
    extents of all columns) of each complete row; they drift from page to page. ``look`` looks
    for the column labels, and ``found`` is what it saw. ``lengths``: how many cells stood behind
    the label of complete rows, and ``trailing`` how many of them, by label column, were empty cells
    at the end. ``behind``: how many cells after their label complete rows began. ``loose``: every
    figure of space-aligned rows; where they stand in columns, they show them. ``spacings``: those
    of every row of the table that has one cell a line. ``rows``: those still to be learnt from.
    """

    size: int
    look: Callable[[], Headed] = Headed
    starts: dict[tuple[int, ...], set[int]] = field(default_factory=lambda: defaultdict(set))
    examples: list[tuple[int, int, tuple[Extent, ...]]] = field(default_factory=list)
    loose: list[Piece] = field(default_factory=list)
    lengths: set[int] = field(default_factory=set)
    trailing: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    behind: set[int] = field(default_factory=set)
    spacings: list[Spacing] = field(default_factory=list)
    rows: list[tuple[Record, Sequence[Piece]]] = field(default_factory=list)
    found: Headed | None = None

    @property
    def headed(self) -> Headed:
        """What the column labels say, looked for when first asked."""
        if self.found is None:
            self.found = self.look()
        return self.found

    def learn(self, record: Record, values: Sequence[Piece]) -> None:
        """Learn from a row; all but its spacing when there is a row to be placed by it."""
        if record.spacing and len(printed := printed_of(record, values)) == len(values):
            self.spacings.append((record.spacing, self.size - len(printed)))
        self.rows.append((record, values))

    def study(self) -> None:
        """Work out what the rows teach; most do those whose printed values fill the columns."""
        for record, values in self.rows:
            self._study(record, values)
        self.rows.clear()

    def _study(self, record: Record, values: Sequence[Piece]) -> None:
        printed = printed_of(record, values)
        if record.shape is Shape.SPACED and not record.stacked:
            self.loose.extend(printed)
        if len(printed) != self.size or record.stacked:
            return
        if record.shape is Shape.SPACED:
            extents = tuple((piece.left, piece.right) for piece in printed)
            self.examples.append((_page(printed[0]), record.first, extents))
            return
        if shared(record, printed):
            return
        self.lengths.add(len(values))
        if printed[-1].column - printed[0].column == self.size - 1:
            self.trailing[label_column(record)].add(trailing(values))
            if record.own:
                self.behind.add(printed[0].column - label_column(record))
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
        start = self.headed.start
        return (start,) if start is not None and self._fits(start, record, printed) else ()

    def directly_behind(self, record: Record, printed: Sequence[Piece]) -> tuple[int, ...]:
        """Return the column after the label, if every complete row began right behind its own.

        So it is where the cells that merged ones cover are left out, or written at the end.
        """
        start = label_column(record) + 1
        fits = bool(record.own) and self.behind == {1} and self._fits(start, record, printed)
        return (start,) if fits else ()

    def blank_lines(self) -> tuple[int, int] | None:
        """Return how many lines a cell takes, and how many a blank one adds; where most rows agree.

        A row says so when all that its cells are apart beyond the usual is made up by blank ones.
        Of what follows the last figure nothing is said: it may be the end of the table.
        """
        pitch = self._pitch()
        if pitch is None:
            return None
        told = Counter(
            divmod(sum(spacing[:-1]) - pitch * len(spacing[:-1]), blanks)
            for spacing, blanks in self.spacings
            if blanks > 0
        )
        ((added, odd), count), *_ = told.most_common(1) or [((0, 0), 0)]
        agreed = added > 0 and not odd and 2 * count > told.total()
        return (pitch, added) if agreed else None

    def blank_lines_unseen(self) -> tuple[tuple[int, int], ...]:
        """Return the same as it may be where rows say nothing of blank cells, none having any."""
        pitch = self._pitch()
        if pitch is None or any(blanks for _, blanks in self.spacings):
            return ()
        return ((pitch, pitch),) if pitch == 1 else ((pitch, pitch), (pitch, 1))

    def _pitch(self) -> int | None:
        """Return how many lines a cell takes in most rows."""
        every = Counter(lines for spacing, _ in self.spacings for lines in spacing)
        common = [lines for lines, count in every.items() if count * _RARE >= len(self.spacings)]
        return min(common, default=None)

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
        return nearest or ([headed] if (headed := self.headed.extents) else [])

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
    label = label_column(record)
    return (label, record.width), (label,), ()


def label_column(record: Record) -> int:
    """Return the grid column in which the label of a row stands, -1 where it has none."""
    return record.own[-1].column if record.own else -1


def trailing(values: Sequence[Piece]) -> int:
    """Count the empty cells after the last figure."""
    return next(at for at, piece in enumerate(reversed(values)) if not piece.blank)


def printed_of(record: Record, values: Sequence[Piece]) -> Sequence[Piece]:
    """Return those of a record's values that are not blank."""
    if values is record.values:
        return record.printed
    return [piece for piece in values if not piece.blank]


def shared(record: Record, printed: Sequence[Piece]) -> bool:
    """Tell whether one cell holds several figures: then their columns say nothing."""
    if record.shape is Shape.SPACED or record.stacked:
        return False
    return len({piece.column for piece in printed}) < len(printed)
