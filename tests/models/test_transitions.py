"""Transitions of a document's state are compare-and-set."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from models import transitions
from models.base import Base, now
from models.ledger import FINAL, Attempt, AttemptOutcome, Document, State
from models.session import Database
from models.state_machine import TRANSITIONS, WAITING, Transition
from models.transitions import End, Ending
from tests.claiming import bid

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ENDING = [one for one in TRANSITIONS if one.outcome not in (None, AttemptOutcome.LOST)]
HELD = [one for one in ENDING if one.start == (State.PROCESSING,)]
"""The transitions that end an attempt of the worker that holds the claim."""
BY_HAND = [one for one in ENDING if one not in HELD]
"""Those by which an operator has a dead document stored."""


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
    wanted = bid(lease)
    with database.transaction() as session:
        document = transitions.lock(session, document_id)
        if document is None or not transitions.claimable(document, wanted.at):
            return None
        waits = document.state in WAITING
        begin = transitions.claim if waits else transitions.take_over
        return begin(session, document, wanted)


def _held(database: Database) -> tuple[int, int]:
    """Return a document that is worked on, and its attempt."""
    document_id = _add(database, State.QUEUED)
    attempt = _claim(database, document_id)
    assert attempt is not None
    return document_id, attempt.id


def _end(database: Database, transition: Transition, document_id: int, attempt_id: int) -> End:
    functions: dict[str, Callable[[Session, Ending], End]] = {
        "store": transitions.store,
        "unpack": transitions.unpack,
        "give_back": transitions.give_back,
        "release": transitions.release,
        "hand_over": partial(transitions.hand_over, queue="ocr"),
        "refuse": transitions.refuse,
        "fail": partial(transitions.fail, most=0),
    }
    ending = Ending(document_id, attempt_id, "store", 1.0)
    with database.transaction() as session:
        return functions[transition.name](session, ending)


def _get(database: Database, document_id: int) -> Document:
    with database.reading() as session:
        return session.get_one(Document, document_id)


def _outcomes(database: Database) -> list[str | None]:
    with database.reading() as session:
        return list(session.scalars(select(Attempt.outcome).order_by(Attempt.id)))


@pytest.mark.parametrize("state", WAITING)
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


@pytest.mark.parametrize("state", FINAL)
def test_what_is_done_cannot_be_claimed(database: Database, state: State) -> None:
    # Given a document that is done
    # When it is claimed, then nobody gets it
    assert _claim(database, _add(database, state)) is None


def test_an_expired_lease_can_be_taken_over(database: Database) -> None:
    # Given a worker that vanished with a document
    document_id = _add(database, State.QUEUED)
    assert _claim(database, document_id, lease=-1) is not None

    # When another one claims it
    taken = _claim(database, document_id)

    # Then it has it, the first attempt is lost, and both count
    assert taken is not None
    assert taken.number == 2
    assert _outcomes(database) == [AttemptOutcome.LOST, None]
    assert _get(database, document_id).unfinished == 2


def test_a_claim_on_what_has_changed_meanwhile_is_undone(database: Database) -> None:
    # Given a document that was looked at without being locked, and that was given up then
    document_id = _add(database, State.QUEUED)
    seen = _get(database, document_id)
    with database.transaction() as session:
        assert transitions.bury_abandoned(session, document_id, "m") is not None

    # When it is claimed as it was seen
    # Then that fails as a whole
    with pytest.raises(transitions.Overtaken), database.transaction() as session:
        transitions.claim(session, seen, bid())
    assert _outcomes(database) == []


@pytest.mark.parametrize("transition", HELD, ids=lambda one: one.name)
def test_an_attempt_ends_once(database: Database, transition: Transition) -> None:
    # Given a document that is worked on
    document_id, attempt_id = _held(database)

    # When its attempt ends, and nobody knows whether that was committed, so that it ends again
    ends = [_end(database, transition, document_id, attempt_id) for _ in range(2)]

    # Then it has ended once, the document is where it belongs, and nothing counts as unfinished
    assert ends == [End.NOW, End.BEFORE]
    document = _get(database, document_id)
    assert (document.state, document.unfinished) == (transition.to, 0)
    assert document.lease_expires_at is None
    assert _outcomes(database) == [transition.outcome]


@pytest.mark.parametrize("transition", HELD, ids=lambda one: one.name)
def test_an_attempt_that_lost_its_claim_changes_nothing(
    database: Database, transition: Transition
) -> None:
    # Given a document that was taken over from the first worker
    document_id = _add(database, State.QUEUED)
    first = _claim(database, document_id, lease=-1)
    second = _claim(database, document_id)
    assert first is not None
    assert second is not None

    # When the first one's attempt ends
    end = _end(database, transition, document_id, first.id)

    # Then the second still has it
    assert end is End.NOT
    document = _get(database, document_id)
    assert (document.state, document.attempt_id) == (State.PROCESSING, second.id)
    assert _outcomes(database) == [AttemptOutcome.LOST, None]


def test_an_attempt_that_has_ended_is_not_lost(database: Database) -> None:
    # Given a document that is stored
    document_id, attempt_id = _held(database)
    [store] = [one for one in HELD if one.name == "store"]
    [release] = [one for one in HELD if one.name == "release"]
    _end(database, store, document_id, attempt_id)

    # When its worker, which is told to stop, gives back what it believes to hold
    end = _end(database, release, document_id, attempt_id)

    # Then nothing changes, and nobody is said to have taken it over
    assert end is End.OTHERWISE
    assert _get(database, document_id).state == State.STORED
    assert _outcomes(database) == [AttemptOutcome.STORED]


def test_retries_are_counted_and_a_release_is_not_an_attempt(database: Database) -> None:
    # Given a document that is given back, and then released
    document_id, attempt_id = _held(database)
    [give_back] = [one for one in HELD if one.name == "give_back"]
    [release] = [one for one in HELD if one.name == "release"]
    _end(database, give_back, document_id, attempt_id)
    again = _claim(database, document_id)
    assert again is not None

    # When it is released
    _end(database, release, document_id, again.id)

    # Then one failure counts and no attempt is open
    document = _get(database, document_id)
    assert (document.retries, document.unfinished, document.attempts) == (1, 0, 2)


def test_a_document_fails_only_when_its_retries_are_used_up(database: Database) -> None:
    # Given a document that is tried for the first time
    document_id, attempt_id = _held(database)

    # When it is said to have failed too often
    with database.transaction() as session:
        end = transitions.fail(session, Ending(document_id, attempt_id, "fetch", 1.0), 5)

    # Then it has not
    assert end is End.NOT
    assert _get(database, document_id).state == State.PROCESSING


def test_marking_as_queued_leaves_a_claimed_document_alone(database: Database) -> None:
    # Given a document whose message was quicker than the mark
    document_id = _add(database, State.RECEIVED)
    _claim(database, document_id)

    # When it is marked, among none and others
    with database.transaction() as session:
        marked = transitions.queue(session, [document_id, 99]), transitions.queue(session, [])

    # Then it is still being worked on
    assert marked == (set(), set())
    assert _get(database, document_id).state == State.PROCESSING


def test_a_crash_loop_is_buried_only_where_a_claim_could_be_made(database: Database) -> None:
    # Given a document with three unfinished attempts, the last of which still has its lease
    document_id = _add(database, State.QUEUED, unfinished=2)
    attempt = _claim(database, document_id)
    assert attempt is not None

    def buried(limit: int) -> tuple[object, ...] | None:
        with database.transaction() as session:
            row = transitions.bury_crash_loop(session, document_id, limit)
        return None if row is None else tuple(row)

    # When it is to be buried, before and after the lease has run out
    before = buried(3)
    with database.transaction() as session:
        transitions.end_lease(session, [(document_id, attempt.id)])
    after = buried(4), buried(3), buried(3)

    # Then it is once nobody may be working on it, not below the limit, and once only
    assert before is None
    assert after == (None, (document_id, attempt.id, 3), None)
    assert _outcomes(database) == [AttemptOutcome.LOST]


@pytest.mark.parametrize(("message", "state"), [("m", State.DEAD), ("other", State.PROCESSING)])
def test_a_dying_message_takes_its_own_attempt_along(
    database: Database, message: str, state: State
) -> None:
    # Given a document that is worked on for the message m
    document_id, _ = _held(database)

    # When a message for it dies
    with database.transaction() as session:
        transitions.bury_abandoned(session, document_id, message)

    # Then the document is dead if it was that one
    assert _get(database, document_id).state == state


def test_only_the_lease_that_was_looked_at_is_ended(database: Database) -> None:
    # Given a document whose first worker is gone, and which another has taken over
    document_id = _add(database, State.QUEUED)
    gone = _claim(database, document_id, lease=-1)
    held = _claim(database, document_id)
    assert gone is not None
    assert held is not None

    # When the lease of the first is ended, and that of the second
    with database.transaction() as session:
        ended = [
            transitions.end_lease(session, [(document_id, attempt.id)]) for attempt in (gone, held)
        ]

    # Then only the second was there to be ended
    assert ended == [set(), {document_id}]
    expires = _get(database, document_id).lease_expires_at
    assert expires is not None
    assert expires <= now() + timedelta(seconds=1)


@pytest.mark.parametrize("state", State)
def test_operators_decide_about_the_dead_only(database: Database, state: State) -> None:
    # Given a document
    document_id = _add(database, state, unfinished=3, retries=5)

    # When it is revived, and then discarded
    with database.transaction() as session:
        revived = transitions.revive(session, document_id)
        discarded = transitions.discard(session, document_id)

    # Then a dead one begins anew, and any other is left alone
    document = _get(database, document_id)
    assert revived == (state is State.DEAD)
    assert not discarded
    assert document.state == (State.RECEIVED if revived else state)
    assert (document.unfinished, document.retries) == ((0, 0) if revived else (3, 5))


def test_of_many_only_those_in_their_state_are_noted(database: Database) -> None:
    # Given a document on the queue
    document_id = _add(database, State.QUEUED)

    # When it is noted that messages were sent for it
    with database.transaction() as session:
        noted = (
            transitions.resend(session, [document_id]),
            transitions.remind(session, [document_id]),
            transitions.queue(session, [document_id]),
        )

    # Then that is so for what it is
    assert noted == ({document_id}, set(), set())


@pytest.mark.parametrize("transition", BY_HAND, ids=lambda one: one.name)
def test_a_dead_document_is_stored_by_hand_once(database: Database, transition: Transition) -> None:
    # Given a dead document
    document_id = _add(database, State.DEAD)
    store = {"correct": transitions.correct, "accept": transitions.accept}[transition.name]

    # When an operator has it stored, and another one too
    with database.transaction() as session:
        first = store(session, document_id, transitions.Desk("甲", "1"))
    with database.transaction() as session:
        second = store(session, document_id, transitions.Desk("乙", "1"))

    # Then it is stored, by one attempt that is the first one's
    assert first is not None
    assert second is None
    assert _get(database, document_id).state == State.STORED
    assert _outcomes(database) == [transition.outcome]
    assert first.worker == "desk:甲"


@pytest.mark.parametrize("transition", BY_HAND, ids=lambda one: one.name)
@pytest.mark.parametrize("state", [state for state in State if state is not State.DEAD])
def test_only_a_dead_document_is_stored_by_hand(
    database: Database, transition: Transition, state: State
) -> None:
    # Given a document in another state, when an operator has it stored, then nothing happens
    document_id = _add(database, state)
    store = {"correct": transitions.correct, "accept": transitions.accept}[transition.name]
    with database.transaction() as session:
        assert store(session, document_id, transitions.Desk("甲", "1")) is None
    assert _get(database, document_id).state == state
