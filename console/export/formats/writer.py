"""The contract of the formats, and values turned into others a column at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import orjson

from console.export.fields import Table, Type
from console.export.snapshot import Line

Turn = Callable[[Any], Any]


class Writer(Protocol):
    """What takes the rows of tables in, and has written all of them when it is closed."""

    def write(self, table: str, lines: Sequence[Line]) -> None:
        """Take in rows of one of the tables."""
        ...

    def close(self) -> None:
        """Write what is left to be written."""
        ...


class Turned:
    """Rows with the values of some types turned into others; ``None`` is left as it is.

    It is done by column: calls in a loop over a million rows of 23 values would take longer than
    everything else.
    """

    def __init__(self, table: Table, turns: Mapping[Type, Turn]) -> None:
        self._turns = [
            (place, turns[field.type])
            for place, field in enumerate(table.fields)
            if field.type in turns
        ]

    def __call__(self, lines: Sequence[Line]) -> Iterable[Line]:
        """Return the rows with their values turned."""
        columns: list[Any] = list(zip(*lines, strict=True))
        for place, turn in self._turns if columns else ():
            values = columns[place]
            columns[place] = [None if value is None else turn(value) for value in values]
        return zip(*columns, strict=True)


class Apart:
    """A writer of several tables, of which each has one of its own."""

    def __init__(self, writers: Mapping[str, Writer]) -> None:
        self._writers = writers

    def write(self, table: str, lines: Sequence[Line]) -> None:
        """Let the writer of the table take them in."""
        self._writers[table].write(table, lines)

    def close(self) -> None:
        """Close all of them, even if one fails."""
        _close_all(iter(self._writers.values()))


def _close_all(writers: Iterator[Writer]) -> None:
    for writer in writers:
        try:
            writer.close()
        finally:
            _close_all(writers)


def exact(value: int | Decimal) -> int | str:
    """Return an amount as a decimal without exponent; whole numbers stay."""
    return value if type(value) is int else format(value, "f")


def as_json(value: Any) -> str:
    """Return a list or an object as JSON, always in the same way."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
