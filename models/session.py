"""The engine, and one transaction per unit of work."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session, sessionmaker

BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for another on SQLite before the work counts as transiently failed."""


def create(database_url: str) -> Engine:
    """Return an engine for the database; nothing is connected yet.

    Its errors do not show the parameters of statements: those hold what the files say.

    SQLite runs in WAL mode with foreign keys on and ``synchronous=FULL``: a commit is on disk
    before an original file may be moved away. Its transactions begin with ``BEGIN IMMEDIATE``,
    so that two writers queue up and neither fails when it upgrades from reading to writing.
    """
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return _create_sqlite(url)
    return create_engine(url, pool_pre_ping=True, hide_parameters=True)


def _create_sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun by the listener below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


class Database:
    """A database as the parts use it: transactions for writing, snapshots for reading."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = sessionmaker(engine, expire_on_commit=False)
        self._reading = sessionmaker(
            engine.execution_options(read_only=True), expire_on_commit=False
        )

    @classmethod
    def at(cls, database_url: str) -> "Database":
        """Return the database at a URL."""
        return cls(create(database_url))

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One unit of work: committed when the block ends, rolled back when it raises."""
        with self._writing.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent view that writes nothing and never blocks a writer on SQLite.

        What was read stays readable after the block.
        """
        with self._reading() as session:  # closing it rolls back; a rollback would expire objects
            yield session

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
