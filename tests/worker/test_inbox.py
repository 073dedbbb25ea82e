"""The door: sending, counting, and what importing it does not do."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from dramatiq.message import Message
from dramatiq.middleware import Middleware

from worker.embedded import ensure
from worker.errors import BrokerUnreachable, SettingsError, Transient
from worker.inbox import PROCESS, QUEUES, Inbox, make_broker
from worker.settings import Settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    made = Settings(data_dir=tmp_path_factory.mktemp("inbox"))
    with ensure(made):
        yield made


@pytest.fixture
def inbox(settings: Settings) -> Iterator[Inbox]:
    with redis.Redis(unix_socket_path=str(settings.broker_socket)) as client:
        client.flushall()
    made = Inbox(settings)
    yield made
    made.close()


def _taken(settings: Settings, queue: str, count: int) -> list[Message[None]]:
    """Take messages off a queue as a worker does."""
    broker = make_broker(settings.broker)
    broker.declare_queue(queue)
    consumer = broker.consume(queue, prefetch=count, timeout=10)
    messages = [next(consumer) for _ in range(count)]
    for message in messages:
        assert message is not None
        consumer.ack(message)
    broker.client.close()  # type: ignore[attr-defined]
    return [message._message for message in messages if message is not None]


@pytest.mark.process
def test_a_message_carries_the_id_and_nothing_else(settings: Settings, inbox: Inbox) -> None:
    # Given a document that is sent
    inbox.send([(7, "slow")])

    # When a worker takes the message
    (message,) = _taken(settings, "slow", 1)

    # Then it names the actor and the document
    assert (message.actor_name, message.args, message.kwargs) == (PROCESS, (7,), {})
    assert set(message.options) == {"redis_message_id"}
    assert inbox.outstanding() == 0


@pytest.mark.process
def test_many_are_sent_in_order(settings: Settings, inbox: Inbox) -> None:
    # Given more documents than fit one pipeline
    ids = list(range(1201))

    # When they are sent
    inbox.send([(number, "fast") for number in ids])

    # Then they come out as they went in
    assert [message.args[0] for message in _taken(settings, "fast", len(ids))] == ids


@pytest.mark.process
def test_nothing_to_send_is_no_round_trip(inbox: Inbox) -> None:
    # Given no documents
    # When they are sent, then nothing is on the queue
    inbox.send([])
    assert inbox.outstanding() == 0


@pytest.mark.process
def test_what_waits_is_delayed_or_in_hand_counts(settings: Settings, inbox: Inbox) -> None:
    # Given two messages that wait, one of which a worker has taken, and one that is delayed
    inbox.send([(1, "fast"), (2, "fast")])
    broker = make_broker(settings.broker)
    broker.declare_queue("fast")
    broker.enqueue(Message("ocr", PROCESS, (3,), {}, {}), delay=60_000)
    consumer = broker.consume("fast", prefetch=1, timeout=10)
    assert next(consumer) is not None

    # When they are counted
    # Then each counts
    assert inbox.backlog() == {"fast": 2, "slow": 0, "ocr": 1, "urgent": 0}
    assert inbox.outstanding() == 3
    broker.client.close()  # type: ignore[attr-defined]


@pytest.mark.process
def test_an_unknown_queue_is_told(inbox: Inbox) -> None:
    # Given a queue that nobody serves
    # When something is sent there, then that is an error and nothing is sent
    with pytest.raises(ValueError, match="'quick'"):
        inbox.send([(1, "fast"), (2, "quick")])
    assert inbox.outstanding() == 0


@pytest.mark.parametrize("what", ["ping", "outstanding", "send"])
def test_a_broker_that_is_away_is_a_passing_failure(tmp_path: Path, what: str) -> None:
    # Given no broker
    inbox = Inbox(Settings(data_dir=tmp_path))
    questions: dict[str, Callable[[], object]] = {
        "ping": inbox.ping,
        "outstanding": inbox.outstanding,
        "send": lambda: inbox.send([(1, "fast")]),
    }

    # When it is asked for anything, then that is an error that passes
    with pytest.raises(BrokerUnreachable, match="cannot be reached") as caught:
        questions[what]()
    assert isinstance(caught.value, Transient)
    inbox.close()


@pytest.mark.parametrize("url", ["redis://host:6379/1", "rediss://host", "unix:///a/b.sock"])
def test_a_broker_is_made_without_connecting(url: str) -> None:
    # Given the URL of a host that does not exist
    # When a broker is made
    broker = make_broker(url, [Middleware()])

    # Then it has the middleware asked for, and no other
    assert [type(m).__name__ for m in broker.middleware] == ["Middleware"]


@pytest.mark.parametrize("url", ["amqp://host", "http://host", "host:6379"])
def test_an_unsupported_broker_is_told(url: str) -> None:
    # Given the URL of something else
    # When a broker is made, then the message says what could be used
    with pytest.raises(SettingsError, match=r"broker_url: .*redis://, rediss://, unix://"):
        make_broker(url)


def test_a_password_is_never_told() -> None:
    with pytest.raises(SettingsError) as caught:
        make_broker(":s3cret@host:6379")
    assert "s3cret" not in str(caught.value)


def test_importing_the_door_loads_no_stage() -> None:
    # Given a fresh interpreter
    code = "import sys, worker.inbox; print(*sys.modules)"

    # When it imports the door
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    # Then no stage and no database come along
    modules = set(result.stdout.decode().split())
    assert not {m for m in modules if m.startswith(("worker.re", "worker.check", "worker.pipe"))}
    assert "sqlalchemy" not in modules
    assert set(QUEUES) == {"fast", "slow", "ocr", "urgent"}
