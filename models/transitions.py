"""The transitions of a document's state: one function for each row of the state machine.

Nobody else writes a document's state, lease or counts. Each function is a compare-and-set: it
names the states that it may start from and what must hold besides, and tells whether this caller
made the change. It runs in the caller's transaction, in which the caller also writes the event
and, where there is one, the report, the members or the dead letter: all of it is there, or nothing.
Because a transition starts where its own end is not, doing it again has no second effect.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Row, insert, or_, select, update
from sqlalchemy.orm import Session

from models.base import now
from models.ledger import DOCUMENTS, Attempt, AttemptOutcome, Document, State
from models.state_machine import (
    ACCEPT,
    BURY_ABANDONED,
    BURY_CRASH_LOOP,
    CLAIM,
    CORRECT,
    DISCARD,
    END_LEASE,
    ENTER,
    FAIL,
    GIVE_BACK,
    HAND_OVER,
    QUEUE,
    REFUSE,
    RELEASE,
    REMIND,
    RESEND,
    REVIVE,
    STORE,
    TAKE_OVER,
    UNPACK,
    WAITING,
    Transition,
)

Changed = Row[int, int | None, int]
"""What a change returns of a document: id, attempt_id, unfinished."""


class Overtaken(Exception):  # noqa: N818 - it says what happened
    """A document changed although its row was locked; the transaction must be rolled back."""


class End(Enum):
    """What came of ending an attempt.

    ``BEFORE``: it had ended so already, by a commit of which its worker had not heard.
    ``OTHERWISE``: its worker had ended it in another way. ``NOT``: the claim was lost meanwhile.
    Nothing was written but for ``NOW``.
    """

    NOW = "now"
    BEFORE = "before"
    OTHERWISE = "otherwise"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Bid:
    """What a worker says of the attempt that it wants to begin."""

    worker: str
    parser_version: str
    message_id: str | None
    at: datetime
    lease_expires_at: datetime
    span_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ends, told by the worker that believes to hold the claim.

    ``duration_ms`` is in milliseconds since the claim.
    """

    document_id: int
    attempt_id: int
    stage: str
    duration_ms: float
    error: str | None = None
    traceback: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Who has a dead document stored by hand, and which version of the parser had read it."""

    operator: str
    parser_version: str


# --- coming in, and onto the queue ----------------------------------------------------------------


_INSERT: Final = insert(DOCUMENTS).returning(Document.id, Document.sha256)


class Fresh(NamedTuple):
    """A content that is to become a document, which waits in a lane: see ``worker.waiting``."""

    sha256: str
    size: int
    name: str
    queue: str
    lane: str = ""
    traceparent: str | None = None


def enter(session: Session, contents: Sequence[Fresh]) -> dict[str, int]:
    """Make the documents of contents that are new, in one statement; return their ids by SHA-256.

    Raises:
        IntegrityError: another process has made one of them meanwhile.
    """
    if not contents:
        return {}
    moment = now()
    same = {"state": str(ENTER.to), "created_at": moment, "updated_at": moment}
    rows = [{**one._asdict(), **same} for one in contents]
    return {row.sha256: row.id for row in session.connection().execute(_INSERT, rows)}


def queue(session: Session, document_ids: Iterable[int]) -> set[int]:
    """Mark documents whose message was sent; returns those that had still been ``received``.

    Those whose worker was quicker are left alone, also while it is just claiming them.
    """
    return _touch(session, QUEUE, document_ids)


def resend(session: Session, document_ids: Iterable[int]) -> set[int]:
    """Note that messages of documents on the queue were sent again; returns those still there."""
    return _touch(session, RESEND, document_ids)


def remind(session: Session, document_ids: Iterable[int]) -> set[int]:
    """Note that messages were sent for documents whose worker outlasted its lease."""
    return _touch(session, REMIND, document_ids, Document.lease_expires_at < now())


def end_lease(session: Session, held: Iterable[tuple[int, int]]) -> set[int]:
    """End leases at once; returns the documents that were still held.

    For workers that are gone, and for leases that end later than any can.

    Args:
        session: an open transaction.
        held: document and attempt.
    """
    moment = now()
    ended: set[int] = set()
    for document_id, attempt_id in held:
        mine = Document.id == document_id, Document.attempt_id == attempt_id
        # touched no later than the lease ended: nobody was reminded of it yet
        at_once = {"lease_expires_at": moment, "updated_at": moment}
        ended |= {row.id for row in _change(session, END_LEASE, *mine, **at_once)}
    return ended


# --- claiming -------------------------------------------------------------------------------------


def lock(session: Session, document_id: int) -> Document | None:
    """Return a document whose row nobody else changes before the end of the transaction.

    It waits for whoever holds the row: a message must never be dropped because somebody is about
    to let the document go. Arrivals that bring the same content are not held up.
    """
    query = select(Document).where(Document.id == document_id)
    return session.scalars(query.with_for_update(key_share=True)).one_or_none()


def claimable(document: Document, moment: datetime) -> bool:
    """Tell whether an attempt may begin: it waits, or its lease has expired."""
    if document.state in WAITING:
        return True
    expired = document.lease_expires_at is not None and document.lease_expires_at < moment
    return document.state == State.PROCESSING and expired


def claim(session: Session, document: Document, bid: Bid) -> Attempt:
    """Begin an attempt at a locked document that waits.

    The attempt is written in the same transaction, before any work: one that never ends still
    counts (``Document.unfinished``).

    Raises:
        Overtaken: it does not wait.
    """
    return _begin(session, CLAIM, document, bid)


def take_over(session: Session, document: Document, bid: Bid) -> Attempt:
    """Begin an attempt at a locked document whose lease has expired; the one before is lost.

    Raises:
        Overtaken: its lease has not expired.
    """
    if document.attempt_id is not None:
        _close_lost(session, document.attempt_id, bid.at)
    return _begin(session, TAKE_OVER, document, bid, Document.lease_expires_at < bid.at)


def begun_before(session: Session, document: Document, bid: Bid) -> Attempt | None:
    """Return the attempt that this very bid began, where nobody knew whether it was committed."""
    if document.state != State.PROCESSING or document.attempt_id is None:
        return None
    query = select(Attempt).where(
        Attempt.id == document.attempt_id,
        Attempt.worker == bid.worker,
        Attempt.message_id.is_not_distinct_from(bid.message_id),
        Attempt.started_at == bid.at,
    )
    return session.scalars(query).one_or_none()


# --- the end of an attempt, by the worker that holds the claim ------------------------------------


def store(session: Session, ending: Ending) -> End:
    """End an attempt whose report is stored."""
    return _end(session, STORE, ending)


def unpack(session: Session, ending: Ending) -> End:
    """End an attempt at an archive that is unpacked."""
    return _end(session, UNPACK, ending)


def give_back(session: Session, ending: Ending) -> End:
    """Put a document back on the queue after a failure that may pass; counts as a retry."""
    return _end(session, GIVE_BACK, ending, retries=Document.retries + 1)


def release(session: Session, ending: Ending) -> End:
    """Put a document back on the queue as if it had not been begun."""
    return _end(session, RELEASE, ending, unfinished=Document.unfinished - 1)


def hand_over(session: Session, ending: Ending, queue: str) -> End:
    """Let a document wait for those who work on another queue; counts as no retry."""
    return _end(session, HAND_OVER, ending, Document.queue != queue, queue=queue)


def refuse(session: Session, ending: Ending) -> End:
    """Give a document up for its content."""
    return _end(session, REFUSE, ending)


def fail(session: Session, ending: Ending, most: int) -> End:
    """Give a document up whose environment failed ``most`` times before this one."""
    return _end(session, FAIL, ending, Document.retries >= most)


# --- the end of a document that nobody holds ------------------------------------------------------


def bury_crash_loop(session: Session, document_id: int, limit: int) -> Changed | None:
    """Give a document up when ``limit`` attempts at it began and never ended.

    Returns:
        ``attempt_id`` of the last one and the number that are ``unfinished``, or ``None`` when it
        is not so, or somebody may be working on it.
    """
    moment = now()
    free = or_(Document.state.in_(WAITING), Document.lease_expires_at < moment)
    mine = (Document.id == document_id, Document.unfinished >= limit, free)
    return _bury(session, BURY_CRASH_LOOP, moment, *mine)


def bury_abandoned(session: Session, document_id: int, message_id: str) -> Changed | None:
    """Give a document up whose message is about to die on the queue.

    Returns:
        ``attempt_id`` of the last attempt, or ``None`` when it is done, or another message has
        brought it on.
    """
    for_it = select(Attempt.id).where(
        Attempt.document_id == document_id, Attempt.message_id == message_id
    )
    free = or_(Document.state.in_(WAITING), Document.attempt_id.in_(for_it))
    return _bury(session, BURY_ABANDONED, now(), Document.id == document_id, free)


# --- what operators decide ------------------------------------------------------------------------


def revive(session: Session, document_id: int) -> bool:
    """Put a dead document back to the beginning; what was counted before no longer counts."""
    values = {"unfinished": 0, "retries": 0, "lease_expires_at": None}
    return bool(_change(session, REVIVE, Document.id == document_id, **values))


def discard(session: Session, document_id: int) -> bool:
    """Give a dead document up for good."""
    return bool(_change(session, DISCARD, Document.id == document_id))


def correct(session: Session, document_id: int, desk: Desk) -> Attempt | None:
    """Store the report of a dead document with cells that an operator has corrected.

    Returns:
        The attempt as which it counts; ``None`` where the document was not dead.
    """
    return _store_by_hand(session, CORRECT, document_id, desk)


def accept(session: Session, document_id: int, desk: Desk) -> Attempt | None:
    """Store the report of a dead document as it was published; returns what ``correct`` does."""
    return _store_by_hand(session, ACCEPT, document_id, desk)


# --- compare and set ------------------------------------------------------------------------------

_LONGEST_WORKER: Final = 128
BY_HAND: Final = "desk:"
"""What the worker of an attempt begins with that an operator had stored."""

_RETURNED: Final = (Document.id, Document.attempt_id, Document.unfinished)


def _change(
    session: Session, transition: Transition, *conditions: ColumnElement[bool], **values: Any
) -> list[Changed]:
    """Move the documents that are in one of the states and meet the conditions; return them."""
    statement = (
        update(Document)
        .where(Document.state.in_([str(state) for state in transition.start]), *conditions)
        .values(state=str(transition.to), **({"updated_at": now()} | values))
        .returning(*_RETURNED)
        .execution_options(synchronize_session=False)
    )
    return list(session.connection().execute(statement).all())


def _touch(
    session: Session,
    transition: Transition,
    document_ids: Iterable[int],
    *conditions: ColumnElement[bool],
) -> set[int]:
    """Move those of many documents that nobody holds just now.

    Whoever holds a row is moving it on itself; to wait for many, each in its own order, is how
    transactions come to wait for one another.
    """
    ids = list(document_ids)
    if not ids:
        return set()
    free: ColumnElement[bool] = Document.id.in_(ids)
    if session.get_bind().dialect.name == "postgresql":
        in_state = Document.state.in_([str(state) for state in transition.start])
        query = select(Document.id).where(free, in_state, *conditions).order_by(Document.id)
        free = Document.id.in_(query.with_for_update(key_share=True, skip_locked=True))
    return {row.id for row in _change(session, transition, free, *conditions)}


def _begin(
    session: Session,
    transition: Transition,
    document: Document,
    bid: Bid,
    *conditions: ColumnElement[bool],
) -> Attempt:
    attempt = Attempt(
        document_id=document.id,
        number=document.attempts + 1,
        worker=bid.worker,
        parser_version=bid.parser_version,
        message_id=bid.message_id,
        started_at=bid.at,
        span_id=bid.span_id,
    )
    session.add(attempt)
    session.flush()
    moved = _change(
        session,
        transition,
        Document.id == document.id,
        Document.attempts == document.attempts,
        *conditions,
        attempts=Document.attempts + 1,
        unfinished=Document.unfinished + 1,
        attempt_id=attempt.id,
        lease_expires_at=bid.lease_expires_at,
        updated_at=bid.at,
    )
    if not moved:
        raise Overtaken(f"document {document.id} changed while it was claimed")
    return attempt


def _store_by_hand(
    session: Session, transition: Transition, document_id: int, desk: Desk
) -> Attempt | None:
    document = lock(session, document_id)
    if document is None or document.state not in transition.start:
        return None
    moment = now()
    attempt = Attempt(
        document_id=document_id,
        number=document.attempts + 1,
        worker=f"{BY_HAND}{desk.operator}"[:_LONGEST_WORKER],
        parser_version=desk.parser_version,
        started_at=moment,
        ended_at=moment,
        outcome=transition.outcome,
        stage="store",
        duration_ms=0.0,
    )
    session.add(attempt)
    session.flush()
    moved = _change(
        session,
        transition,
        Document.id == document_id,
        Document.attempts == document.attempts,
        attempts=Document.attempts + 1,
        unfinished=0,
        attempt_id=attempt.id,
        lease_expires_at=None,
    )
    if not moved:
        raise Overtaken(f"document {document_id} changed while it was decided about")
    session.expire(document)
    return attempt


def _end(
    session: Session,
    transition: Transition,
    ending: Ending,
    *conditions: ColumnElement[bool],
    **values: Any,
) -> End:
    """Move the document on and end the attempt, if it holds the claim.

    An attempt that ends, however it does, shows that the document does not kill its worker: the
    count of those that never ended starts again.
    """
    mine = Document.id == ending.document_id, Document.attempt_id == ending.attempt_id
    counts = {"unfinished": 0, "lease_expires_at": None} | values
    if not _change(session, transition, *mine, *conditions, **counts):
        return _ended(session, transition, ending)
    session.connection().execute(
        update(Attempt)
        .where(Attempt.id == ending.attempt_id)
        .values(
            ended_at=now(),
            outcome=transition.outcome,
            stage=ending.stage,
            error=ending.error,
            traceback=ending.traceback,
            duration_ms=ending.duration_ms,
        )
    )
    return End.NOW


def _ended(session: Session, transition: Transition, ending: Ending) -> End:
    """Return how an attempt has ended that does not hold the claim any more."""
    known = session.scalar(select(Attempt.outcome).where(Attempt.id == ending.attempt_id))
    if known == transition.outcome:
        return End.BEFORE
    return End.NOT if known in (None, AttemptOutcome.LOST) else End.OTHERWISE


def _bury(
    session: Session, transition: Transition, moment: datetime, *conditions: ColumnElement[bool]
) -> Changed | None:
    moved = _change(session, transition, *conditions, lease_expires_at=None)
    if not moved:
        return None
    if moved[0].attempt_id is not None:
        _close_lost(session, moved[0].attempt_id, moment)
    return moved[0]


def _close_lost(session: Session, attempt_id: int, moment: datetime) -> None:
    """Write down that an attempt never ended by itself; one that did is left alone."""
    session.connection().execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.outcome.is_(None))
        .values(outcome=AttemptOutcome.LOST, ended_at=moment)
    )
