"""Texts in columns of a terminal, where a Chinese character takes two."""

from collections.abc import Iterator

from rich.cells import cell_len

_CLOSERS = "、，。：；）)”"


def pad(text: str, width: int) -> str:
    """Fill up with spaces on the right to ``width`` columns."""
    return text + " " * max(0, width - cell_len(text))


def centre(text: str, width: int) -> str:
    """Put in the middle of ``width`` columns."""
    spare = max(0, width - cell_len(text))
    return " " * (spare // 2) + text + " " * (spare - spare // 2)


def wrap(text: str, width: int, *, hang: int = 0) -> list[str]:
    """Fold Chinese text to lines of at most ``width`` columns; never empty.

    A closing mark does not begin a line; it goes down with the character before it.
    """
    return list(_folded(text, max(2, width), min(hang, max(0, width - 2)))) or [""]


def _folded(text: str, width: int, hang: int) -> Iterator[str]:
    line = ""
    for character in text:
        if line.strip() and cell_len(line) + cell_len(character) > width:
            carried = ""
            if character in _CLOSERS and len(line.strip()) > 1:
                line, carried = line[:-1], line[-1]
            yield line
            line = " " * hang + carried
        line += character
    if line:
        yield line
