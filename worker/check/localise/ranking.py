"""What candidates cost, and in which order they are told.

Least change comes first (Fellegi & Holt 1976), each slip counted once and weighed by how reliable
what was read is. Likeness of digits and evidence only order what costs the same: they are too weak
to make a tie look decided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from models.disclosure.localisation import FIGURES, Candidate, Change, Status, Witness
from models.disclosure.report import Cell, Printed
from worker.check.localise.equations import BLANK, Problem
from worker.check.localise.lines import Told
from worker.check.localise.witnesses import Witnesses, origin

MOST: Final = 25
"""Candidates listed of one block."""
_WEIGHED: Final = 40
# What orders ties spans less than the tenth by which the number of slips differs.
_DIGIT: Final = 0.005
_MOST_DIGITS: Final = 0.03
_ZERO: Final = 0.5
_SAID: Final[Mapping[str, float]] = {"proposed": -0.03, "read": 0.03}
_MOST_EVIDENCE: Final = 0.03
_BLANK: Final = 0.8
_FEW_BLANKS: Final = 0.1
_UNSURE: Final = 0.6
"""How much less a cell costs that OCR read without any confidence."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Changes after which a block of edits holds, what explains them, and the edits resolved."""

    changes: tuple[tuple[int, int], ...]
    told: Told
    resolves: tuple[str, ...]


def ranked(
    block: int, problem: Problem, proposals: Iterable[Proposal], witnesses: Witnesses
) -> tuple[tuple[Candidate, ...], int]:
    """Return the candidates of a block in their order, and how many were left out."""
    weighing = _Weighing(problem)
    known = list(proposals)
    known.sort(key=lambda one: (weighing.events(one), len(one.changes), one.changes))
    drafts = [weighing.draft(block, one, witnesses) for one in known[:_WEIGHED]]
    drafts.sort(key=lambda one: (one.cost, len(one.changes)))
    listed = _numbered(drafts[:MOST])
    return listed, len(known) - len(listed)


def status(candidates: Sequence[Candidate], *, capped: bool) -> Status:
    """Return how far localisation came with these candidates."""
    if capped:
        return Status.CAPPED
    if not candidates:
        return Status.NOT_LOCALISED
    first = [one for one in candidates if one.tie_group == candidates[0].tie_group]
    return Status.TIED if len(first) > 1 else Status.UNIQUE


def _numbered(drafts: Sequence[Candidate]) -> tuple[Candidate, ...]:
    listed: list[Candidate] = []
    for group, (_, tied) in enumerate(groupby(drafts, _events), 1):
        for draft in tied:
            listed.append(replace(draft, rank=len(listed) + 1, tie_group=group))
    return tuple(listed)


def _events(candidate: Candidate) -> float:
    return candidate.cost_parts["events"]


class _Weighing:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        blanks = sum(cell.printed in BLANK for cell in problem.read)
        self._few_blanks = blanks <= _FEW_BLANKS * len(problem.read)

    def events(self, proposal: Proposal) -> float:
        """Return how many slips it takes, less where what was read is not reliable."""
        weights = [self._weight(self._problem.read[cell]) for cell, _ in proposal.changes]
        return round(proposal.told.events * sum(weights) / len(weights), 1)

    def draft(self, block: int, proposal: Proposal, witnesses: Witnesses) -> Candidate:
        """Return the candidate with its evidence, not yet in its place."""
        changes = tuple(self._change(cell, value) for cell, value in proposal.changes)
        mechanism = proposal.told.mechanism
        evidence = witnesses.about(mechanism, changes)
        parts = {
            "events": self.events(proposal),
            "digits": _unlikeness(changes) if mechanism in FIGURES else 0.0,
            "evidence": _said(evidence),
        }
        cost = round(sum(parts.values()), 3)
        resolves = proposal.resolves
        who = origin(evidence)
        return Candidate(block, 0, 0, changes, mechanism, cost, parts, resolves, evidence, who)

    def _weight(self, cell: Cell) -> float:
        if cell.printed in BLANK:
            return _BLANK if self._few_blanks else 1.0
        return 1.0 if cell.confidence is None else 1 - _UNSURE * (1 - cell.confidence)

    def _change(self, at: int, value: int) -> Change:
        cell = self._problem.read[at]
        read = (
            int(cell.value) if cell.printed is Printed.NUMBER and cell.value is not None else None
        )
        return Change(self._problem.system.cells[at], cell.raw, read, value)


def _unlikeness(changes: Sequence[Change]) -> float:
    distances = [_distance(change) for change in changes]
    return round(min(_MOST_DIGITS, _DIGIT * sum(distances) / len(distances)), 4)


def _distance(change: Change) -> float:
    """Return how many digits are others. Most cells of the form say 0: one more 0 is likelier."""
    read = "" if change.read is None else str(change.read)
    apart: float = distance(read, str(change.proposed))
    if not change.read:
        apart += _ZERO
    return apart if change.proposed else apart - _ZERO


def distance(one: str, other: str) -> int:
    """Return how many digits to insert, leave out, replace or exchange with their neighbour.

    Source: Damerau 1964; restricted to one edit of each place (optimal string alignment).
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, older[j - 2] + 1)
            row.append(best)
    return row[-1]


def _said(evidence: Sequence[Witness]) -> float:
    weight = sum((_SAID.get(one.supports, 0.0) for one in evidence), 0.0)
    return round(max(-_MOST_EVIDENCE, min(_MOST_EVIDENCE, weight)), 3)
