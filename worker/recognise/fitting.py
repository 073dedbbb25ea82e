"""Which of its layouts a table is printed in: the one its rows and column labels fit best."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from models.disclosure.form import LAYOUTS, TABLES, Layout, Table
from worker.recognise.align import Alignment, align
from worker.recognise.labels import LabelIndex, columns_of, normalised
from worker.recognise.readings import Readings
from worker.recognise.records import Record, Strip
from worker.recognise.straight import most, most_by_figures, straight
from worker.recognise.worth import Worth, most_of

LEAST_SCORE: Final = {"disclosure": 18.0, "applications": 60.0, "review": 25.0}
_COLUMN_EVIDENCE: Final = 3.0
LINES_ABOVE: Final = 12
_ROUNDING: Final = 1e-6


def fitting(table: Table, lines: Sequence[Strip], records: Sequence[Record]) -> Alignment | None:
    """Return the best alignment with any layout of a table, ``None`` where none is good enough.

    Layouts that cannot be as good as one that fits straight down are not aligned with.
    """
    readings: dict[LabelIndex, Readings] = {}
    scored: dict[str, tuple[float, Alignment]] = {}
    winding: list[Worth] = []
    top = 0.0

    def take(found: Alignment) -> None:
        nonlocal top
        if found.score >= LEAST_SCORE[table.key]:
            total = found.score + _headed(found, lines, records)
            top, scored[found.layout.key] = max(top, total), (total, found)

    for layout in table.layouts:
        if _most(layout.key) < top:
            continue
        columns = columns_of(layout.key)
        if columns not in readings:
            readings[columns] = Readings(records, columns)
        worth = Worth(readings[columns], layout)
        if (found := straight(worth)) is None:
            winding.append(worth)
        else:
            take(found)
    limited = _limited(winding, top, lines, records)
    for limit, worth in sorted(limited, key=lambda pair: -pair[0]):
        if limit >= top:
            take(straight(worth, wholly=False) or align(worth))
    inside = [scored[layout.key] for layout in table.layouts if layout.key in scored]
    return max(inside, key=lambda pair: pair[0])[1] if inside else None


def _limited(
    winding: Sequence[Worth], top: float, lines: Sequence[Strip], records: Sequence[Record]
) -> Iterator[tuple[float, Worth]]:
    """Yield what an alignment with each layout cannot exceed, as far as there is a choice."""
    for worth in winding:
        key = worth.layout.key
        limit = _most(key)
        if records and limit >= top and (top or len(winding) > 1):
            if _own_columns(key):
                headed = _headed_at(key, lines, records[0].first, records[-1].last)
                limit = min(limit, most_by_figures(worth) + headed)
            else:
                limit = min(limit, most(worth))
        yield limit, worth


@cache
def _most(layout_key: str) -> float:
    """Return what no alignment with a layout can exceed, whatever the file."""
    words = len(_own_columns(layout_key))
    return most_of(LAYOUTS[layout_key]) + _COLUMN_EVIDENCE * words + _ROUNDING


def _headed(alignment: Alignment, lines: Sequence[Strip], records: Sequence[Record]) -> float:
    """Return the weight of column labels that only this layout of the table prints."""
    return _headed_at(alignment.layout.key, lines, *extent(alignment, records))


def _headed_at(layout_key: str, lines: Sequence[Strip], first: int, last: int) -> float:
    words = _own_columns(layout_key)
    if not words:
        return 0.0
    above = max(0, first - LINES_ABOVE)
    text = "".join([normalised(line.text)[1] for line in lines[above : last + 1]])
    return _COLUMN_EVIDENCE * sum([word in text for word in words])


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
