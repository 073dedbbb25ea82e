"""Types of arguments and options that several commands take."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

import click

from console.cli.errors import NotFound

LARGEST_ID: Final = 2**63 - 1
"""The largest number that a database column holds."""


class Identifier(click.ParamType[int]):
    """The number of something in the database; one that nothing can have is not found."""

    name = "id"

    def __init__(self, what: str, hint: str) -> None:
        self._what = what
        self._hint = hint

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a whole number.

        Raises:
            NotFound: no row can have it.
        """
        number = click.INT.convert(value, param, ctx)
        if not 0 < number <= LARGEST_ID:
            raise NotFound(f"there is no {self._what} {number}", hint=self._hint)
        return number


class Words(click.ParamType[str]):
    """A part of a name; an empty one would be part of every name."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what has no letters."""
        if not str(value).strip():
            self.fail("an empty text matches everything: leave the option out", param, ctx)
        return str(value)


ID: Final = click.IntRange(1, LARGEST_ID)
WORDS: Final = Words()
YEAR: Final = click.IntRange(1900, 9999)


def demand_known(value: str | None, known: Iterable[str], option: str) -> None:
    """Refuse a value that none can have, and name the nearest that can be.

    Raises:
        click.BadParameter: it is not one of the known.
    """
    names = sorted(known)
    if value is None or value in names:
        return
    near = get_close_matches(value.lower(), [name.lower() for name in names], n=1)
    nearest = [name for name in names if near and name.lower() == near[0]]
    rest = f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(names)}"
    raise click.BadParameter(f"{value!r} is not known; {rest}", param_hint=option)
