"""A report becomes findings, and findings become a verdict. Pure: no I/O."""

from models.disclosure.finding import Finding, Reason, Severity
from models.disclosure.report import Report
from worker.check.complete import complete
from worker.check.identity import identity
from worker.check.narrative import narrative
from worker.check.publisher import publisher
from worker.check.rules import RULES
from worker.check.totals import totals

_ORDER = {rule: at for at, rule in enumerate(RULES)}
_REASONS = {
    "PUBLISHER.EVIDENCE": Reason.PUBLISHER_CONFLICT,
    "TABLE.COMPLETE": Reason.INCOMPLETE,
    "CELL.VALUE": Reason.INVALID_VALUE,
}


def check(report: Report, years_in_name: tuple[int, ...] = ()) -> tuple[Finding, ...]:
    """Apply every edit; hard findings first, then in the order of the rules."""
    found = [
        *totals(report),
        *complete(report),
        *narrative(report),
        *identity(report, years_in_name),
        *publisher(report),
    ]
    found.sort(key=lambda finding: (finding.severity is Severity.SOFT, _ORDER[finding.rule]))
    return tuple(found)


def verdict(findings: tuple[Finding, ...]) -> Reason | None:
    """Return why the findings refuse the report, or ``None`` when it may be stored."""
    hard = {finding.rule for finding in findings if finding.severity is Severity.HARD}
    for rule, reason in _REASONS.items():
        if rule in hard:
            return reason
    return Reason.IMBALANCED if hard else None


def decisive(findings: tuple[Finding, ...], reason: Reason) -> list[Finding]:
    """Return the findings, those first for which the report is refused for this reason."""
    return sorted(findings, key=lambda finding: _reason_of(finding) is not reason)


def _reason_of(finding: Finding) -> Reason | None:
    hard = finding.severity is Severity.HARD
    return _REASONS.get(finding.rule, Reason.IMBALANCED) if hard else None
