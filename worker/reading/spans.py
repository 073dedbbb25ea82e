"""Merged cells: rows as a file lists them become rows of true grid columns.

A cell merged over rows stands only in the row where it begins; the rows below skip its columns.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate
from typing import Final

from models.disclosure.report import Place
from worker.reading.pages import GridCell, GridRow

Drawn = tuple[str, int, int, Place | None]
"""One cell as a file lists it: text, row span (0: to the end of the table), column span, place."""

_new: Final = tuple.__new__  # half the time of calling the class

WIDEST: Final = 256
"""Columns that spans may reach: ``colspan=2000000000`` is drawn no wider. Word allows 63."""


_Taken = tuple[str, int, int, int, Place | None]
"""Text, column where it begins and where it ends, row span, place."""


def expand(rows: Sequence[Sequence[Drawn]]) -> tuple[GridRow, ...]:
    """Give every cell its true column, its clamped spans and its extent in columns.

    Columns in which no cell of the whole grid begins are left out: Word draws many of them.
    ``left`` and ``right`` are the columns where the cell begins and ends.
    """
    free_from = [0] * WIDEST  # for each column, the first row in which no cell above covers it
    covered = 0  # the first row from which on nothing is covered
    begun: set[int] = set()
    taken: list[list[_Taken]] = []
    for at, cells in enumerate(rows):
        if at < covered:
            row = _below(cells, at, len(rows), free_from)
        else:
            row = _free(cells, len(rows) - at)
        deepest = max([cell[3] for cell in row], default=1)
        if deepest > 1:
            covered = max(covered, at + deepest)
            _cover(row, at, free_from)
        begun.update([cell[1] for cell in row])
        taken.append(row)
    last = max(begun, default=0) + 1
    if len(begun) == last:
        return tuple([GridRow(tuple(_as_they_stand(row, last))) for row in taken])
    before = _begun_before(begun)
    return tuple([GridRow(tuple([_cell(cell, before) for cell in row])) for row in taken])


def _free(cells: Iterable[Drawn], below: int) -> list[_Taken]:
    """Place the cells of a row that nothing above reaches into, the first of ``below``."""
    found: list[_Taken] = []
    column = 0
    for text, down, across, place in cells:
        if across != 1:
            across = max(1, min(across, WIDEST - column))
        if down != 1:
            down = min(down, below) if down > 0 else below
        end = column + across
        found.append((text, column, end, down, place))
        column = min(end, WIDEST)
    return found


def _below(cells: Iterable[Drawn], at: int, rows: int, free_from: Sequence[int]) -> list[_Taken]:
    """Place the cells of a row between those that reach into it from above."""
    found: list[_Taken] = []
    column = 0
    for text, down, across, place in cells:
        while column < WIDEST and free_from[column] > at:
            column += 1
        if across != 1:
            across = max(1, min(across, WIDEST - column))
        if down != 1:
            down = min(down, rows - at) if down > 0 else rows - at
        end = column + across
        found.append((text, column, end, down, place))
        column = min(end, WIDEST)
    return found


def _cover(row: Iterable[_Taken], at: int, free_from: list[int]) -> None:
    for _, column, end, down, _ in row:
        if down > 1:
            end = min(end, WIDEST)
            free_from[column:end] = [at + down] * (end - column)


def _as_they_stand(row: Iterable[_Taken], last: int) -> Iterable[GridCell]:
    for text, column, end, down, place in row:
        if end > last:
            end = last
        yield _new(GridCell, (text, column, column, end, down, end - column, place))


def _begun_before(begun: AbstractSet[int]) -> list[int]:
    """Return, for every column up to the one after the last, how many begin before it."""
    ends = range(max(begun, default=-1) + 1)
    return [0, *accumulate(int(column in begun) for column in ends)]


def _cell(cell: _Taken, before: Sequence[int]) -> GridCell:
    text, column, end, down, place = cell
    left = before[column]
    right = before[end] if end < len(before) else before[-1]
    if right <= left:
        right = left + 1
    return _new(GridCell, (text, left, left, right, down, right - left, place))
