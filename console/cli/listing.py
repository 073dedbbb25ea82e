"""Lists in a terminal: a table where it fits, else a few lines for each row."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from console.cli.grid import pad
from console.cli.output import console

if TYPE_CHECKING:
    from rich.console import Console

_LEAST: Final = 16
"""Columns that a text which may be folded takes at least."""


def print_list(
    heads: Sequence[str], rows: Iterable[Sequence[object]], *, folding: Sequence[str] = ()
) -> None:
    """Print rows under headings; what is not known stays blank, numbers stand right.

    A heading is Chinese, a space, English; the two stand on lines of their own. What stands
    under the headings named by ``folding`` may be broken anywhere, the rest only between words
    and only on a narrow terminal; where even that does not fit, every row is printed as lines of
    names and values.
    """
    rows = list(rows)
    texts = [["" if value is None else _text(value) for value in row] for row in rows]
    out = console()
    whole = _least(heads, texts, folding, whole=True)
    words = _least(heads, texts, folding, whole=False)
    if _width(words) > out.width:
        _print_narrow(out, heads, texts)
        return
    tight = _width(whole) > out.width
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for place, head in enumerate(heads):
        cells = [row[place] for row in rows]
        table.add_column(
            head.replace(" ", "\n", 1),
            justify="right" if all(isinstance(cell, int | None) for cell in cells) else "left",
            overflow="fold",
            no_wrap=head not in folding and not tight,
            min_width=words[place],
        )
    for row in texts:
        table.add_row(*(Text(text) for text in row))
    out.print(table)


def _least(
    heads: Sequence[str], rows: Sequence[Sequence[str]], folding: Sequence[str], *, whole: bool
) -> list[int]:
    """Return the least width of each column, for texts that stay whole or for their words."""
    widths = []
    for place, head in enumerate(heads):
        texts = [row[place] for row in rows]
        parts = texts if whole else [word for text in texts for word in text.split()]
        widest = max(map(cell_len, parts), default=0)
        least = min(widest, _LEAST) if head in folding else widest
        widths.append(max(least, *(cell_len(part) for part in head.split(" ", 1))))
    return widths


def _width(columns: Sequence[int]) -> int:
    return sum(columns) + 2 * len(columns)


def _print_narrow(out: "Console", heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    width = max(cell_len(head) for head in heads)
    for row in rows:
        mark = "•"
        for head, text in zip(heads, row, strict=True):
            if text:
                out.print(Text(f"{mark} {pad(head, width)}  {text}"), soft_wrap=True)
                mark = " "


def _text(value: object) -> str:
    return moment(value) if isinstance(value, datetime) else str(value)


def moment(value: datetime | None) -> str:
    """Return a time for people: local, to the second."""
    return "" if value is None else value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
