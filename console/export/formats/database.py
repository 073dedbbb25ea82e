"""An SQLite database ready for Datasette: tables with keys and indexes, views, and its metadata."""

import sqlite3
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from console.export.fields import Table, Type
from console.export.formats.csv_file import moment
from console.export.formats.writer import Turn, Turned, as_json
from console.export.snapshot import Line

TYPES: Final = {
    Type.TEXT: "TEXT",
    Type.INTEGER: "INTEGER",
    Type.NUMBER: "",  # without a type SQLite keeps each value as it is given
    Type.FLAG: "INTEGER",
    Type.DATE: "TEXT",
    Type.MOMENT: "TEXT",
    Type.SHARE: "REAL",
    Type.LIST: "TEXT",
    Type.OBJECT: "TEXT",
}
_EXACT_DIGITS: Final = 15
"""Decimals of so many digits come back from a float of 64 bits as they were (IEEE 754)."""
_INDEXES: Final = (
    ("reports", "publisher_key, year"),
    ("reports", "division_code"),
    ("reports", "year"),
    ("cells", "cell, year"),
    ("cells", "printed"),
    ("findings", "report_id"),
    ("findings", "rule, severity"),
)


def number(value: int | Decimal) -> int | float | str:
    """Return a number as one, where no digit of it is lost, else as text."""
    if isinstance(value, int):
        return value
    digits = len(value.as_tuple().digits)
    return float(value) if digits <= _EXACT_DIGITS else format(value, "f")


_TURNS: Final[dict[Type, Turn]] = {
    Type.NUMBER: number,
    Type.FLAG: int,
    Type.DATE: str,
    Type.MOMENT: moment,
    Type.LIST: as_json,
    Type.OBJECT: as_json,
}


class Database:
    """Tables in one SQLite file; whole when it is closed.

    Args:
        path: the file to be written.
        tables: the tables; one that another refers to comes along only where it is among them.
    """

    def __init__(self, path: Path, tables: Sequence[Table]) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.isolation_level = None
        # A draft that is thrown away if anything happens needs no journal.
        for pragma in ("page_size = 4096", "journal_mode = OFF", "synchronous = OFF"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._turned = {table.name: Turned(table, _TURNS) for table in tables}
        self._insert = {table.name: _insert(table) for table in tables}
        names = frozenset(self._insert)
        self._connection.execute("BEGIN")
        for table in tables:
            self._connection.execute(_create(table, names))

    def write(self, table: str, lines: Sequence[Line]) -> None:
        """Insert rows."""
        self._connection.executemany(self._insert[table], self._turned[table](lines))

    def close(self) -> None:
        """Make the indexes, and be done."""
        try:
            for table, columns in _INDEXES:
                if table in self._insert:
                    name = f"ix_{table}_{columns.replace(', ', '_')}"
                    self._connection.execute(f"CREATE INDEX {name} ON {table} ({columns})")
            self._connection.execute("COMMIT")
        finally:
            self._connection.close()


def _create(table: Table, names: frozenset[str]) -> str:
    columns = [
        " ".join(
            part
            for part in (
                f'"{field.name}"',
                TYPES[field.type],
                "NOT NULL" if field.required else "",
            )
            if part
        )
        for field in table.fields
    ]
    columns.append(f"PRIMARY KEY ({', '.join(table.key)})")
    columns += [
        f"FOREIGN KEY ({column}) REFERENCES {other} ({column})"
        for column, other in table.refers
        if other in names
    ]
    return f"CREATE TABLE {table.name} ({', '.join(columns)})"


def _insert(table: Table) -> str:
    return f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.fields))})"  # noqa: S608


def metadata(tables: Sequence[Table], title: str, about: str) -> Mapping[str, Any]:
    """Return what Datasette shows beside the tables, by ``datasette X.db -m X.metadata.json``."""
    return {
        "title": title,
        "description": about,
        "databases": {
            "*": {
                "tables": {
                    table.name: {
                        "title": table.name,
                        "description": f"{table.chinese}。{table.english}.",
                        "columns": {
                            field.name: f"{field.chinese}。{field.english}"
                            for field in table.fields
                        },
                    }
                    for table in tables
                }
            }
        },
    }
