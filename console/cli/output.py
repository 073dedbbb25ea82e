"""Where words go: data on stdout, talk on stderr and only to a person at a terminal."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

_F = TypeVar("_F", bound=Callable[..., Any])


def json_option(function: _F) -> _F:
    """Add ``--json``, passed to the command as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="输出 JSON Print JSON.")(function)


def exit_zero_option(function: _F) -> _F:
    """Add ``--exit-zero``, passed to the command as ``exit_zero``."""
    text = "有发现也返回 0 Exit with 0 even when there are findings or dead letters."
    return click.option("--exit-zero", is_flag=True, help=text)(function)


def limit_options(function: _F) -> _F:
    """Add ``--limit`` and ``--all``, passed as ``limit`` and ``everything``."""
    text = "最多几条 How many at most."
    limit = click.option(
        "--limit", type=click.IntRange(1, 2**63 - 1), default=50, show_default=True, help=text
    )
    text = "全部 All of them, however many."
    return limit(click.option("--all", "everything", is_flag=True, help=text)(function))


def wants_json(arguments: Iterable[str]) -> bool:
    """Tell from the raw arguments whether ``--json`` is given, even if they are in error."""
    for argument in arguments:
        if argument == "--":
            return False
        if argument == "--json":
            return True
    return False


def emit(value: Any) -> None:
    """Print a value as one indented JSON document."""
    _write(value, indent=True)


def emit_line(value: Any) -> None:
    """Print a value as one line of a stream (NDJSON), at once."""
    _write(value, indent=False)


def _write(value: Any, *, indent: bool) -> None:
    import orjson

    option = orjson.OPT_INDENT_2 if indent else 0
    text = orjson.dumps(value, default=str, option=option | orjson.OPT_UTC_Z).decode()
    click.echo(text)


def say(text: str) -> None:
    """Say something to a person: on stderr, and only when that is a terminal."""
    if sys.stderr.isatty():
        click.echo(text, err=True)


def hint(command: str, purpose: str) -> None:
    """Name a command to type next, beginning with ``gouji``, and what for."""
    say(f"→ {typed(command)}  {purpose}")


def typed(command: str) -> str:
    """Return a command that begins with ``gouji`` as it has to be typed here."""
    if command != "gouji" and not command.startswith("gouji "):
        return command
    return program() + command.removeprefix("gouji")


def program() -> str:
    """Return what has to be typed for ``gouji``, with the settings file where one was named.

    ``make run`` does not put ``gouji`` on the PATH.
    """
    import shutil

    named = sys.argv[0] if sys.argv[0].endswith("/gouji") else "gouji"
    return " ".join(["gouji" if shutil.which("gouji") else named, *_named_config])


_named_config: list[str] = []


def remember_config(arguments: Sequence[str]) -> None:
    """Note the ``--config`` of a command line, so that commands to type next have it too."""
    import shlex

    _named_config.clear()
    for place, argument in enumerate(arguments):
        if argument == "--config":
            _named_config.extend(shlex.quote(part) for part in arguments[place : place + 2])
        elif argument.startswith("--config="):
            _named_config.append(shlex.quote(argument))
        elif not argument.startswith("-"):
            return  # a subcommand, or the file just named


def size(count: int) -> str:
    """Return a number of bytes as people read it: 512 B, 38 kB, 1.4 MB."""
    if count < _KILO:
        return f"{count} B"
    return f"{count / 1e3:.0f} kB" if count < _KILO**2 else f"{count / 1e6:.1f} MB"


_KILO = 1000


def cut_off(shown: int, total: int) -> None:
    """Tell a person that a list was cut off."""
    if shown < total:
        say(f"… {shown} / {total}，--all 显示全部 shows all")


def console() -> "Console":
    """Return a console on stdout: colour and width of the terminal, ``NO_COLOR`` honoured.

    Off a terminal it writes plain text and never folds a line.
    """
    from rich.console import Console

    width = None if sys.stdout.isatty() else _UNFOLDED
    return Console(file=sys.stdout, width=width, highlight=False, emoji=False, markup=False)


_UNFOLDED = 400
