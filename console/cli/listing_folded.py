"""Lists that do not fit as they are: texts are folded, or each row becomes lines of its own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from console.cli.columns import pad
from console.cli.output import console

if TYPE_CHECKING:
    from rich.console import Console

_LEAST: Final = 16
"""Columns that a text which may be folded takes at least."""


def print_folded(
    heads: Sequence[str],
    texts: Sequence[Sequence[str]],
    right: Sequence[bool],
    folding: Sequence[str],
) -> None:
    """Print a list whose texts may be folded, see :func:`console.cli.listing.print_list`.

    ``right`` are the columns that stand right.
    """
    out = console()
    whole = _least(heads, texts, folding, whole=True)
    words = _least(heads, texts, folding, whole=False)
    if _width(words) > out.width:
        _print_narrow(out, heads, texts)
        return
    tight = _width(whole) > out.width
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for place, head in enumerate(heads):
        table.add_column(
            head.replace(" ", "\n", 1),
            justify="right" if right[place] else "left",
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
