"""The engine, and one transaction per unit of work."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session, sessionmaker

BACKENDS = ("sqlite", "postgresql")
BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for another on SQLite before the work counts as transiently failed."""

_SILENT_FOR: Final = {
    "connect_timeout": 10,  # seconds, of each address of the host
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}
"""For half a minute a silent server is believed in, not for the hours that TCP would.

Parameters of libpq; what the URL says of them goes before.
"""

_FORGOTTEN_AFTER: Final = (
    "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
    " SET tcp_user_timeout = 30000; SET idle_in_transaction_session_timeout = 60000"
)
"""The same for the server, in seconds and milliseconds.

Else it would keep for ever what a host that was cut off, or a stopped process, has locked.
"""


class UnusableUrlError(ValueError):
    """A database URL cannot be used; the message never shows it: it may hold a password."""


def create(database_url: str) -> Engine:
    """Return an engine for the database; nothing is connected yet, and nothing is created.

    Its errors do not show the parameters of statements: those hold what the files say.

    SQLite runs in WAL mode with foreign keys on and ``synchronous=FULL``: a commit is on disk
    before an original file may be moved away. Its transactions begin with ``BEGIN IMMEDIATE``,
    so that two writers queue up and neither fails when it upgrades from reading to writing.

    Raises:
        UnusableUrlError: it is no URL, names a database that is not supported, or its driver is
            not installed.
    """
    url = parse(database_url)
    try:
        if url.get_backend_name() == "sqlite":
            return _create_sqlite(url)
        return _create_postgresql(url)
    except (ImportError, ArgumentError) as error:
        raise UnusableUrlError(f"{url.drivername}: {error}") from error


def parse(database_url: str) -> URL:
    """Return the parts of a database URL.

    Raises:
        UnusableUrlError: it is no URL, or names a database that is not supported.
    """
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise UnusableUrlError("it is not a database URL") from None
    if url.get_backend_name() not in BACKENDS:
        raise UnusableUrlError(f"{url.drivername!r} is not supported")
    return url


def file_of(database_url: str) -> Path | None:
    """Return the file of an SQLite database, ``None`` for any other.

    Raises:
        UnusableUrlError: it is no URL, or names a database that is not supported.
    """
    url = parse(database_url)
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or name == ":memory:":
        return None
    return Path(name)


def _create_postgresql(url: URL) -> Engine:
    silent_for = {key: value for key, value in _SILENT_FOR.items() if key not in url.query}
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=silent_for)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(_FORGOTTEN_AFTER)
        cursor.close()
        connection.commit()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if connection.get_execution_options().get("read_only", False):  # it locks nobody out
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")

    return engine


def _create_sqlite(url: URL) -> Engine:
    engine = create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun by the listener below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Turn WAL on; of several who do so on a new file at once some are refused without a wait."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


class Database:
    """A database as the parts use it: transactions for writing, snapshots for reading."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = sessionmaker(engine, expire_on_commit=False)
        options: dict[str, Any] = {"read_only": True}
        if engine.dialect.name != "sqlite":  # whose transactions are snapshots anyway
            options["isolation_level"] = "REPEATABLE READ"
        self._reading = sessionmaker(engine.execution_options(**options), expire_on_commit=False)

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
