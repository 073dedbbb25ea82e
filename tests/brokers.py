"""Empty brokers: the embedded one always, Redis and RabbitMQ where a server is named.

``GOUJI_TEST_REDIS_URL`` is the URL of a Redis, of which the tests use and empty the databases 1 to
15. ``GOUJI_TEST_RABBITMQ_URL`` are one or more URLs of virtual hosts, with spaces between them;
each is used by one test at a time, which deletes our queues in it. ``python -m tests.servers``
starts such servers.

A stack is a broker and a database: what runs on Redis or RabbitMQ runs on PostgreSQL, if there is
one.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import pika  # type: ignore[import-untyped]
import redis

from tests.budgets import handed
from tests.databases import SERVER
from worker.broker import QUEUES

REDIS: Final = handed("REDIS_URL", "")
RABBITMQ: Final = handed("RABBITMQ_URL", "").split()
STACKS: Final = tuple(
    name
    for name, there in (("embedded", True), ("redis", REDIS), ("rabbitmq", RABBITMQ))
    if there or os.environ.get("CI")
)
DATABASES: Final = {
    name: "postgresql" if SERVER and name != "embedded" else "sqlite" for name in STACKS
}
"""The database of each stack."""

_WITHIN: Final = 300.0
_REDIS_DATABASES: Final = range(1, 16)
_LOCK_SECONDS: Final = 3600
"""Longer than any test takes: the database would be given to two of them."""
_LOCK: Final = "gouji.test.lock"


@contextmanager
def empty(stack: str, embedded: str) -> Iterator[str]:
    """Have an empty broker for as long as the block runs; yields its URL.

    Args:
        stack: one of ``STACKS``.
        embedded: the URL of the embedded broker.
    """
    if stack == "rabbitmq":
        assert RABBITMQ, "GOUJI_TEST_RABBITMQ_URL is not set"
        with _virtual_host() as url:
            flush(url)
            yield url
        return
    assert stack == "embedded" or REDIS, "GOUJI_TEST_REDIS_URL is not set"
    with _redis_database() if stack == "redis" else _given(embedded) as url:
        flush(url)
        yield url


def flush(url: str) -> None:
    """Let a broker forget everything, as one does that was replaced."""
    if not url.startswith("amqp"):
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return
    with _connection(url) as connection:
        channel = connection.channel()
        for queue in (*_names(), "gouji.mark"):
            channel.queue_delete(queue)


def purge(url: str) -> None:
    """Let a broker lose its messages, but not the knowledge that it had some."""
    if not url.startswith("amqp"):
        with redis.Redis.from_url(url) as client:
            for queue in _names():
                client.delete(f"dramatiq:{queue}", f"dramatiq:{queue}.msgs")
        return
    with _connection(url) as connection:
        for queue in _names():
            with suppress(pika.exceptions.ChannelClosedByBroker):  # it was never declared
                connection.channel().queue_purge(queue)


def _connection(url: str, heartbeat: int | None = None) -> pika.BlockingConnection:
    """Connect, however long the server takes for it beside everything else."""
    parameters = pika.URLParameters(url)
    parameters.heartbeat = heartbeat
    parameters.socket_timeout, parameters.stack_timeout = 60, 120
    return pika.BlockingConnection(parameters)


def _names() -> list[str]:
    return [f"{queue}{end}" for queue in QUEUES for end in ("", ".DQ", ".XQ")]


@contextmanager
def _given(url: str) -> Iterator[str]:
    yield url


@contextmanager
def _redis_database() -> Iterator[str]:
    """Have a database that no other process of tests uses."""
    with redis.Redis.from_url(REDIS) as client:
        number = _first(lambda n: client.set(f"{_LOCK}.{n}", 1, nx=True, ex=_LOCK_SECONDS))
        try:
            yield f"{REDIS.rpartition('/')[0]}/{number}"
        finally:
            client.delete(f"{_LOCK}.{number}")


def _first(taken: Any) -> int:
    deadline = time.monotonic() + _WITHIN
    while time.monotonic() < deadline:
        for number in _REDIS_DATABASES:
            if taken(number):
                return number
        time.sleep(0.1)
    raise TimeoutError("every database of Redis is in use")


@contextmanager
def _virtual_host() -> Iterator[str]:
    """Have a virtual host that no other process of tests uses: a queue of one connection."""
    deadline = time.monotonic() + _WITHIN
    while time.monotonic() < deadline:
        for url in RABBITMQ:
            lock = _connection(url, heartbeat=0)
            try:
                lock.channel().queue_declare(_LOCK, exclusive=True)
            except pika.exceptions.ChannelClosedByBroker:
                lock.close()
                continue
            try:
                yield url
            finally:
                with suppress(pika.exceptions.AMQPError):
                    lock.close()
            return
        time.sleep(0.1)
    raise TimeoutError("every virtual host of RabbitMQ is in use")
