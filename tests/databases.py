"""Empty databases: SQLite always, and PostgreSQL where a server is named.

``GOUJI_TEST_DATABASE_URL`` is the URL of a database whose user may create others, such as
``postgresql+psycopg://postgres@127.0.0.1:5432/postgres``. Each test gets a database of its own.
"""

import atexit
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Final
from uuid import uuid4

from psycopg.errors import ObjectInUse
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from models import migrations
from models.session import file_of
from tests.budgets import handed

SERVER: Final = handed("DATABASE_URL", "")
"""Taken out of the environment: the settings refuse variables they do not know."""
_TRIES: Final = 12
BACKENDS: Final = ("sqlite", "postgresql") if SERVER else ("sqlite",)


@contextmanager
def empty(backend: str, directory: Path) -> Iterator[str]:
    """Have an empty database for as long as the block runs; yields its URL."""
    if backend == "sqlite":
        yield f"sqlite:///{directory / 'gouji.db'}"
        return
    name = f"gouji_test_{uuid4().hex}"
    _recreate(name)
    try:
        yield _url(name)
    finally:
        _drop(name)


def migrated(url: str) -> None:
    """Bring an empty database to the newest revision, by a copy of one that is: it is faster."""
    path = file_of(url)
    if path is None:
        if migrations.current(url) is None:
            _recreate(make_url(url).database or "", f"TEMPLATE {_template()}")
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(_newest())


def whole(path: Path) -> bytes:
    """Return a database file that nobody has open, with what its log still held."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


def _url(name: str) -> str:
    return make_url(SERVER).set(database=name).render_as_string(hide_password=False)


def _recreate(name: str, how: str = "") -> None:
    _drop(name)
    _patiently(f"CREATE DATABASE {name} {how}")


def _drop(name: str) -> None:
    _patiently(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _patiently(statement: str) -> None:
    """Execute a statement that fails when connections which were ended take five seconds to go."""
    for left in reversed(range(_TRIES)):
        try:
            on_server(statement)
        except OperationalError as error:
            if not left or not isinstance(error.orig, ObjectInUse):
                raise
        else:
            return


def on_server(statement: str) -> None:
    """Execute a statement on the server, by a connection to no database of ours."""
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text(statement))


@cache
def _template() -> str:
    name = f"gouji_test_template_{uuid4().hex}"
    _recreate(name)
    atexit.register(_drop, name)
    migrations.upgrade(_url(name))
    return name


@cache
def _newest() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gouji.db"
        migrations.upgrade(f"sqlite:///{path}")
        return whole(path)
