"""The door, to every broker there is: sending, counting, and what importing it does not do."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dramatiq import Consumer, MessageProxy
from dramatiq.message import Message
from dramatiq.middleware import Middleware

from tests import brokers
from worker.errors import BrokerUnreachable, SettingsError, Transient
from worker.inbox import PROCESS, QUEUES, Inbox, make_broker
from worker.settings import Settings

process = pytest.mark.process


@pytest.fixture
def inbox(broker_url: str) -> Iterator[Inbox]:
    made = Inbox(Settings(broker_url=broker_url))
    yield made
    made.close()


def _consumer(url: str, queue: str, prefetch: int) -> Consumer:
    """Return what takes messages off a queue as a worker does."""
    broker = make_broker(url)
    broker.declare_queue(queue)
    return broker.consume(queue, prefetch=prefetch, timeout=200)


def _next(consumer: Consumer) -> MessageProxy:
    for message in consumer:
        if message is not None:
            return message
    raise AssertionError("unreachable: a consumer never ends")


def _taken(url: str, queue: str, count: int) -> list[Message[None]]:
    consumer = _consumer(url, queue, count)
    messages = [_next(consumer) for _ in range(count)]
    for message in messages:
        consumer.ack(message)
    consumer.close()
    return [message._message for message in messages]


@process
def test_a_message_carries_the_id_and_nothing_else(broker_url: str, inbox: Inbox) -> None:
    # Given a document that is sent
    inbox.send([(7, "slow")])

    # When a worker takes the message
    (message,) = _taken(broker_url, "slow", 1)

    # Then it names the actor and the document
    assert (message.actor_name, message.args, message.kwargs) == (PROCESS, (7,), {})
    assert set(message.options) <= {"redis_message_id"}
    assert inbox.outstanding() == 0


@process
def test_many_are_sent_in_order(broker_url: str, inbox: Inbox) -> None:
    # Given more documents than go at once
    ids = list(range(1201))

    # When they are sent
    inbox.send([(number, "fast") for number in ids])

    # Then they are there, and come out as they went in
    assert inbox.outstanding() == len(ids)
    assert [message.args[0] for message in _taken(broker_url, "fast", len(ids))] == ids


@process
def test_several_threads_may_send(inbox: Inbox) -> None:
    # Given threads that share a door
    def send() -> None:
        for number in range(20):
            inbox.send([(number, "fast")])
            inbox.backlog()

    threads = [threading.Thread(target=send) for _ in range(4)]

    # When they send at once
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then every message is there
    assert inbox.outstanding() == 80


@process
def test_nothing_to_send_is_no_round_trip(inbox: Inbox) -> None:
    # Given no documents
    # When they are sent, then nothing is on the queue
    inbox.send([])
    assert inbox.outstanding() == 0


@process
def test_what_waits_or_is_delayed_counts_and_what_is_in_hand_may(
    broker_url: str, inbox: Inbox
) -> None:
    # Given two messages that wait and one that is delayed
    inbox.send([(1, "fast"), (2, "fast")])
    broker = make_broker(broker_url)
    broker.declare_queue("ocr")
    broker.enqueue(Message("ocr", PROCESS, (3,), {}, {}), delay=60_000)
    assert inbox.backlog() == dict.fromkeys(QUEUES, 0) | {"fast": 2, "ocr": 1}
    assert inbox.backlog().unseen == 0

    # When a worker has taken one
    consumer = _consumer(broker_url, "fast", 1)
    _next(consumer)

    # Then the server tells of it, or that there may be such
    backlog = inbox.backlog()
    assert backlog.total + backlog.unseen >= 3
    assert (backlog.total, backlog.unseen > 0) in ((3, False), (2, True))
    consumer.close()
    broker.close()


@process
def test_a_server_that_lost_everything_is_told_from_one_that_was_worked_off(
    broker_url: str, inbox: Inbox
) -> None:
    # Given a server that we never marked
    assert inbox.backlog().forgot

    # When it is marked, then it is known, with messages and without
    inbox.mark()
    assert not inbox.backlog().forgot
    inbox.mark()
    inbox.send([(1, "fast")])
    brokers.purge(broker_url)
    assert not inbox.backlog().forgot

    # And no longer when it has lost everything; it takes messages all the same
    brokers.flush(broker_url)
    assert inbox.backlog().forgot
    inbox.send([(1, "fast")])
    assert inbox.outstanding() == 1


@process
def test_an_unknown_queue_is_told(inbox: Inbox) -> None:
    # Given a queue that nobody serves
    # When something is sent there, then that is an error and nothing is sent
    with pytest.raises(ValueError, match="'quick'"):
        inbox.send([(1, "fast"), (2, "quick")])
    assert inbox.outstanding() == 0


@process
def test_a_healthy_server_is_examined(broker_url: str, inbox: Inbox) -> None:
    # Given a server, and a worker process that serves two queues
    broker = make_broker(broker_url)
    consumers = [_consumer(broker_url, queue, 1) for queue in ("fast", "slow")]
    for consumer in consumers:
        next(consumer)

    # When it is examined
    found = inbox.examine()

    # Then it is named, with what matters of its settings; messages are not touched
    assert found.product.split()[0] in ("Redis", "Valkey", "RabbitMQ")
    assert found.workers == 1
    assert found.weakness is None
    assert inbox.outstanding() == 0
    for consumer in consumers:
        consumer.close()
    broker.close()


@pytest.mark.parametrize(
    "url", ["", "redis://u:s3cret@127.0.0.1:1/", "amqp://u:s3cret@127.0.0.1:1/"]
)
@pytest.mark.parametrize("what", ["ping", "backlog", "send", "mark", "examine"])
def test_a_broker_that_is_away_is_a_passing_failure(tmp_path: Path, what: str, url: str) -> None:
    # Given no broker
    inbox = Inbox(Settings(data_dir=tmp_path, broker_url=url))
    questions: dict[str, Callable[[], object]] = {
        "ping": inbox.ping,
        "backlog": inbox.backlog,
        "send": lambda: inbox.send([(1, "fast")]),
        "mark": inbox.mark,
        "examine": inbox.examine,
    }

    # When it is asked for anything, then that is an error that passes, and tells no password
    with pytest.raises(BrokerUnreachable, match="cannot be reached") as caught:
        questions[what]()
    assert isinstance(caught.value, Transient)
    assert "s3cret" not in str(caught.value)
    inbox.close()


@pytest.mark.parametrize(
    "url",
    [
        "redis://host:6379/1",
        "rediss://host",
        "unix:///a/b.sock",
        "amqp://host",
        "amqps://u:p@host/v",
    ],
)
def test_a_broker_is_made_without_connecting(url: str) -> None:
    # Given the URL of a host that does not exist
    # When a broker is made
    broker = make_broker(url, [Middleware()])

    # Then it has the middleware asked for, and no other
    assert [type(m).__name__ for m in broker.middleware] == ["Middleware"]


@pytest.mark.parametrize("url", ["kafka://host", "http://host", "host:6379"])
def test_an_unsupported_broker_is_told(url: str) -> None:
    # Given the URL of something else
    # When a broker is made, then the message says what could be used
    with pytest.raises(SettingsError, match=r"broker_url: .*redis://, .*unix://, amqp://"):
        make_broker(url)


@pytest.mark.parametrize(
    "url",
    [
        ":s3cret@host:6379",
        "redis://:s3cret/x@host",
        "amqp://u:s3cret/x@host",
        "amqp://s3cret@host",
        "amqp://u:p@host/?password=s3cret",
    ],
)
def test_a_password_is_never_told(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        make_broker(url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "there", "absent"),
    [("", "redis", "pika"), ("redis://host", "redis", "pika"), ("amqp://host", "pika", "redis")],
)
def test_only_the_client_that_is_used_is_loaded(url: str, there: str, absent: str) -> None:
    # Given a fresh interpreter, when it imports the door, then no client is loaded
    code = "import sys, worker.inbox as i; from worker.settings import Settings as S; "
    first = {"redis", "pika"} & _modules(f"{code} print(*sys.modules)")
    assert not first

    # And when it makes one, the one it needs
    loaded = _modules(f"{code} i.Inbox(S(broker_url={url!r})); print(*sys.modules)")
    assert there in loaded
    assert absent not in loaded


def test_importing_the_door_loads_no_stage() -> None:
    # Given a fresh interpreter, when it imports the door
    modules = _modules("import sys, worker.inbox; print(*sys.modules)")

    # Then no stage and no database come along
    assert not {m for m in modules if m.startswith(("worker.re", "worker.check", "worker.pipe"))}
    assert "sqlalchemy" not in modules


def _modules(code: str) -> set[str]:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return set(result.stdout.decode().split())
