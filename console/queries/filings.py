"""Stored reports and their findings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from console.queries.letters import DecisionRow, decision_row
from console.queries.report_conditions import conditions
from console.report_filter import STANDING, ReportFilter
from models.dead_letter import DECISIONS, Decision
from models.disclosure.finding import Finding, Severity
from models.filing import REPORTS, StoredFinding, StoredReport, same_subject
from models.ledger import DOCUMENTS


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A stored report as lists show it.

    ``versions`` is how many there are of its publisher and year; ``same_as`` is the id of the
    version whose figures a copy has. ``decision`` is how an operator had it stored: ``correct``,
    ``accept``, or ``None`` where it was stored by itself.
    """

    id: int
    publisher: str | None
    year: int | None
    edition: str | None
    version: int
    findings: dict[str, int]
    title: str | None
    document_id: int
    sha256: str
    name: str
    size: int
    stored_at: datetime
    division_code: str | None
    standing: bool
    versions: int
    same_as: int | None
    decision: str | None = None


# Tables, not classes: the ORM makes all of its classes ready before it asks its first question.
_REPORT: Final = REPORTS.c
_DOCUMENT: Final = DOCUMENTS.c
_DECISION: Final = (
    select(DECISIONS.c.action).where(DECISIONS.c.id == REPORTS.c.decision_id).scalar_subquery()
)


def reports(
    session: Session, wanted: ReportFilter = STANDING, *, limit: int | None = None
) -> list[ReportRow]:
    """Return stored reports, the latest first, at most ``limit`` of them."""
    query = headers().where(*conditions(wanted)).order_by(_REPORT.id.desc()).limit(limit)
    return [row_of(row) for row in session.execute(query)]


def count(session: Session, wanted: ReportFilter = STANDING) -> int:
    """Return how many stored reports match."""
    query = select(func.count()).select_from(REPORTS).where(*conditions(wanted))
    return session.scalar(query) or 0


def report(session: Session, report_id: int) -> ReportRow | None:
    """Return one stored report, ``None`` where there is none."""
    row = session.execute(headers().where(_REPORT.id == report_id)).one_or_none()
    return None if row is None else row_of(row)


def findings(session: Session, attempt_id: int | None) -> list[Finding]:
    """Return the findings of one attempt, hard ones first, in the order they were found."""
    if attempt_id is None:
        return []
    query = (
        select(StoredFinding)
        .where(StoredFinding.attempt_id == attempt_id)
        .order_by(StoredFinding.severity, StoredFinding.id)  # "hard" sorts before "soft"
    )
    return [_finding(stored) for stored in session.scalars(query)]


def attempt_of(session: Session, report_id: int) -> int | None:
    """Return the attempt that a stored report comes from."""
    return session.scalar(select(StoredReport.attempt_id).where(StoredReport.id == report_id))


def decision(session: Session, report_id: int) -> DecisionRow | None:
    """Return the decision by which an operator had a report stored, ``None`` where nobody had."""
    query = select(Decision).join(StoredReport, StoredReport.decision_id == Decision.id)
    found = session.scalars(query.where(StoredReport.id == report_id)).one_or_none()
    return None if found is None else decision_row(found)


def headers() -> Select[*tuple[Any, ...]]:
    """Return the query that :func:`row_of` takes the rows of."""
    other = REPORTS.alias()
    versions = (
        select(func.count())
        .select_from(other)
        .where(same_subject(other, REPORTS), other.c.same_as.is_(None))
        .correlate(REPORTS)
    )
    return select(
        _REPORT.id,
        _REPORT.publisher,
        _REPORT.year,
        _REPORT.edition,
        _REPORT.version,
        _REPORT.hard,
        _REPORT.soft,
        _REPORT.title,
        _REPORT.document_id,
        _REPORT.stored_at,
        _REPORT.division_code,
        _REPORT.standing,
        _REPORT.same_as,
        versions.scalar_subquery().label("versions"),
        _DOCUMENT.sha256,
        _DOCUMENT.name,
        _DOCUMENT.size,
        _DECISION.label("decision"),
    ).join_from(REPORTS, DOCUMENTS, _DOCUMENT.id == _REPORT.document_id)


def row_of(row: Row[*tuple[Any, ...]]) -> ReportRow:
    """Return a row of :func:`headers` as lists show it."""
    return ReportRow(
        id=row.id,
        publisher=row.publisher,
        year=row.year,
        edition=row.edition,
        version=row.version,
        findings={"hard": row.hard, "soft": row.soft},
        title=row.title,
        document_id=row.document_id,
        sha256=row.sha256,
        name=row.name,
        size=row.size,
        stored_at=row.stored_at,
        division_code=row.division_code,
        standing=row.standing,
        versions=max(row.versions, 1),  # without publisher or year it is the only one
        same_as=row.same_as,
        decision=row.decision,
    )


def _finding(stored: StoredFinding) -> Finding:
    return Finding(
        rule=stored.rule,
        severity=Severity(stored.severity),
        scope=stored.scope,
        message=stored.message,
        cells=tuple(stored.cells),
        left=figure(stored.left),
        right=figure(stored.right),
        difference=figure(stored.difference),
        blanks=tuple(stored.blanks),
        evidence=stored.evidence,
    )


def figure(text: str | None) -> int | str | None:
    """Return a side of an edit as it was found: counts are whole numbers, amounts stay text."""
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        return text
