"""The timeline: the events of documents, arrivals and attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, CompoundSelect, Select, func, select, union
from sqlalchemy.orm import Session

from models.dead_letter import DeadLetter
from models.event import Event, EventName
from models.ledger import Arrival, Document
from models.trace import spans
from worker.traced import About, as_ids, traces

LEVELS: Final = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of history."""

    id: int
    at: datetime
    event: str
    level: str
    document_id: int | None
    arrival_id: int | None
    attempt_id: int | None
    data: dict[str, Any]
    trace_id: str | None = None
    span_id: str | None = None


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Events that match everything given.

    ``documents`` also takes in what happened to their files before anybody knew the content.
    ``level`` is the least level; ``event`` a name, or the part of it before a dot. ``reason`` is
    that of a dead letter of the document. ``trace`` is the id of what one arrival set off.
    """

    documents: Sequence[int] | None = None
    arrival: int | None = None
    attempt: int | None = None
    event: str | None = None
    level: str | None = None
    since: datetime | None = None
    reason: str | None = None
    trace: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the filter as conditions on ``Event``."""
        found: list[ColumnElement[bool]] = []
        if self.documents is not None:
            seen = select(Arrival.id).where(Arrival.document_id.in_(self.documents))
            # not OR: with that, every event there is would be read
            theirs = select(Event.id).where(Event.document_id.in_(self.documents))
            before = select(Event.id).where(Event.arrival_id.in_(seen))
            found.append(Event.id.in_(theirs.union(before)))
        if self.arrival is not None:
            found.append(Event.arrival_id == self.arrival)
        if self.attempt is not None:
            found.append(Event.attempt_id == self.attempt)
        if self.event is not None:
            whole = "." in self.event  # then an index has them in the order of their ids
            family = Event.name.startswith(f"{self.event}.", autoescape=True)
            found.append(Event.name == self.event if whole else family)
        if self.level is not None:
            found.append(Event.level.in_(LEVELS[LEVELS.index(self.level) :]))
        if self.since is not None:
            found.append(Event.at >= self.since)
        if self.reason is not None:
            died = select(DeadLetter.document_id).where(DeadLetter.reason == self.reason)
            found.append(Event.document_id.in_(died))
        if self.trace is not None:
            found.append(Event.id.in_(_of_trace(self.trace)))
        return found


def _of_trace(trace: str) -> CompoundSelect[int]:
    """Return the ids of the events of one trace.

    They are those of its arrivals, and those of the documents that these brought in, but for what
    other arrivals of the same content did: that is of their own traces.
    """
    ends = spans(trace)
    arrived = select(Arrival.id).where(Arrival.traceparent.between(*ends))
    brought = (
        select(Document.id)
        .join(Arrival, Arrival.document_id == Document.id)
        .where(Arrival.traceparent.between(*ends), Document.traceparent.between(*ends))
    )
    others = select(Event.id).where(Event.document_id.in_(brought), Event.arrival_id.is_(None))
    return union(select(Event.id).where(Event.arrival_id.in_(arrived)), others)


def latest(session: Session, wanted: EventFilter, *, limit: int | None) -> list[EventRow]:
    """Return the last ``limit`` events that match, oldest first."""
    query = select(Event).where(*wanted.conditions()).order_by(Event.id.desc()).limit(limit)
    return _rows(session, query)[::-1]


def after(session: Session, wanted: EventFilter, event_id: int) -> list[EventRow]:
    """Return the events that match and have a greater id, oldest first."""
    query = select(Event).where(Event.id > event_id, *wanted.conditions()).order_by(Event.id)
    return _rows(session, query)


def newest(session: Session, event_id: int, *, limit: int) -> list[EventRow]:
    """Return the newest events with a greater id, at most ``limit``, oldest first."""
    query = select(Event).where(Event.id > event_id).order_by(Event.id.desc()).limit(limit)
    return _rows(session, query)[::-1]


def newest_named(
    session: Session, name: EventName, *, since: datetime, limit: int
) -> list[EventRow]:
    """Return the newest events of one name since a moment, at most ``limit``, latest first."""
    query = select(Event).where(Event.name == name, Event.at >= since)
    return _rows(session, query.order_by(Event.id.desc()).limit(limit))


def page(
    session: Session,
    wanted: EventFilter,
    *,
    first: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[EventRow]:
    """Return events that match, the latest first, with ids from ``first`` to below ``before``."""
    query = select(Event).where(*wanted.conditions())
    if first is not None:
        query = query.where(Event.id >= first)
    if before is not None:
        query = query.where(Event.id < before)
    return _rows(session, query.order_by(Event.id.desc()).limit(limit))


def first_since(session: Session, moment: datetime) -> int | None:
    """Return the id of the first event at or after a moment; ``None``: there is none.

    Ids are in the order of time, but for what was written at once: it is looked for by halves.
    """
    low = session.scalar(select(func.min(Event.id)))
    high = session.scalar(select(func.max(Event.id)))
    if low is None or high is None:
        return None
    while low <= high:
        middle = (low + high) // 2
        found = session.execute(
            select(Event.id, Event.at).where(Event.id >= middle).order_by(Event.id).limit(1)
        ).one()
        if found.at < moment:
            low = found.id + 1
        else:
            high = middle - 1
    return session.scalar(select(func.min(Event.id)).where(Event.id >= low))


def _rows(session: Session, query: Select[Event]) -> list[EventRow]:
    events = list(session.scalars(query))
    about = [About(one.document_id, one.arrival_id, one.attempt_id) for one in events]
    found = traces(session, about)
    return [_row(event, as_ids(trace)) for event, trace in zip(events, found, strict=True)]


def _row(event: Event, ids: dict[str, str]) -> EventRow:
    return EventRow(
        id=event.id,
        at=event.at,
        event=event.name,
        level=event.level,
        document_id=event.document_id,
        arrival_id=event.arrival_id,
        attempt_id=event.attempt_id,
        data=event.data,
        **ids,
    )
