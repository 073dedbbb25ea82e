"""Transitions of many documents in one go: ``claim`` and ``store`` of ``models.transitions``.

They lock, compare and set the same as those do for one document, in a few statements for all.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from models.base import now
from models.ledger import ATTEMPTS, DOCUMENTS
from models.state_machine import CLAIM, STORE, Transition
from models.transitions import Bid, Ending, Overtaken


def _starts(transition: Transition) -> ColumnElement[bool]:
    # not IN: its parameters cannot be given many times
    return or_(*(DOCUMENTS.c.state == str(state) for state in transition.start))


_BEGIN: Final = insert(ATTEMPTS).returning(ATTEMPTS.c.id, sort_by_parameter_order=True)
_CLAIM: Final = (
    update(DOCUMENTS)
    .where(
        DOCUMENTS.c.id == bindparam("document"),
        DOCUMENTS.c.attempts == bindparam("before"),
        _starts(CLAIM),
    )
    .values(
        state=str(CLAIM.to),
        attempts=DOCUMENTS.c.attempts + 1,
        unfinished=DOCUMENTS.c.unfinished + 1,
        attempt_id=bindparam("attempt"),
        lease_expires_at=bindparam("lease"),
        updated_at=bindparam("moment"),
    )
)
_STORE: Final = (
    update(DOCUMENTS)
    .where(
        DOCUMENTS.c.id == bindparam("document"),
        DOCUMENTS.c.attempt_id == bindparam("attempt"),
        _starts(STORE),
    )
    .values(
        state=str(STORE.to), unfinished=0, lease_expires_at=None, updated_at=bindparam("moment")
    )
)
_END: Final = (
    update(ATTEMPTS)
    .where(ATTEMPTS.c.id == bindparam("attempt"))
    .values(
        ended_at=bindparam("moment"),
        outcome=str(STORE.outcome),
        stage=bindparam("last"),
        duration_ms=bindparam("took"),
    )
)


Waiting = Row[*tuple[Any, ...]]
"""A locked document that waits, with all of its columns."""


def waiting(session: Session, document_ids: Sequence[int]) -> list[Waiting]:
    """Return those of some documents that wait, locked; who holds one just now keeps it."""
    query = select(DOCUMENTS).where(DOCUMENTS.c.id.in_(document_ids), _starts(CLAIM))
    locked = query.with_for_update(key_share=True, skip_locked=True).order_by(DOCUMENTS.c.id)
    return list(session.connection().execute(locked))


def begun(session: Session, document_ids: Collection[int], bid: Bid) -> list[Waiting]:
    """Return those that this very bid began, where nobody knew whether that was committed.

    Each has ``its_span`` and ``its_message`` besides, those of the attempt.
    """
    query = (
        select(
            DOCUMENTS,
            ATTEMPTS.c.span_id.label("its_span"),
            ATTEMPTS.c.message_id.label("its_message"),
        )
        .join(ATTEMPTS, ATTEMPTS.c.id == DOCUMENTS.c.attempt_id)
        .where(
            DOCUMENTS.c.id.in_(document_ids),
            _starts(STORE),
            ATTEMPTS.c.worker == bid.worker,
            ATTEMPTS.c.started_at == bid.at,
            ATTEMPTS.c.outcome.is_(None),
        )
    )
    return list(session.connection().execute(query.order_by(DOCUMENTS.c.id)))


def claim(session: Session, bids: Sequence[tuple[Waiting, Bid]]) -> list[int]:
    """Begin attempts at locked documents that wait; returns the ids of the attempts, in order.

    Raises:
        Overtaken: one does not wait.
    """
    connection = session.connection()
    attempts = connection.execute(_BEGIN, [_attempt(*one) for one in bids]).scalars().all()
    moves = [
        {
            "document": document.id,
            "before": document.attempts,
            "attempt": attempt_id,
            "lease": bid.lease_expires_at,
            "moment": bid.at,
        }
        for attempt_id, (document, bid) in zip(attempts, bids, strict=True)
    ]
    if connection.execute(_CLAIM, moves).rowcount != len(moves):
        raise Overtaken("a document changed while it was claimed with others")
    return list(attempts)


def _attempt(document: Waiting, bid: Bid) -> dict[str, object]:
    return {
        "document_id": document.id,
        "number": document.attempts + 1,
        "worker": bid.worker,
        "parser_version": bid.parser_version,
        "message_id": bid.message_id,
        "started_at": bid.at,
        "span_id": bid.span_id,
    }


def store(session: Session, endings: Sequence[Ending]) -> set[int]:
    """End attempts whose reports are stored; returns the documents that this call moved on.

    What became of the others :func:`models.transitions.store` tells.
    """
    held = _held(session, [ending.document_id for ending in endings])
    mine = [one for one in endings if held.get(one.document_id) == one.attempt_id]
    if not mine:
        return set()
    connection, moment = session.connection(), now()
    moves = [
        {"document": one.document_id, "attempt": one.attempt_id, "moment": moment} for one in mine
    ]
    if connection.execute(_STORE, moves).rowcount != len(moves):
        raise Overtaken("a document changed while it was stored with others")
    ends = [
        {"attempt": one.attempt_id, "moment": moment, "last": one.stage, "took": one.duration_ms}
        for one in mine
    ]
    connection.execute(_END, ends)
    return {one.document_id for one in mine}


def _held(session: Session, document_ids: Sequence[int]) -> dict[int, int | None]:
    """Lock documents that are worked on, in the order of their ids; return their attempts."""
    query = select(DOCUMENTS.c.id, DOCUMENTS.c.attempt_id).where(
        DOCUMENTS.c.id.in_(document_ids), _starts(STORE)
    )
    locked = query.with_for_update(key_share=True).order_by(DOCUMENTS.c.id)
    return {row.id: row.attempt_id for row in session.connection().execute(locked)}
