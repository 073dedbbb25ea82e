"""Findings as pages show them: the rule, the place, the equation with its numbers."""

from collections.abc import Iterable
from dataclasses import dataclass

from console import equation, form_labels
from console.marks import SIGNS
from models.disclosure.finding import Finding
from models.disclosure.report import Report


@dataclass(frozen=True, slots=True)
class Described:
    """A finding. ``equation`` and ``words`` are empty where it is no equation."""

    rule: str
    severity: str
    sign: str
    place: str
    message: str
    equation: str
    words: str
    evidence: str
    cells: tuple[str, ...]


def described(findings: Iterable[Finding], report: Report | None) -> list[Described]:
    """Return findings as they are shown."""
    return [_described(finding, report) for finding in findings]


def _described(finding: Finding, report: Report | None) -> Described:
    sides = equation.sides_of(finding) if report is not None else None
    known = report is not None and sides is not None
    return Described(
        rule=finding.rule,
        severity=str(finding.severity),
        sign=SIGNS[finding.severity],
        place=form_labels.scope(finding.rule, finding.scope),
        message=finding.message,
        equation=equation.equation(finding, report) if known and report else "",
        words=equation.in_words(finding, sides, report) if known and report and sides else "",
        evidence=finding.evidence,
        cells=finding.cells,
    )
