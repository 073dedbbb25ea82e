"""Keeping what was recognised: a report and its findings as rows, in its place among versions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from models.correction import Correction
from models.disclosure import publisher
from models.disclosure.correction import Value, amended, written
from models.disclosure.difference import compare, fingerprint
from models.disclosure.finding import Finding, Severity
from models.disclosure.report import Report
from models.filing import REPORTS, Subject
from worker import neighbours, versions, weighing
from worker.findings import Origin, keep
from worker.rows import KINDS, load, rows, told
from worker.versions import Place, Version

_INSERT_HEADER: Final = insert(REPORTS).returning(REPORTS.c.id)
_CORRECTIONS: Final = cast("Table", Correction.__table__)
_ROWS: Final = {key: cast("Table", kind.__table__) for key, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Amendment:
    """By which decision a report is stored, and what its cells are then, by address."""

    decision_id: int
    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Filed:
    """The id under which a report is kept, and its place among the versions.

    ``version`` counts those of its publisher and year; ``same_as`` is the id of the version whose
    figures it has once more. ``standing`` tells whether it stands now. ``before`` is the id of the
    version that stood when it came, and ``changed`` the number of cells that say another thing.
    ``across`` names the rules between it and the years beside it that do not hold.
    """

    report_id: int
    version: int
    standing: bool
    same_as: int | None = None
    before: int | None = None
    changed: int | None = None
    across: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """Return what an event tells of it; what does not apply is left out, as are rules."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        del known["across"]
        return known


def store(
    session: Session,
    origin: Origin,
    report: Report,
    findings: Iterable[Finding],
    amendment: Amendment | None = None,
) -> Filed:
    """Keep a report with its findings, as a version of its publisher and year or a copy of one.

    Nobody else changes the versions of that publisher and year before the transaction ends.

    Args:
        session: an open transaction.
        origin: the document, and the attempt that read it.
        report: the report as published.
        findings: those of the report as it is amended.
        amendment: what an operator corrected; its rows are as published all the same.

    Raises:
        Refused: a figure is too large to be kept.
    """
    findings = tuple(findings)
    values = {} if amendment is None else amendment.values
    kept = {key: list(rows(table)) for key, table in report.tables.items()}
    amounts_to = amended(report, values)
    figures = fingerprint(amounts_to)
    subject = Subject.of(report.publisher, report.year)
    place = versions.place(session, subject, figures, origin.document_id)
    header = _header(origin, report, findings) | {"figures": figures} | place.columns
    header["decision_id"] = amendment and amendment.decision_id
    report_id: int = session.connection().execute(_INSERT_HEADER, header).scalar_one()
    for key, table_rows in kept.items():
        _insert_all(session, _ROWS[key], [{"report_id": report_id} | row for row in table_rows])
    if amendment is not None:
        _insert_all(session, _CORRECTIONS, list(_corrections(report_id, amendment)))
    keep(session, origin, findings)
    across = _assess(session, subject, place, report_id, report.publisher)
    filed = Filed(report_id, place.version, place.standing, place.same_as, across=across)
    return filed if place.before is None else _compared(session, filed, place.before, amounts_to)


def _corrections(report_id: int, amendment: Amendment) -> Iterator[dict[str, Any]]:
    for address, value in amendment.values.items():
        yield {
            "report_id": report_id,
            "cell": address,
            "value": written(value),
            "decision_id": amendment.decision_id,
        }


def _assess(
    session: Session,
    subject: Subject | None,
    place: Place,
    report_id: int,
    said_by: str | None,
) -> tuple[str, ...]:
    """Hold the report against the years beside it where it stands; return the rules that fail."""
    if subject is None or not place.standing:
        return ()
    if place.before is not None:
        neighbours.forget(session, place.before)
    found = neighbours.reassess(session, subject, by=report_id)
    weighing.weigh_beside(session, said_by, subject.year)
    return tuple(sorted({finding.rule for finding in found}))


def _compared(session: Session, filed: Filed, before: Version, report: Report) -> Filed:
    """Count the cells that changed, and tell the history of the version that stood before."""
    changed = len(compare(load(session, before.id), report).cells)
    if filed.standing:
        versions.tell_superseded(session, before, filed.report_id, filed.version, changed=changed)
    return replace(filed, before=before.id, changed=changed)


def _insert_all(session: Session, table: Table, values: list[dict[str, Any]]) -> None:
    """Insert rows in one statement; the ORM makes one for each set of columns that are not NULL."""
    if values:
        session.connection().execute(insert(table), values)


def _header(origin: Origin, report: Report, findings: tuple[Finding, ...]) -> dict[str, Any]:
    hard = sum(finding.severity is Severity.HARD for finding in findings)
    return {
        "document_id": origin.document_id,
        "attempt_id": origin.attempt_id,
        "publisher": report.publisher,
        "publisher_key": None if report.publisher is None else publisher.key(report.publisher),
        "division_code": report.division and report.division.code,
        "evidence": [claim.as_dict() for claim in report.evidence],
        "year": report.year,
        "edition": report.edition,
        "title": report.title,
        "layouts": {key: told(table) for key, table in report.tables.items()},
        "sections": [[section.key, section.heading, section.text] for section in report.sections],
        "period_start": report.period.start if report.period else None,
        "period_end": report.period.end if report.period else None,
        "signature": report.signature,
        "signed_on": report.signed_on,
        "hard": hard,
        "soft": len(findings) - hard,
    }
