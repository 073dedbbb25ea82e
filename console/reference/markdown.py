"""Tables and texts of the manual."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

_TEXTS: Final = Path(__file__).parent / "texts"
_CHINESE: Final = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”]")
_LABELLED: Final = re.compile(
    r"(?P<chinese>.+?)\s+(?P<english>[A-Z][a-z']*(?:[\s,;:]|\.$).*)", re.DOTALL
)


def texts_of(name: str) -> dict[str, Any]:
    """Return what a file of ``texts`` says, by what it says it of."""
    return tomllib.loads((_TEXTS / f"{name}.toml").read_text("utf-8"))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; pipes in its cells are escaped."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(text) for text in row)} |\n" for row in lines)


def codes(names: Iterable[str]) -> str:
    """Return names as code, with commas between; a dash where there are none."""
    return ", ".join(f"`{name}`" for name in names) or "–"


def split(text: str) -> tuple[str, str]:
    """Return the Chinese and the English half of a text of the command line.

    ``输出 JSON Print JSON.`` has ``输出 JSON`` and ``Print JSON.``; the Chinese is empty where the
    text does not begin with it.
    """
    found = _LABELLED.fullmatch(text)
    if found is None or not _CHINESE.match(text):
        return "", text
    return found["chinese"], found["english"]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
