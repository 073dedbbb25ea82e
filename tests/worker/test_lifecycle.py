"""What surrounds the work: names in the log, and messages that die."""

from collections.abc import Iterator
from pathlib import Path

import dramatiq
import pytest
import structlog
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import Retries, TimeLimitExceeded
from dramatiq.threading import raise_thread_exception
from sqlalchemy.exc import OperationalError

from models.ledger import State
from tests.worker.house import House, house, until
from worker.actors import Run, declare
from worker.app import _again
from worker.claim import Claim
from worker.convoy import Hint
from worker.errors import NotBegun, Stopping
from worker.inbox import PROCESS
from worker.lifecycle import Abandoned, Bindings, Drain, Threads


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        yield built


def _work_off(home: House, run: Run, document_id: int) -> str:
    """Send a document to a worker in this process, and return the id of its message."""
    pipeline = home.pipeline()
    retries = Retries(min_backoff=1, max_backoff=2, retry_when=_again)
    broker = StubBroker(middleware=[Bindings(), Abandoned(lambda: pipeline), retries])
    declare(broker, run, again_after=1)
    worker = Worker(broker, worker_timeout=10, worker_threads=1)
    worker.start()
    message: dramatiq.Message[None] = dramatiq.Message("fast", PROCESS, (document_id,), {}, {})
    broker.enqueue(message)
    broker.join("fast", fail_fast=False, timeout=60_000)
    worker.stop()
    return message.message_id


def test_a_message_that_dies_leaves_a_dead_letter(home: House) -> None:
    # Given a fault of ours before anything can be written down
    document_id = home.receive(b"a report")
    calls = []

    def run(document_id: int, _message_id: str | None) -> None:
        calls.append(document_id)
        raise ValueError("a bug")

    # When its message dies of it
    _work_off(home, run, document_id)

    # Then the database knows, before the queue's own dead letters do
    assert calls == [document_id]
    assert [letter.reason for letter in home.letters(document_id)] == ["unreadable"]
    assert home.document(document_id).state == State.DEAD


def test_a_message_does_not_die_of_a_time_limit_that_strikes_anywhere(home: House) -> None:
    # Given a time limit that strikes outside of whatever would tell of it
    document_id = home.receive(b"a report")
    strikes = [TimeLimitExceeded(), TimeLimitExceeded()]

    def run(document_id: int, message_id: str | None) -> None:
        if strikes:
            raise strikes.pop()
        home.pipeline().run(document_id, message_id)

    # When its message is worked off
    _work_off(home, run, document_id)

    # Then it has come back until the document was stored
    assert home.document(document_id).state == State.STORED
    assert home.letters(document_id) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_was_ended_is_started_again(home: House) -> None:
    # Given a worker whose one thread a time limit has struck between two messages
    document_id = home.receive(b"a report")
    broker = StubBroker(middleware=[Threads(every=0.02), Bindings()])
    declare(broker, home.pipeline().run)
    worker = Worker(broker, worker_timeout=10, worker_threads=1)
    worker.start()
    (thread,) = worker.workers
    raise_thread_exception(thread.ident, TimeLimitExceeded)  # type: ignore[no-untyped-call]
    until(lambda: not thread.is_alive())

    # When a message comes
    broker.enqueue(dramatiq.Message("fast", PROCESS, (document_id,), {}, {}))
    broker.join("fast", timeout=60_000)
    worker.stop()

    # Then there is a thread for it
    assert home.document(document_id).state == State.STORED
    assert len(worker.workers) == 1


def test_lines_logged_meanwhile_name_message_and_document(home: House) -> None:
    # Given a pipe that looks at what would be logged
    document_id = home.receive(b"a report")
    seen = []

    def run(_document_id: int, _message_id: str | None) -> None:
        seen.append(structlog.contextvars.get_contextvars())

    # When a document is worked on
    message_id = _work_off(home, run, document_id)

    # Then lines name the message and the document
    assert seen == [{"message_id": message_id, "document_id": document_id}]


def test_a_claim_that_cannot_be_given_back_keeps_no_other_from_it(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a process that works on two documents, and a database that fails once
    ids = [home.receive(b"%d" % n) for n in range(2)]
    pipeline = home.pipeline()
    claims = [pipeline._claims(Hint(one), alone=True)[0] for one in ids]
    for claim in claims:
        pipeline._held[claim.attempt_id] = claim
    give_back, calls = pipeline.release, []

    def failing_once(claim: Claim) -> None:
        calls.append(claim)
        if len(calls) == 1:
            raise OperationalError("UPDATE", {}, Exception("away"))
        give_back(claim)

    monkeypatch.setattr(pipeline, "release", failing_once)
    # When its time is up
    Drain(lambda: pipeline, grace=1.0)._release()
    # Then the other was given back; the lease of the first will end
    assert [home.document(one).state for one in ids] == [State.PROCESSING, State.QUEUED]


@pytest.mark.parametrize("error", [Stopping("this worker is stopping"), NotBegun("away")])
def test_a_message_does_not_die_of_what_passes(home: House, error: Exception) -> None:
    # Given a document whose workers are stopped again and again, or find no database
    document_id = home.receive(b"a report")
    calls = []

    def run(document_id: int, _message_id: str | None) -> None:
        calls.append(document_id)
        if len(calls) < 6:
            raise error

    # When its message has been worked off
    _work_off(home, run, document_id)

    # Then it came back each time
    assert len(calls) == 6
    assert home.letters(document_id) == []
