"""What is forgotten of old history: details of the timeline, and tracebacks of attempts.

What a document is, what it came to and what operators decided is never forgotten, and nothing at
all of documents that are under way or dead letters.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from models.event import Event, EventName
from models.ledger import Attempt, Document, State
from models.session import Database
from worker.faults import reach

_PAGE: Final = 500
_OVER: Final = (State.STORED, State.UNPACKED, State.DISCARDED)
_PASSING: Final = ("part", "service", "source", "file", "intake", "arrival", "feed", "push")
_WORKING: Final = ("attempt", "stage", "broker")

DETAILS: Final = frozenset(
    name for name in EventName if name.partition(".")[0] in _PASSING + _WORKING
) | {
    EventName.DOCUMENT_DUPLICATE,
    EventName.DOCUMENT_QUEUED,
    EventName.DOCUMENT_SEND_FAILED,
    EventName.DOCUMENT_RESENT,
    EventName.DOCUMENT_LEASE_EXPIRED,
}
"""Events that say how something went; the others say what it came to, or who decided what."""

_Rows = Select[int, datetime, bool]
"""Number, time, and whether it is to be forgotten."""

_Page = Callable[[int, datetime], _Rows]
_Forget = Callable[[Session, list[int]], None]


def forget_events(database: Database, before: datetime, *, dry_run: bool) -> Iterator[int]:
    """Delete details older than ``before``, some at a time; yields how many each time.

    The first and the last event of a document always stay.

    Raises:
        SQLAlchemyError: the database cannot be reached.
    """
    return _forget(database, before, _events, _delete_events, dry_run=dry_run)


def forget_tracebacks(database: Database, before: datetime, *, dry_run: bool) -> Iterator[int]:
    """Delete the tracebacks of attempts that began before ``before``, some at a time.

    The attempts themselves stay, each with its number, times, outcome and error: they are counted.

    Raises:
        SQLAlchemyError: the database cannot be reached.
    """
    return _forget(database, before, _attempts, _clear_attempts, dry_run=dry_run)


def _forget(
    database: Database, before: datetime, page: _Page, forget: _Forget, *, dry_run: bool
) -> Iterator[int]:
    after = 0
    while True:
        with database.reading() as session:
            rows = session.execute(page(after, before)).all()
        # ids are in the order of time, but for transactions that took long
        if all(at >= before for _, at, _ in rows):
            return
        after = rows[-1][0]
        useless = [number for number, _, is_useless in rows if is_useless]
        if useless and not dry_run:
            with database.transaction() as session:
                forget(session, useless)
                reach("prune.forgotten")
        yield len(useless)


def _events(after: int, before: datetime) -> _Rows:
    other = aliased(Event)
    of_document = other.document_id == Event.document_id
    first = select(func.min(other.id)).where(of_document).scalar_subquery()
    last = select(func.max(other.id)).where(of_document).scalar_subquery()
    inner = and_(_over(Event.document_id), Event.id > first, Event.id < last)
    useless = and_(
        Event.at < before,
        Event.name.in_(sorted(DETAILS)),
        or_(Event.document_id.is_(None), inner),
    )
    query = select(Event.id, Event.at, useless).where(Event.id > after)
    return query.order_by(Event.id).limit(_PAGE)


def _attempts(after: int, before: datetime) -> _Rows:
    useless = and_(
        Attempt.started_at < before,
        Attempt.outcome.is_not(None),
        Attempt.traceback.is_not(None),
        _over(Attempt.document_id),
    )
    query = select(Attempt.id, Attempt.started_at, useless).where(Attempt.id > after)
    return query.order_by(Attempt.id).limit(_PAGE)


def _over(document_id: Any) -> ColumnElement[bool]:
    states = [str(state) for state in _OVER]
    return (
        select(Document.id).where(Document.id == document_id, Document.state.in_(states)).exists()
    )


def _delete_events(session: Session, ids: list[int]) -> None:
    session.execute(
        delete(Event).where(Event.id.in_(ids)).execution_options(synchronize_session=False)
    )


def _clear_attempts(session: Session, ids: list[int]) -> None:
    session.execute(
        update(Attempt)
        .where(Attempt.id.in_(ids))
        .values(traceback=None)
        .execution_options(synchronize_session=False)
    )
