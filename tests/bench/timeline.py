"""Where the time of each document went, read from the timeline the parts wrote."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any, Final

from sqlalchemy import select

from models.event import Event, EventName
from models.session import Database

STAGES: Final = ("fetch", "read", "recognise", "check", "store")


@dataclass(frozen=True, slots=True)
class Story:
    """One document: when it was taken in, sent, claimed and stored; the stages in milliseconds."""

    received: datetime
    queued: datetime
    started: datetime
    stored: datetime
    stages: dict[str, float]


def read(database: Database, after: int) -> list[Story]:
    """Return the stories of the documents with ids above ``after``; all of them were stored."""
    query = select(Event).where(Event.document_id > after).order_by(Event.id)
    told: dict[int | None, dict[str, Event]] = {}
    with database.reading() as session:
        for event in session.scalars(query):
            told.setdefault(event.document_id, {})[event.name] = event
    return [_story(events) for events in told.values()]


def _story(events: dict[str, Event]) -> Story:
    data: dict[str, Any] = events[EventName.REPORT_STORED].data
    return Story(
        received=events[EventName.DOCUMENT_RECEIVED].at,
        queued=events[EventName.DOCUMENT_QUEUED].at,
        started=events[EventName.ATTEMPT_STARTED].at,
        stored=events[EventName.REPORT_STORED].at,
        stages=data["stages"],
    )


def figures(stories: list[Story], dropped: datetime, threads: int) -> dict[str, float]:
    """Return when things happened, in seconds since ``dropped``, and means for each document.

    ``*_ms`` are milliseconds of one of the ``threads`` that work at the same time; they add up to
    the time from the first claim to the last report. ``other_ms`` is what the timeline does not
    tell: claims, waits for the write lock, commits, Dramatiq, and threads with nothing to do.
    """
    first, last = min(s.started for s in stories), max(s.stored for s in stories)
    stages = {f"{stage}_ms": _mean(s.stages[stage] for s in stories) for stage in STAGES}
    thread = _ms(last, first) * threads / len(stories)
    return {
        "seconds": _ms(last, dropped) / 1000,
        "steady_per_second": 1000 * threads / thread,
        "first_received_s": _ms(min(s.received for s in stories), dropped) / 1000,
        "last_received_s": _ms(max(s.received for s in stories), dropped) / 1000,
        "first_claimed_s": _ms(first, dropped) / 1000,
        "queue_wait_s": _mean(_ms(s.started, s.queued) / 1000 for s in stories),
        **stages,
        "other_ms": thread - sum(stages.values()),
        "thread_ms": thread,
    }


def _ms(later: datetime, earlier: datetime) -> float:
    return (later - earlier).total_seconds() * 1000


def _mean(values: Iterable[float]) -> float:
    return fmean(values)
