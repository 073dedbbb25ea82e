"""A stored report with everything that is known about it, and that as JSON (``gouji.report/1``)."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from console.queries import comments, filings, versions
from console.queries.comments import CommentRow
from console.queries.filings import ReportRow
from console.queries.letters import DecisionRow
from console.queries.versions import RestorationRow, VersionRow
from models.disclosure.correction import corrections
from models.disclosure.finding import Finding
from models.disclosure.form import TABLES
from models.disclosure.report import Cell, Report
from worker.inspection import File, Inspection, value_json
from worker.inspection import as_json as inspected
from worker.rows import load

SCHEMA: Final = "gouji.report/1"


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known about a stored report."""

    row: ReportRow
    report: Report
    findings: list[Finding]
    versions: list[VersionRow]
    restorations: list[RestorationRow]
    decision: DecisionRow | None
    comments: list[CommentRow]


def story(session: Session, row: ReportRow) -> Story:
    """Collect it."""
    found = versions.versions(session, row)
    return Story(
        row,
        _in_order(load(session, row.id)),
        filings.findings(session, filings.attempt_of(session, row.id)),
        found,
        versions.restorations(session, [one.id for one in found]),
        filings.decision(session, row.id),
        comments.comments(session, row.document_id),
    )


def as_dict(told: Story) -> dict[str, Any]:
    """Return it as JSON."""
    row = told.row
    file = File(row.name, row.sha256, row.size, None)
    read = inspected(Inspection(file, "stored", report=told.report, findings=tuple(told.findings)))
    return {
        "schema": SCHEMA,
        "id": row.id,
        "version": row.version,
        "standing": row.standing,
        "same_as": row.same_as,
        "stored_at": row.stored_at,
        "document": {"id": row.document_id, "sha256": row.sha256, "name": row.name},
        **{name: read[name] for name in ("report", "tables", "cells", "findings")},
        "versions": [asdict(one) for one in told.versions],
        "restorations": [asdict(one) for one in told.restorations],
        "decision": told.decision and asdict(told.decision),
        "corrections": [
            {"cell": address, **correction(cell)}
            for address, cell in corrections(told.report).items()
        ],
        "comments": [asdict(one) for one in told.comments],
    }


def correction(cell: Cell) -> dict[str, Any]:
    """Return a corrected cell as JSON: as published, and as it is now."""
    read = cell.published or cell
    return {
        "published": value_json(read.value),
        "raw": read.raw,
        "printed": str(read.printed),
        "corrected": value_json(cell.value),
    }


def _in_order(report: Report) -> Report:
    """Put the tables in the order of the form: the database keeps JSON keys sorted."""
    return replace(report, tables={k: report.tables[k] for k in TABLES if k in report.tables})
