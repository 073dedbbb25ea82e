"""Which of its layouts a table is printed in: the one its rows and column labels fit best."""

from collections.abc import Sequence
from functools import cache, cached_property
from typing import Final

from models.disclosure.form import LAYOUTS, TABLES, Layout, Table
from worker.recognise.align import Alignment, align
from worker.recognise.labels import LabelIndex, beside, columns_of, normalised
from worker.recognise.readings import Readings
from worker.recognise.records import Record, Strip
from worker.recognise.straight import most, most_by_labels, straight
from worker.recognise.worth import Worth, most_of

LEAST_SCORE: Final = {"disclosure": 18.0, "applications": 60.0, "review": 25.0}
_COLUMN_EVIDENCE: Final = 3.0
LINES_ABOVE: Final = 12
_ROUNDING: Final = 1e-6


def fitting(table: Table, lines: Sequence[Strip], records: Sequence[Record]) -> Alignment | None:
    """Return the best alignment with any layout of a table, ``None`` where none is good enough.

    Layouts that cannot be as good as one that fits straight down are not aligned with.
    """
    if not records:
        return None
    fit = _Fit(table, lines, records)
    winding: list[Worth] = []
    for layout in table.layouts:
        if _most(layout.key) < fit.top:
            continue
        worth = fit.worth(layout)
        if fit.top and fit.limit(worth) < fit.top:
            continue
        if (found := straight(worth)) is None:
            winding.append(worth)
        else:
            fit.take(found)
    if len(winding) > 1:
        winding.sort(key=fit.limit, reverse=True)
    for worth in winding:
        if not fit.top or fit.may_be_best(worth):
            fit.take(straight(worth, wholly=False) or align(worth))
    return fit.best()


class _Fit:
    """The layouts of a table beside the records of a file; ``top`` is what the best one scores."""

    def __init__(self, table: Table, lines: Sequence[Strip], records: Sequence[Record]) -> None:
        self.top = 0.0
        self._table, self._lines, self._records = table, lines, records
        self._readings: dict[LabelIndex, Readings] = {}
        self._scored: dict[str, tuple[float, Alignment]] = {}

    def worth(self, layout: Layout) -> Worth:
        """Return what the records are worth for a layout."""
        columns = columns_of(layout.key)
        if columns not in self._readings:
            self._readings[columns] = Readings(self._records, columns)
        return Worth(self._readings[columns], layout)

    def limit(self, worth: Worth) -> float:
        """Return what no alignment with a layout scores more than, by labels and column labels."""
        return most_by_labels(worth) + self._most_headed(worth)

    def may_be_best(self, worth: Worth) -> bool:
        """Tell whether an alignment with a layout may be as good as the best, figures looked at."""
        return self.limit(worth) >= self.top and most(worth) + self._most_headed(worth) >= self.top

    def take(self, found: Alignment) -> None:
        """Take an alignment into account."""
        if found.score >= LEAST_SCORE[self._table.key]:
            total = found.score
            if words := _own_columns(found.layout.key):
                total += self._headed(words, *extent(found, self._records))
            self.top, self._scored[found.layout.key] = max(self.top, total), (total, found)

    def _most_headed(self, worth: Worth) -> float:
        words = _own_columns(worth.layout.key)
        return self._headed(words, self._records[0].first, self._records[-1].last) if words else 0.0

    def _headed(self, words: frozenset[str], first: int, last: int) -> float:
        """Return the weight of column labels, near some lines, that only one layout prints."""
        start, labels = self._labels
        text = "".join(labels[max(0, first - LINES_ABOVE - start) : last + 1 - start])
        return _COLUMN_EVIDENCE * sum([word in text for word in words])

    @cached_property
    def _labels(self) -> tuple[int, list[str]]:
        """The number of the first line that may head the table, and the labels from there on."""
        start = max(0, self._records[0].first - LINES_ABOVE)
        lines = self._lines[start : self._records[-1].last + 1]
        return start, ["".join(beside(line.text)) for line in lines]

    def best(self) -> Alignment | None:
        """Return the best alignment; of equals that with the newest layout."""
        inside = [self._scored[one.key] for one in self._table.layouts if one.key in self._scored]
        return max(inside, key=lambda pair: pair[0])[1] if inside else None


@cache
def _most(layout_key: str) -> float:
    """Return what no alignment with a layout can exceed, whatever the file."""
    words = len(_own_columns(layout_key))
    return most_of(LAYOUTS[layout_key]) + _COLUMN_EVIDENCE * words + _ROUNDING


@cache
def _own_columns(layout_key: str) -> frozenset[str]:
    layout = LAYOUTS[layout_key]
    others = (other for other in TABLES[layout.table].layouts if other is not layout)
    return _column_words(layout) - {word for other in others for word in _column_words(other)}


def _column_words(layout: Layout) -> frozenset[str]:
    return frozenset(
        normalised(text)[1]
        for row in layout.rows
        for column in row.columns
        for text in (column.label, *column.variants)
    )


def extent(alignment: Alignment, records: Sequence[Record]) -> tuple[int, int]:
    """Return the first and the last line that an alignment's records stand on."""
    matched = [records[at] for match in alignment.matches for at in (match.first, match.last - 1)]
    return min(record.first for record in matched), max(record.last for record in matched)
