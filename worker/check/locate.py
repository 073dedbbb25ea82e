"""Which smallest change of figures would make the balance edits hold (error localisation)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from models.disclosure.localisation import Block, Localisation, Mechanism, Search
from models.disclosure.report import Report
from worker.check.localise.equations import Changes, Problem
from worker.check.localise.explain import explain
from worker.check.localise.invalid import deductions
from worker.check.localise.lines import Told
from worker.check.localise.ranking import Proposal, ranked, status
from worker.check.localise.review import cells_of_row, slipped_lines
from worker.check.localise.rows import column_repairs, row_repairs, several
from worker.check.localise.search import search
from worker.check.localise.slips import exchanges, slips, unprinted_totals
from worker.check.localise.witnesses import Context, Witnesses

_NOTHING: Final = Context()
_UNPRINTED: Final = Told(Mechanism.TOTALS_NOT_PRINTED, 1.1)
_SLIPPED: Final = Told(Mechanism.ROWS_SLIPPED, 1.5)
_SLIPPED_OVER: Final = Told(Mechanism.ROWS_SLIPPED, 1.7)
_EXCHANGED: Final = Told(Mechanism.ROWS_SWAPPED, 1.6)
_SEVERAL: Final = Told(Mechanism.SEVERAL, 2.6)
_LINE: Final = 1.5
_UNREADABLE: Final = 0.5


def locate(report: Report, context: Context = _NOTHING) -> Localisation | None:
    """Return what would make the tables 三 and 四 balance, ``None`` where nothing fails in them.

    Nothing is decided: a candidate says which figures would make every edit of its block hold.

    Args:
        report: the report as recognised.
        context: what is known beside it; it orders candidates that cost the same.
    """
    blocks: list[Block] = []
    witnesses: Witnesses | None = None
    for key, plans in (("applications", _applications), ("review", _review)):
        table = report.tables.get(key)
        problem = None if table is None else Problem(table)
        if problem is None or not (problem.violated or problem.unreadable):
            continue
        witnesses = witnesses or Witnesses(report, context)
        for plan in plans(problem):
            blocks.append(_block(len(blocks) + 1, problem, plan, witnesses))
    return Localisation(tuple(blocks)) if blocks else None


@dataclass(slots=True)
class _Plan:
    """A block to be: the edits that fail, and what would make them hold."""

    edits: tuple[str, ...]
    search: Search = field(default_factory=lambda: Search(0, 0))
    proposals: dict[frozenset[tuple[int, int]], Proposal] = field(default_factory=dict)

    def propose(self, changes: Changes, told: Told | None, resolves: tuple[str, ...] = ()) -> None:
        """Keep changes that something explains, under the likeliest explanation."""
        key = frozenset(changes.items())
        known = self.proposals.get(key)
        better = known is None or (told is not None and told.events < known.told.events)
        if changes and told is not None and better:
            ordered = tuple(sorted(changes.items()))
            self.proposals[key] = Proposal(ordered, told, resolves or self.edits)


def _block(number: int, problem: Problem, plan: _Plan, witnesses: Witnesses) -> Block:
    candidates, cut = ranked(number, problem, plan.proposals.values(), witnesses)
    return Block(
        number,
        problem.table.form.table,
        plan.edits,
        status(candidates, capped=plan.search.capped),
        plan.search,
        candidates,
        cut,
    )


# --- Table 三: all its edits are connected -------------------------------------------------------


def _applications(problem: Problem) -> Iterator[_Plan]:
    plan = _Plan(_failing(problem))
    for assumed in deductions(problem) if problem.unreadable else ({},):
        _plan(plan, problem.after(assumed) if assumed else problem, assumed)
    if problem.unreadable and not plan.proposals:
        plan.edits = _violated(problem)  # the rest can be told without what nobody can
        _plan(plan, problem, {})
    yield plan


def _plan(plan: _Plan, problem: Problem, assumed: Changes) -> None:
    """Propose whatever repairs a table in which some figures were assumed."""
    if assumed and not problem.violated:
        plan.propose(assumed, Told(Mechanism.UNREADABLE, _UNREADABLE * len(assumed)))
        return
    found = search(problem)
    nodes = plan.search.nodes + found.nodes
    plan.search = Search(max(plan.search.k, found.k), nodes, plan.search.capped or found.capped)
    for changes, told in _repairs(problem, found.solutions):
        if not assumed:
            plan.propose(changes, told)
        elif told is not None:
            events = told.events + _UNREADABLE * len(assumed)
            plan.propose({**assumed, **changes}, Told(Mechanism.SEVERAL, events))


def _repairs(problem: Problem, sets: Iterable[Changes]) -> Iterator[tuple[Changes, Told | None]]:
    lines = chain(row_repairs(problem), column_repairs(problem))
    changed = {frozenset(changes.items()): changes for changes in chain(sets, lines)}
    known = [(changes, explain(problem, changes)) for changes in changed.values()]
    known += [(changes, _UNPRINTED) for changes in unprinted_totals(problem)]
    known += [
        (changes, _SLIPPED if vacated in problem.blank_rows else _SLIPPED_OVER)
        for vacated, changes in slips(problem)
    ]
    known += [(changes, _EXCHANGED) for changes in exchanges(problem)]
    if all(told is None for _, told in known):
        known += [(changes, _SEVERAL) for changes in several(problem)]
    yield from known


# --- Table 四: three sums that share no cell -----------------------------------------------------


def _review(problem: Problem) -> Iterator[_Plan]:
    lines = [changes for changes in slipped_lines(problem) if problem.balanced(changes)]
    whole = _violated(problem)
    for row, edit in enumerate(problem.system.row_edits):
        plan = _Plan(_failing(problem, row))
        if not plan.edits:
            continue
        for assumed in _assumed(problem, row):
            plan.propose(assumed, Told(Mechanism.UNREADABLE, _UNREADABLE * len(assumed)))
        if edit in problem.violated:
            for changes in cells_of_row(problem, row):
                if _balances(problem, edit, changes):
                    plan.propose(changes, explain(problem, changes))
            for changes in lines:
                plan.propose(changes, Told(Mechanism.LINE_SLIPPED, _LINE / len(whole)), whole)
        plan.search = Search(1, len(plan.proposals))
        yield plan


def _assumed(problem: Problem, row: int) -> Iterator[Changes]:
    cells = problem.system.row(row)
    if any(cell in problem.unreadable for cell in cells):
        for found in deductions(problem):
            yield {cell: value for cell, value in found.items() if cell in cells}


def _balances(problem: Problem, edit: int, changes: Changes) -> bool:
    left = sum(k * changes.get(c, problem.values[c]) for c, k in problem.system.terms[edit])
    return not left and all(value >= 0 for value in changes.values())


# --- What fails ----------------------------------------------------------------------------------


def _failing(problem: Problem, row: int | None = None) -> tuple[str, ...]:
    """Return the edits that fail, and the cells that hold no figure of their kind."""
    system = problem.system
    cells = range(len(system.cells)) if row is None else system.row(row)
    unreadable = sorted(cell for cell in problem.unreadable if cell in cells)
    edits = _violated(problem, None if row is None else system.row_edits[row])
    return (*edits, *(f"CELL.VALUE:{system.cells[cell]}" for cell in unreadable))


def _violated(problem: Problem, only: int | None = None) -> tuple[str, ...]:
    system = problem.system
    return tuple(system.edits[e].id for e in problem.violated if only in (None, e))
