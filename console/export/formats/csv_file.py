"""CSV (RFC 4180, UTF-8): for programs exactly as it is, for Excel with a mark and no formulas."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any, Final

from console.export.fields import Table, Type
from console.export.formats.writer import Turn, Turned, as_json, exact
from console.export.snapshot import Line

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def moment(value: datetime) -> str:
    """Return a moment as RFC 3339 writes it, in UTC, to the microsecond."""
    return value.isoformat(timespec="microseconds").replace("+00:00", "Z")


def guarded(value: Any) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Source: OWASP, CSV Injection.
    """
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


_TURNS: Final[dict[Type, Turn]] = {
    Type.NUMBER: exact,
    Type.FLAG: lambda value: "true" if value else "false",
    Type.MOMENT: moment,
    Type.LIST: as_json,
    Type.OBJECT: as_json,
}
_EXCEL: Final[dict[Type, Turn]] = {Type.TEXT: guarded}


class CsvFile:
    """One table as CSV; null is empty, amounts are exact decimals, lists and objects JSON.

    Args:
        out: where to; it stays open.
        table: the table.
        excel: begin with a byte order mark, by which Excel knows UTF-8, and let no text be taken
            for a formula.
    """

    def __init__(self, out: IO[bytes], table: Table, *, excel: bool = False) -> None:
        self._text = io.TextIOWrapper(out, "utf-8-sig" if excel else "utf-8", newline="")
        self._writer = csv.writer(self._text)
        self._turned = Turned(table, _TURNS | _EXCEL if excel else _TURNS)
        self._writer.writerow(table.names)

    def write(self, table: str, lines: Sequence[Line]) -> None:  # noqa: ARG002 - it has only one
        """Write rows."""
        self._writer.writerows(self._turned(lines))

    def close(self) -> None:
        """Write what is left."""
        self._text.flush()
        self._text.detach()
