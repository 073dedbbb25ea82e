"""Redis and Valkey: one server, by URL or embedded. Sentinel and Cluster are not supported."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final
from uuid import uuid4

import dramatiq
import orjson
import redis
from dramatiq.brokers import redis as upstream
from dramatiq.common import current_millis, dq_name
from dramatiq.errors import ConnectionClosed
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from redis.retry import Retry

from worker.broker import (
    HEARTBEAT,
    PROCESS,
    QUEUES,
    WORKER_CLIENT,
    Backlog,
    Condition,
    Waiting,
    Weakness,
    worker_client,
)
from worker.brokers import glance
from worker.errors import BrokerUnreachable, SettingsError

# A killed worker's messages come back when some client does maintenance on the queue after the
# worker has been silent for the timeout. Dramatiq's defaults (0.1 % of commands, 60 s) took 288 s
# in trials.
_MAINTENANCE_PER_MILLION: Final = 50_000
_EVERY_TIME: Final = 1_000_000
_FULL: Final = 2
"""Misses after which one that has its fill sleeps no longer: some 20 ms."""
_PIPELINE: Final = 500
_CONNECT_WITHIN: Final = 3.0
_ANSWER_WITHIN: Final = 10.0


class _Broker(upstream.RedisBroker):
    """Dramatiq's broker, for which whatever a server refuses passes as a lost connection does.

    Out of memory, a replica that was promoted or not, a time-out: Dramatiq takes these for errors
    of its own. It then never tells the server that a message is done, which holds it for as long as
    the process lives; and the thread that keeps delayed messages ends.
    """

    def __init__(self, client: redis.Redis, middleware: Sequence[dramatiq.Middleware]) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            client=client,
            middleware=list(middleware),
            maintenance_chance=_MAINTENANCE_PER_MILLION,
            heartbeat_timeout=HEARTBEAT * 1000,
        )
        self.kept: dict[str, set[str]] = {}
        """By queue, the keys of messages that this process has in memory."""

    @property
    def consumer_class(self) -> type["_Consumer"]:
        """What consumers are made of."""
        return _Consumer

    def enqueue(
        self, message: "dramatiq.Message[Any]", *, delay: int | None = None
    ) -> "dramatiq.Message[Any]":
        """Put a message on its queue.

        Raises:
            ConnectionClosed: it may not be there.
        """
        with _passing():
            return super().enqueue(message, delay=delay)


class _Consumer(upstream._RedisConsumer):  # noqa: SLF001 - meant to be replaced: consumer_class
    """A consumer that first puts back what its server takes for delivered and nobody has.

    Such are the messages of an answer that was lost with its connection, and delayed messages,
    which Dramatiq forgets when the connection of their consumer is lost. The server would otherwise
    hold them for as long as the process lives.
    """

    broker: _Broker

    def __init__(self, broker: _Broker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, timeout)  # type: ignore[no-untyped-call]
        kept = broker.kept.setdefault(queue_name, set())
        if queue_name in broker.delay_queues:
            kept.clear()
        with _passing():
            acks = f"{broker.namespace}:__acks__.{broker.broker_id}.{queue_name}"
            held: Any = broker.client.smembers(acks)
            for key in {key.decode() for key in held} - kept:
                broker.do_requeue(queue_name, key)

    def __next__(self) -> "dramatiq.MessageProxy | None":
        if self.outstanding_message_count >= self.prefetch:
            # it is full, not idle: Dramatiq would sleep longer and longer, up to a second, while
            # what it holds is worked off together
            self.misses = min(self.misses, _FULL)
        with _passing():
            message: dramatiq.MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        if message is not None:
            self.broker.kept[self.queue_name].add(message.options["redis_message_id"])
        return message

    def ack(self, message: "dramatiq.MessageProxy") -> None:
        with _passing():
            super().ack(message)  # type: ignore[no-untyped-call]
        self._let_go(message)

    def nack(self, message: "dramatiq.MessageProxy") -> None:
        with _passing():
            super().nack(message)  # type: ignore[no-untyped-call]
        self._let_go(message)

    def requeue(self, messages: Any) -> None:
        with _passing():
            super().requeue(messages)  # type: ignore[no-untyped-call]

    def _let_go(self, message: "dramatiq.MessageProxy") -> None:
        self.broker.kept[self.queue_name].discard(message.options["redis_message_id"])


@contextmanager
def _passing() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]


def make_broker(url: str, middleware: Sequence[dramatiq.Middleware]) -> dramatiq.Broker:
    """Return the broker of a worker process; nothing is connected yet.

    Raises:
        SettingsError: the URL cannot be used.
    """
    return _Broker(_client(url, worker_client()), middleware)


def _client(url: str, name: str | None = None) -> redis.Redis:
    try:
        client: redis.Redis = redis.Redis.from_url(
            url,
            retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), 2),
            health_check_interval=30,
            client_name=name,
            socket_connect_timeout=_CONNECT_WITHIN,
            socket_timeout=_ANSWER_WITHIN,
        )
    except ValueError:
        # nothing of what it says: it may hold a password
        raise SettingsError(
            "broker_url: not a URL of Redis; redis://user:password@host:6379/0 is expected"
        ) from None
    return client


class RedisDoor:
    """The door to Redis; nothing is connected before it is used."""

    def __init__(self, url: str) -> None:
        self._broker = _Broker(_client(url), ())
        self._client: redis.Redis = self._broker.client

    def send(self, items: Sequence[tuple[int, str]]) -> None:
        """Put documents on their queues, 500 in a round trip."""
        for start in range(0, len(items), _PIPELINE):
            messages: dict[str, dict[Any, bytes]] = {}
            moment = current_millis()
            for document_id, queue in items[start : start + _PIPELINE]:
                key = str(uuid4())
                messages.setdefault(queue, {})[key] = _encoded(document_id, queue, key, moment)
            self._push(messages)

    def _push(self, messages: Mapping[str, dict[Any, bytes]]) -> None:
        """Do what ``RedisBroker.enqueue`` does, for all at once: 5 us each, not 350-560.

        Args:
            messages: by queue and key.
        """
        with _reaching(), self._client.pipeline() as pipeline:
            for queue, encoded in messages.items():
                name = f"{self._broker.namespace}:{queue}"
                # first what is to be found, then where to find it
                pipeline.hset(f"{name}.msgs", mapping=encoded)
                pipeline.rpush(name, *encoded)
            pipeline.execute()

    def backlog(self) -> Backlog:
        """Count every message: those that wait, are delayed, or are in a worker's hands."""
        with _reaching(), self._client.pipeline(transaction=False) as pipeline:
            for key in glance.MESSAGES:
                pipeline.hlen(key)
            pipeline.exists(glance.MARK)
            return glance.counted(pipeline.execute())

    def messages(self) -> Iterator[Waiting]:
        """Yield every message that waits, is delayed or is in a worker's hands, at least once."""
        # a delayed message goes over to its queue when its time has come, never back
        names = [name for queue in QUEUES for name in (dq_name(queue), queue)]
        return (message for name in names for message in self._messages(name))

    def _messages(self, name: str) -> Iterator[Waiting]:
        key = f"{self._broker.namespace}:{name}.msgs"
        with _reaching():
            for field, data in self._client.hscan_iter(key, count=_PIPELINE):
                yield Waiting(name, os.fsdecode(field), document_of(data))

    def remove(self, message: Waiting) -> bool:
        """Take a message off its queue, whoever holds it; tell whether it was there."""
        name = f"{self._broker.namespace}:{message.queue}"
        with _reaching(), self._client.pipeline() as pipeline:
            pipeline.lrem(name, 0, message.key)
            pipeline.hdel(f"{name}.msgs", message.key)
            return bool(pipeline.execute()[-1])

    def mark(self) -> None:
        """Put a mark on the server: a key."""
        with _reaching():
            self._client.set(glance.MARK, 1)

    def reclaim(self) -> None:
        """Put back on the queues what workers hold that have not been heard of since now."""
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

    def examine(self) -> Condition:
        """Look at how the server is; its own count of memory says whether it takes messages."""
        policy = "?"
        with _reaching():
            facts: dict[str, Any] = self._client.info()
            workers = self._workers()
            with suppress(redis.ResponseError):  # hosted servers do not tell their settings
                found: Any = self._client.config_get("maxmemory-policy")
                policy = found.get("maxmemory-policy", policy)
        version = facts.get("valkey_version") or facts.get("redis_version")
        durable = bool(facts.get("aof_enabled"))
        return Condition(
            product=f"{'Valkey' if 'valkey_version' in facts else 'Redis'} {version}",
            details=(f"maxmemory-policy {policy}", f"appendonly {'yes' if durable else 'no'}"),
            workers=workers,
            weakness=_weakness(facts, policy, durable=durable),
        )

    def _workers(self) -> int:
        """Count processes that take messages: each has several connections, and only one name.

        Several installations may share a server, each in a database of its own.
        """
        ours = str(self._client.get_connection_kwargs().get("db", 0))
        found: list[dict[str, str]] = self._client.client_list()
        names = {one["name"] for one in found if one["db"] == ours}
        return sum(name.startswith(WORKER_CLIENT) for name in names)

    def ping(self) -> None:
        """Ask for an answer."""
        with _reaching():
            self._client.ping()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


def _weakness(facts: dict[str, Any], policy: str, *, durable: bool) -> Weakness | None:
    most = facts.get("maxmemory") or 0
    if facts.get("role") == "slave":
        return Weakness.READ_ONLY
    if policy not in ("noeviction", "?"):
        return Weakness.EVICTS
    if 0 < most <= facts.get("used_memory", 0):
        return Weakness.FULL
    return None if durable else Weakness.VOLATILE


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except redis.AuthenticationError as error:
        raise BrokerUnreachable(f"the broker refuses the user or the password: {error}") from error
    except OutOfMemoryError as error:
        raise BrokerUnreachable(f"the broker has no memory left: {error}") from error
    except ReadOnlyError as error:
        raise BrokerUnreachable(f"the broker is a replica: {error}") from error
    except redis.ResponseError as error:
        raise BrokerUnreachable(f"the broker refuses: {error}") from error
    except redis.RedisError as error:
        raise BrokerUnreachable(f"the broker cannot be reached: {error}") from error


def _encoded(document_id: int, queue: str, key: str, moment: int) -> bytes:
    """Return a new message as Dramatiq writes it, by another encoder: 1 us, not 20.

    Args:
        document_id: what it speaks of.
        queue: the name of its queue.
        key: its own id, and the one that it has on the queue.
        moment: milliseconds since 1970.
    """
    message = {
        "queue_name": queue,
        "actor_name": PROCESS,
        "args": [document_id],
        "kwargs": {},
        "options": {"redis_message_id": key},
        "message_id": key,
        "message_timestamp": moment,
    }
    return orjson.dumps(message)


def document_of(data: bytes) -> int | None:
    """Return the document that an encoded message speaks of, ``None`` for any other message."""
    try:
        message: dramatiq.Message[None] = dramatiq.Message.decode(data)
    # whatever lies there was not written by us
    except Exception:  # noqa: BLE001
        return None
    known = message.actor_name == PROCESS and len(message.args) == 1
    return message.args[0] if known and isinstance(message.args[0], int) else None
