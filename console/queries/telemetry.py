"""What the metrics are made of: counts of what only grows, and how things stand now."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.dead_letter import DeadLetter
from models.filing import StoredFinding
from models.ledger import Arrival, Attempt, Document, SourceStatus, State
from models.telemetry import BOUNDS, Runs, StageDurations, WorkerStatus

Counts = Counter[str]


@dataclass(frozen=True, slots=True)
class Workers:
    """How many worker processes were heard of lately, and when the last one was."""

    number: int
    last_at: datetime | None


def arrivals(session: Session, low: int | None, high: int | None) -> Counts:
    """Return how many arrivals have ids above ``low`` and up to ``high``, under one name."""
    query = select(func.count()).select_from(Arrival).where(*_between(Arrival.id, low, high))
    return Counter({"": session.scalar(query) or 0})


def outcomes(session: Session, low: datetime | None, high: datetime | None) -> Counts:
    """Return how many attempts ended after ``low`` and up to ``high``, by outcome."""
    query = (
        select(Attempt.outcome, func.count())
        .where(Attempt.ended_at.is_not(None), *_between(Attempt.ended_at, low, high))
        .group_by(Attempt.outcome)
    )
    rows = session.execute(query).all()
    return Counter({outcome: count for outcome, count in rows if outcome is not None})


def violations(session: Session, low: int | None, high: int | None) -> Counts:
    """Return how many findings have ids above ``low`` and up to ``high``, by rule."""
    query = (
        select(StoredFinding.rule, func.count())
        .where(*_between(StoredFinding.id, low, high))
        .group_by(StoredFinding.rule)
    )
    return Counter(dict(session.execute(query).all()))


def newest_arrival(session: Session) -> int:
    """Return the greatest id of an arrival."""
    return session.scalar(select(func.max(Arrival.id))) or 0


def newest_finding(session: Session) -> int:
    """Return the greatest id of a finding."""
    return session.scalar(select(func.max(StoredFinding.id))) or 0


def _between(
    column: InstrumentedAttribute[Any], low: object, high: object
) -> list[ColumnElement[bool]]:
    """Return conditions that leave out what is not given: all rows come from an index then."""
    above = [] if low is None else [column > low]
    return above if high is None else [*above, column <= high]


def under_way(session: Session) -> Counter[tuple[str, str]]:
    """Return how many documents there are by queue and state, of those that are under way.

    Those that wait for room may be very many, and have an index of their own; the others are no
    more than the queue and the workers hold.
    """
    found: Counter[tuple[str, str]] = Counter()
    for state in (State.RECEIVED, State.QUEUED, State.PROCESSING):
        # a partial index serves only where its condition stands in the statement itself
        its_own: ColumnElement[str] = literal_column(f"'{state}'")
        query = select(Document.queue, func.count()).where(Document.state == its_own)
        query = query.group_by(Document.queue)
        for queue, count in session.execute(query):
            found[queue, str(state)] = count
    return found


def open_letters(session: Session) -> Counts:
    """Return how many dead letters are open, by reason."""
    query = (
        select(DeadLetter.reason, func.count())
        .where(DeadLetter.resolution.is_(None))
        .group_by(DeadLetter.reason)
    )
    return Counter(dict(session.execute(query).all()))


def sources(session: Session) -> list[tuple[str, datetime | None, datetime]]:
    """Return for each source when something last happened, and when it was last looked after."""
    query = select(SourceStatus.source, SourceStatus.last_event_at, SourceStatus.heartbeat_at)
    rows = session.execute(query.order_by(SourceStatus.source))
    return [(name, event, beat) for name, event, beat in rows]


def workers(session: Session, since: datetime) -> Workers:
    """Return how many worker processes were heard of since a moment."""
    number = select(func.count()).where(WorkerStatus.heartbeat_at >= since)
    return Workers(
        session.scalar(number) or 0, session.scalar(select(func.max(WorkerStatus.heartbeat_at)))
    )


def durations(session: Session) -> dict[str, dict[str, Runs]]:
    """Return how long stages took: for each stage every bound, with what lies below it."""
    found: dict[str, dict[str, Runs]] = {}
    for row in session.scalars(select(StageDurations).order_by(StageDurations.stage)):
        bounds = found.setdefault(row.stage, dict.fromkeys(BOUNDS, Runs(0, 0.0)))
        bounds[row.bound] = Runs(row.number, row.seconds)
    return found
