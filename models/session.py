"""The engine, and one transaction per unit of work."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from models.turnstile import Turnstile

BACKENDS: Final = ("sqlite", "postgresql")
BUSY_TIMEOUT_MS: Final = 30_000
"""How long a writer waits for another on SQLite before the work counts as transiently failed."""

_CONNECTION: Final = {
    "application_name": "gouji",
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""libpq's parameters: a silent server is believed in for half a minute, not for two hours."""
_WAITS: Final = {
    "timezone": "UTC",
    "lock_timeout": BUSY_TIMEOUT_MS,
    "idle_in_transaction_session_timeout": 60_000,
    "tcp_keepalives_idle": 15,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Settings of the server for us: what a process that was stopped or cut off in mid-transaction has
locked is free again after a minute at most. Milliseconds, and seconds for keepalives."""
_PLANS: Final = {"random_page_cost": 1.1, "jit": "off"}
"""Settings of the server for how our questions are answered: what lists and counts need of an index
is in memory or on a disk without arms, where the default of 4 has whole tables read instead; and
compiling a question takes longer than any of ours takes. Source: PostgreSQL, 20.7.2 and 32.1."""
_RECYCLE: Final = 1800
"""Seconds after which a connection is made anew: firewalls forget those that rest."""

_LOOK_AGAIN: Final = 0.002
"""Seconds after which a writer looks whether SQLite's lock is free."""
_STATEMENTS: Final = 32
"""How many prepared statements a connection keeps. One that names 500 rows takes up to a megabyte,
and as each number of rows makes another of it, all that are kept end up large: with Python's 128 a
watcher grew by 65 MB. Keeping fewer costs no time that could be told."""
_LOST_PAUSE: Final = 0.2
_CONFLICTS: Final = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the server has rolled the transaction back.
Source: PostgreSQL, Appendix A."""
_CONFLICTS_MOST: Final = 5
_MAKE: Final = "须以 UTF8 重建 make it anew: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"

Result = TypeVar("Result")


class UnusableUrlError(ValueError):
    """A database URL cannot be used; the message never shows it: it may hold a password."""


def create(database_url: str) -> Engine:
    """Return an engine for the database; nothing is connected yet, and nothing is created.

    Its errors do not show the parameters of statements: those hold what the files say.

    SQLite runs in WAL mode with foreign keys on and ``synchronous=FULL``: a commit is on disk
    before an original file may be moved away. Its transactions begin with ``BEGIN IMMEDIATE``,
    so that two writers queue up and neither fails when it upgrades from reading to writing. They
    queue up fairly: see :mod:`models.turnstile`.

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
    return _file(parse(database_url))


def _file(url: URL) -> Path | None:
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or name == ":memory:":
        return None
    return Path(name)


def _create_postgresql(url: URL) -> Engine:
    """Return an engine whose connections notice that the server, or the way to it, is gone.

    What the URL says itself is left as it is. There is no limit on a statement: counting a million
    rows takes its time, and what it waits for is limited.
    """
    given = {name: value for name, value in _CONNECTION.items() if name not in url.query}
    # a server behind a pooler takes no options
    if "options" not in url.query:
        given["options"] = " ".join(
            f"-c {name}={value}" for name, value in (_WAITS | _PLANS).items()
        )
    engine = create_engine(
        url,
        connect_args=given,
        pool_pre_ping=True,
        pool_recycle=_RECYCLE,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        hide_parameters=True,
    )
    # before SQLAlchemy asks for its version, and does not understand the answer
    event.listen(engine, "connect", _hold_to_unicode, insert=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A reader holds no lock that a writer waits for, and may stop for whoever reads its output.
        if connection.get_execution_options().get("read_only", False):
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")

    return engine


def _hold_to_unicode(connection: Any, _record: object) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding not in (None, "UTF8"):  # None: a pooler keeps it to itself
        connection.close()
        raise UnusableUrlError(f"the database's encoding is {encoding}; {_MAKE}")


def _create_sqlite(url: URL) -> Engine:
    path = _file(url)
    turnstile = None if path is None else Turnstile(path.with_name(f"{path.name}-turn"))
    given = {"timeout": BUSY_TIMEOUT_MS / 1000, "cached_statements": _STATEMENTS}
    engine = create_engine(url, connect_args=given, hide_parameters=True)

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
        if connection.get_execution_options().get("read_only", False):
            connection.exec_driver_sql("BEGIN")
            return
        with nullcontext() if turnstile is None else turnstile.waiting():
            _begin_immediate(connection)

    return engine


def _begin_immediate(connection: Any) -> None:
    """Take the one lock for writing as soon as it is free.

    SQLite itself looks again after longer and longer pauses, up to 100 ms, in which nobody writes.
    That is right where many wait; here it is one at a time.
    """
    raw: sqlite3.Connection = connection.connection.driver_connection
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        if not _begun(raw):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # says why, in the words of SQLAlchemy
    finally:
        raw.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _begun(raw: sqlite3.Connection) -> bool:
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while time.monotonic() < deadline:
        try:
            raw.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                return False
            time.sleep(_LOOK_AGAIN)
        else:
            return True
    return False


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

    def unit(self, work: Callable[[Session], Result]) -> Result:
        """Do one unit of work in one transaction; again where that may help.

        It is done once more when the connection was lost, and a few times more when the server
        has rolled it back because others were in its way. A connection lost during the commit
        leaves open whether it was committed. So ``work`` must find out by itself that it was
        done before: a compare-and-set does, and finds nothing to do.

        Args:
            work: what to do in the transaction; nothing else may come of it.

        Raises:
            DBAPIError: it failed again, or for another reason.
        """
        lost = conflicts = 0
        while True:
            try:
                with self.transaction() as session:
                    return work(session)
            except DBAPIError as error:
                if error.connection_invalidated and lost < 1:
                    lost += 1
                    time.sleep(_LOST_PAUSE)
                elif _conflicting(error) and conflicts < _CONFLICTS_MOST:
                    conflicts += 1
                else:
                    raise

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


def _conflicting(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in _CONFLICTS
