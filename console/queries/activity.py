"""What happens: documents by hour and outcome, and how long the oldest has waited."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models.ledger import Attempt, Document, State
from models.transitions import BY_HAND


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker process by what it did since a moment."""

    worker: str
    attempts: int
    last_at: datetime
    working: int


def by_hour(session: Session, since: datetime) -> dict[datetime, dict[str, int]]:
    """Return how many attempts ended in each hour since a moment, by outcome."""
    hour = _hour(session)
    query = (
        select(hour, Attempt.outcome, func.count())
        .where(Attempt.ended_at >= since, Attempt.outcome.is_not(None))
        .group_by(hour, Attempt.outcome)
    )
    found: dict[datetime, dict[str, int]] = defaultdict(dict)
    for text, outcome, count in session.execute(query):
        found[datetime.fromisoformat(text).replace(tzinfo=UTC)][str(outcome)] = count
    return found


def _hour(session: Session) -> ColumnElement[str]:
    """Return the hour in which an attempt ended, as text: ``2024-05-01 12:00``, in UTC."""
    if session.get_bind().dialect.name == "sqlite":
        return func.strftime("%Y-%m-%d %H:00", Attempt.ended_at)
    return func.to_char(func.timezone("UTC", Attempt.ended_at), "YYYY-MM-DD HH24:00")


def hours(now: datetime, count: int) -> list[datetime]:
    """Return the beginnings of the last hours, the present one last."""
    present = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [present - timedelta(hours=back) for back in reversed(range(count))]


def oldest_waiting(session: Session) -> datetime | None:
    """Return since when the document has waited that has waited longest; ``None``: none waits."""
    waiting = (State.RECEIVED, State.QUEUED)
    found = [
        session.scalar(
            select(Document.updated_at)
            .where(Document.state == state)
            .order_by(Document.updated_at)
            .limit(1)
        )
        for state in waiting
    ]
    return min((moment for moment in found if moment is not None), default=None)


def workers(session: Session, since: datetime) -> list[WorkerRow]:
    """Return the worker processes that ended an attempt since a moment, or are at one now.

    Operators who corrected or accepted something are none.
    """
    rows: dict[str, dict[str, Any]] = {}
    ended = (
        select(Attempt.worker, func.count(), func.max(Attempt.ended_at))
        .where(Attempt.ended_at >= since, ~Attempt.worker.startswith(BY_HAND, autoescape=True))
        .group_by(Attempt.worker)
    )
    for worker, count, last in session.execute(ended):
        rows[worker] = {"attempts": count, "last_at": last, "working": 0}
    at_it = (
        select(Attempt.worker, Attempt.started_at)
        .join(Document, Document.attempt_id == Attempt.id)
        .where(Document.state == State.PROCESSING)
    )
    for worker, started in session.execute(at_it):
        row = rows.setdefault(worker, {"attempts": 0, "last_at": started, "working": 0})
        row["working"] += 1
        row["last_at"] = max(row["last_at"], started)
    found = [WorkerRow(worker, **row) for worker, row in rows.items()]
    return sorted(found, key=lambda row: row.last_at, reverse=True)
