"""RabbitMQ that is killed, hangs, or takes no messages; and what comes over which connection."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dramatiq import Consumer, Message, MessageProxy
from dramatiq.errors import ConnectionClosed

from tests import brokers
from tests.servers import RabbitServer
from tests.worker.house import until
from worker.brokers import amqp
from worker.errors import BrokerUnreachable
from worker.inbox import PROCESS, Inbox, Weakness, make_broker
from worker.settings import Settings

pytestmark = pytest.mark.process


@pytest.fixture
def url() -> Iterator[str]:
    if "rabbitmq" not in brokers.STACKS:
        pytest.skip("GOUJI_TEST_RABBITMQ_URL is not set")
    with brokers.empty("rabbitmq", "") as empty:
        yield empty


@pytest.fixture(scope="module")
def server() -> Iterator[RabbitServer]:
    if not RabbitServer.available() and not os.environ.get("CI"):
        pytest.skip("rabbitmq-server is not installed")
    with RabbitServer() as running:
        yield running


@pytest.fixture
def inbox(server: RabbitServer) -> Iterator[Inbox]:
    brokers.flush(server.url)
    made = Inbox(Settings(broker_url=server.url))
    yield made
    made.close()


def _next(consumer: Consumer) -> MessageProxy:
    for message in consumer:
        if message is not None:
            return message
    raise AssertionError("unreachable: a consumer never ends")


def test_a_lost_line_leaves_no_socket_open(url: str) -> None:
    # Given a connection that is lost while it rests, or while an answer is waited for
    before = _sockets()
    for deadline in (amqp.CONNECT_WITHIN, 0.0):
        line = amqp.Line(amqp.parameters(url, "test"))
        if deadline:
            _lose(line.connection)
        with pytest.raises(amqp.LOST):
            _wait(line, deadline)

        # When it is hung up, then nothing of it is left, not even what pika wakes itself with
        line.close()
        assert not _sockets() - before


def test_a_lost_consumer_leaves_no_socket_open(url: str) -> None:
    # Given a consumer whose connection is lost while it waits for messages
    before = _sockets()
    broker = make_broker(url)
    broker.declare_queue("fast")
    consumer = broker.consume("fast", prefetch=1, timeout=200)
    _lose(consumer.connection)  # type: ignore[attr-defined]
    with pytest.raises(ConnectionClosed):
        next(consumer)

    # When it is closed, then nothing of it is left, not even what pika wakes itself with
    with pytest.raises(ConnectionClosed):
        consumer.close()
    broker.close()
    assert not _sockets() - before


def _wait(line: amqp.Line, seconds: float) -> None:
    with line.within(seconds):
        while True:
            line.connection.process_data_events(time_limit=0.1)


def _lose(connection: Any) -> None:
    connection._impl._transport._sock.shutdown(socket.SHUT_RDWR)


def _sockets() -> set[str]:
    """The sockets that are open; what other tests left open may be closed at any time."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists them
            found.add(str(path.readlink()))
    return {one for one in found if one.startswith("socket:")}


def test_an_answer_for_another_connection_takes_no_message_away(url: str) -> None:
    # Given a worker whose connection was lost while it worked on the first of two messages
    inbox = Inbox(Settings(broker_url=url))
    inbox.send([(1, "fast"), (2, "fast")])
    broker = make_broker(url)
    broker.declare_queue("fast")
    lost = broker.consume("fast", prefetch=1, timeout=200)
    done = _next(lost)
    lost.connection.close()  # type: ignore[attr-defined]

    # When it is done with it and says so over the next connection, where the numbers are the same
    consumer = broker.consume("fast", prefetch=2, timeout=200)
    came = [_next(consumer) for _ in range(2)]
    assert done._tag == came[0]._tag
    consumer.ack(done)
    consumer.nack(done)
    consumer.close()

    # Then both messages are still there
    assert [message.args[0] for message in came] == [1, 2]
    until(lambda: inbox.outstanding() == 2)
    inbox.close()
    broker.close()


def test_an_answer_over_a_lost_connection_is_no_error(url: str) -> None:
    # Given a message that came over a connection that is lost since
    inbox = Inbox(Settings(broker_url=url))
    inbox.send([(1, "fast")])
    broker = make_broker(url)
    broker.declare_queue("fast")
    consumer = broker.consume("fast", prefetch=1, timeout=200)
    message = _next(consumer)
    consumer.connection.close()  # type: ignore[attr-defined]

    # When it is answered for, then nothing happens, and it is there again
    consumer.ack(message)
    until(lambda: inbox.outstanding() == 1)
    inbox.close()
    broker.close()


def test_a_connection_that_rested_is_made_anew_without_a_word(
    url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a thread that delayed a message, whose connection was lost while it rested
    broker = make_broker(url)
    broker.declare_queue("fast")
    broker.enqueue(Message("fast", PROCESS, (1,), {}, {}), delay=60_000)
    resting = broker.connection  # type: ignore[attr-defined]
    _lose(resting)
    monkeypatch.setattr("worker.brokers.rabbitmq._IDLE", 0.0)

    # When it delays another one
    broker.enqueue(Message("fast", PROCESS, (2,), {}, {}), delay=60_000)

    # Then both are there, and nothing was logged
    inbox = Inbox(Settings(broker_url=url))
    assert inbox.outstanding() == 2
    assert caplog.records == []
    inbox.close()
    broker.close()


def test_a_refused_user_and_virtual_host_are_told(url: str) -> None:
    # Given a wrong password, and a virtual host that is not there
    address = url.partition("@")[2].partition("/")[0]
    for wrong, words in (
        (f"amqp://guest:wr0ng@{address}/%2F", "the user or the password"),
        (f"amqp://guest:guest@{address}/nowhere", "the virtual host nowhere"),
    ):
        inbox = Inbox(Settings(broker_url=wrong))
        # When it is asked, then it says so, without the password
        with pytest.raises(BrokerUnreachable, match=words) as caught:
            inbox.ping()
        assert "wr0ng" not in str(caught.value)


@pytest.mark.soak
def test_messages_survive_a_killed_server_and_the_door_goes_on(
    server: RabbitServer, inbox: Inbox
) -> None:
    # Given messages on a server that is killed
    inbox.mark()
    inbox.send([(number, "fast") for number in range(600)])
    server.kill()
    with pytest.raises(BrokerUnreachable, match="cannot be reached"):
        inbox.send([(1, "slow")])

    # When it is there again
    server.start()

    # Then the same door reaches it, and nothing is missing
    assert inbox.backlog() == {**dict.fromkeys(inbox.backlog(), 0), "fast": 600}
    inbox.send([(1, "slow")])
    assert inbox.outstanding() == 601
    assert not inbox.backlog().forgot

    # And when it has lost everything, that is known
    server.kill()
    server.wipe()
    server.start()
    assert inbox.backlog().forgot
    assert inbox.outstanding() == 0


@pytest.mark.soak
def test_a_server_that_hangs_is_given_up_within_seconds(
    server: RabbitServer, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a server that is stopped, not ended
    inbox.ping()
    monkeypatch.setattr("worker.brokers.rabbitmq.ANSWER_WITHIN", 0.5)
    monkeypatch.setattr(amqp, "CONNECT_WITHIN", 0.5)
    server.pause()

    # When it is asked, over a connection that was there and over a new one
    for question in (inbox.backlog, partial(inbox.send, [(1, "fast")])):
        with pytest.raises(BrokerUnreachable, match="cannot be reached"):
            question()

    # Then it is given up, and found again when it goes on
    server.resume()
    monkeypatch.undo()
    inbox.ping()


@pytest.mark.soak
def test_a_server_that_takes_no_messages_is_told(server: RabbitServer, inbox: Inbox) -> None:
    # Given a server that has too little memory
    inbox.send([(1, "fast")])
    server.control("set_vm_memory_high_watermark", "0.000001")

    # When a message is sent, then that fails within seconds and says why
    try:
        with pytest.raises(BrokerUnreachable, match="takes no messages"):
            inbox.send([(2, "fast")])
        assert inbox.examine().weakness is Weakness.FULL
        # and what is there can still be counted
        assert inbox.backlog()["fast"] == 1
    finally:
        server.control("set_vm_memory_high_watermark", "0.4")

    # And when it has, messages go through; what could not be sent may come after all, for it
    # stood in the server's socket: a message may be doubled, and is never lost
    inbox.send([(2, "fast")])
    assert inbox.examine().weakness is None
    assert inbox.backlog()["fast"] in {2, 3}
