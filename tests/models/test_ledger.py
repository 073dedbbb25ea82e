"""Transitions of a document's state are compare-and-set."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from models import ledger
from models.base import Base, now
from models.ledger import Attempt, AttemptOutcome, Document, State
from models.session import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database.at(database_url)
    Base.metadata.create_all(made.engine)
    yield made
    made.close()


def _add(database: Database, state: State, **columns: object) -> int:
    with database.transaction() as session:
        document = Document(sha256="a" * 64, size=1, name="a", state=state, **columns)
        session.add(document)
    return document.id


def _claim(database: Database, document_id: int, lease: float = 60) -> Attempt | None:
    with database.transaction() as session:
        return ledger.claim(
            session,
            document_id,
            worker="host:1",
            parser_version="1",
            message_id="m",
            lease_expires_at=now() + timedelta(seconds=lease),
        )


def _get(database: Database, document_id: int) -> Document:
    with database.reading() as session:
        return session.get_one(Document, document_id)


@pytest.mark.parametrize("state", [State.RECEIVED, State.QUEUED])
def test_a_waiting_document_is_claimed_once(database: Database, state: State) -> None:
    # Given a document that waits
    document_id = _add(database, state)

    # When two workers claim it
    first, second = _claim(database, document_id), _claim(database, document_id)

    # Then the first has it, and its attempt is written down before any work
    assert first is not None
    assert second is None
    document = _get(database, document_id)
    assert (document.state, document.attempt_id) == (State.PROCESSING, first.id)
    assert (document.attempts, document.unfinished) == (1, 1)


@pytest.mark.parametrize("state", [State.STORED, State.DEAD, State.DISCARDED])
def test_what_is_done_cannot_be_claimed(database: Database, state: State) -> None:
    # Given a document that is done
    # When it is claimed, then nobody gets it
    assert _claim(database, _add(database, state)) is None


def test_an_expired_lease_can_be_taken_over(database: Database) -> None:
    # Given a worker that vanished with a document
    document_id = _add(database, State.QUEUED)
    lost = _claim(database, document_id, lease=-1)
    assert lost is not None

    # When another one claims it
    taken = _claim(database, document_id)

    # Then it has it, the first attempt is lost, and both count
    assert taken is not None
    assert taken.number == 2
    with database.reading() as session:
        assert session.get_one(Attempt, lost.id).outcome == AttemptOutcome.LOST
    assert _get(database, document_id).unfinished == 2


def test_a_move_needs_the_state_it_names(database: Database) -> None:
    # Given a stored document
    document_id = _add(database, State.STORED)

    # When it is moved from dead
    with database.transaction() as session:
        moved = ledger.move(session, document_id, start=[State.DEAD], to=State.RECEIVED)

    # Then it stays
    assert not moved
    assert _get(database, document_id).state == State.STORED


def test_a_move_can_need_the_claim(database: Database) -> None:
    # Given a document that was taken over from the first worker
    document_id = _add(database, State.QUEUED)
    first = _claim(database, document_id, lease=-1)
    second = _claim(database, document_id)
    assert first is not None
    assert second is not None

    # When both finish
    with database.transaction() as session:
        moved = [
            ledger.move(
                session,
                document_id,
                start=[State.PROCESSING],
                to=State.STORED,
                attempt_id=attempt.id,
                unfinished=0,
            )
            for attempt in (first, second)
        ]

    # Then only the second one's end counts
    assert moved == [False, True]
    assert _get(database, document_id).unfinished == 0


def test_marking_as_queued_leaves_a_claimed_document_alone(database: Database) -> None:
    # Given a document whose message was quicker than the mark
    document_id = _add(database, State.RECEIVED)
    _claim(database, document_id)

    # When it is marked, among none and others
    with database.transaction() as session:
        ledger.mark_queued(session, [document_id, 99])
        ledger.mark_queued(session, [])

    # Then it is still being worked on
    assert _get(database, document_id).state == State.PROCESSING


def test_a_crash_loop_is_told_only_where_a_claim_could_be_made(database: Database) -> None:
    # Given a document with three unfinished attempts, the last of which still has its lease
    document_id = _add(database, State.QUEUED, unfinished=2)
    _claim(database, document_id)

    # When it is asked for, before and after the lease has run out
    with database.transaction() as session:
        before = ledger.crash_looping(session, document_id, 3)
        document = session.get_one(Document, document_id)
        document.lease_expires_at = now() - timedelta(seconds=1)
        session.flush()
        after = ledger.crash_looping(session, document_id, 3)
        more = ledger.crash_looping(session, document_id, 4)

    # Then it is told once nobody may be working on it, and not below the limit
    assert (before, after, more) == (None, document, None)


def test_times_come_back_in_utc(database: Database) -> None:
    # Given a document
    document_id = _add(database, State.QUEUED)

    # When its time is read
    created = _get(database, document_id).created_at

    # Then it knows its zone
    assert created.tzinfo is UTC


def test_a_naive_time_is_refused(database: Database) -> None:
    # Given a time whose zone nobody knows
    naive = datetime(2024, 1, 1)  # noqa: DTZ001 - that is the point

    # When it is stored, then that is an error
    with pytest.raises(Exception, match="naive time"):
        _add(database, State.QUEUED, lease_expires_at=naive)
