"""Lists in a terminal."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich import box
from rich.table import Table

from console.cli.output import console


def print_list(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings; what is not known stays blank, numbers stand right.

    A heading is Chinese, a space, English; the two stand on lines of their own.
    """
    rows = list(rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for place, head in enumerate(heads):
        cells = [row[place] for row in rows]
        table.add_column(
            head.replace(" ", "\n", 1),
            justify="right" if all(isinstance(cell, int | None) for cell in cells) else "left",
            overflow="fold",
            no_wrap=all(isinstance(cell, int | datetime | None) for cell in cells),
        )
    for row in rows:
        table.add_row(*("" if value is None else _text(value) for value in row))
    console().print(table)


def _text(value: object) -> str:
    return moment(value) if isinstance(value, datetime) else str(value)


def moment(value: datetime | None) -> str:
    """Return a time for people: local, to the second."""
    return "" if value is None else value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
