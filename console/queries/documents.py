"""Documents, with their arrivals and attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.ledger import ARRIVALS, Arrival, Attempt, Document
from worker.names import readable

LEAST_PREFIX: Final = 4
_LARGEST_ID: Final = 2**63 - 1
_BATCH: Final = 500
_ARRIVAL: Final = ARRIVALS.c  # the table: lists need nothing of the ORM
BETWEEN: Final = "!/"
"""Stands between the path of an archive and that of what was in it."""


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    """One file seen once at one source; ``moved_to`` is where its original went.

    ``container_id`` is the document of the archive it came out of, if it did.
    """

    id: int
    source: str
    name: str
    path: str
    size: int
    url: str | None
    state: str
    why: str | None
    handover: str
    moved_to: str | None
    seen_at: datetime
    container_id: int | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try to process a document."""

    id: int
    number: int
    worker: str
    parser_version: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    stage: str | None
    error: str | None
    traceback: str | None
    duration_ms: float | None


def find(session: Session, wanted: str) -> list[int]:
    """Return the ids of the documents meant: an id, or the beginning of a SHA-256.

    Figures are an id first; only when no document has it can they begin a SHA-256.
    """
    if wanted.isdecimal() and int(wanted) <= _LARGEST_ID:
        query = select(Document.id).where(Document.id == int(wanted))
        if found := list(session.scalars(query)):
            return found
    if len(wanted) < LEAST_PREFIX:
        return []
    prefix = Document.sha256.startswith(wanted.lower(), autoescape=True)
    return list(session.scalars(select(Document.id).where(prefix).order_by(Document.id)))


def exists(session: Session, what: Literal["arrival", "attempt"], number: int) -> bool:
    """Tell whether there is an arrival or an attempt with a number."""
    return session.get(Arrival if what == "arrival" else Attempt, number) is not None


def report_of(session: Session, document_id: int) -> int | None:
    """Return the report that a document was stored as."""
    from models.filing import StoredReport  # many tables, which no list of documents needs

    return session.scalar(select(StoredReport.id).where(StoredReport.document_id == document_id))


def places(session: Session, document_ids: Sequence[int]) -> dict[int, str]:
    """Return ``archive!/member`` for each of some documents that came inside an archive."""
    found: dict[int, str] = {}
    for start in range(0, len(document_ids), _BATCH):
        some = document_ids[start : start + _BATCH]
        query = (
            select(_ARRIVAL.document_id, _ARRIVAL.path)
            .where(_ARRIVAL.document_id.in_(some), _ARRIVAL.container_id.is_not(None))
            .order_by(_ARRIVAL.id.desc())
        )
        rows = session.execute(query)
        found |= {number: _inside(readable(path)) for number, path in rows if number is not None}
    return found


def _inside(path: str) -> str:
    """Leave out the directories in which an archive lay."""
    archive, mark, member = path.partition(BETWEEN)
    return f"{archive.rpartition('/')[2]}{mark}{member}"


def named(session: Session, name: str) -> list[int]:
    """Return the ids of the documents whose file name, at any arrival, contains ``name``."""
    arrived = select(Arrival.document_id).where(Arrival.name.contains(name, autoescape=True))
    query = select(Document.id).where(
        or_(Document.name.contains(name, autoescape=True), Document.id.in_(arrived))
    )
    return list(session.scalars(query.order_by(Document.id)))


def arrivals(session: Session, document_id: int) -> list[ArrivalRow]:
    """Return the arrivals of a document, oldest first."""
    query = select(Arrival).where(Arrival.document_id == document_id).order_by(Arrival.id)
    return [
        ArrivalRow(
            id=arrival.id,
            source=arrival.source,
            name=arrival.name,
            path=readable(arrival.path),
            size=arrival.size,
            url=arrival.url,
            state=arrival.state,
            why=arrival.why,
            handover=arrival.handover,
            moved_to=None if arrival.moved_to is None else readable(arrival.moved_to),
            seen_at=arrival.seen_at,
            container_id=arrival.container_id,
        )
        for arrival in session.scalars(query)
    ]


def attempts(session: Session, document_id: int) -> list[AttemptRow]:
    """Return the attempts at a document, first to last."""
    query = select(Attempt).where(Attempt.document_id == document_id).order_by(Attempt.number)
    return [
        AttemptRow(
            id=attempt.id,
            number=attempt.number,
            worker=attempt.worker,
            parser_version=attempt.parser_version,
            started_at=attempt.started_at,
            ended_at=attempt.ended_at,
            outcome=attempt.outcome,
            stage=attempt.stage,
            error=attempt.error,
            traceback=attempt.traceback,
            duration_ms=attempt.duration_ms,
        )
        for attempt in session.scalars(query)
    ]
