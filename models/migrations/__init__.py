"""Alembic, run from code: no ``alembic.ini``, and safe when several processes start at once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import SchemaItem

from models.session import create, file_of

_HERE: Final = Path(__file__).parent
_LOCK: Final = 0x676F756A69  # "gouji": the key of the advisory lock
_DDL_WAIT: Final = "5s"
"""So long at most a change of tables waits for those who read them: others wait behind it."""
_TRIES: Final = 60
_PAUSE: Final = 2.0
_LOCK_NOT_AVAILABLE: Final = "55P03"


def upgrade(database_url: str) -> bool:
    """Bring a database to the newest revision, in one transaction; tell whether it had to be.

    Whoever comes second waits for the first (``BEGIN IMMEDIATE`` on SQLite, an advisory lock on
    PostgreSQL) and then finds nothing left to do. One that a newer release has migrated is left as
    it is: what a release adds does not disturb the one before. The directory of an SQLite file is
    made.

    Raises:
        OSError: the directory cannot be made.
        SQLAlchemyError: the database cannot be reached, or its tables are in use for minutes.
        UnusableUrlError: see :func:`models.session.create`.
    """
    file = file_of(database_url)
    if file is not None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)  # SQLite would make it as the umask says, and its log like it
    engine = create(database_url)
    try:
        for left in reversed(range(_TRIES)):
            try:
                return _upgrade(engine)
            except OperationalError as error:
                if not left or getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                    raise
            time.sleep(_PAUSE)  # those who wait behind come in between
    finally:
        engine.dispose()
    raise AssertionError("not reached")


def _upgrade(engine: Engine) -> bool:
    with engine.connect() as connection, _rebuilding(connection):
        _have_to_oneself(connection)
        found = revision(connection)
        if found == head() or is_newer(found):
            return False
        command.upgrade(configuration(connection), "head")
        return True


def _have_to_oneself(connection: Connection) -> None:
    """Wait for whoever migrates already, however long that takes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{_DDL_WAIT}'"))


def is_newer(found: str | None) -> bool:
    """Tell whether a revision is none of this release: a newer one has migrated the database."""
    if found is None:
        return False
    known = ScriptDirectory.from_config(configuration()).walk_revisions()
    return all(one.revision != found for one in known)


@contextmanager
def _rebuilding(connection: Connection) -> Iterator[None]:
    """One transaction in which tables can be rebuilt that others refer to.

    SQLite changes a constraint only by making the table anew, and what refers to the old one
    would be in the way; so its foreign keys rest meanwhile and are checked before the commit.
    Source: SQLite, "Making Other Kinds Of Table Schema Changes", steps 1, 10 and 12.
    """
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:  # has no effect inside a transaction, which an execution would begin
        connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
    with connection.begin():
        yield
        if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
            raise RuntimeError(f"row {broken[1]} of {broken[0]} has lost its row of {broken[2]}")


def current(database_url: str) -> str | None:
    """Return the revision of a database, ``None`` where none was ever applied."""
    file = file_of(database_url)
    if file is not None and not file.exists():
        return None  # opening it would create it
    engine = create(database_url)
    try:
        with engine.connect().execution_options(read_only=True) as connection:
            return revision(connection)
    finally:
        engine.dispose()


def head() -> str:
    """Return the newest revision."""
    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    if newest is None:
        raise LookupError(f"no migrations in {_HERE}")
    return newest


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, with the connection it is to use."""
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def meant_for(dialect: str) -> Callable[..., bool]:
    """Return what tells Alembic which indexes and constraints a kind of database has at all."""

    def meant(item: SchemaItem, *_: object) -> bool:
        only = getattr(item, "_ddl_if", None)
        return only is None or only.dialect == dialect

    return meant


def revision(connection: Connection) -> str | None:
    """Return the revision of the database that a connection leads to."""
    return MigrationContext.configure(connection).get_current_revision()
