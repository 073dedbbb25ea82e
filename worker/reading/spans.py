"""Merged cells: rows as a file lists them become rows of true grid columns.

A cell merged over rows stands only in the row where it begins; the rows below skip its columns.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from models.disclosure.report import Place
from worker.reading.pages import GridCell, GridRow

Drawn = tuple[str, int, int, Place | None]
"""One cell as a file lists it: text, row span (0: to the end of the table), column span, place."""

WIDEST: Final = 256
"""Columns that spans may reach: ``colspan=2000000000`` is drawn no wider. Word allows 63."""


_Taken = tuple[str, int, int, int, Place | None]
"""Text, column where it begins and where it ends, row span, place."""


@dataclass(slots=True)
class _Ruling:
    """Which columns are still covered from above: for each, the first row that is free again."""

    rows: int
    free_from: list[int] = field(default_factory=lambda: [0] * WIDEST)

    def next_free(self, row: int, column: int) -> int:
        while column < WIDEST and self.free_from[column] > row:
            column += 1
        return column

    def take(self, row: int, column: int, cell: Drawn) -> _Taken:
        text, down, across, place = cell
        down = min(down, self.rows - row) if down > 0 else self.rows - row
        across = max(1, min(across, WIDEST - column))
        end = min(column + across, WIDEST)
        if down > 1:
            self.free_from[column:end] = [row + down] * (end - column)
        return text, column, column + across, down, place


def expand(rows: Sequence[Sequence[Drawn]]) -> tuple[GridRow, ...]:
    """Give every cell its true column, its clamped spans and its extent in columns.

    Columns in which no cell of the whole grid begins are left out: Word draws many of them.
    ``left`` and ``right`` are the columns where the cell begins and ends.
    """
    ruling = _Ruling(len(rows))
    taken = [_row(ruling, at, cells) for at, cells in enumerate(rows)]
    before = _begun_before({cell[1] for row in taken for cell in row})
    return tuple(GridRow(tuple(_cell(cell, before) for cell in row)) for row in taken)


def _row(ruling: _Ruling, at: int, cells: Iterable[Drawn]) -> list[_Taken]:
    found: list[_Taken] = []
    column = 0
    for cell in cells:
        column = ruling.next_free(at, column)
        found.append(ruling.take(at, column, cell))
        column = found[-1][2]
    return found


def _begun_before(begun: AbstractSet[int]) -> list[int]:
    """Return, for every column up to the one after the last, how many begin before it."""
    ends = range(max(begun, default=-1) + 1)
    return [0, *accumulate(int(column in begun) for column in ends)]


def _cell(cell: _Taken, before: Sequence[int]) -> GridCell:
    text, column, end, down, place = cell
    left = before[column]
    right = max(left + 1, before[min(end, len(before) - 1)])
    return GridCell(text, left, left, right, down, right - left, place)
