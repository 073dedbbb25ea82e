"""The actor hands the document on, and brings a message back where trying again may help."""

import dramatiq
import pytest
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import Retry
from dramatiq.middleware import CurrentMessage, Shutdown

from worker.actors import declare
from worker.app import _again
from worker.errors import ArchiveError, NotBegun
from worker.inbox import PROCESS, QUEUES
from worker.lifecycle import Bindings, Prefetch

Calls = list[tuple[int, str | None]]


@pytest.fixture
def broker() -> dramatiq.Broker:
    return StubBroker(middleware=[CurrentMessage(), Bindings(), Prefetch()])


@pytest.mark.parametrize("queue", QUEUES)
def test_one_actor_serves_every_queue(broker: StubBroker, queue: str) -> None:
    # Given the actor, and a worker
    calls: Calls = []
    declare(broker, lambda document_id, message_id: calls.append((document_id, message_id)))
    worker = Worker(broker, worker_timeout=20, worker_threads=1)
    worker.start()

    # When a message comes on a queue
    message: dramatiq.Message[None] = dramatiq.Message(queue, PROCESS, (7,), {}, {})
    broker.enqueue(message)
    broker.join(queue, timeout=60_000)
    worker.stop()

    # Then the document is worked on, and the message is known
    assert calls == [(7, message.message_id)]


def test_costly_documents_are_not_hoarded(broker: StubBroker) -> None:
    # Given the actor, and a worker
    declare(broker, lambda document_id, message_id: None)
    worker = Worker(broker, worker_timeout=20, worker_threads=4)
    worker.start()

    # When its consumers have begun
    prefetch = {name: consumer.prefetch for name, consumer in worker.consumers.items()}
    worker.stop()

    # Then they take many cheap ones ahead, and few costly ones
    assert prefetch["fast"] > prefetch["slow"] > prefetch["ocr"] >= 1


def test_a_passing_failure_is_a_retry(broker: StubBroker) -> None:
    # Given an archive that is away
    def run(_document_id: int, _message_id: str | None) -> None:
        raise ArchiveError("away")

    process = declare(broker, run)

    # When a document is worked on, then the message is to come back
    with pytest.raises(Retry, match="away"):
        process(7)


def test_what_began_nothing_comes_back_soon_however_often_it_did(broker: StubBroker) -> None:
    # Given a database that is away
    def run(_document_id: int, _message_id: str | None) -> None:
        raise NotBegun("away")

    process = declare(broker, run, again_after=200)

    # When a document is to be worked on, then the message comes back after a time that never grows
    with pytest.raises(Retry) as raised:
        process(7)
    assert raised.value.delay == 200


def test_only_passing_failures_and_shutdowns_bring_a_message_back() -> None:
    # When a message failed, then it depends on why, and not on how often
    assert _again(99, Retry("-"))
    assert _again(99, Shutdown())
    assert not _again(0, ValueError("a bug"))
