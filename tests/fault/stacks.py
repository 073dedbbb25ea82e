"""The three stacks that gouji runs on, each with servers of its own that can be broken."""

import os
import shutil
import signal
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import ClassVar, Final, Self
from uuid import uuid4

import redis
from sqlalchemy import create_engine, make_url, text

from tests import brokers
from tests.fault.disks import mounted
from tests.fault.running import Running, until
from tests.servers import PostgresServer, RabbitServer, RedisServer
from tests.tools import absent

_DISK: Final = 600
"""Megabytes for a PostgreSQL server."""
_OPTIONS: Final = ("-c", "max_connections=60", "-c", "max_wal_size=64MB")


class Stack(ABC):
    """A database and a broker; ``prepare`` gives the settings of a run on it."""

    name: ClassVar[str]

    @contextmanager
    def up(self) -> Iterator[Self]:
        """Have its servers for as long as the block runs."""
        yield self

    @abstractmethod
    def prepare(self) -> dict[str, str]:
        """Return the settings of a new run, upper case: a database of its own, and the broker."""

    # What can be done to the broker.

    @abstractmethod
    def kill_broker(self, running: Running) -> None:
        """Kill it; it is started again with what it had on disk."""

    @abstractmethod
    def empty_broker(self, running: Running) -> None:
        """Kill it; it is started again with nothing."""

    @abstractmethod
    def flush_broker(self, running: Running) -> None:
        """Let it forget every message while it runs."""

    @abstractmethod
    @contextmanager
    def silent_broker(self, running: Running) -> Iterator[None]:
        """Let it answer nobody for as long as the block runs; connections stay."""

    @abstractmethod
    @contextmanager
    def full_broker(self, running: Running) -> Iterator[None]:
        """Let it have no memory for further messages for as long as the block runs."""

    # What can be done to the database.

    @abstractmethod
    @contextmanager
    def locked_database(self, running: Running) -> Iterator[None]:
        """Let nobody else write for as long as the block runs."""


class Embedded(Stack):
    """SQLite, and the server that ``gouji up`` runs."""

    name = "sqlite+embedded"

    def prepare(self) -> dict[str, str]:
        return {}

    def kill_broker(self, running: Running) -> None:
        os.kill(_answering(running), signal.SIGKILL)

    def empty_broker(self, running: Running) -> None:
        pid = _answering(running)
        shutil.rmtree(running.data / "broker" / "appendonlydir")
        os.kill(pid, signal.SIGKILL)

    def flush_broker(self, running: Running) -> None:
        _answering(running)
        with _client(running) as client:
            client.flushall()

    @contextmanager
    def silent_broker(self, running: Running) -> Iterator[None]:
        with _stopped(_answering(running)):
            yield

    @contextmanager
    def full_broker(self, running: Running) -> Iterator[None]:
        _answering(running)
        with _client(running) as client, _full(client):
            yield

    @contextmanager
    def locked_database(self, running: Running) -> Iterator[None]:
        path = running.settings.database.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=300, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")


class Postgres(Stack):
    """PostgreSQL, and a broker that nobody but the tests starts again."""

    broker: RedisServer | RabbitServer

    database: PostgresServer

    @contextmanager
    def up(self) -> Iterator[Self]:
        for server in (PostgresServer, type(self.broker)):
            if not server.available():
                absent(server.kind)
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            with mounted(Path(folder) / "disk", _DISK) as disk:
                self.database = PostgresServer(directory=disk, options=_OPTIONS)
                with self.database, self.broker:
                    yield self

    def prepare(self) -> dict[str, str]:
        name = f"gouji_fault_{uuid4().hex}"
        self._do(f"CREATE DATABASE {name}")
        url = make_url(self.database.url).set(database=name)
        return {
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "BROKER_URL": self.broker.url,
        }

    def kill_broker(self, running: Running) -> None:
        self.broker.kill()
        self.broker.start()

    def empty_broker(self, running: Running) -> None:
        self.broker.kill()
        self.broker.wipe()
        self.broker.start()

    @contextmanager
    def silent_broker(self, running: Running) -> Iterator[None]:
        self.broker.pause()
        try:
            yield
        finally:
            self.broker.resume()

    @contextmanager
    def locked_database(self, running: Running) -> Iterator[None]:
        engine = create_engine(running.settings.database)
        with engine.begin() as connection:
            connection.execute(text("LOCK TABLE documents IN EXCLUSIVE MODE"))
            yield
        engine.dispose()

    def kill_database(self) -> None:
        """Kill the server; it recovers from its log."""
        self.database.kill()
        self.database.start()

    def revive_database(self) -> None:
        """Start it again if a full disk has ended it; what it cannot recover from it ends of."""
        self.database.kill()
        self.database.start()

    def cut_connections(self, running: Running) -> None:
        """End every connection of the run, in whatever it does."""
        name = make_url(running.settings.database).database
        others = f"datname = '{name}' AND pid <> pg_backend_pid()"
        self._do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608

    @contextmanager
    def silent_database(self) -> Iterator[None]:
        """Let the database answer nobody for as long as the block runs; connections stay."""
        self.database.pause()
        try:
            yield
        finally:
            self.database.resume()

    @contextmanager
    def read_only_database(self, running: Running) -> Iterator[None]:
        """Let nobody write for as long as the block runs."""
        name = make_url(running.settings.database).database
        self._do(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        self.cut_connections(running)
        yield
        self._do(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
        self.cut_connections(running)

    def _do(self, statement: str) -> None:
        engine = create_engine(self.database.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


class PostgresRedis(Postgres):
    """PostgreSQL and Redis."""

    name = "postgresql+redis"

    def __init__(self) -> None:
        self.broker: RedisServer = RedisServer()

    def flush_broker(self, running: Running) -> None:
        with _client(running) as client:
            client.flushall()

    @contextmanager
    def full_broker(self, running: Running) -> Iterator[None]:
        with _client(running) as client, _full(client):
            yield


class PostgresRabbit(Postgres):
    """PostgreSQL and RabbitMQ."""

    name = "postgresql+rabbitmq"

    def __init__(self) -> None:
        self.broker: RabbitServer = RabbitServer()

    def flush_broker(self, running: Running) -> None:
        brokers.purge(self.broker.url)

    @contextmanager
    def full_broker(self, running: Running) -> Iterator[None]:
        self.broker.control("set_vm_memory_high_watermark", "0.00001")
        yield
        self.broker.control("set_vm_memory_high_watermark", "0.6")


STACKS: Final[tuple[type[Stack], ...]] = (Embedded, PostgresRedis, PostgresRabbit)


def _answering(running: Running) -> int:
    """Wait until the embedded server answers: one that was killed is on its way back.

    Returns:
        Its process.
    """

    def answers() -> bool:
        with suppress(redis.RedisError), _client(running) as client:
            return bool(client.ping())
        return False

    until(answers, 120, running.story)
    with _client(running) as client:
        return int(client.info("server")["process_id"])


@contextmanager
def _stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def _full(client: redis.Redis) -> Iterator[None]:
    client.config_set("maxmemory", "1")
    try:
        yield
    finally:
        client.config_set("maxmemory", "0")


def _client(running: Running) -> redis.Redis:
    return redis.Redis.from_url(running.settings.broker)
