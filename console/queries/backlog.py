"""What waits, where it came from, and what is being worked on."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.queries.history import EventRow, newest_named
from models.event import EventName
from models.ledger import Attempt, Document, State


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A document in a worker's hands."""

    document_id: int
    name: str
    queue: str
    worker: str
    number: int
    started_at: datetime
    lease_expires_at: datetime | None


def by_source(session: Session) -> dict[str, int]:
    """Return how many documents of each source wait to be sent; others have no lane."""
    query = (
        select(Document.lane, func.count())
        .where(Document.state == State.RECEIVED)
        .group_by(Document.lane)
    )
    return dict(session.execute(query).all())


def by_queue(session: Session) -> dict[str, dict[str, int]]:
    """Return how many documents of each queue wait to be sent, are on it, are worked on."""
    states = (State.RECEIVED, State.QUEUED, State.PROCESSING)
    query = (
        select(Document.queue, Document.state, func.count())
        .where(Document.state.in_(states))
        .group_by(Document.queue, Document.state)
    )
    found: dict[str, dict[str, int]] = {}
    for queue, state, count in session.execute(query):
        found.setdefault(queue, {})[state] = count
    return found


def at_work(session: Session) -> list[WorkRow]:
    """Return the documents that workers hold, the longest held first."""
    query = (
        select(
            Document.id,
            Document.name,
            Document.queue,
            Attempt.worker,
            Attempt.number,
            Attempt.started_at,
            Document.lease_expires_at,
        )
        .join(Attempt, Attempt.id == Document.attempt_id)
        .where(Document.state == State.PROCESSING)
        .order_by(Attempt.started_at)
    )
    return [WorkRow(*row) for row in session.execute(query)]


def unsettled(session: Session, since: datetime) -> list[EventRow]:
    """Return the files that lately did not come to rest, the latest first."""
    return newest_named(session, EventName.FILE_UNSETTLED, since=since, limit=100)


def ignored(session: Session, since: datetime) -> list[EventRow]:
    """Return the files that lately were ignored, each with the reason, the latest first."""
    return newest_named(session, EventName.FILE_IGNORED, since=since, limit=100)
