"""The door to the workers: the broker, the shape of messages, and sending many of them at once.

Importing this module loads no stage, no client of any broker, and opens no connection. Messages
carry ids only; what they speak of is in the database.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from worker.broker import COSTS, PROCESS, QUEUES, Backlog, Condition, Door, Waiting, Weakness
from worker.errors import BrokerUnreachable, SettingsError
from worker.settings import Settings

if TYPE_CHECKING:
    import dramatiq

__all__ = [
    "COSTS",
    "PROCESS",
    "QUEUES",
    "Backlog",
    "BrokerUnreachable",
    "Condition",
    "Inbox",
    "Waiting",
    "Weakness",
    "backlog_of",
    "make_broker",
]

_REDIS: Final = ("redis", "rediss", "unix")
_RABBITMQ: Final = ("amqp", "amqps")


def make_broker(url: str, middleware: "Sequence[dramatiq.Middleware]" = ()) -> "dramatiq.Broker":
    """Return the broker of a worker process at a URL; nothing is connected yet.

    Args:
        url: ``redis://``, ``rediss://``, ``unix://``, ``amqp://`` or ``amqps://``.
        middleware: all of it, in order; Dramatiq's defaults are not added.

    Raises:
        SettingsError: the URL names no broker that is supported.
    """
    if _is_rabbitmq(url):
        from worker.brokers import rabbitmq

        return rabbitmq.make_broker(url, middleware)
    from worker.brokers import redis

    return redis.make_broker(url, middleware)


def _door(url: str) -> Door:
    if _is_rabbitmq(url):
        from worker.brokers.rabbitmq import RabbitmqDoor

        return RabbitmqDoor(url)
    from worker.brokers.redis import RedisDoor

    return RedisDoor(url)


def _is_rabbitmq(url: str) -> bool:
    scheme = urlsplit(url).scheme
    if scheme not in _REDIS + _RABBITMQ:
        wanted = ", ".join(f"{known}://" for known in _REDIS + _RABBITMQ)
        # never the whole URL: it may hold a password
        raise SettingsError(f"broker_url: {scheme!r} is not supported; use one of {wanted}")
    return scheme in _RABBITMQ


def backlog_of(settings: Settings) -> Backlog:
    """Return how many messages there are, for one who asks once and nothing else.

    Raises:
        BrokerUnreachable: the broker cannot be reached, does not answer within seconds or refuses.
        SettingsError: ``broker_url`` cannot be used.
    """
    if not settings.broker_url:
        from worker.brokers import glance

        return glance.backlog(settings.broker_socket)
    with closing(Inbox(settings)) as inbox:
        return inbox.backlog()


class Inbox:
    """Sends documents to the workers and counts what is on its way, whichever broker it is.

    Every method but ``close`` raises ``BrokerUnreachable`` when the broker cannot be reached, does
    not answer within seconds, refuses us or takes no more messages.

    Raises:
        SettingsError: ``broker_url`` cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._door = _door(settings.broker)

    def send(self, items: Sequence[tuple[int, str]]) -> None:
        """Send documents, given as (document id, queue name), in as few round trips as can be.

        When it raises, some may have been sent: sending them again does no harm.

        Raises:
            BrokerUnreachable: see above.
            ValueError: a queue has no such name; nothing was sent.
        """
        for _, queue in items:
            if queue not in QUEUES:
                raise ValueError(f"no queue is called {queue!r}")
        if items:
            self._door.send(items)

    def backlog(self) -> Backlog:
        """Return how many messages there are, as far as the broker tells."""
        return self._door.backlog()

    def messages(self) -> Iterator[Waiting] | None:
        """Yield every message that waits, is delayed or is in a worker's hands, at least once.

        What comes or goes meanwhile may be missing. ``None`` where a broker cannot tell them.

        Raises:
            BrokerUnreachable: the broker cannot be reached.
        """
        return self._door.messages()

    def remove(self, message: Waiting) -> bool:
        """Take a message off its queue, whoever holds it; tell whether it was there.

        Raises:
            BrokerUnreachable: the broker cannot be reached.
        """
        return self._door.remove(message)

    def outstanding(self) -> int:
        """Return how many messages there are in all, as far as the broker tells."""
        return self.backlog().total

    def mark(self) -> None:
        """Put a mark on the server, by which one that lost everything is known."""
        self._door.mark()

    def reclaim(self) -> None:
        """Put back on the queues what workers hold that have not been heard of since now.

        For a server that has just begun, whose clients are all gone: otherwise their silence is
        noticed only after half a minute. A message that comes twice does no harm.
        """
        self._door.reclaim()

    def examine(self) -> Condition:
        """Return how the server is, for an operator; takes seconds at most."""
        return self._door.examine()

    def ping(self) -> None:
        """Ask the broker for an answer."""
        self._door.ping()

    def close(self) -> None:
        """Close every connection."""
        self._door.close()
