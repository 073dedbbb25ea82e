"""Cells that hold something else than a figure: what they would say follows from their edits."""

from collections.abc import Iterator
from typing import Final

from worker.check.localise.equations import Problem

_MOST: Final = 3


def deductions(problem: Problem) -> Iterator[dict[int, int]]:
    """Yield figures for all unreadable cells; each satisfies an edit in which it alone is unknown.

    Source: deductive imputation, de Waal, Pannekoek & Scholtus 2011, ch. 9.
    """
    if len(problem.unreadable) <= _MOST:
        seen = []
        for found in _deduced(problem, {}):
            if found not in seen:
                seen.append(found)
                yield found


def _deduced(problem: Problem, known: dict[int, int]) -> Iterator[dict[int, int]]:
    if not problem.unreadable:
        yield known
        return
    for cell in problem.unreadable:
        for value in _values(problem, cell):
            yield from _deduced(problem.after({cell: value}), {**known, cell: value})


def _values(problem: Problem, cell: int) -> set[int]:
    system = problem.system
    values = set()
    for edit, k in system.touching[cell]:
        alone = all(c == cell or c not in problem.unreadable for c, _ in system.terms[edit])
        if alone and (system.totals[edit] == cell or problem.printed[system.totals[edit]]):
            value = -problem.residuals[edit] * k
            if value >= 0:
                values.add(value)
    return values
