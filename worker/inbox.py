"""The door to the workers: the broker, the shape of messages, and sending many of them at once.

Importing this module loads no stage and opens no connection. Messages carry ids only; what they
speak of is in the database.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import current_millis, dq_name
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from worker.errors import BrokerUnreachable, SettingsError
from worker.settings import Settings

__all__ = ["PROCESS", "QUEUES", "BrokerUnreachable", "Inbox", "make_broker"]

QUEUES: Final = ("fast", "slow", "ocr")
"""Queues by cost: text, HTML, Word and spreadsheets; PDF and legacy Word; scanned pages."""

WORKER_CLIENT: Final = "gouji-work-"
"""How connections of worker processes are named on the server, before the process id."""

PROCESS: Final = "process"
"""The actor that takes a document id; the same one on every queue."""

# A killed worker's messages come back when some client does maintenance on the queue after the
# worker has been silent for the timeout. Dramatiq's defaults (0.1 % of commands, 60 s) took 288 s
# in trials. Every consumer polls at least once a second, so 30 s of silence is a dead worker or
# one that C code blocks; a message that then comes twice does no harm.
_MAINTENANCE_PER_MILLION: Final = 50_000
_EVERY_TIME: Final = 1_000_000
_HEARTBEAT_TIMEOUT_MS: Final = 30_000
_SCHEMES: Final = ("redis", "rediss", "unix")
_PIPELINE: Final = 500


def make_broker(url: str, middleware: Sequence[dramatiq.Middleware] = ()) -> dramatiq.Broker:
    """Return the broker at a URL; nothing is connected yet.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
        middleware: all of it, in order; Dramatiq's defaults are not added.

    Raises:
        SettingsError: the URL names no broker that is supported.
    """
    return _redis_broker(url, middleware, f"{WORKER_CLIENT}{os.getpid()}")


def _redis_broker(
    url: str, middleware: Sequence[dramatiq.Middleware], name: str | None = None
) -> RedisBroker:
    scheme = urlsplit(url).scheme
    if scheme not in _SCHEMES:
        wanted = ", ".join(f"{known}://" for known in _SCHEMES)
        # never the whole URL: it may hold a password
        raise SettingsError(f"broker_url: {scheme!r} is not supported; use one of {wanted}")
    backoff = ExponentialWithJitterBackoff(base=0.05, cap=0.5)
    client = redis.Redis.from_url(
        url, retry=Retry(backoff, 2), health_check_interval=30, client_name=name
    )
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        middleware=list(middleware),
        maintenance_chance=_MAINTENANCE_PER_MILLION,
        heartbeat_timeout=_HEARTBEAT_TIMEOUT_MS,
    )


class Waiting(NamedTuple):
    """A message on its way: its queue, its key there, and the document it speaks of, if any."""

    queue: str
    key: str
    document_id: int | None


class Inbox:
    """Sends documents to the workers and counts what is on its way."""

    def __init__(self, settings: Settings) -> None:
        self._broker = _redis_broker(settings.broker, ())

    def send(self, items: Sequence[tuple[int, str]]) -> None:
        """Send documents, given as (document id, queue name), in as few round trips as can be.

        When it raises, some may have been sent: sending them again does no harm.

        Raises:
            BrokerUnreachable: the broker cannot be reached.
            ValueError: a queue has no such name.
        """
        for start in range(0, len(items), _PIPELINE):
            with _reaching(), self._client.pipeline(transaction=False) as pipeline:
                for document_id, queue in items[start : start + _PIPELINE]:
                    self._push(pipeline, document_id, queue)
                pipeline.execute()

    def _push(self, pipeline: Any, document_id: int, queue: str) -> None:
        """Do what ``RedisBroker.enqueue`` does, but inside a pipeline: 60-100 us, not 350-560."""
        if queue not in QUEUES:
            raise ValueError(f"no queue is called {queue!r}")
        key = str(uuid4())
        message: dramatiq.Message[None] = dramatiq.Message(
            queue, PROCESS, (document_id,), {}, {"redis_message_id": key}
        )
        broker = self._broker
        no_maintenance, largest_unpack = 0, 1000
        self._broker.scripts["dispatch"](
            keys=[broker.namespace],
            args=[
                "enqueue",
                current_millis(),
                queue,
                broker.broker_id,
                broker.heartbeat_timeout,
                broker.dead_message_ttl,
                no_maintenance,
                largest_unpack,
                key,
                message.encode(),
            ],
            client=pipeline,
        )

    def backlog(self) -> dict[str, int]:
        """Return for each queue how many messages wait, are delayed, or are in a worker's hands.

        Raises:
            BrokerUnreachable: the broker cannot be reached.
        """
        with _reaching(), self._client.pipeline(transaction=False) as pipeline:
            for queue in QUEUES:
                for name in (queue, dq_name(queue)):
                    pipeline.hlen(f"{self._broker.namespace}:{name}.msgs")
            counts = pipeline.execute()
        return {queue: counts[2 * n] + counts[2 * n + 1] for n, queue in enumerate(QUEUES)}

    def messages(self) -> Iterator[Waiting] | None:
        """Yield every message that waits, is delayed or is in a worker's hands, at least once.

        What comes or goes meanwhile may be missing. ``None`` where a broker cannot tell them.

        Raises:
            BrokerUnreachable: the broker cannot be reached.
        """
        # a delayed message goes over to its queue when its time has come, never back
        names = [name for queue in QUEUES for name in (dq_name(queue), queue)]
        return (message for name in names for message in self._messages(name))

    def _messages(self, name: str) -> Iterator[Waiting]:
        with _reaching():
            for key, data in self._client.hscan_iter(
                f"{self._broker.namespace}:{name}.msgs", count=_PIPELINE
            ):
                yield Waiting(name, os.fsdecode(key), _document_of(data))

    def remove(self, message: Waiting) -> bool:
        """Take a message off its queue, whoever holds it; tell whether it was there.

        Raises:
            BrokerUnreachable: the broker cannot be reached.
        """
        name = f"{self._broker.namespace}:{message.queue}"
        with _reaching(), self._client.pipeline() as pipeline:
            pipeline.lrem(name, 0, message.key)
            pipeline.hdel(f"{name}.msgs", message.key)
            return bool(pipeline.execute()[-1])

    def outstanding(self) -> int:
        """Return how many messages wait, are delayed or are in a worker's hands, all queues.

        Raises:
            BrokerUnreachable: the broker cannot be reached.
        """
        return sum(self.backlog().values())

    def reclaim(self) -> None:
        """Put back on the queues what workers hold that have not been heard of since now.

        For a server that has just begun, whose clients are all gone: otherwise their silence is
        noticed only after half a minute. A message that comes twice does no harm.

        Raises:
            BrokerUnreachable: the broker cannot be reached.
        """
        broker, heartbeats = self._broker, f"{self._broker.namespace}:__heartbeats__"
        with _reaching():
            silent: dict[Any, float] = dict.fromkeys(self._client.zrange(heartbeats, 0, -1), 0.0)
            if silent:
                self._client.zadd(heartbeats, silent, xx=True)
            broker.maintenance_chance = _EVERY_TIME
            for queue in QUEUES:
                for name in (queue, dq_name(queue)):
                    broker.do_qsize(name)  # any command would do: maintenance comes with it
            broker.maintenance_chance = _MAINTENANCE_PER_MILLION

    def ping(self) -> None:
        """Ask the broker for an answer.

        Raises:
            BrokerUnreachable: there is none.
        """
        with _reaching():
            self._client.ping()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    @property
    def _client(self) -> redis.Redis:
        client: redis.Redis = self._broker.client
        return client


def _document_of(data: bytes) -> int | None:
    """Return the document that an encoded message speaks of, ``None`` for any other message."""
    try:
        message: dramatiq.Message[None] = dramatiq.Message.decode(data)
    # whatever lies there was not written by us
    except Exception:  # noqa: BLE001
        return None
    known = message.actor_name == PROCESS and len(message.args) == 1
    return message.args[0] if known and isinstance(message.args[0], int) else None


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise BrokerUnreachable(f"the broker cannot be reached: {error}") from error
