"""How many documents and arrivals are in each state, and what the watchers last knew."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.ledger import ARRIVALS, DOCUMENTS, SOURCES, ArrivalState, State
from worker.names import readable


@dataclass(frozen=True, slots=True)
class SourceRow:
    """What a watcher last wrote down about a source."""

    source: str
    kind: str
    path: str
    mode: str
    unsettled: int
    last_event_at: datetime | None
    last_scan_at: datetime | None
    heartbeat_at: datetime
    problem: str | None


def documents(session: Session) -> dict[str, int]:
    """Return the number of documents in each state, with ``duplicate`` and ``ignored`` arrivals.

    Together they are the ends of the promise: what came to rest in a source ends in one of them.
    """
    counts = documents_by_state(session)
    seen = arrivals(session)
    return counts | {
        str(state): seen[state] for state in (ArrivalState.DUPLICATE, ArrivalState.IGNORED)
    }


def documents_by_state(session: Session) -> dict[str, int]:
    """Return the number of documents in each state."""
    query = select(DOCUMENTS.c.state, func.count()).group_by(DOCUMENTS.c.state)
    return {str(state): 0 for state in State} | dict(session.execute(query).all())


def arrivals(session: Session) -> dict[str, int]:
    """Return the number of arrivals in each state."""
    counts = {str(state): 0 for state in ArrivalState}
    query = select(ARRIVALS.c.state, func.count()).group_by(ARRIVALS.c.state)
    return counts | dict(session.execute(query).all())


def sources(session: Session) -> list[SourceRow]:
    """Return the sources that a watcher has looked after, by name."""
    return [
        SourceRow(
            source=status.source,
            kind=status.kind,
            path=readable(status.path),
            mode=status.mode,
            unsettled=status.unsettled,
            last_event_at=status.last_event_at,
            last_scan_at=status.last_scan_at,
            heartbeat_at=status.heartbeat_at,
            problem=status.problem,
        )
        for status in session.execute(select(SOURCES).order_by(SOURCES.c.source))
    ]
