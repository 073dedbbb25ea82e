"""Repairs of a whole row or column: what it would have to say follows from the other edits.

Where only one row is wrong, the edits of the columns tell each of its figures; where only one
column is, those of the rows do. Such a repair is worth telling where a mechanism explains it.
"""

from collections.abc import Iterable, Iterator, Sequence

from worker.check.localise.equations import Changes, Problem, Terms
from worker.check.localise.lines import Line, undone
from worker.check.localise.search import search


def row_repairs(problem: Problem) -> Iterator[dict[int, int]]:
    """Yield, for each row that may be wrong by itself, what its cells would say."""
    system = problem.system
    for row in _suspects(problem):
        if not problem.mask & ~system.row_masks[row]:
            yield from _repair(problem, system.row(row), system.of_columns)


def column_repairs(problem: Problem) -> Iterator[dict[int, int]]:
    """Yield, for each column that may be wrong by itself, what its cells would say."""
    system = problem.system
    for column in range(system.width):
        if not problem.mask & ~system.column_masks[column]:
            yield from _repair(problem, system.column(column), system.of_rows)


def several(problem: Problem) -> Iterator[dict[int, int]]:
    """Yield repairs of two rows, or of a row and a cell; the first as a mechanism has it."""
    system = problem.system
    for row in _suspects(problem, most=2):
        cells = system.row(row)
        line = line_of(problem, cells)
        for need in set(undone(line)):
            first = {c: n for c, n in zip(cells, need, strict=True) if n != problem.values[c]}
            if any(value < 0 for value in first.values()):
                continue
            rest = problem.after(first)
            if not rest.violated or len(rest.violated) >= len(problem.violated):
                continue
            for second in (*search(rest, most=1).solutions, *row_repairs(rest)):
                if not first.keys() & second.keys():
                    yield first | second


def line_of(problem: Problem, cells: Iterable[int]) -> Line:
    """Return the figures of some cells as read."""
    known = tuple(cells)
    return Line.of([problem.values[c] for c in known], [problem.read[c] for c in known])


def _suspects(problem: Problem, most: int = 1) -> Iterable[int]:
    """Return the rows that do not add up, or all where each does; none where too many do not."""
    system = problem.system
    violated = set(problem.violated)
    wrong = [row for row, edit in enumerate(system.row_edits) if edit in violated]
    return () if len(wrong) > most else wrong or range(system.height)


def _repair(problem: Problem, cells: range, edits_of: Sequence[Terms]) -> Iterator[dict[int, int]]:
    """Yield what the cells would say, as far as the edits that cross them tell.

    What stands in a row or column whose own edit cannot be assessed is told by the one it is in.
    """
    changes: dict[int, int] = {}
    untold = []
    residuals, active = problem.residuals, problem.active
    for cell in cells:
        deltas = {-residuals[edit] * k for edit, k in edits_of[cell] if active[edit]}
        if len(deltas) > 1:
            return
        if not deltas:
            untold.append(cell)
        elif delta := deltas.pop():
            changes[cell] = problem.values[cell] + delta
    if len(untold) == 1 and not _left_out(problem, untold[0]):
        changes |= _completed(problem, cells, changes, untold[0])
    if changes and problem.balanced(changes):
        yield changes


def _left_out(problem: Problem, cell: int) -> bool:
    """Tell whether a cell is a total of the kind that its publisher never prints."""
    unsummed = problem.unsummed.items()
    return any(cell in addends and not problem.active[at] for at, (addends, _) in unsummed)


def _completed(problem: Problem, row: range, changes: Changes, cell: int) -> dict[int, int]:
    """Return what the last cell of a row would say for the row to add up; columns tell nothing."""
    if row.step != 1:
        return {}
    ((edit, k),) = problem.system.of_rows[cell]
    left = problem.residuals[edit] + sum(
        sign * (changes[c] - problem.values[c])
        for c, sign in problem.system.terms[edit]
        if c in changes
    )
    return {cell: problem.values[cell] - left * k} if left else {}
