"""What it is worth to match records with rows: label, numbering and number of figures.

The weights order hypotheses; none of them looks at what the figures add up to.
"""

from collections.abc import Iterable
from functools import cache, cached_property, lru_cache
from typing import Final, NamedTuple

from models.disclosure.form import LAYOUTS, Layout
from worker.reading.pages import Shape
from worker.recognise.columns import once
from worker.recognise.labels import LEAST_ALIKE, index_of, normalised
from worker.recognise.readings import Readings
from worker.recognise.said import FULL, LABEL_WEIGHT, NUMBERING, Said, numbered, said

_UNLABELLED: Final = 1.5
_MISLABELLED: Final = -4.0
_PARTLY: Final = 3.0
_MISSING_ROW: Final = -4.0
_EMPTY_ROW: Final = -1.0
_CUT: Final = -1.0
_SPACED: Final = Shape.SPACED
_RAGGED: Final = Shape.RAGGED
NOTHING: Final = float("-inf")
MOST_UNLIKE: Final = FULL + _UNLABELLED
"""What a row gains at most by a record whose label is not like its own."""

_TWO: Final = 2
_MOST_CUTS: Final = 3
_EMPTY_ALIKE: Final = 0.8


class Gains(NamedTuple):
    """What it gains to match records with each row of a layout.

    ``by_row`` are the rows that the label is like; others gain what ``unlike`` says for their
    number of columns, and nothing where it says nothing.
    """

    unlike: dict[int, float]
    by_row: dict[int, float]

    @property
    def best(self) -> float:
        """The highest gain."""
        return max([NOTHING, *self.unlike.values(), *self.by_row.values()])


class Worth:
    """The gains and costs of aligning records with a layout, found when they are asked for."""

    def __init__(self, readings: Readings, layout: Layout) -> None:
        self.layout = layout
        self.sizes = layout.sizes
        self._readings, self._records = readings, readings.records
        self._index = index_of(layout.key)
        self._numbers, self._kinds, self._smallest, self._largest = _form(layout.key)
        self._alike: list[Said | None] = [None] * len(self._records)
        self._printed = [len(record.printed) for record in self._records]
        self._steps: list[list[tuple[int, Gains]] | None] = [None] * (len(self._records) + 1)

    def __len__(self) -> int:
        return len(self._records)

    @cached_property
    def missing(self) -> list[float]:
        """The cost of each row that has no figures in the file."""
        certain = self._index.certain
        figured = {
            row
            for at in range(len(self))
            for row, alike in self._like(at).by_row.items()
            if alike >= 1.0
        }
        seen = {row for label in self._readings.apart for row in certain(label)} - figured
        return [_EMPTY_ROW if row in seen else _MISSING_ROW for row in range(len(self.sizes))]

    def _like(self, at: int) -> Said:
        alike = self._alike[at]
        if alike is None:
            alike = self._alike[at] = said(self._readings, at, self.layout)
        return alike

    def skipping(self, at: int) -> float:
        """Return the cost of leaving a record out."""
        printed = self._printed[at]
        if not printed:
            return -0.1
        sure = max(self._like(at).by_row.values(), default=0.0) >= 1.0
        return -0.5 - 0.4 * min(printed, 7) - (3.0 if sure else 0.0)

    def whole(self, at: int) -> bool:
        """Tell whether a record prints a figure for every column of some row."""
        record, printed = self._records[at], self._printed[at]
        return printed in self._kinds or any(once(record, record.printed, k) for k in self._kinds)

    def labelled(self, at: int) -> dict[int, float]:
        """Return the gain of matching one record with each row that its label is like."""
        like, printed, sizes = self._like(at), self._printed[at], self.sizes
        weights = like.weights
        if printed == like.size:
            return like.filled
        if weights and not printed:
            return self._empty_row(at)
        return {
            row: weight + (FULL if printed == size else self._count(at, at + 1, printed, size))
            for row, weight in weights.items()
            for size in (sizes[row],)
        }

    def steps(self, last: int) -> list[tuple[int, Gains]]:
        """Return how many records before ``last`` may be matched with one row, and the gains."""
        steps = self._steps[last]
        if steps is None:
            ways = [(1, self._one(last - 1))]
            ways += [
                (taken, self._together(last - taken, last))
                for taken in range(_TWO, min(_MOST_CUTS, last) + 1)
            ]
            steps = [(taken, gains) for taken, gains in ways if gains is not None]
            self._steps[last] = steps
        return steps

    def _one(self, at: int) -> Gains | None:
        by_row, printed = self.labelled(at), self._printed[at]
        if printed:
            return Gains(self._unlike(at, at + 1, printed), by_row)
        return Gains({}, by_row) if by_row else None

    def _together(self, first: int, last: int) -> Gains | None:
        printed = sum(self._printed[first:last])
        if last - first == _TWO and self._printed[first] and not self._printed[first + 1]:
            return self._continued(first)
        if printed > self._largest or not all(self._printed[first:last]):
            return None
        unlike = self._unlike(first, last, printed)
        gains = Gains(unlike, {})
        for row, alike in self._merged(first, last):
            size = self.sizes[row]
            if unlike[size] > NOTHING:
                count = self._count(first, last, printed, size)
                gains.by_row[row] = count + self._label(first, row, alike)
        return self._allowed(first, last, printed, gains)

    def _continued(self, at: int) -> Gains | None:
        """A page cuts a row: above the figures and half of the label, below the other half."""
        above, below = self._records[at], self._records[at + 1]
        if not (above.own and below.own) or _SPACED in (above.shape, below.shape):
            return None
        text = normalised(above.own[-1].text + below.own[-1].text)[1]
        found = {
            row: LABEL_WEIGHT + _CUT + self._count(at, at + 1, self._printed[at], size)
            for row in self._index.certain(text)
            if (size := self.sizes[row]) >= self._printed[at]
        }
        return Gains({}, found) if found else None

    def sure(self, first: int, last: int, row: int) -> bool:
        """Tell whether a label says that records ``first:last`` are this row; else order does."""
        if any(self._like(at).by_row.get(row, 0.0) >= LEAST_ALIKE for at in range(first, last)):
            return True
        cut = self._continued(first) if last - first == _TWO else None
        return cut is not None and row in cut.by_row

    def seen(self, row: int) -> bool:
        """Tell whether the label of a row stands on a line without figures."""
        return self.missing[row] == _EMPTY_ROW

    def _merged(self, first: int, last: int) -> Iterable[tuple[int, float]]:
        merged: dict[int, float] = {}
        for at in range(first, last):
            for row, alike in self._like(at).by_row.items():
                merged[row] = max(alike, merged.get(row, 0.0))
        return merged.items()

    def _empty_row(self, at: int) -> dict[int, float]:
        """A labelled line of empty cells is a row only where there is a cell for each column."""
        cells = len(self._records[at].values)
        return {
            row: LABEL_WEIGHT * alike
            for row, alike in self._like(at).by_row.items()
            if alike >= _EMPTY_ALIKE and cells >= self.sizes[row]
        }

    def _unlike(self, first: int, last: int, printed: int) -> dict[int, float]:
        """Return the gain by the number of columns of a row whose label is another."""
        counts = {size: self._count(first, last, printed, size) for size in self._kinds}
        if self._like(first).labelled:
            return {size: count + _MISLABELLED for size, count in counts.items()}
        # Too few figures for a row that stand nowhere in particular are no row by themselves.
        cells = sum(len(record.values) for record in self._records[first:last])
        spaced = self._records[first].shape is _SPACED
        return {
            size: NOTHING
            if printed < size and (printed == 1 if spaced else cells < size)
            else count + _UNLABELLED
            for size, count in counts.items()
        }

    def _label(self, at: int, row: int, alike: float) -> float:
        if not self._like(at).labelled:
            return _UNLABELLED
        return LABEL_WEIGHT * alike + numbered(
            self._numbers[row], self._like(at).numbers.get(row, "")
        )

    def _allowed(self, first: int, last: int, printed: int, gains: Gains) -> Gains:
        """A row is not cut in two where it would overflow, or where another label begins."""
        unlike = {size: gain for size, gain in gains.unlike.items() if printed <= size}
        by_row = {row: gain for row, gain in gains.by_row.items() if printed <= self.sizes[row]}
        for at in range(first + 1, last):
            sure = {row for row, alike in self._like(at).by_row.items() if alike >= 1.0}
            if sure:
                unlike = {}
                by_row = {row: gain for row, gain in by_row.items() if row in sure}
        return Gains(unlike, by_row)

    def _count(self, first: int, last: int, printed: int, size: int) -> float:
        """Weigh the number of figures, and that records were put together for them."""
        cut = _CUT * (last - first - 1)
        if printed == size:
            return FULL + cut
        record = self._records[first]
        if printed > size:
            single = last - first == 1 and once(record, record.printed, size)
            return (FULL if single else -2.0 * (printed - size)) + cut
        cells = sum(len(record.values) for record in self._records[first:last])
        known = cells >= size or record.shape is not _RAGGED
        return (_PARTLY if known else _PARTLY - 0.6 * (size - printed)) + cut

    def most_in_part(self) -> list[float]:
        """Return what each row gains at most by records that are not whole or put together."""
        most = max(_PARTLY, FULL + _CUT) + LABEL_WEIGHT
        return [most + NUMBERING if number else most for number in self._numbers]

    @cached_property
    def most_by_labels(self) -> float:
        """Return what an alignment gains at most, whatever the figures: it takes each row once.

        A row gains by the label that is most like its own, and one that no label is like only by
        figures without any label.
        """
        likest: dict[int, float] = {}
        unlike = 0.0
        for at, printed in enumerate(self._printed):
            like = self._like(at)
            for row, alike in like.by_row.items():
                if alike > likest.get(row, 0.0):
                    likest[row] = alike
            if printed and not like.labelled:
                unlike += self._most_unlike(at)
            if at and not printed and self._printed[at - 1] and (cut := self._continued(at - 1)):
                likest |= dict.fromkeys(cut.by_row, 1.0)
        gained = [
            FULL + LABEL_WEIGHT * alike + (NUMBERING if self._numbers[row] else 0.0)
            for row, alike in likest.items()
        ]
        return unlike + sum(gained)

    def _most_unlike(self, at: int) -> float:
        """Return what figures without a label gain at most, alone or with those that follow."""
        if runs := _runs(self.layout.key, self._printed[at]):
            return MOST_UNLIKE * max(rows for _, rows in runs)
        printed = cells = 0
        for more, record in enumerate(self._records[at : at + _MOST_CUTS]):
            printed, cells = printed + len(record.printed), cells + len(record.values)
            if not record.printed or (more and printed > self._largest):
                break
            enough = printed > 1 if self._records[at].shape is _SPACED else cells >= self._smallest
            if enough or printed >= self._smallest:
                return MOST_UNLIKE + _CUT * more
        return 0.0

    def several_rows(self, at: int) -> dict[int, tuple[float, int]]:
        """Return, by the row it ends with, (gain, rows) of runs a record's figures fill exactly."""
        printed = self._printed[at]
        if printed <= self._smallest:
            return {}
        found: dict[int, tuple[float, int]] = {}
        for end, rows in _runs(self.layout.key, printed):
            gain = self._rows(at, end - rows, end)
            if gain > NOTHING:
                found[end] = gain, rows
        return found

    def _rows(self, at: int, first: int, last: int) -> float:
        gain = 0.0
        for row in range(first, last):
            alike = self._like(at).by_row.get(row, 0.0)
            if alike >= LEAST_ALIKE:
                gain += FULL + LABEL_WEIGHT * alike
            elif self._like(at).labelled:
                return NOTHING
            else:
                gain += FULL + _UNLABELLED
        return gain


@cache
def _form(layout_key: str) -> tuple[list[str], tuple[int, ...], int, int]:
    """Return the numbering of a layout's rows, and the numbers of columns they have."""
    rows, sizes = LAYOUTS[layout_key].rows, LAYOUTS[layout_key].sizes
    return [row.number for row in rows], tuple(dict.fromkeys(sizes)), min(sizes), max(sizes)


def most_of(layout: Layout) -> float:
    """Return what the rows of a layout gain at most, whatever the records."""
    numbered = sum(1 for row in layout.rows if row.number)
    return (FULL + LABEL_WEIGHT) * len(layout.rows) + NUMBERING * numbered


@lru_cache(1024)
def _runs(layout_key: str, printed: int) -> tuple[tuple[int, int], ...]:
    """Return (end, rows) of every run of rows that so many figures fill."""
    sizes = LAYOUTS[layout_key].sizes
    found: list[tuple[int, int]] = []
    for end in range(2, len(sizes) + 1):
        filled, rows = 0, 0
        while rows < end and filled < printed:
            rows += 1
            filled += sizes[end - rows]
        if rows > 1 and filled == printed:
            found.append((end, rows))
    return tuple(found)
