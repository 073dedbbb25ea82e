"""The promise, checked from the rows alone: what must hold between any two steps."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.dead_letter import Action, DeadLetter, Decision
from models.event import Event, EventName
from models.filing import StoredReport
from models.ledger import FINAL, Arrival, Attempt, AttemptOutcome, Document, State
from models.state_machine import TRANSITIONS
from worker.claim import CRASH_LIMIT

_OWN_WORDS: Final = {
    State.STORED: {AttemptOutcome.STORED},
    State.UNPACKED: {AttemptOutcome.UNPACKED},
}
"""How the last attempt ended at a document that is so far."""


def check(session: Session, max_retries: int) -> None:
    """Check everything that is known; fails with what does not hold."""
    documents = session.scalars(select(Document).order_by(Document.id)).all()
    _arrivals(session, documents)
    _effects(session, documents)
    for document in documents:
        attempts = _attempts(session, document)
        _counts(session, document, attempts, max_retries)
        assert told(_events(session, document.id)) == document.state, document.id
    decided = session.scalar(select(func.count()).select_from(Decision))
    resolved = select(func.count()).where(DeadLetter.resolution.is_not(None))
    assert decided == session.scalar(resolved)


def unfinished(session: Session) -> list[tuple[int, str]]:
    """Return the documents that have not come to an end, with their states."""
    query = select(Document.id, Document.state).where(Document.state.not_in(FINAL))
    return [(row.id, row.state) for row in session.execute(query)]


def told(events: Sequence[tuple[str, dict[str, Any]]]) -> State | None:
    """Return the state in which a document is by what its events tell, step by step.

    Fails where an event tells of a transition that does not start where the document is.
    """
    state: State | None = None
    for name, data in events:
        if data.get("overtaken"):
            continue  # a message was sent, and nothing became of the document
        ways = [one for one, event in TRANSITIONS.items() if event == name]
        if not ways:
            continue
        if state is None:
            assert name == EventName.DOCUMENT_RECEIVED, events
            state = State.RECEIVED
            continue
        fitting = [one.to for one in ways if state in one.start]
        if name in (EventName.DOCUMENT_RESENT, EventName.DOCUMENT_LEASE_EXPIRED):
            continue  # a message was sent for what the sweeper had seen shortly before
        assert fitting, f"{name} in {state}: {events}"
        state = fitting[0]
    return state


def _events(session: Session, document_id: int) -> list[tuple[str, dict[str, Any]]]:
    query = select(Event.name, Event.data).where(Event.document_id == document_id)
    return [(row.name, row.data) for row in session.execute(query.order_by(Event.id))]


def _arrivals(session: Session, documents: Sequence[Document]) -> None:
    rows = session.execute(select(Arrival.document_id, Arrival.state)).all()
    states = Counter((row.document_id, row.state) for row in rows)
    for document in documents:
        assert states[document.id, "accepted"] == 1, f"who brought document {document.id}?"
    known = {document.id for document in documents}
    assert {row.document_id for row in rows} <= known


def _effects(session: Session, documents: Sequence[Document]) -> None:
    reports = Counter(session.scalars(select(StoredReport.document_id)))
    is_open = DeadLetter.resolution.is_(None)
    letters = Counter(session.scalars(select(DeadLetter.document_id).where(is_open)))
    in_state: dict[str, set[int]] = {state: set() for state in State}
    for document in documents:
        in_state[document.state].add(document.id)
    assert reports == Counter(in_state[State.STORED])
    assert letters == Counter(in_state[State.DEAD])
    members = set(session.scalars(select(Arrival.container_id)).all()) - {None}
    assert members == in_state[State.UNPACKED]


def _counts(
    session: Session, document: Document, attempts: Sequence[Attempt], max_retries: int
) -> None:
    """Count once more, from what became of the attempts since an operator let it begin anew."""
    query = select(DeadLetter.attempt_id).where(DeadLetter.resolution == Action.RETRY)
    revived = set(session.scalars(query.where(DeadLetter.document_id == document.id)))
    unfinished = retries = 0
    for one in attempts:
        unfinished += one.outcome in (None, AttemptOutcome.LOST)
        if one.outcome not in (None, AttemptOutcome.LOST, AttemptOutcome.RELEASED):
            unfinished = 0
        retries += one.outcome == AttemptOutcome.RETRY
        if one.id in revived:
            unfinished = retries = 0
    assert (document.unfinished, document.retries) == (unfinished, retries), document.id
    assert unfinished <= CRASH_LIMIT
    assert retries <= max_retries
    held = document.state == State.PROCESSING
    assert (document.lease_expires_at is not None) == held


def _attempts(session: Session, document: Document) -> Sequence[Attempt]:
    query = select(Attempt).where(Attempt.document_id == document.id).order_by(Attempt.number)
    attempts = session.scalars(query).all()
    assert [one.number for one in attempts] == list(range(1, document.attempts + 1))
    for one in attempts:
        assert (one.outcome is None) == (one.ended_at is None)
    still_open = [one.id for one in attempts if one.outcome is None]
    assert still_open == ([document.attempt_id] if document.state == State.PROCESSING else [])
    outcomes = [one.outcome for one in attempts]
    done = [one for one in outcomes if one in (AttemptOutcome.STORED, AttemptOutcome.UNPACKED)]
    words = _OWN_WORDS.get(State(document.state), set())
    assert done == [*words], outcomes
    assert not words or outcomes[-1] in words
    return attempts
