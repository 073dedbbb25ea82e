"""RabbitMQ: one server or a cluster behind one address.

Queues are durable and messages persistent. Of classic or quorum queues the virtual host's default
is taken.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final, TypeVar

import dramatiq
from dramatiq.brokers import rabbitmq as upstream
from dramatiq.common import dq_name
from dramatiq.errors import ConnectionClosed
from pika.exceptions import (  # type: ignore[import-untyped]
    AMQPHeartbeatTimeout,
    ChannelClosedByBroker,
    ConnectionBlockedTimeout,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from worker.broker import (
    HEARTBEAT,
    PREFETCH,
    PROCESS,
    QUEUES,
    Backlog,
    Condition,
    Waiting,
    Weakness,
    worker_client,
)
from worker.brokers.amqp import (
    ANSWER_WITHIN,
    CONNECT_WITHIN,
    LOST,
    Line,
    hang_up,
    parameters,
)
from worker.errors import BrokerUnreachable

_IDLE: Final = HEARTBEAT
"""Seconds without use after which one connects anew: nobody answers heartbeats meanwhile."""
_BATCH: Final = 500
_MARK: Final = "gouji.mark"
_ABSENT: Final = re.compile("NOT_FOUND - no queue")
"""What the server says of a queue that it does not know."""
_NOWHERE: Final = "gouji.nowhere"
_T = TypeVar("_T")


class _Broker(upstream.RabbitmqBroker):
    """Dramatiq's broker, which leaves no connection behind that nobody uses."""

    def __init__(self, parameters: Any, middleware: Sequence[dramatiq.Middleware]) -> None:
        super().__init__(confirm_delivery=True, middleware=list(middleware))
        self.parameters = parameters

    @property
    def consumer_class(self) -> type["_Consumer"]:
        """What consumers are made of."""
        return _Consumer

    def declare_on(self, channel: Any, queue: str) -> None:
        """Declare a queue, its delay queue and its dead letters as Dramatiq does.

        Raises:
            LOST: it cannot be declared.
        """
        self.state.channel = channel
        try:
            for declare in (self._declare_queue, self._declare_dq_queue, self._declare_xq_queue):
                declare(queue)  # type: ignore[no-untyped-call]
        finally:
            del self.state.channel

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> dramatiq.Consumer:
        """Return a consumer, which has a connection of its own.

        Raises:
            ConnectionClosed: the server cannot be reached.
        """
        try:
            with _passing():
                return super().consume(queue_name, prefetch, timeout)
        finally:
            self._hang_up()  # on the one that declared the queues

    def enqueue(
        self, message: "dramatiq.Message[Any]", *, delay: int | None = None
    ) -> "dramatiq.Message[Any]":
        """Put a message on its queue.

        Raises:
            ConnectionClosed: it may not be there.
        """
        if time.monotonic() - getattr(self.state, "used", 0.0) > _IDLE:
            self._hang_up()
        try:
            with _passing():
                return super().enqueue(message, delay=delay)
        finally:
            self.state.used = time.monotonic()

    def _hang_up(self) -> None:
        """Close this thread's connection; of one the server has closed Dramatiq logs tracebacks."""
        mine = vars(self.state)
        self.channels.discard(mine.pop("channel", None))
        connection = mine.pop("connection", None)
        self.connections.discard(connection)
        if connection is not None:
            hang_up(connection)


class _Consumer(upstream._RabbitmqConsumer):  # noqa: SLF001 - meant to be replaced: consumer_class
    """A consumer that answers only for what came over its own connection.

    Numbers of deliveries begin at one with each connection. After one was lost, Dramatiq answers
    for what came over it on the next one, where the same number is another message: that one
    would be gone before it was worked on.
    """

    def __next__(self) -> "dramatiq.MessageProxy | None":
        message: dramatiq.MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        if message is not None:
            message._consumer = self  # type: ignore[attr-defined]  # noqa: SLF001
        return message

    def ack(self, message: "dramatiq.MessageProxy") -> None:
        if self._brought(message):
            # what cannot be answered for comes again by itself
            with suppress(ConnectionClosed):
                super().ack(message)  # type: ignore[no-untyped-call]

    def nack(self, message: "dramatiq.MessageProxy") -> None:
        if self._brought(message):
            with suppress(ConnectionClosed):
                super().nack(message)  # type: ignore[no-untyped-call]

    def _brought(self, message: "dramatiq.MessageProxy") -> bool:
        return getattr(message, "_consumer", self) is self


@contextmanager
def _passing() -> Iterator[None]:
    """Let whatever passes be a lost connection; Dramatiq does not know all that pika raises."""
    try:
        yield
    except LOST as error:
        raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]


def make_broker(url: str, middleware: Sequence[dramatiq.Middleware]) -> dramatiq.Broker:
    """Return the broker of a worker process; nothing is connected yet.

    Raises:
        SettingsError: the URL cannot be used.
    """
    return _Broker(parameters(url, worker_client()), middleware)


class RabbitmqDoor:
    """The door to RabbitMQ: one connection, made when it is used, that threads use in turn."""

    def __init__(self, url: str) -> None:
        self._parameters = parameters(url, f"gouji-{os.getpid()}")
        self._broker = _Broker(self._parameters, ())
        self._lock = threading.Lock()
        self._line: Line | None = None
        self._used = 0.0

    def send(self, items: Sequence[tuple[int, str]]) -> None:
        """Put documents on their queues, 500 at a time, each confirmed by the server."""
        for start in range(0, len(items), _BATCH):
            messages = [
                (queue, dramatiq.Message(queue, PROCESS, (document_id,), {}, {}).encode())
                for document_id, queue in items[start : start + _BATCH]
            ]
            self._do(partial(Line.publish, messages=messages))

    def backlog(self) -> Backlog:
        """Count the messages that no worker has taken: the server does not tell of the others."""
        return self._do(_count)

    def messages(self) -> None:
        """Nobody but a consumer sees the messages of this server."""

    def remove(self, _message: Waiting, /) -> bool:
        """Nothing can be taken off a queue but by consuming it."""
        return False

    def mark(self) -> None:
        """Put a mark on the server: a queue that is never used."""
        self._do(lambda line: line.channel.queue_declare(_MARK, durable=True))

    def reclaim(self) -> None:
        """Do nothing: what a client held comes back when its connection is lost."""

    def examine(self) -> Condition:
        """Look at how the server is, and publish a message that goes nowhere."""
        return self._do(self._examined)

    def _examined(self, line: Line) -> Condition:
        facts = line.connection._impl.server_properties  # noqa: SLF001 - told nowhere else
        consumers = [_look(line, queue)[1] for queue in QUEUES]
        return Condition(
            product=f"{facts.get('product', '?')} {facts.get('version', '?')}",
            details=(f"vhost {self._parameters.virtual_host}",),
            workers=max(consumers),  # each process has one of each queue it serves
            weakness=None if self._takes() else Weakness.FULL,
        )

    def _takes(self) -> bool:
        probe = Line(self._parameters)
        try:
            with probe.within(CONNECT_WITHIN):
                for _ in range(2):  # a connection is blocked by its first message, which passes
                    probe.publish([(_NOWHERE, b"")], mandatory=False)
        except (AMQPHeartbeatTimeout, ConnectionBlockedTimeout):
            return False
        finally:
            probe.close()
        return True

    def ping(self) -> None:
        """Ask for an answer."""
        self._do(lambda line: line.channel.basic_qos(prefetch_count=0))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._hang_up()

    def _do(self, task: Callable[[Line], _T]) -> _T:
        """Do something on the line; on a new one if the old one turns out to be lost."""
        with self._lock, self._reaching():
            if self._line is not None and time.monotonic() - self._used < _IDLE:
                try:
                    return self._tried(self._line, task)
                except (AMQPHeartbeatTimeout, ConnectionBlockedTimeout):
                    raise  # it would only take as long again
                except LOST:
                    self._hang_up()
            self._hang_up()
            return self._tried(self._connected(), task)

    def _tried(self, line: Line, task: Callable[[Line], _T]) -> _T:
        with line.within(ANSWER_WITHIN):
            result = task(line)
        self._used = time.monotonic()
        return result

    def _connected(self) -> Line:
        self._line = line = Line(self._parameters)
        with line.within(ANSWER_WITHIN):
            for queue in QUEUES:
                self._broker.declare_on(line.channel, queue)
        return line

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except LOST as error:
            self._hang_up()
            raise BrokerUnreachable(_told(error, self._parameters)) from error


def _count(line: Line) -> Backlog:
    queues, unseen = {}, 0
    for queue in QUEUES:
        waiting, consumers = _look(line, queue)
        delayed, _ = _look(line, dq_name(queue))
        queues[queue] = waiting + delayed
        unseen += consumers * PREFETCH[queue]
    return Backlog(queues, unseen=unseen, forgot=not _marked(line))


def _look(line: Line, name: str) -> tuple[int, int]:
    """Return how many messages of a queue wait, and how many consumers it has."""
    found = line.channel.queue_declare(name, passive=True).method
    return found.message_count, found.consumer_count


def _marked(line: Line) -> bool:
    channel = line.connection.channel()  # of its own: the server closes it when there is no mark
    try:
        channel.queue_declare(_MARK, passive=True)
    except ChannelClosedByBroker as error:
        if _ABSENT.search(error.reply_text):
            return False
        raise  # it is there, and its process is not yet or not any more
    channel.close()
    return True


def _told(error: Exception, parameters: Any) -> str:
    """Say what is the matter; pika says it in no words, or in too many."""
    if isinstance(error, ProbableAuthenticationError):
        return "the broker refuses the user or the password"
    if isinstance(error, ProbableAccessDeniedError):
        return f"the broker refuses the virtual host {parameters.virtual_host}"
    if isinstance(error, ConnectionBlockedTimeout):
        return "the broker takes no messages: too little memory or disk is left"
    if isinstance(error, ChannelClosedByBroker):
        return f"the broker refuses: {error.reply_code} {error.reply_text}"
    return f"the broker cannot be reached: {_cause(error)}"


def _cause(error: BaseException) -> str:
    inner = getattr(error, "exception", None) or next(iter(error.args), None)
    if isinstance(inner, BaseException):
        return _cause(inner)
    return str(error) or type(error).__name__
