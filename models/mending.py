"""Putting right what no transition can have left; for ``gouji verify --repair`` alone.

The transitions of :mod:`models.transitions` start from states that they left themselves. What a
damaged disk, a restored backup or a fault of the program left is none of those; so each function
here names the very contradiction that it mends, and is a compare-and-set like those: where the
contradiction is gone by then, it does nothing, and tells so. The caller writes the event in the
same transaction.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from models.base import now
from models.filing import StoredReport
from models.ledger import Attempt, AttemptOutcome, Document, State
from models.state_machine import WAITING

_HELD = exists().where(
    Attempt.id == Document.attempt_id,
    Attempt.document_id == Document.id,
    Attempt.outcome.is_(None),
)
_REPORTED = exists().where(StoredReport.document_id == Document.id)


def free_unclaimed(session: Session, document_id: int) -> bool:
    """Put a document back to ``received`` that is in processing, though no open attempt holds it.

    An attempt without a lease counts as none; it is written down as lost.
    """
    unclaimed = or_(Document.lease_expires_at.is_(None), ~_HELD)
    return _free(session, document_id, unclaimed)


def free_overdue(session: Session, document_id: int, before: datetime) -> bool:
    """Put a document back to ``received`` whose lease ended before then; its attempt is lost."""
    return _free(session, document_id, Document.lease_expires_at < before)


def _free(session: Session, document_id: int, condition: ColumnElement[bool]) -> bool:
    processing = Document.state == State.PROCESSING
    values = {"state": State.RECEIVED, "lease_expires_at": None}
    if not _set(session, document_id, and_(processing, condition), **values):
        return False
    mine = select(Document.attempt_id).where(Document.id == document_id).scalar_subquery()
    _close(session, Attempt.id == mine, Attempt.document_id == document_id)
    return True


def read_again(session: Session, document_id: int) -> bool:
    """Put a document back to ``received`` that is stored and has no report."""
    values = {"state": State.RECEIVED, "unfinished": 0, "retries": 0, "lease_expires_at": None}
    return _set(session, document_id, and_(Document.state == State.STORED, ~_REPORTED), **values)


def mark_stored(session: Session, document_id: int) -> bool:
    """Mark a document as stored that waits to be read, and has its report already."""
    values = {"state": State.STORED, "unfinished": 0, "lease_expires_at": None}
    return _set(session, document_id, and_(Document.state.in_(WAITING), _REPORTED), **values)


def give_up(session: Session, document_id: int) -> bool:
    """Mark a document as dead that waits and cannot be read; the caller writes the letter."""
    values = {"state": State.DEAD, "lease_expires_at": None}
    return _set(session, document_id, Document.state.in_(WAITING), **values)


def shorten_lease(session: Session, document_id: int, latest: datetime) -> bool:
    """Let the lease of a document in processing end at a moment, where it would end later."""
    late = and_(Document.state == State.PROCESSING, Document.lease_expires_at > latest)
    return _set(session, document_id, late, lease_expires_at=latest)


def drop_lease(session: Session, document_id: int) -> bool:
    """Take away the lease of a document that is not in processing."""
    left = and_(Document.state != State.PROCESSING, Document.lease_expires_at.is_not(None))
    return _set(session, document_id, left, lease_expires_at=None)


def bound_counts(session: Session, document_id: int, limit: int) -> bool:
    """Bring counts of attempts and retries back into their bounds; ``unfinished`` under a limit."""
    document = session.get(Document, document_id, with_for_update=True)
    if document is None:
        return False
    attempts = max(document.attempts, 0)
    least = 1 if document.state == State.PROCESSING else 0
    most = max(least, min(limit, attempts))
    values = {
        "attempts": attempts,
        "unfinished": min(max(document.unfinished, least), most),
        "retries": max(document.retries, 0),
    }
    if all(getattr(document, name) == value for name, value in values.items()):
        return False
    return _set(session, document_id, Document.id == document_id, **values)


def count_attempts(session: Session, document_id: int) -> bool:
    """Count a document's attempts up to the last one, where fewer were counted."""
    last = select(func.max(Attempt.number)).where(Attempt.document_id == document_id)
    number = last.scalar_subquery()
    return _set(session, document_id, Document.attempts < number, attempts=number)


def close_attempt(session: Session, attempt_id: int) -> bool:
    """Write down as lost an attempt that is open and holds no document."""
    holds = exists().where(
        Document.attempt_id == Attempt.id,
        Document.id == Attempt.document_id,
        Document.state == State.PROCESSING,
    )
    return _close(session, Attempt.id == attempt_id, ~holds)


def _close(session: Session, *which: ColumnElement[bool]) -> bool:
    statement = (
        update(Attempt)
        .where(Attempt.outcome.is_(None), *which)
        .values(outcome=AttemptOutcome.LOST, ended_at=now())
        .execution_options(synchronize_session=False)
    )
    return session.connection().execute(statement).rowcount == 1


def _set(session: Session, document_id: int, condition: ColumnElement[bool], **values: Any) -> bool:
    statement = (
        update(Document)
        .where(Document.id == document_id, condition)
        .values(updated_at=now(), **values)
        .execution_options(synchronize_session=False)
    )
    return session.connection().execute(statement).rowcount == 1
