"""JSON Lines: an object for each row; amounts are strings, since JSON numbers end up as floats."""

from collections.abc import Sequence
from typing import IO, Final

import orjson

from console.export.fields import Table, Type
from console.export.formats.writer import Turn, Turned, exact
from console.export.snapshot import Line

_TURNS: Final[dict[Type, Turn]] = {Type.NUMBER: exact}
_OPTIONS: Final = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


class JsonLines:
    """One table; every object has every member, in the order of the columns.

    Args:
        out: where to; it stays open.
        table: the table.
    """

    def __init__(self, out: IO[bytes], table: Table) -> None:
        self._out = out
        self._names = table.names
        self._turned = Turned(table, _TURNS)

    def write(self, table: str, lines: Sequence[Line]) -> None:  # noqa: ARG002 - it has only one
        """Write rows."""
        names, dumps, put = self._names, orjson.dumps, self._out.write
        for line in self._turned(lines):
            put(dumps(dict(zip(names, line, strict=True)), option=_OPTIONS))

    def close(self) -> None:
        """Write what is left."""
        self._out.flush()
