"""The bare driver of a database: rows read and written with nothing of ours in between."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import psycopg
from psycopg.types.string import TextLoader
from sqlalchemy import make_url

from models.session import Database, file_of

Rows = list[tuple[Any, ...]]
Changes = Sequence[tuple[str, Rows]]
"""Statements of which each is executed with many rows of values."""

_CHANGED: Final = {
    "documents": (
        "state",
        "attempts",
        "unfinished",
        "attempt_id",
        "lease_expires_at",
        "updated_at",
    ),
    "attempts": ("ended_at", "outcome", "stage", "duration_ms"),
}
"""What a claim and a store change of the rows that are there, by table."""


@dataclass(frozen=True, slots=True)
class Bare:
    """A connection of the driver. ``mark`` stands for a value in its statements."""

    connection: Any
    mark: str
    begin: str

    @classmethod
    @contextmanager
    def at(cls, url: str) -> Iterator[Self]:
        """Have a connection; what SQLite is to do for durability is what ours does."""
        path = file_of(url)
        if path is not None:
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                yield cls(connection, "?", "BEGIN IMMEDIATE")
            return
        plain = make_url(url).set(drivername="postgresql")
        address = plain.render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as server:
            server.adapters.register_loader("jsonb", TextLoader)  # it goes back in as it came
            yield cls(server, "%s", "BEGIN")

    def ask(self, statement: str, *values: object) -> Rows:
        """Return all rows of an answer."""
        return list(self.connection.execute(statement, values).fetchall())

    def write(self, new: Sequence[tuple[str, Rows]], changes: Changes) -> None:
        """Insert rows, by table, and change others, in one transaction."""
        inserts = [
            (f"INSERT INTO {table} VALUES ({', '.join([self.mark] * len(rows[0]))})", rows)  # noqa: S608
            for table, rows in new
        ]
        cursor = self.connection.cursor()
        cursor.execute(self.begin)
        for statement, rows in (*inserts, *changes):
            cursor.executemany(statement, rows)
        cursor.execute("COMMIT")

    def changes(self, document_ids: Sequence[int]) -> Changes:
        """Return what brings a second database's documents to where these are, with attempts."""
        wanted = ", ".join(map(str, document_ids))
        found = []
        for table, columns in _CHANGED.items():
            key = "id" if table == "documents" else "document_id"
            chosen = f"SELECT {', '.join(columns)}, id FROM {table} WHERE {key} IN ({wanted})"  # noqa: S608
            values = ", ".join(f"{column} = {self.mark}" for column in columns)
            rows = self.ask(chosen)
            found.append((f"UPDATE {table} SET {values} WHERE id = {self.mark}", rows))  # noqa: S608
        return found

    def server_cpu(self) -> Callable[[], float] | None:
        """Return what tells the seconds of CPU that its server's process has used."""
        return _cpu_of(self.connection)


@dataclass(frozen=True, slots=True)
class Marks:
    """How far tables went at a moment, so that what is new in them can be told later."""

    bare: Bare
    last: dict[str, int]

    @classmethod
    def of(cls, bare: Bare, tables: Sequence[str]) -> Self:
        """Note it."""
        asked = {table: f"SELECT coalesce(max({_key(table)}), 0) FROM {table}" for table in tables}  # noqa: S608
        return cls(bare, {table: bare.ask(query)[0][0] for table, query in asked.items()})

    def new(self) -> list[tuple[str, Rows]]:
        """Return the rows that have come since, by table; tables without any are left out."""
        found = []
        for table, last in self.last.items():
            key = _key(table)
            query = f"SELECT * FROM {table} WHERE {key} > {self.bare.mark} ORDER BY {key}"  # noqa: S608
            found.append((table, self.bare.ask(query, last)))
        return [(table, rows) for table, rows in found if rows]


def _key(table: str) -> str:
    return "report_id" if table.endswith("_rows") else "id"


def server_cpu(database: Database) -> Callable[[], float] | None:
    """Return what tells the seconds that the server's process for the one connection has used."""
    with database.engine.connect() as connection:
        return _cpu_of(connection.connection.driver_connection)


def _cpu_of(connection: Any) -> Callable[[], float] | None:
    if isinstance(connection, sqlite3.Connection):
        return None
    told = Path(f"/proc/{connection.info.backend_pid}/schedstat")
    if not told.exists():  # it runs elsewhere
        return None
    return lambda: int(told.read_text().split()[0]) / 1e9
