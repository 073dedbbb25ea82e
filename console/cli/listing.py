"""Lists in a terminal: a table where it fits, else a few lines for each row."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import click
from rich.cells import cell_len

from console.cli.columns import pad

_RULE: Final = "─"


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
    right = [all(isinstance(row[place], int | None) for row in rows) for place in range(len(heads))]
    if _is_plain(texts) and sum(_widths(heads, texts)) + 2 * len(heads) <= _room():
        _print_plain(heads, texts, right)
        return
    from console.cli.listing_folded import print_folded  # brings rich, which takes its time

    print_folded(heads, texts, right, folding)


def _is_plain(texts: Sequence[Sequence[str]]) -> bool:
    """Tell whether every text is one line that can be printed as it is."""
    return all(text.isprintable() for row in texts for text in row)


def _room() -> int:
    """Return how wide stdout is; what is no terminal has no end."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


def _print_plain(
    heads: Sequence[str], texts: Sequence[Sequence[str]], right: Sequence[bool]
) -> None:
    widths = _widths(heads, texts)
    for line in zip(*(_lines(head) for head in heads), strict=True):
        click.secho(_line(line, widths, right), bold=True)
    click.echo(_RULE * (sum(widths) + 2 * len(widths) - 2))
    for row in texts:
        click.echo(_line(row, widths, right))


def _widths(heads: Sequence[str], texts: Sequence[Sequence[str]]) -> list[int]:
    columns = zip(*(_lines(head) for head in heads), strict=True), texts
    cells = [row for rows in columns for row in rows]
    return [max(cell_len(row[place]) for row in cells) for place in range(len(heads))]


def _lines(head: str) -> tuple[str, str]:
    chinese, _, english = head.partition(" ")
    return chinese, english


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = (
        " " * (width - cell_len(cell)) + cell if at_right else pad(cell, width)
        for cell, width, at_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(parts)


def _text(value: object) -> str:
    return moment(value) if isinstance(value, datetime) else str(value)


def moment(value: datetime | None) -> str:
    """Return a time for people: local, to the second."""
    return "" if value is None else value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
