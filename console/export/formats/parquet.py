"""Parquet, compressed by Zstandard, written by DuckDB (``gouji[export]``) from JSON Lines."""

from collections.abc import Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Final

from console.export.errors import ExtraMissing
from console.export.fields import Table, Type
from console.export.formats.json_lines import JsonLines
from console.export.snapshot import Line

TYPES: Final = {
    Type.TEXT: "VARCHAR",
    Type.INTEGER: "BIGINT",
    Type.NUMBER: "DECIMAL(38,12)",
    Type.FLAG: "BOOLEAN",
    Type.DATE: "DATE",
    Type.MOMENT: "TIMESTAMPTZ",
    Type.SHARE: "DOUBLE",
    Type.LIST: "VARCHAR",
    Type.OBJECT: "VARCHAR",
}
"""The types of columns; lists and objects are JSON. A cell has at most 19 digits before the point;
past the twelfth place after it, a hundred-millionth of a yuan, an amount is rounded."""

_GROUP: Final = 30_720
"""Rows that are compressed together, and are in memory until they are: a quarter of the usual."""
_SETTINGS: Final = {
    "threads": 1,  # more of them would write row groups in the order in which they are done
    "memory_limit": "'512MB'",
    "preserve_insertion_order": "true",
    "autoinstall_known_extensions": "false",  # nothing is fetched from anywhere
    "enable_progress_bar": "false",
    "TimeZone": "'UTC'",
}


class Parquet:
    """One table as Parquet; its rows wait in a file beside it until all are there.

    Args:
        path: the file to be written.
        table: the table.

    Raises:
        ExtraMissing: DuckDB is not installed.
    """

    def __init__(self, path: Path, table: Table) -> None:
        self._duckdb = engine()
        self._path = path
        self._table = table
        self._waiting = path.with_name(f"{path.name}.rows")
        self._out = self._waiting.open("wb")
        self._lines = JsonLines(self._out, table)

    def write(self, table: str, lines: Sequence[Line]) -> None:
        """Let rows wait."""
        self._lines.write(table, lines)

    def close(self) -> None:
        """Write the file."""
        self._out.close()
        try:
            with closing(self._duckdb.connect()) as connection:
                for name, value in _SETTINGS.items():
                    connection.execute(f"SET {name} = {value}")
                connection.execute(self._statement())
        finally:
            self._waiting.unlink()

    def _statement(self) -> str:
        columns = ", ".join(
            f"'{field.name}': '{TYPES[field.type]}'" for field in self._table.fields
        )
        return (
            f"COPY (SELECT * FROM read_json({_quoted(self._waiting)}, "  # noqa: S608 - quoted
            f"format = 'newline_delimited', columns = {{{columns}}})) "
            f"TO {_quoted(self._path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_GROUP})"
        )


def is_there() -> bool:
    """Tell whether what writes Parquet is installed."""
    return find_spec("duckdb") is not None


def engine() -> ModuleType:
    """Return DuckDB.

    Raises:
        ExtraMissing: it is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise ExtraMissing("Parquet 需要 needs gouji[export]: make export") from None
    return duckdb


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
