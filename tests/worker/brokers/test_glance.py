"""What the embedded server holds, asked without its client."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dramatiq.common import dq_name
from dramatiq.message import Message

from worker.brokers import glance
from worker.embedded import ensure
from worker.errors import BrokerUnreachable
from worker.inbox import PROCESS, QUEUES, Inbox, backlog_of, make_broker
from worker.settings import Settings

pytestmark = pytest.mark.process


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = Settings(data_dir=tmp_path / "var")
    with ensure(made):
        yield made


def test_it_counts_what_the_client_counts(settings: Settings) -> None:
    # Given messages that wait, one that is delayed, and one in the hands of a worker
    broker = make_broker(settings.broker)
    for queue in QUEUES:
        broker.declare_queue(queue)
    inbox = Inbox(settings)
    inbox.send([(1, "fast"), (2, "fast"), (3, "ocr"), (4, "urgent")])
    broker.enqueue(Message("slow", PROCESS, (5,), {}, {}), delay=600_000)
    assert next(broker.consume("ocr", prefetch=1, timeout=1000)) is not None

    # Then it counts as the client does, with the mark and without it
    for forgot in (True, False):
        found, told = backlog_of(settings), inbox.backlog()
        assert dict(found) == dict(told) == {"fast": 2, "slow": 1, "ocr": 1, "urgent": 1}
        assert found.forgot is told.forgot is forgot
        inbox.mark()
    inbox.close()
    broker.close()


def test_its_keys_are_those_of_dramatiq(settings: Settings) -> None:
    # Given
    broker = make_broker(settings.broker)

    # Then
    names = [name for queue in QUEUES for name in (queue, dq_name(queue))]
    assert list(glance.MESSAGES) == [f"{broker.namespace}:{name}.msgs" for name in names]  # type: ignore[attr-defined]
    broker.close()


@contextmanager
def _server(path: Path, answer: bytes | None) -> Iterator[None]:
    """Have a server that answers the first caller with these bytes, ``None`` with silence."""
    with socket.socket(socket.AF_UNIX) as ear:
        ear.bind(str(path))
        ear.listen()
        done = threading.Event()

        def serve() -> None:
            connection, _ = ear.accept()
            with connection:
                connection.recv(65536)
                if answer is None:
                    done.wait(60)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"-LOADING it is being read\r\n", "the broker refuses: LOADING it is being read"),
        (b"+OK\r\n", "the broker refuses: OK"),
        (b":x\r\n", "the broker refuses: x"),
        (b":1\r\n:2\r\n", "the broker cannot be reached: the connection was closed"),
        (b"", "the broker cannot be reached"),
        (None, "the broker cannot be reached: timed out"),
    ],
    ids=["loading", "no number", "no digits", "half", "nothing", "silence"],
)
def test_a_server_that_does_not_answer_so_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes | None, told: str
) -> None:
    if answer is None:  # whatever is answered comes when this machine has time for it
        monkeypatch.setattr(glance, "_ANSWER_WITHIN", 0.2)
    else:
        monkeypatch.setattr(glance, "_ANSWER_WITHIN", 60.0)
    path = tmp_path / "s"
    with _server(path, answer), pytest.raises(BrokerUnreachable, match=told):
        glance.backlog(path)


def test_a_socket_that_nobody_listens_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrokerUnreachable, match="cannot be reached"):
        glance.backlog(tmp_path / "none")
