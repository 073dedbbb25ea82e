"""A line to RabbitMQ: a connection with a channel, which answers within seconds or is lost."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pika  # type: ignore[import-untyped]
from pika.adapters.utils.connection_workflow import (  # type: ignore[import-untyped]
    AMQPConnectorException,
)
from pika.exceptions import (  # type: ignore[import-untyped]
    AMQPConnectionError,
    AMQPError,
    AMQPHeartbeatTimeout,
    ChannelClosedByBroker,
)

from worker.broker import HEARTBEAT
from worker.errors import SettingsError

# it logs each failure up to ten times, with tracebacks, beside raising it
logging.getLogger("pika").setLevel(logging.CRITICAL)

CONNECT_WITHIN: Final = 5.0
"""Seconds for reaching a server."""
ANSWER_WITHIN: Final = 15.0
"""Seconds for everything that is done at once: a batch of 500 takes a fifth of a second."""
_BLOCKED_FOR: Final = 5.0
"""Seconds that a server may take no messages, for want of memory or disk, until that is an error.

Dramatiq tries six times in each thread of a worker.
"""
_NOT_FOUND: Final = 404

# pika asserts its own state where a connection is lost in the middle of a call
LOST: Final = (AMQPError, AMQPConnectorException, OSError, AssertionError)
"""What is raised when a server is lost, cannot be reached, or refuses."""


def parameters(url: str, name: str) -> Any:
    """Return pika's parameters for a URL; what its query says goes before what we would choose.

    Args:
        url: ``amqp://`` or ``amqps://``.
        name: how the server shows the connections.

    Raises:
        SettingsError: the URL cannot be used.
    """
    try:
        made = pika.URLParameters(url)
    except (ValueError, TypeError):  # TypeError: a user without a password
        # nothing of what it says: it may hold a password
        raise SettingsError(
            "broker_url: not a URL of RabbitMQ; amqp://user:password@host:5672/vhost is expected, "
            "where / in the name of the virtual host is %2F"
        ) from None
    asked = parse_qs(urlsplit(url).query)
    ours = {
        "heartbeat": HEARTBEAT,
        "blocked_connection_timeout": _BLOCKED_FOR,
        "socket_timeout": CONNECT_WITHIN,
        "stack_timeout": 2 * CONNECT_WITHIN,
        "client_properties": {"connection_name": name},
    }
    for key, value in ours.items():
        if key not in asked:
            setattr(made, key, value)
    return made


def hang_up(connection: Any) -> None:
    """Close a connection; one that is lost already needs no goodbye."""
    with suppress(*LOST):
        connection.close()
        return
    with suppress(*LOST):  # pika leaves the sockets of its loop open then
        connection._impl.ioloop.close()  # noqa: SLF001 - no public call frees them


class Line:
    """One connection with a channel, on which everything is done within seconds or fails."""

    def __init__(self, parameters: Any) -> None:
        self.connection = pika.BlockingConnection(parameters)
        self.channel = self.connection.channel()
        self._published = 0
        self._unconfirmed: set[int] = set()
        self._refused = False
        # Of the blocking channel each message would wait for its own confirmation: 166 messages a
        # second one by one, 3,800 in batches of 500 (2 cores).
        with self.within(ANSWER_WITHIN):
            ready: list[object] = []
            self.channel._impl.confirm_delivery(self._on_confirmed, ready.append)  # noqa: SLF001
            self._until(lambda: bool(ready))
        self.channel.add_on_return_callback(self._on_returned)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Lose the connection if what is done in the block takes longer: pika has no time-outs.

        Raises:
            AMQPConnectionError: it is lost already.
        """
        if not self.connection.is_open:
            raise AMQPConnectionError("the connection was lost")
        implementation = self.connection._impl  # noqa: SLF001 - no public call ends a connection
        silence = AMQPHeartbeatTimeout(f"no answer within {seconds:.0f} s")
        end = partial(implementation._terminate_stream, silence)  # noqa: SLF001
        timer = implementation._adapter_call_later(seconds, end)  # noqa: SLF001
        try:
            yield
        finally:
            if self.connection.is_open:
                implementation._adapter_remove_timeout(timer)  # noqa: SLF001

    def publish(self, messages: Sequence[tuple[str, bytes]], *, mandatory: bool = True) -> None:
        """Publish (queue, body) pairs and wait until the server has them all on disk.

        Args:
            messages: what to publish.
            mandatory: whether a queue that is missing is an error.

        Raises:
            LOST: it may not have them all.
        """
        self._refused = False
        persistent = pika.BasicProperties(delivery_mode=2)
        for queue, body in messages:
            # unlike the blocking channel's this waits for nothing
            self.channel._impl.basic_publish("", queue, body, persistent, mandatory)  # noqa: SLF001
            self._published += 1
            self._unconfirmed.add(self._published)
        self._until(lambda: not self._unconfirmed)
        if self._refused:
            raise ChannelClosedByBroker(_NOT_FOUND, "a queue is missing or takes no more messages")

    def _on_confirmed(self, frame: Any) -> None:
        method = frame.method
        if method.multiple:
            self._unconfirmed = {tag for tag in self._unconfirmed if tag > method.delivery_tag}
        else:
            self._unconfirmed.discard(method.delivery_tag)
        self._refused |= isinstance(method, pika.spec.Basic.Nack)
        self.connection.add_callback_threadsafe(lambda: None)  # ends the wait for events

    def _on_returned(self, *_: object) -> None:
        self._refused = True

    def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.connection.process_data_events(time_limit=0.1)
            if not self.channel.is_open:
                raise AMQPConnectionError("the channel was closed")

    def close(self) -> None:
        """Hang up, within seconds."""
        with suppress(*LOST), self.within(CONNECT_WITHIN):
            hang_up(self.connection)
            return
        hang_up(self.connection)
