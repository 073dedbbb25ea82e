"""What it is worth to match records with rows: label, numbering and number of figures.

The weights order hypotheses; none of them looks at what the figures add up to.
"""

from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from models.disclosure.form import LAYOUTS, Layout
from worker.reading.pages import Shape
from worker.recognise.columns import once
from worker.recognise.labels import LEAST_ALIKE, index_of, normalised
from worker.recognise.readings import Readings

_LABEL_WEIGHT: Final = 10.0
_UNLABELLED: Final = 1.5
_MISLABELLED: Final = -4.0
_NUMBERING: Final = 0.8
_OTHER_NUMBERING: Final = -1.5
_FULL: Final = 4.0
_PARTLY: Final = 3.0
_MISSING_ROW: Final = -4.0
_EMPTY_ROW: Final = -1.0
_CUT: Final = -1.0
_SPACED: Final = Shape.SPACED
_RAGGED: Final = Shape.RAGGED
NOTHING: Final = float("-inf")
MOST_UNLIKE: Final = _FULL + _UNLABELLED
"""What a row gains at most by a record whose label is not like its own."""

_TWO: Final = 2
_MOST_CUTS: Final = 3
_EMPTY_ALIKE: Final = 0.8
_CUT_SHORT: Final = 4
_BEGUN: Final = 0.6
"""The likeness of a label of which a page has left but the number and the first characters."""


class _Likeness(NamedTuple):
    """What the labels of one record say: similarity and numbering by row, whether it has any.

    ``weights`` is what the label by itself gains by row.
    """

    by_row: dict[int, float]
    labelled: bool
    numbers: dict[int, str]
    weights: dict[int, float]


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
        self._numbers = [row.number for row in layout.rows]
        self._kinds = tuple(dict.fromkeys(layout.sizes))
        self._smallest, self._largest = min(self.sizes), max(self.sizes)
        self._alike: list[_Likeness | None] = [None] * len(self._records)
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

    def _like(self, at: int) -> _Likeness:
        alike = self._alike[at]
        if alike is None:
            alike = self._alike[at] = _likeness(self._readings, at, self.layout)
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
        weights, printed, sizes = self._like(at).weights, self._printed[at], self.sizes
        if weights and not printed:
            return self._empty_row(at)
        return {
            row: weight + (_FULL if printed == size else self._count(at, at + 1, printed, size))
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
            row: _LABEL_WEIGHT + _CUT + self._count(at, at + 1, self._printed[at], size)
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
            row: _LABEL_WEIGHT * alike
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
        return _LABEL_WEIGHT * alike + _numbered(
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
            return _FULL + cut
        record = self._records[first]
        if printed > size:
            single = last - first == 1 and once(record, record.printed, size)
            return (_FULL if single else -2.0 * (printed - size)) + cut
        cells = sum(len(record.values) for record in self._records[first:last])
        known = cells >= size or record.shape is not _RAGGED
        return (_PARTLY if known else _PARTLY - 0.6 * (size - printed)) + cut

    def most_in_part(self) -> list[float]:
        """Return what each row gains at most by records that are not whole or put together."""
        most = max(_PARTLY, _FULL + _CUT) + _LABEL_WEIGHT
        return [most + _NUMBERING if number else most for number in self._numbers]

    def most_by_figures(self, at: int) -> float:
        """Return what steps that end with a record gain at most, whatever its label."""
        runs = _runs(self.sizes, self._printed[at])
        count = _FULL if runs or self.whole(at) else _PARTLY
        numbering = _NUMBERING if any(self._numbers) else 0.0
        return max([1, *(rows for _, rows in runs)]) * (count + _LABEL_WEIGHT + numbering)

    def several_rows(self, at: int) -> dict[int, tuple[float, int]]:
        """Return, by the row it ends with, (gain, rows) of runs a record's figures fill exactly."""
        found: dict[int, tuple[float, int]] = {}
        printed = self._printed[at]
        for end, rows in _runs(self.sizes, printed) if printed > self._smallest else ():
            gain = self._rows(at, end - rows, end)
            if gain > NOTHING:
                found[end] = gain, rows
        return found

    def _rows(self, at: int, first: int, last: int) -> float:
        gain = 0.0
        for row in range(first, last):
            alike = self._like(at).by_row.get(row, 0.0)
            if alike >= LEAST_ALIKE:
                gain += _FULL + _LABEL_WEIGHT * alike
            elif self._like(at).labelled:
                return NOTHING
            else:
                gain += _FULL + _UNLABELLED
        return gain


def most_of(layout: Layout) -> float:
    """Return what the rows of a layout gain at most, whatever the records."""
    numbered = sum(1 for row in layout.rows if row.number)
    return (_FULL + _LABEL_WEIGHT) * len(layout.rows) + _NUMBERING * numbered


def _numbered(expected: str, printed: str) -> float:
    """Weigh the numbering; a row that counts in 1 2 3 is not printed with 一 二 三."""
    if not expected or not printed:
        return 0.0
    if expected == printed:
        return _NUMBERING
    return 0.0 if expected.isdigit() == printed.isdigit() else _OTHER_NUMBERING


@lru_cache(1024)
def _runs(sizes: tuple[int, ...], printed: int) -> tuple[tuple[int, int], ...]:
    """Return (end, rows) of every run of rows that so many figures fill."""
    found: list[tuple[int, int]] = []
    for end in range(2, len(sizes) + 1):
        filled, rows = 0, 0
        while rows < end and filled < printed:
            rows += 1
            filled += sizes[end - rows]
        if rows > 1 and filled == printed:
            found.append((end, rows))
    return tuple(found)


def _likeness(readings: Readings, at: int, layout: Layout) -> _Likeness:
    record = readings.records[at]
    if record.shape is not _SPACED or record.own:
        for piece in record.own[-1:] or record.before[-1:]:
            if (exact := _exactly(layout.key, piece.text)) is not None:
                return exact
    best: dict[int, float] = {}
    numbers: dict[int, str] = {}
    index = index_of(layout.key)
    for number, label in readings.of(at):
        scores = index.likeness(label).by_row
        if number and len(label) <= _CUT_SHORT:
            cut = {row for row in index.begun(label) if layout.rows[row].number == number}
            scores = scores | {row: max(scores.get(row, 0.0), _BEGUN) for row in cut}
        for row, score in scores.items():
            if score > best.get(row, 0.0):
                best[row], numbers[row] = score, number
    return _likened(layout, best, numbers, labelled=bool(record.own or best))


@lru_cache(4096)
def _exactly(layout_key: str, text: str) -> _Likeness | None:
    """Return what a text says that is the label of a row, word for word."""
    number, label = normalised(text)
    rows = index_of(layout_key).certain(label)
    if not rows:
        return None
    by_row, numbers = dict.fromkeys(rows, 1.0), dict.fromkeys(rows, number)
    return _likened(LAYOUTS[layout_key], by_row, numbers, labelled=True)


def _likened(
    layout: Layout, by_row: dict[int, float], numbers: dict[int, str], *, labelled: bool
) -> _Likeness:
    weights = {
        row: _LABEL_WEIGHT * alike + _numbered(layout.rows[row].number, numbers[row])
        for row, alike in by_row.items()
    }
    return _Likeness(by_row, labelled, numbers, weights)
