"""A sheet of a workbook, whatever its format: texts by place, merged ranges, values as shown."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from worker.reading import nested

_LARGEST: Final = 1e15

Merge = tuple[int, int, int, int]
"""First row, first column, rows and columns of a merged range."""


@dataclass(slots=True)
class Sheet:
    """A sheet: the texts by (row, column) from 0, and its merged ranges."""

    name: str
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)


def printed(value: object) -> str:
    """Return a value as the sheet shows it: 15 significant digits, no ``.0``."""
    if isinstance(value, str):
        return "\n".join(nested.lines(value)).strip()
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return f"{Decimal(f'{value:.15g}'):f}" if abs(value) < _LARGEST else str(value)
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    return str(value)
