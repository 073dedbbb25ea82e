"""XLSX: a sheet for each table, and more where one is full; codes stay text.

Written here and not by a library: it takes less than a third of the time, since rows are turned
into XML a column at a time, and the rows of the largest table go straight into the archive.
Source: ECMA-376, part 1 (SpreadsheetML), part 2 (packages).
"""

import re
import shutil
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final

from console.export.fields import CELLS, Table, Type
from console.export.formats.csv_file import moment
from console.export.formats.workbook_parts import FIRST_DAY, parts
from console.export.formats.writer import as_json
from console.export.snapshot import Line

ROWS: Final = 1_048_576
"""Rows of a sheet. Source: Microsoft, "Excel specifications and limits"."""
LONGEST: Final = 32_767
"""Characters of a cell; same source."""
_BYTES: Final = 2_000_000_000
"""Of a sheet as XML: larger members of an archive need extensions that not every reader knows."""
_EXACT: Final = 10**15
"""Excel keeps 15 digits of a number; same source."""
_CUT: Final = "…"
_LEVEL: Final = 3
_AT_ONCE: Final = 500
"""Rows that are turned into XML together, which is ten times as long as they are."""
_CHUNK: Final = 1 << 20
_SPECIAL: Final = re.compile(
    r"[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)|^[ \t\n]|[ \t\n]$"
)
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<sheetFormatPr defaultRowHeight="15"/><sheetData>'
)
_TAIL: Final = "</sheetData></worksheet>"

Turn = Callable[[Any], str]


def number(value: float | Decimal) -> str:
    """Return a number as the inside of a cell: as text where Excel would lose a digit of it."""
    if isinstance(value, int):
        exact = abs(value) < _EXACT
    else:
        exact = len(Decimal(value).as_tuple().digits) <= len(str(_EXACT - 1))
    plain = format(value, "f") if isinstance(value, Decimal) else str(value)
    return f"><v>{plain}</v></c>" if exact else text(plain)


def text(value: str) -> str:
    """Return a text as the inside of a cell; one that is too long is cut, with an ellipsis."""
    if len(value) > LONGEST:
        value = value[: LONGEST - 1] + _CUT
    if _SPECIAL.search(value) is None:
        return f' t="inlineStr"><is><t>{value}</t></is></c>'
    escaped = _SPECIAL.sub(_escaped, value)
    return f' t="inlineStr"><is><t xml:space="preserve">{escaped}</t></is></c>'


def _escaped(found: re.Match[str]) -> str:
    """Return what stands for a character that XML, or its reader, would take for another."""
    one = found.group()
    if one in " \t\n":
        return one
    return _ENTITIES.get(one) or f"_x{ord(one):04X}_"


def _flag(value: bool) -> str:
    return f' t="b"><v>{int(value)}</v></c>'


_TURNS: Final[dict[Type, Turn]] = {
    Type.TEXT: text,
    Type.INTEGER: number,
    Type.NUMBER: number,
    Type.FLAG: _flag,
    Type.DATE: lambda value: text(str(value)),
    Type.MOMENT: lambda value: text(moment(value)),
    Type.SHARE: lambda value: f"><v>{value!r}</v></c>",
    Type.LIST: lambda value: text(as_json(value)),
    Type.OBJECT: lambda value: text(as_json(value)),
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
        self, path: Path, tables: Sequence[Table], made: datetime | None, rows: int = ROWS
    ) -> None:
        self._path = path
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._made = made or datetime(*FIRST_DAY, tzinfo=UTC)
        self._sheets: list[tuple[str, str]] = []
        self._waiting: list[Path] = []
        straight = CELLS if CELLS in tables else tables[0]
        self._tables = {
            table.name: _Rows(table, self._straight if table is straight else self._aside, rows)
            for table in tables
        }

    def write(self, table: str, lines: Sequence[Line]) -> None:
        """Write rows."""
        self._tables[table].write(lines)

    def close(self) -> None:
        """Write the file."""
        with self._archive:
            for table in self._tables.values():
                table.end()
            for path in self._waiting:
                with path.open("rb") as source, self._archive.open(_member(path.name), "w") as out:
                    shutil.copyfileobj(source, out, _CHUNK)
                path.unlink()
            names = [
                (sheet, part)
                for table in self._tables
                for sheet, part in self._sheets
                if sheet.partition(" ")[0] == table
            ]
            for name, body in parts(names, self._made):
                with self._archive.open(_member(name), "w") as out:
                    out.write(body.encode())

    def _straight(self, sheet: str) -> IO[bytes]:
        return self._archive.open(_member(f"xl/worksheets/{self._part(sheet)}"), "w")

    def _aside(self, sheet: str) -> IO[bytes]:
        """Have a sheet wait in a file: an archive takes one member at a time."""
        path = self._path.parent / self._part(sheet)
        self._waiting.append(path)
        return path.open("wb")

    def _part(self, sheet: str) -> str:
        part = f"sheet{len(self._sheets) + 1}.xml"
        self._sheets.append((sheet, part))
        return part


def _member(name: str) -> zipfile.ZipInfo:
    path = name if "/" in name or name.startswith("[") else f"xl/worksheets/{name}"
    told = zipfile.ZipInfo(path, FIRST_DAY)
    told.compress_type = zipfile.ZIP_DEFLATED
    told.create_system = 0
    return told


class _Rows:
    """The sheets of one table, one after the other."""

    def __init__(self, table: Table, begin: Callable[[str], IO[bytes]], rows: int) -> None:
        self._table = table
        self._begin = begin
        self._most = rows
        self._columns = [
            (f'<c r="{_letters(place)}', _TURNS[field.type])
            for place, field in enumerate(table.fields)
        ]
        self._count = 0
        self._next()

    def write(self, lines: Sequence[Line]) -> None:
        """Write rows, on as many sheets as they need."""
        while lines:
            if self._row >= self._most or self._bytes > _BYTES:
                self.end()
                self._next()
            part = min(self._most - self._row, _AT_ONCE)
            self._put(lines[:part])
            lines = lines[part:]

    def end(self) -> None:
        """End the sheet that is begun."""
        self._out.write(_TAIL.encode())
        self._out.close()

    def _next(self) -> None:
        self._count += 1
        name = self._table.name
        self._out = self._begin(name if self._count == 1 else f"{name} {self._count}")
        cells = [
            f'{start}1" s="1"{text(name)}'
            for (start, _), name in zip(self._columns, self._table.names, strict=True)
        ]
        self._bytes = self._out.write(f'{_HEAD}<row r="1">{"".join(cells)}</row>'.encode())
        self._row = 1

    def _put(self, lines: Sequence[Line]) -> None:
        """Write rows to the sheet that is begun; null and the empty text are no cells at all."""
        numbers = range(self._row + 1, self._row + 1 + len(lines))
        columns = [[f'<row r="{number}">' for number in numbers]]
        for (start, turn), values in zip(self._columns, zip(*lines, strict=True), strict=True):
            columns.append(
                [
                    "" if value is None or value == "" else f'{start}{number}"{turn(value)}'
                    for number, value in zip(numbers, values, strict=True)
                ]
            )
        columns.append(["</row>"] * len(lines))
        written = "".join(map("".join, zip(*columns, strict=True))).encode()
        self._bytes += self._out.write(written)
        self._row += len(lines)


def _letters(place: int) -> str:
    """Return what a column is called: A, B, …, Z, AA, AB."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
