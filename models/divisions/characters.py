"""Traditional characters become simplified ones, so that names can be compared."""

from functools import cache
from pathlib import Path
from typing import Final

_TABLE: Final = Path(__file__).with_name("traditional.txt")


def simplified(text: str) -> str:
    """Return the text in simplified characters, as long as it was.

    Characters that simplified names of divisions are written with stay as they are.
    """
    return text if text.isascii() else text.translate(_table())


@cache
def _table() -> dict[int, int]:
    traditional, plain = _TABLE.read_text("utf-8").splitlines()
    return str.maketrans(traditional, plain)
