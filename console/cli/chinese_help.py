"""The Chinese of a command's ``--help``: the manual's own, below the options."""

import re
from collections.abc import Iterator
from typing import Final
from unicodedata import east_asian_width

import click

from console.reference.markdown import texts_of

_WIDTH: Final = 78
_AS_IT_IS: Final = "\b\n"
"""Tells click to leave the lines of a paragraph alone: it knows no wide characters."""
_PIECE: Final = re.compile(r"(?:[!-~]+|.)[，。、；：）”]*")
"""What is not parted: a word, or a character, with the marks that close it."""


def explain(command: click.Command, path: str) -> None:
    """Let the help of a command, and of those below it, end with what it does in Chinese."""
    text = texts_of("commands").get(path)
    if text is not None:
        command.epilog = _AS_IT_IS + "\n".join(_folded(text.replace("`", "")))
    for name, below in getattr(command, "commands", {}).items():
        explain(below, f"{path} {name}")


def _folded(text: str) -> Iterator[str]:
    """Yield lines of at most 78 columns, of which a Chinese character takes two.

    ``console.cli.columns`` does the like for tables, by a library that no help should wait for.
    """
    line = ""
    for piece in _PIECE.findall(text):
        if line and _columns(line) + _columns(piece) > _WIDTH:
            yield line.strip()
            line = ""
        line += piece
    yield line.strip()


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(character) in "FW" else 1 for character in text)
