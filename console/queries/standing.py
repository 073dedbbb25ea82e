"""What a report about to be stored would meet: the one that stands, and what comes of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models.disclosure.difference import compare, fingerprint
from models.disclosure.report import Report
from models.filing import StoredReport, Subject, of_subject
from worker import versions
from worker.rows import load


@dataclass(frozen=True, slots=True)
class Met:
    """The report that stands for a publisher and year, seen from one that is not stored yet.

    ``report_id`` and ``version`` are of the one that stands, ``balanced`` tells that no hard edit
    fails in it, ``cells`` how many cells differ. Stored now, the other one would become
    ``next_version`` and, where ``replaces``, stand in its place; where ``same_as`` is a report, it
    would be a copy of that one and nothing else would change.
    """

    report_id: int
    version: int
    balanced: bool
    cells: int
    next_version: int
    replaces: bool
    same_as: int | None = None


def met(session: Session, report: Report | None, document_id: int) -> Met | None:
    """Return what a document's report would meet, ``None`` where there is nothing.

    It is what :func:`worker.versions.place` would decide now; nothing is locked or written, so
    another report may come in before it is stored.
    """
    subject = None if report is None else Subject.of(report.publisher, report.year)
    if report is None or subject is None:
        return None
    query = select(StoredReport.id, StoredReport.version, StoredReport.hard)
    stands = session.execute(
        query.where(of_subject(), StoredReport.standing.is_(True)), subject.values
    ).first()
    if stands is None:
        return None
    same = _same(session, subject, fingerprint(report))
    newest = session.scalar(
        select(func.max(StoredReport.version)).where(*_versions()), subject.values
    )
    return Met(
        report_id=stands.id,
        version=stands.version,
        balanced=stands.hard == 0,
        cells=len(compare(load(session, stands.id), report).cells),
        next_version=(newest or 0) + 1,
        replaces=same is None and not versions.is_late(session, subject, document_id),
        same_as=same,
    )


def _same(session: Session, subject: Subject, figures: str) -> int | None:
    """Return the version with these figures; of those not measured yet they are measured now."""
    known = session.scalar(
        select(StoredReport.id).where(*_versions(), StoredReport.figures == figures).limit(1),
        subject.values,
    )
    if known is not None:
        return known
    return next(
        (one for one in _unmeasured(session, subject) if _of(session, one) == figures), None
    )


def _unmeasured(session: Session, subject: Subject) -> Iterator[int]:
    query = select(StoredReport.id).where(*_versions(), StoredReport.figures.is_(None))
    yield from session.scalars(query.order_by(StoredReport.version), subject.values)


def _of(session: Session, report_id: int) -> str:
    return fingerprint(load(session, report_id))


def _versions() -> tuple[ColumnElement[bool], ...]:
    return (of_subject(), StoredReport.same_as.is_(None))
