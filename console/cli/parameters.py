"""Types of arguments and options that several commands take."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import click

from console.cli.errors import NotFound

_LOOK: Final = "检查路径 check the path: ls"
_FEW: Final = 20
_NEAREST: Final = 4
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
            raise NotFound(f"没有这个编号 there is no {self._what} {number}", hint=self._hint)
        return number


class Existing(click.Path):
    """A path that has to be there: what is not there is not found, rather than not understood."""

    def __init__(
        self, *, file_okay: bool = True, dir_okay: bool = True, dash: bool = False
    ) -> None:
        super().__init__(
            exists=True, file_okay=file_okay, dir_okay=dir_okay, allow_dash=dash, path_type=Path
        )

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the path of a file or directory.

        Raises:
            NotFound: there is nothing.
        """
        path = Path(os.fsdecode(value))
        given = self.allow_dash and str(path) == "-"
        if not given and not path.exists() and not path.is_symlink():
            raise no_path(path)
        return super().convert(value, param, ctx)


def no_path(path: object) -> NotFound:
    """Return what is said of a path where nothing is, the same for every command."""
    shown = click.format_filename(os.fspath(str(path)))
    return NotFound(f"{shown}: 没有这个文件或目录 there is no such file or directory", hint=_LOOK)


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
    raise click.BadParameter(
        f"没有这个值 no such value: {value!r}; {_rest(value, names)}", param_hint=option
    )


def _rest(value: str, names: list[str]) -> str:
    from difflib import get_close_matches

    by_small = {name.lower(): name for name in names}
    near = get_close_matches(value.lower(), by_small, n=1)
    if near:
        return f"did you mean {by_small[near[0]]!r}?"
    if len(names) <= _FEW:
        return f"there are {', '.join(names)}"
    nearest = get_close_matches(value.lower(), by_small, n=_NEAREST, cutoff=0.0)
    return f"nearest of {len(names)}: {', '.join(by_small[one] for one in nearest)}"
