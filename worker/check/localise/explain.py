"""Changes explained: by what mechanism they would have come about, and how many slips that is."""

from collections.abc import Iterator, Sequence
from typing import Final

from models.disclosure.localisation import Mechanism
from worker.check.localise.equations import Changes, Problem
from worker.check.localise.lines import Told, of_column, of_row
from worker.check.localise.rows import line_of

_ONE: Final = 1.0
_LEAF_AND_TOTAL: Final = 1.2
_ROW_MISSING: Final = 1.2
_ROW_BLANK: Final = 1.8
_SOME_ROWS: Final = 4
"""Rows left blank in a table that prints its zeros; where more are, blank is how it prints them."""
_CELLS: Final = {2: Mechanism.TWO_CELLS, 3: Mechanism.THREE_CELLS}


def explain(problem: Problem, changes: Changes) -> Told | None:
    """Return the likeliest explanation, ``None`` for many cells that no mechanism explains."""
    told = list(_explanations(problem, changes))
    return min(told, key=lambda one: one.events, default=None)


def _explanations(problem: Problem, changes: Changes) -> Iterator[Told]:
    width = problem.system.width
    rows = {cell // width for cell in changes}
    pairs = sum(_leaf_and_total(problem, changes, row) for row in rows)
    if len(rows) == 1 and len(changes) > 1:
        yield from _in_row(problem, changes, min(rows))
    elif len({cell % width for cell in changes}) == 1 and len(changes) > 1:
        cells = problem.system.column(min(changes) % width)
        yield from _known(of_column(line_of(problem, cells), _after(problem, changes, cells)))
    if len(changes) == 1:
        yield Told(Mechanism.SINGLE_CELL, _ONE)
    elif len(changes) == 2 and pairs:
        yield Told(Mechanism.LEAF_AND_TOTAL, _LEAF_AND_TOTAL)
    elif len(changes) in _CELLS:
        saved = pairs * (2 * _ONE - _LEAF_AND_TOTAL)
        yield Told(_CELLS[len(changes)], len(changes) * _ONE - saved)


def _in_row(problem: Problem, changes: Changes, row: int) -> Iterator[Told]:
    if row in problem.blank_rows:
        few = len(problem.blank_rows) <= _SOME_ROWS
        yield Told(Mechanism.ROW_MISSING, _ROW_MISSING if few else _ROW_BLANK)
        return
    cells = problem.system.row(row)
    yield from _known(of_row(line_of(problem, cells), _after(problem, changes, cells)))


def _known(told: Told | None) -> Iterator[Told]:
    if told is not None:
        yield told


def _after(problem: Problem, changes: Changes, cells: Sequence[int]) -> tuple[int, ...]:
    return tuple(changes.get(cell, problem.values[cell]) for cell in cells)


def _leaf_and_total(problem: Problem, changes: Changes, row: int) -> bool:
    """Tell whether one figure of a row and its total are off by the same."""
    deltas = {
        c: n - problem.values[c] for c, n in changes.items() if c // problem.system.width == row
    }
    total = problem.system.row(row)[-1]
    return len(deltas) == 2 and total in deltas and len(set(deltas.values())) == 1
