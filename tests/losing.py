"""Connections to PostgreSQL that are lost: cut by the server, or during a commit."""

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from models.session import Database
from tests.databases import on_server

if TYPE_CHECKING:
    from collections.abc import Callable


def cut(database: Database) -> None:
    """End every connection to a database from the server's side."""
    name = database.engine.url.database
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
    on_server(f"{ended}'{name}'")


def lose_at_commit(
    database: Database, monkeypatch: pytest.MonkeyPatch, *, number: int = 1, committed: bool
) -> None:
    """Let a commit lose its connection before or after it takes place.

    Args:
        database: whose commits.
        monkeypatch: puts back what was changed.
        number: which of the commits to come, counted from 1.
        committed: whether it has taken place; nobody hears of it.
    """
    dialect = database.engine.dialect
    really: Callable[[Any], None] = dialect.do_commit
    left = number

    def commit(connection: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0 and not committed:
            cut(database)
        really(connection)
        if left == 0:
            connection.driver_connection.close()
            raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(dialect, "do_commit", commit)
