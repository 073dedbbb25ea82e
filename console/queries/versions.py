"""The versions of a stored report, their copies, and what operators put back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.queries.filings import ReportRow
from models.filing import Restoration, StoredReport, Subject, of_subject
from models.ledger import Document


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version, or a copy of the version ``same_as``."""

    id: int
    version: int
    standing: bool
    same_as: int | None
    document_id: int
    name: str
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class RestorationRow:
    """An operator put ``report_id`` back in place of ``replaced_id``."""

    id: int
    report_id: int
    replaced_id: int
    operator: str
    note: str
    decided_at: datetime


def versions(session: Session, row: ReportRow) -> list[VersionRow]:
    """Return the versions of the publisher and year of a report, each with its copies behind it."""
    subject = Subject.of(row.publisher, row.year)
    wanted = StoredReport.id == row.id if subject is None else of_subject()
    query = (
        select(
            StoredReport.id,
            StoredReport.version,
            StoredReport.standing,
            StoredReport.same_as,
            StoredReport.document_id,
            Document.name,
            StoredReport.stored_at,
        )
        .join(Document, Document.id == StoredReport.document_id)
        .where(wanted)
        .order_by(
            StoredReport.version,
            func.coalesce(StoredReport.same_as, StoredReport.id),
            StoredReport.same_as.is_not(None),
            StoredReport.id,
        )
    )
    given = {} if subject is None else subject.values
    return [VersionRow(*found) for found in session.execute(query, given)]


def restorations(session: Session, report_ids: Iterable[int]) -> list[RestorationRow]:
    """Return what was put back among these reports, first to last."""
    query = select(Restoration).where(Restoration.report_id.in_(list(report_ids)))
    return [
        RestorationRow(
            one.id, one.report_id, one.replaced_id, one.operator, one.note, one.decided_at
        )
        for one in session.scalars(query.order_by(Restoration.id))
    ]


def before(session: Session, row: ReportRow) -> int | None:
    """Return the report a version is compared with: the version before it, of a copy its own.

    There is none for the first version.
    """
    if row.same_as is not None:
        return row.same_as
    subject = Subject.of(row.publisher, row.year)
    if subject is None:
        return None
    query = select(StoredReport.id).where(
        of_subject(), StoredReport.same_as.is_(None), StoredReport.version < row.version
    )
    return session.scalar(query.order_by(StoredReport.version.desc()).limit(1), subject.values)
