"""Sets of one, two and three cells that could change so that every edit holds.

A cell changed by δ moves the residual of each of its edits by δ. No two cells of table 三 share
two edits, hence of up to three wrong cells one is alone in a violated edit: clearing that edit
tells its δ, and what is left is a problem of one cell less. The last cell is looked up by the set
of edits that are still violated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from worker.check.localise.equations import Changes, Problem, Terms

MOST_NODES: Final = 20_000
"""Sets tried at most; two cells take some 30, three up to some 900."""
_EDITS_OF_A_CELL: Final = 3
_FEW: Final = 3


@dataclass(slots=True)
class Found:
    """What a search found: changes by the set of cells, and how many sets it tried."""

    solutions: list[dict[int, int]] = field(default_factory=list)
    k: int = 0
    nodes: int = 0
    capped: bool = False


class _Capped(Exception):  # noqa: N818 - it ends the search, it is no error
    """More sets than allowed would have to be tried."""


def search(problem: Problem, most: int = 3, nodes: int = MOST_NODES) -> Found:
    """Return every set of the least number of cells, up to ``most``.

    Where they are few, sets of one more are returned too: one of them may be the truth. Changes
    that a smaller solution is part of are left out; a figure is never negative.
    """
    found = Found()
    if not problem.violated:
        return found
    branching = _Branching(problem, nodes)
    least = most
    for k in range(1, most + 1):
        if k > least + 1 or (k > least and len(found.solutions) > _FEW):
            break
        found.k = k
        try:
            fresh = list(branching.sets(k))
        except _Capped:
            found.capped = True
            break
        finally:
            found.nodes = branching.nodes
        found.solutions += [one for one in fresh if not _holds_smaller(one, found.solutions)]
        if fresh:
            least = min(least, k)
    return found


def _holds_smaller(changes: Changes, known: Sequence[Changes]) -> bool:
    return any(small.items() <= changes.items() for small in known)


class _Branching:
    def __init__(self, problem: Problem, most: int) -> None:
        self.nodes = 0
        self._most = most
        self._problem = problem
        self._terms = problem.system.terms
        self._touching = problem.touching
        self._signatures = problem.signatures
        self._values = problem.values
        self._residuals = list(problem.residuals)
        self._mask = sum(1 << edit for edit in problem.violated)
        self._chosen: dict[int, int] = {}
        self._rows = sum(1 << edit for edit in problem.system.row_edits)
        self._blind = _blind(problem)

    def sets(self, k: int) -> Iterator[dict[int, int]]:
        """Yield each solution of ``k`` cells once, as the figures that they would say."""
        seen: set[frozenset[int]] = set()
        for deltas in self._descend(k, self._mask):
            cells = frozenset(deltas)
            changes = {cell: self._values[cell] + delta for cell, delta in deltas.items()}
            if cells not in seen and self._problem.balanced(changes):
                seen.add(cells)
                yield changes

    def _descend(self, k: int, mask: int) -> Iterator[dict[int, int]]:
        if mask.bit_count() > _EDITS_OF_A_CELL * k:
            return
        if k == 1:
            yield from self._last(mask)
            return
        for edit, terms in self._alone(k, mask):
            for cell, coefficient in terms:
                delta = -self._residuals[edit] * coefficient
                if cell in self._chosen or self._values[cell] + delta < 0:
                    continue
                self._count()
                yield from self._with(cell, delta, k, mask)

    def _with(self, cell: int, delta: int, k: int, mask: int) -> Iterator[dict[int, int]]:
        residuals, touched = self._residuals, self._touching[cell]
        for edit, sign in touched:
            residuals[edit] += sign * delta
            mask = mask | 1 << edit if residuals[edit] else mask & ~(1 << edit)
        if mask:
            self._chosen[cell] = delta
            yield from self._descend(k - 1, mask)
            del self._chosen[cell]
        for edit, sign in touched:
            residuals[edit] -= sign * delta

    def _last(self, mask: int) -> Iterator[dict[int, int]]:
        for cell in self._signatures.get(mask, ()):
            self._count()
            deltas = {-self._residuals[edit] * sign for edit, sign in self._touching[cell]}
            if len(deltas) == 1 and cell not in self._chosen:
                delta = deltas.pop()
                if self._values[cell] + delta >= 0:
                    yield self._chosen | {cell: delta}

    def _alone(self, k: int, mask: int) -> Iterator[tuple[int, Terms]]:
        """Yield violated edits, one of which has a single wrong cell in it, and their cells.

        With the wrong cells in as many rows as there are cells, each violated row has one. Else
        two are in one row, and another, if there is one, is alone in its own; or all are in one
        row, and each is alone in the edits of its column. So are those in rows whose own edit
        cannot be assessed.
        """
        rows = list(_bits(mask & self._rows))
        for edit in rows[:1] if len(rows) >= k else rows:
            yield edit, self._terms[edit]
        columns = list(_bits(mask & ~self._rows))
        if len(rows) <= 1:
            for edit in columns[:1]:
                yield edit, self._terms[edit]
        for edit in columns if self._blind else ():
            yield edit, self._blind[edit]

    def _count(self) -> None:
        self.nodes += 1
        if self.nodes > self._most:
            raise _Capped


def _blind(problem: Problem) -> list[Terms]:
    """Return the cells of each edit that are in rows whose own edit cannot be assessed."""
    system, active = problem.system, problem.active
    rows = {row for row, edit in enumerate(system.row_edits) if not active[edit]}
    if not rows:
        return []
    return [tuple(t for t in terms if t[0] // system.width in rows) for terms in system.terms]


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
