"""Pipes in text: which end a cell, which frame a row, and which only stand for merged places.

Seen in what text extractors make of web pages: ``规章 | 0 | 0 |``, one cell a line as ``规章 |`` or
with the pipe on a line of its own, and ``||`` for the places that a merged cell covers.
"""

import re
from typing import Final

MARK: Final = re.compile(r"[|｜│┃]")
LINE_END: Final = re.compile(r"\r\n|[\n\r\f\v\x85\u2028\u2029]")

_FEW: Final = 12
_MANY: Final = 40
_LONE: Final = frozenset("|｜│┃")
_ALONE: Final = re.compile(r"^[ \t]*[|｜│┃][ \t]*$", re.MULTILINE)
_ENDED: Final = re.compile(r"^[^|｜│┃\n]{1,60}\n\n?[ \t]*[|｜│┃][ \t]*$", re.MULTILINE)
_TRAILED: Final = re.compile(r"^[^|｜│┃\n]{0,300}[^|｜│┃\s][^\S\n]{0,9}[|｜│┃][ |]*$", re.MULTILINE)
_BESIDE: Final = re.compile(r"[^|｜│┃\s][^\S\n]{0,9}[|｜│┃][^\S\n]{0,9}[^|｜│┃\s]")
_FILLED: Final = re.compile(
    r"^(?:(?P<cell>[^|\n]{0,300}[^|\s][^\S\n]{0,9}\|)[ |]*\||(?P<empty>\|) +\||\|{2})[ |]*$",
    re.MULTILINE,
)


def one_cell_a_line(content: str) -> str:
    """Take out of text with one cell a line the pipes that are no empty cells.

    There a pipe alone on its line may end the cell above it, and several may stand for the places
    that merged cells cover. What is left of the pipes alone are empty cells. Lines keep their
    numbers.
    """
    alone = len(_ALONE.findall(content))
    ended = len(_ENDED.findall(content)) if alone >= _FEW else 0
    trailed = len(_TRAILED.findall(content))
    if ended >= _FEW > trailed:
        return _undivided(content)
    if trailed >= _MANY and len(_BESIDE.findall(content)) * _MANY < trailed * _FEW:
        return _FILLED.sub(r"\g<cell>\g<empty>", content)
    return content


def _undivided(content: str) -> str:
    """Take out each pipe that ends the cell above it."""
    lines = LINE_END.sub("\n", content).split("\n")
    open_cell = False
    for number, line in enumerate(lines):
        if line.strip() in _LONE:
            lines[number] = "" if open_cell else line
            open_cell = False
        elif line.strip():
            open_cell = not MARK.search(line)
    return "\n".join(lines)


def unframed(content: str) -> frozenset[int]:
    """Return the numbers of lines whose first pipe ends an empty cell and frames nothing.

    A table is written with a pipe before each row, or with none before any; its rows tell.
    """
    if not MARK.search(content):
        return frozenset()
    found: list[int] = []
    table: list[int] = []
    framed = 0
    for number, line in enumerate((*LINE_END.split(content), "end"), 1):
        if MARK.search(line):
            table.append(number)
            framed += MARK.match(line.lstrip()) is not None
        elif line.strip() and table:
            if 2 * framed < len(table):
                found += table
            table, framed = [], 0
    return frozenset(found)
