"""Table 四: three sums that share no cell, so every cell of a row could be the wrong one.

Where all three stand on one line of figures, a figure lost or slipped in moves the rest of the
line; there the sums of the rows behind it bear it out.
"""

from collections.abc import Iterator

from worker.check.localise.equations import Problem
from worker.check.localise.rows import line_of


def cells_of_row(problem: Problem, row: int) -> Iterator[dict[int, int]]:
    """Yield for each cell of a row what it would have to say, and the exchanges with the total."""
    edit = problem.system.row_edits[row]
    left = problem.residuals[edit]
    *leaves, total = problem.system.row(row)
    for cell, k in problem.system.terms[edit]:
        yield {cell: problem.values[cell] - left * k}
    for leaf in leaves:
        yield {leaf: problem.values[total], total: problem.values[leaf]}
    yield from _merged(problem, row)


def _merged(problem: Problem, row: int) -> Iterator[dict[int, int]]:
    """Yield the cuts of one number into two after which the row adds up."""
    cells = problem.system.row(row)
    line = line_of(problem, cells)
    for at, run in enumerate(line.digits[:-1]):
        for cut in range(1, len(run)):
            parts = int(run[:cut]), int(run[cut:])
            need = (*line.values[:at], *parts, *line.values[at + 1 : -1])
            in_place = (*line.values[:at], *parts, *line.values[at + 2 :])
            for values in (need, in_place) if not line.values[at + 1] else (need,):
                yield _changes(problem, cells, values)


def slipped_lines(problem: Problem) -> Iterator[dict[int, int]]:
    """Yield repairs of a line of figures that moved left or right by one from some place on."""
    if not problem.table.form.across:
        return
    system, values = problem.system, tuple(problem.values)
    cells = range(len(values))
    for at in range(len(values) - system.width):
        kept = values[:at]
        yield from _completed(problem, cells, (*kept, 0, *values[at:-1]), (at,))
        yield from _completed(problem, cells, (*kept, *values[at + 1 :], 0), (len(values) - 1,))


def _completed(
    problem: Problem, cells: range, need: tuple[int, ...], unknown: tuple[int, ...]
) -> Iterator[dict[int, int]]:
    (at,) = unknown
    row = problem.system.row(at // problem.system.width)
    *leaves, total = (need[cell] for cell in row)
    value = sum(leaves) if at == row[-1] else total - sum(leaves)
    if value >= 0:
        yield _changes(problem, cells, (*need[:at], value, *need[at + 1 :]))


def _changes(problem: Problem, cells: range, need: tuple[int, ...]) -> dict[int, int]:
    return {c: n for c, n in zip(cells, need, strict=True) if n != problem.values[c]}
