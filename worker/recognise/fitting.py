"""Which of its layouts a table is printed in: the one its rows and column labels fit best."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from models.disclosure.form import LAYOUTS, TABLES, Layout, Table
from worker.recognise.align import Alignment, align
from worker.recognise.labels import LabelIndex, columns_of, normalised
from worker.recognise.readings import Readings
from worker.recognise.records import Record, Strip
from worker.recognise.straight import most, straight
from worker.recognise.worth import MOST_A_ROW, Worth

LEAST_SCORE: Final = {"disclosure": 18.0, "applications": 60.0, "review": 25.0}
_COLUMN_EVIDENCE: Final = 3.0
LINES_ABOVE: Final = 12


def fitting(table: Table, lines: Sequence[Strip], records: Sequence[Record]) -> Alignment | None:
    """Return the best alignment with any layout of a table, ``None`` where none is good enough.

    Layouts that cannot be as good as one that fits straight down are not aligned with.
    """
    scored: dict[str, tuple[float, Alignment]] = {}
    winding: list[Worth] = []
    top = 0.0
    readings: dict[LabelIndex, Readings] = {}
    for layout in table.layouts:
        if MOST_A_ROW * len(layout.rows) + _most_headed(layout.key) < top:
            continue
        columns = columns_of(layout.key)
        if columns not in readings:
            readings[columns] = Readings(records, columns)
        worth = Worth(readings[columns], layout)
        if (found := straight(worth)) is None:
            winding.append(worth)
        else:
            total = found.score + _headed(found, lines, records)
            top, scored[layout.key] = max(top, total), (total, found)
    limited = [(_limit(worth) if top or len(winding) > 1 else top, worth) for worth in winding]
    for limit, worth in sorted(limited, key=lambda pair: -pair[0]):
        found = align(worth) if limit >= top else None
        if found is not None and found.score >= LEAST_SCORE[table.key]:
            total = found.score + _headed(found, lines, records)
            top, scored[worth.layout.key] = max(top, total), (total, found)
    inside = [scored[layout.key] for layout in table.layouts if layout.key in scored]
    return max(inside, key=lambda pair: pair[0])[1] if inside else None


def _limit(worth: Worth) -> float:
    """Return what an alignment with a layout cannot exceed.

    Where column labels may weigh more than rows do, that is not worth finding out.
    """
    return float("inf") if _own_columns(worth.layout.key) else most(worth)


def _headed(alignment: Alignment, lines: Sequence[Strip], records: Sequence[Record]) -> float:
    """Return the weight of column labels that only this layout of the table prints."""
    words = _own_columns(alignment.layout.key)
    if not words:
        return 0.0
    first, last = extent(alignment, records)
    above = max(0, first - LINES_ABOVE)
    text = "".join([normalised(line.text)[1] for line in lines[above : last + 1]])
    return _COLUMN_EVIDENCE * sum([word in text for word in words])


def _most_headed(layout_key: str) -> float:
    return _COLUMN_EVIDENCE * len(_own_columns(layout_key))


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
