"""A report with an operator's changes, checked anew. Pure: no database, nothing is stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from models.disclosure.correction import Unfit, Value, amended, says, typed
from models.disclosure.finding import Finding, Reason, Severity
from models.disclosure.form import Edition
from models.disclosure.report import Report
from worker.check.check import check, verdict
from worker.desk.errors import Unacceptable
from worker.desk.order import UNCHANGED, Changes, Identity
from worker.inspected import findings_of, report_of, tells_what_was_left_over
from worker.recognise.divisions import locate
from worker.recognise.heading import named
from worker.recognise.mentions import Mentions

_COMPLETE: Final = "TABLE.COMPLETE"
_EVIDENCE: Final = "PUBLISHER.EVIDENCE"
_DIVISION: Final = "PUBLISHER.DIVISION"
_NAMED: Final = 10
_TELLS_EDITION: Final = "disclosure"
"""The table that editions print differently; without it the year decides."""
_READING: Final = "document"
"""The scope of what a reader had to say of its work, which no check finds again."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """What would be stored.

    ``read`` is the report as published, with the publisher and year that the operator gave;
    ``report`` has the corrected ``values`` in it. ``problems`` says by address what could not be
    taken; those cells are as they were. ``reason`` is why it would be refused, ``None`` where no
    hard edit fails.
    """

    read: Report
    report: Report
    values: Mapping[str, Value]
    findings: tuple[Finding, ...]
    reason: Reason | None
    problems: Mapping[str, str]

    @property
    def hard(self) -> tuple[Finding, ...]:
        """The findings that refuse it."""
        return tuple(found for found in self.findings if found.severity is Severity.HARD)


def assess(inspection: Mapping[str, Any] | None, changes: Changes = UNCHANGED) -> Assessed:
    """Apply changes to what had been recognised, and check it anew.

    Raises:
        Unacceptable: nothing had been recognised.
    """
    found = None if inspection is None else report_of(inspection)
    if inspection is None or found is None:
        raise Unacceptable("no report was recognised in the document: retry or discard it")
    read = _identified(found, changes.identity)
    problems: dict[str, str] = {}
    values = _values(inspection, read, changes, problems)
    report = amended(read, values)
    filled_in = frozenset(report.tables.keys() - read.tables.keys())
    found_now = _checked(inspection, report, filled_in, changes.identity)
    findings = tuple(sorted(found_now, key=lambda one: one.severity is Severity.SOFT))
    return Assessed(read, report, values, findings, verdict(findings), problems)


def _identified(report: Report, identity: Identity) -> Report:
    """Let publisher and year be what the operator says; what witnesses said of them stays."""
    if not identity:
        return report
    said = {"publisher": identity.publisher, "year": identity.year}
    hinted = tuple(what for what in report.hinted if said[what] is None)
    changed = replace(report, hinted=hinted, year=identity.year or report.year)
    told = report.edition is not None and _TELLS_EDITION in report.tables
    if identity.year is not None and not told:
        changed = replace(changed, edition=Edition.of(identity.year))
    if identity.publisher is None:
        return changed
    texts = "\n".join(section.text for section in report.sections)
    located = locate(identity.publisher, (Mentions(report.title or ""), Mentions(texts)))
    return replace(changed, publisher=identity.publisher, located=located)


def _values(
    inspection: Mapping[str, Any], read: Report, changes: Changes, problems: dict[str, str]
) -> dict[str, Value]:
    """Return the values that cells are to have; those that they have already are left out."""
    wanted = dict(changes.cells)
    if changes.candidate is not None:
        wanted = _proposed(inspection, changes.candidate, problems) | wanted
    values: dict[str, Value] = {}
    for address, text in wanted.items():
        try:
            value = typed(address, text)
            amended(read, {address: value})
        except Unfit as unfit:
            problems[address] = str(unfit)
        else:
            values[address] = value
    values = _together(read, values, problems)
    return {
        address: value for address, value in values.items() if not says(read.cell(address), value)
    }


def _together(read: Report, values: dict[str, Value], problems: dict[str, str]) -> dict[str, Value]:
    """Return what fits one layout of each table; which it is the first that is set decides."""
    try:
        amended(read, values)
    except Unfit:
        fitting: dict[str, Value] = {}
        for address, value in values.items():
            try:
                amended(read, fitting | {address: value})
            except Unfit as unfit:
                problems[address] = str(unfit)
            else:
                fitting[address] = value
        return fitting
    return values


def _proposed(
    inspection: Mapping[str, Any], wanted: int | str, problems: dict[str, str]
) -> dict[str, str]:
    """Return what candidates propose, by address; see :class:`Changes` for how they are named."""
    known = list(inspection.get("candidates", ()))
    blocks = {one.get("block") for one in known}
    found: dict[str, str] = {}
    for name in str(wanted).split(","):
        chosen = [one for one in known if one.get("id", "") == name.strip()]
        if not chosen and len(blocks) == 1:
            chosen = [one for one in known if str(one["rank"]) == name.strip()]
        if not chosen:
            ids = ", ".join(str(one.get("id", one["rank"])) for one in known[:_NAMED])
            problems["candidate"] = f"there is no candidate {name!r}; there are: {ids or 'none'}"
            return {}
        found |= {one["cell"]: _text(one["proposed"]) for one in chosen[0]["changes"]}
    return found


def _text(proposed: int | str | None) -> str:
    return "" if proposed is None else str(proposed)


def _checked(
    inspection: Mapping[str, Any], report: Report, filled_in: frozenset[str], identity: Identity
) -> Iterator[Finding]:
    name = inspection.get("file", {}).get("name") or ""
    found = check(report, tuple(named(name)))
    for finding in found:
        settled = finding.rule == _EVIDENCE and identity.publisher is not None
        yield replace(finding, severity=Severity.SOFT) if settled else finding
    known = {(finding.rule, finding.scope, finding.message) for finding in found}
    for finding in findings_of(inspection):
        told = (finding.rule, finding.scope, finding.message)
        gone = finding.scope in filled_in
        if not gone and told not in known and _stays(inspection, finding, identity):
            yield finding


def _stays(inspection: Mapping[str, Any], finding: Finding, identity: Identity) -> bool:
    """Tell whether a finding of then holds still, though a check of the report cannot find it."""
    if finding.rule == _DIVISION:
        return identity.publisher is None
    if finding.rule != _COMPLETE or finding.cells:
        return False
    return finding.scope == _READING or not tells_what_was_left_over(inspection)
