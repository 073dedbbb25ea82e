"""The timeline: the events of documents, arrivals and attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from models.event import Event
from models.ledger import Arrival

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


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Events that match everything given.

    ``documents`` also takes in what happened to their files before anybody knew the content.
    ``level`` is the least level; ``event`` a name, or the part of it before a dot.
    """

    documents: Sequence[int] | None = None
    arrival: int | None = None
    attempt: int | None = None
    event: str | None = None
    level: str | None = None
    since: datetime | None = None

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
            family = Event.name.startswith(f"{self.event}.", autoescape=True)
            found.append(or_(Event.name == self.event, family))
        if self.level is not None:
            found.append(Event.level.in_(LEVELS[LEVELS.index(self.level) :]))
        if self.since is not None:
            found.append(Event.at >= self.since)
        return found


def latest(session: Session, wanted: EventFilter, *, limit: int | None) -> list[EventRow]:
    """Return the last ``limit`` events that match, oldest first."""
    query = select(Event).where(*wanted.conditions()).order_by(Event.id.desc()).limit(limit)
    return [_row(event) for event in session.scalars(query)][::-1]


def after(session: Session, wanted: EventFilter, event_id: int) -> list[EventRow]:
    """Return the events that match and have a greater id, oldest first."""
    query = select(Event).where(Event.id > event_id, *wanted.conditions()).order_by(Event.id)
    return [_row(event) for event in session.scalars(query)]


def _row(event: Event) -> EventRow:
    return EventRow(
        id=event.id,
        at=event.at,
        event=event.name,
        level=event.level,
        document_id=event.document_id,
        arrival_id=event.arrival_id,
        attempt_id=event.attempt_id,
        data=event.data,
    )
