"""Reports broken on purpose, one mechanism at a time, as readers and publishers break them.

Nothing here knows how the project finds out. Every mechanism takes the cells of one table as
printed, by (row, column) in printed order, and changes some of them.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from models.disclosure.report import Printed
from tests.reports.cells import TruthCell, TruthReport

Place = tuple[int, int]
Grid = list[list[TruthCell]]
Break = Callable[[Grid, random.Random], None]

BLANK = TruthCell("", None, Printed.BLANK)
_SPECIAL_TOP = 2
_SPECIAL_BOTTOM = 2


def broken(report: TruthReport, table: str, how: Break, rng: random.Random) -> TruthReport:
    """Return the report with one table broken; some breaks change no figure."""
    rows = report.rows(table)
    keys = [[f"{table}.{row.key}.{column.key}" for column in row.columns] for row in rows]
    grid = [[report.cells[key] for key in line] for line in keys]
    how(grid, rng)
    changed = {
        key: cell
        for line, cells in zip(keys, grid, strict=True)
        for key, cell in zip(line, cells, strict=True)
    }
    return replace(report, cells={**report.cells, **changed})


def number(value: int) -> TruthCell:
    """Return a printed figure."""
    return TruthCell(str(value), value, Printed.NUMBER)


def cells(count: int) -> Break:
    """Another figure in some cells anywhere."""

    def apply(grid: Grid, rng: random.Random) -> None:
        places = [(r, c) for r, row in enumerate(grid) for c in range(len(row))]
        for r, c in rng.sample(places, count):
            grid[r][c] = number(_another(_value(grid[r][c]), rng))

    return apply


def misprinted(report: TruthReport, rng: random.Random) -> tuple[TruthReport, str]:
    """Return the report with another figure in one cell of table 三 that is not 0, and the cell."""
    figures = [
        key
        for key, cell in report.cells.items()
        if key.startswith("applications.") and cell.printed is Printed.NUMBER and cell.value
    ]
    key = rng.choice(figures or ["applications.new_requests.total"])
    cell = number(_another(_value(report.cells[key]), rng))
    return replace(report, cells={**report.cells, key: cell}), key


def leaf_and_total(grid: Grid, rng: random.Random) -> None:
    """A figure and the total of its row off by the same."""
    r, c = rng.choice(_places(grid, leaves=True) or [(0, 0)])
    new = _another(_value(grid[r][c]), rng)
    total = _value(grid[r][-1]) + new - _value(grid[r][c])
    grid[r][c], grid[r][-1] = number(new), number(total)


def wrong_column(grid: Grid, rng: random.Random) -> None:
    """A figure in another column of its row, where there was none; 0 is left in its place."""
    choices = [
        (r, c, other)
        for r, c in _places(grid, leaves=True)
        for other in range(len(grid[r]) - 1)
        if not _value(grid[r][other]) and abs(other - c) <= 2
    ]
    r, c, other = rng.choice(choices or [(0, 0, 1)])
    grid[r][c], grid[r][other] = grid[r][other], grid[r][c]


def wrong_row(grid: Grid, rng: random.Random) -> None:
    """A figure in another row of its column, where there was none."""
    choices = [
        (r, c, other)
        for r, c in _places(grid, leaves=True)
        for other in (r - 1, r + 1)
        if 0 <= other < len(grid) and not _value(grid[other][c])
    ]
    r, c, other = rng.choice(choices or [(0, 0, 1)])
    grid[r][c], grid[other][c] = grid[other][c], grid[r][c]


def swapped(grid: Grid, rng: random.Random) -> None:
    """Two neighbours in a row changed places."""
    choices = [
        (r, c)
        for r, row in enumerate(grid)
        for c in range(len(row) - 1)
        if _value(row[c]) and _value(row[c + 1]) and _value(row[c]) != _value(row[c + 1])
    ]
    r, c = rng.choice(choices or [(0, 0)])
    grid[r][c], grid[r][c + 1] = grid[r][c + 1], grid[r][c]


def shifted_left(grid: Grid, rng: random.Random) -> None:
    """A row without its first figure, the others one to the left; nothing or 0 at the end."""
    r = _busy(grid, rng)
    grid[r] = [*grid[r][1:], _left_over(rng)]


def shifted_right(grid: Grid, rng: random.Random) -> None:
    """A row one to the right; its total is lost."""
    r = _busy(grid, rng)
    grid[r] = [_left_over(rng), *grid[r][:-1]]


def split(grid: Grid, rng: random.Random) -> None:
    """One number printed as two: the others move right, and the total is lost."""
    places = [(r, c) for r, c in _places(grid, leaves=True) if _value(grid[r][c]) >= 10]
    if not places:
        return
    r, c = rng.choice(places)
    raw = str(_value(grid[r][c]))
    cut = rng.randrange(1, len(raw))
    parts = [_text(raw[:cut]), _text(raw[cut:])]
    grid[r] = [*grid[r][:c], *parts, *grid[r][c + 1 :]][: len(grid[r])]


def merged(grid: Grid, rng: random.Random) -> None:
    """Two neighbours printed as one number: the others move left, nothing or 0 is at the end."""
    places = [(r, c) for r, c in _places(grid, leaves=True) if c < len(grid[r]) - 2]
    r, c = rng.choice(places or [(0, 0)])
    both = _text(f"{_value(grid[r][c])}{_value(grid[r][c + 1])}")
    grid[r] = [*grid[r][:c], both, *grid[r][c + 2 :], _left_over(rng)]


def row_missing(grid: Grid, rng: random.Random) -> None:
    """A row of figures left blank."""
    r = _busy(grid, rng)
    grid[r] = [BLANK] * len(grid[r])


def rows_slipped(grid: Grid, rng: random.Random) -> None:
    """The numbers of a block of rows one row down; the last are lost, the first blank."""
    last = len(grid) - 1
    end = rng.choice((last - 1, last))
    start = rng.randrange(_SPECIAL_TOP, end)
    grid[start : end + 1] = [[BLANK] * len(grid[start]), *grid[start:end]]


def rows_swapped(grid: Grid, rng: random.Random) -> None:
    """The numbers of two rows exchanged, one of them no outcome."""
    last = len(grid) - 1
    one = rng.choice((0, 1, last - 1, last))
    other = one + 1 if one < last else one - 1
    grid[one], grid[other] = grid[other], grid[one]


def line_slipped(grid: Grid, rng: random.Random) -> None:
    """All rows on one line of figures, one figure left out: the rest moves left."""
    line = [cell for row in grid for cell in row]
    at = rng.randrange(len(line) // 2)
    moved = [*line[:at], *line[at + 1 :], number(0)]
    width = len(grid[0])
    grid[:] = [moved[start : start + width] for start in range(0, len(moved), width)]


MECHANISMS: Mapping[str, Break] = {
    "single cell": cells(1),
    "two cells": cells(2),
    "three cells": cells(3),
    "leaf and total": leaf_and_total,
    "wrong column": wrong_column,
    "wrong row": wrong_row,
    "neighbours swapped": swapped,
    "row shifted left": shifted_left,
    "row shifted right": shifted_right,
    "number split": split,
    "numbers merged": merged,
    "row missing": row_missing,
    "rows slipped": rows_slipped,
    "rows swapped": rows_swapped,
}
OF_REVIEW: Mapping[str, Break] = {
    "single cell": cells(1),
    "two cells": cells(2),
    "line slipped": line_slipped,
}
"""What table 四 can suffer so that its sums show it."""


def _value(cell: TruthCell) -> int:
    return int(cell.value or 0)


def _text(raw: str) -> TruthCell:
    return TruthCell(raw, int(raw), Printed.NUMBER)


def _left_over(rng: random.Random) -> TruthCell:
    return rng.choice((BLANK, number(0)))


def _places(grid: Grid, *, leaves: bool) -> list[Place]:
    """Where figures stand that are not 0."""
    return [
        (r, c) for r, row in enumerate(grid) for c in range(len(row) - leaves) if _value(row[c])
    ]


def _busy(grid: Sequence[Sequence[TruthCell]], rng: random.Random) -> int:
    """Return a row with a figure in it."""
    return rng.choice([r for r, row in enumerate(grid) if any(map(_value, row))] or [0])


def _another(old: int, rng: random.Random) -> int:
    """Return what a slip of the pen or of the eye makes of a figure."""
    digits = str(old)
    at = rng.randrange(len(digits))
    slips = (
        old + 1,
        old - 1,
        int(digits[:at] + rng.choice("0123456789") + digits[at + 1 :]),
        int(digits + digits[-1]),
        int(digits[:-1] or "0"),
        rng.randint(0, 2 * old + 20),
    )
    return rng.choice([slip for slip in slips if slip >= 0 and slip != old] or [old + 1])
