"""XLSX: a sheet for each table, and more where one is full; codes stay text."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from console.export.fields import Table, Type
from console.export.formats.csv_file import moment
from console.export.formats.writer import Turn, Turned, as_json
from console.export.snapshot import Line

ROWS: Final = 1_048_576
"""Rows of a sheet. Source: Microsoft, "Excel specifications and limits"."""
LONGEST: Final = 32_767
"""Characters of a cell; same source."""
_EXACT: Final = 10**15
"""Excel keeps 15 digits of a number; same source."""
_EPOCH: Final = datetime(1980, 1, 1, tzinfo=UTC)
_WIDTH: Final = 14
_CUT: Final = "…"


def number(value: int | Decimal) -> int | float | str:
    """Return a number as one, where Excel keeps every digit of it, else as text."""
    if isinstance(value, int):
        return value if abs(value) < _EXACT else str(value)
    exact = len(value.as_tuple().digits) <= len(str(_EXACT - 1))
    return float(value) if exact else format(value, "f")


def cut(text: str) -> str:
    """Return a text that a cell takes; a longer one is cut and ends with an ellipsis."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + _CUT


_TURNS: Final[dict[Type, Turn]] = {
    Type.TEXT: cut,
    Type.INTEGER: number,
    Type.NUMBER: number,
    Type.DATE: str,
    Type.MOMENT: moment,
    Type.LIST: lambda value: cut(as_json(value)),
    Type.OBJECT: lambda value: cut(as_json(value)),
}


class Workbook:
    """Tables as sheets; rows go to disk as they come.

    Args:
        path: the file to be written.
        tables: the tables, in the order of the sheets.
        made: the moment that the file tells as its own.
        rows: how many rows a sheet takes.
    """

    def __init__(
        self,
        path: Path,
        tables: Sequence[Table],
        made: datetime | None,
        rows: int = ROWS,
    ) -> None:
        from xlsxwriter import Workbook as Book  # type: ignore[import-untyped]

        self._book = Book(path, {"constant_memory": True, "tmpdir": str(path.parent)})
        self._book.set_properties({"created": (made or _EPOCH).replace(tzinfo=None)})
        self._head = self._book.add_format({"bold": True})
        self._rows = rows
        self._sheets = {table.name: _Sheets(table) for table in tables}
        for sheets in self._sheets.values():
            self._add(sheets)

    def write(self, table: str, lines: Sequence[Line]) -> None:
        """Write rows."""
        sheets = self._sheets[table]
        for line in sheets.turned(lines):
            if sheets.row == self._rows:
                self._add(sheets)
            sheets.put(line)

    def close(self) -> None:
        """Write the file."""
        self._book.close()

    def _add(self, sheets: "_Sheets") -> None:
        sheets.count += 1
        name = sheets.table.name if sheets.count == 1 else f"{sheets.table.name}_{sheets.count}"
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(sheets.table.fields) - 1, _WIDTH)
        for column, title in enumerate(sheets.table.names):
            sheet.write_string(0, column, title, self._head)
        sheets.begin(sheet)


class _Sheets:
    """The sheets of one table, and where its next row goes."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.turned = Turned(table, _TURNS)
        self.count = 0
        self.row = 0

    def begin(self, sheet: Any) -> None:
        """Go on with another sheet, whose heading is written."""
        self.row = 1
        self._kinds: dict[type, Callable[..., Any]] = {
            str: sheet.write_string,
            int: sheet.write_number,
            float: sheet.write_number,
            bool: sheet.write_boolean,
        }

    def put(self, line: Line) -> None:
        """Write one row; null and the empty text are empty cells."""
        row, kinds = self.row, self._kinds
        for column, value in enumerate(line):
            if value is not None and value != "":
                kinds[type(value)](row, column, value)
        self.row = row + 1
