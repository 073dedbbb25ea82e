"""Whole rows in the wrong place, and totals that nobody printed.

The numbers of a row move as one where labels and numbers stand apart in the file. Rows add up
wherever they stand; what shows it is the difference between outcomes and the other four rows.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from worker.check.localise.equations import Problem

_COMING: Final = (0, 1)
Rows = list[list[int]]


def slips(problem: Problem) -> Iterator[tuple[int, dict[int, int]]]:
    """Yield repairs of tables in which a block of rows slipped by one, and the row it left.

    That row has no figure; the one at the other end is lost, and follows from the edits.
    """
    rows = _rows(problem)
    totals = [row[-1] for row in rows]
    height = len(rows)
    for first, last in _blocks(height):
        for vacated, lost in ((first, last), (last, first)):
            if (
                not any(rows[vacated])
                and _missing(_slipped(totals, vacated, lost), lost) is not None
            ):
                columns = [_slipped(column, vacated, lost) for column in zip(*rows, strict=True)]
                yield from ((vacated, one) for one in _completed(problem, columns, lost))


def exchanges(problem: Problem) -> Iterator[dict[int, int]]:
    """Yield repairs of tables in which two rows changed places."""
    rows = _rows(problem)
    height = len(rows)
    for one in (*_COMING, height - 2, height - 1) if rows else ():
        for other in range(height):
            moved = list(rows)
            moved[one], moved[other] = rows[other], rows[one]
            if other != one and not any(_residuals([row[-1] for row in moved])):
                yield from _balanced(problem, moved)


def _rows(problem: Problem) -> Rows:
    """Return the figures of the rows, none where a row does not add up: no row moved as one."""
    system = problem.system
    if any(edit in problem.violated for edit in system.row_edits):
        return []
    return [[problem.values[cell] for cell in system.row(r)] for r in range(system.height)]


def _balanced(problem: Problem, rows: Sequence[Sequence[int]]) -> Iterator[dict[int, int]]:
    width, values = problem.system.width, problem.values
    changes = {
        number * width + at: value
        for number, row in enumerate(rows)
        if list(row) != values[number * width : (number + 1) * width]
        for at, value in enumerate(row)
        if value != values[number * width + at]
    }
    if changes and problem.balanced(changes):
        yield changes


def unprinted_totals(problem: Problem) -> Iterator[dict[int, int]]:
    """Yield the repair that prints the total of every row whose figures have none."""
    system, values = problem.system, problem.values
    changes = {}
    for number in range(system.height):
        *leaves, total = system.row(number)
        if not problem.printed[total] and (value := sum(values[cell] for cell in leaves)):
            changes[total] = value
    if changes and problem.balanced(changes):
        yield changes


def _blocks(height: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last rows of blocks that hold outcomes and other rows."""
    for first in range(height - 1):
        for last in range(first + 1, height):
            if first in _COMING or last >= height - 2:
                yield first, last


def _slipped(column: Sequence[int], vacated: int, lost: int) -> list[int]:
    """Put a column back that slipped away from the row that it left; 0 for what is lost."""
    moved = list(column)
    del moved[vacated]
    moved.insert(lost, 0)
    return moved


def _completed(
    problem: Problem, columns: Sequence[list[int]], lost: int
) -> Iterator[dict[int, int]]:
    """Yield the repair with the row that was lost, as the edits of the columns have it."""
    for column in columns:
        value = _missing(column, lost)
        if value is None:
            return
        column[lost] = value
    yield from _balanced(problem, list(zip(*columns, strict=True)))


def _missing(column: Sequence[int], at: int) -> int | None:
    """Return the figure that a column lacks in one row, ``None`` where none would do."""
    flow, outcomes = _residuals(column)
    height = len(column)
    if at in _COMING:
        value = -flow if not outcomes else -1
    elif at == height - 2:
        value = flow if flow == outcomes else -1
    elif at == height - 1:
        value = flow if not outcomes else -1
    else:
        value = -outcomes if not flow else -1
    return value if value >= 0 else None


def _residuals(column: Sequence[int]) -> tuple[int, int]:
    """Return left less right of ``T3.FLOW`` and ``T3.OUTCOMES`` of one column."""
    going_in = column[0] + column[1]
    return going_in - column[-2] - column[-1], sum(column[2:-2]) - column[-2]
