"""Every command with its arguments, options and what it ends with, from click itself."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, Final

import click

from console.cli.errors import ExitCode
from console.cli.main import COMMANDS, cli
from console.reference.markdown import codes, split, table, texts_of

_OPTIONS: Final = {
    False: ("option or argument", "meaning", "default"),
    True: ("选项或参数", "含义", "默认值"),
}
_CODES: Final = {False: ("code", "meaning"), True: ("退出码", "含义")}


def walk() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield every command that can be run, and the groups above them: path, command, context."""
    with click.Context(cli, info_name="gouji") as top:
        for name in COMMANDS:
            yield from _below(name, top, cli)


def options(command: click.Command) -> list[click.Parameter]:
    """Return the arguments and options of a command that its help shows."""
    return [one for one in command.params if not getattr(one, "hidden", False)]


def block(chinese: bool) -> str:
    """Return a section for ``gouji`` itself and for each command, as ``--help`` orders them."""
    told = texts_of("commands")
    with click.Context(cli, info_name="gouji") as top:
        parts = [_section("gouji", cli, top, told, chinese)]
        parts += [_section(*found, told, chinese) for found in walk()]
    return "\n".join(parts)


def exit_codes(chinese: bool) -> str:
    """Return the table of exit codes."""
    told = texts_of("exit_codes")
    rows = [(f"`{code.value}`", told[code.name]["zh" if chinese else "en"]) for code in ExitCode]
    return table(_CODES[chinese], rows)


def _below(
    name: str, parent: click.Context, group: click.Group
) -> Iterator[tuple[str, click.Command, click.Context]]:
    command = group.get_command(parent, name)
    if command is None or command.hidden:
        return
    context = click.Context(command, info_name=name, parent=parent)
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            yield from _below(below, context, command)


def _section(
    path: str, command: click.Command, context: click.Context, told: dict[str, Any], chinese: bool
) -> str:
    level = "#" * (2 + min(len(path.split()), 3))
    parts = [f"{level} `{path}`", *_help(path, command, told, chinese)]
    if not isinstance(command, click.Group):
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        parts.append(f"```\n{usage}\n```")
    rows = [_option(path, one, context, chinese) for one in options(command)]
    if rows:
        parts.append(table(_OPTIONS[chinese], rows).rstrip("\n"))
    return "\n\n".join(parts) + "\n"


def _help(path: str, command: click.Command, told: dict[str, Any], chinese: bool) -> list[str]:
    """Return the paragraphs of a command's help in one of the languages.

    The help is English after a Chinese heading. What is said in Chinese at length is in
    ``texts/commands.toml``; without it the heading has to do.
    """
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    heading, first = split(paragraphs[0])
    if chinese:
        return [f"**{heading}**", *([told[path]] if path in told else [])]
    return [" ".join(text.split()) for text in (first, *paragraphs[1:])]


def _option(
    path: str, one: click.Parameter, context: click.Context, chinese: bool
) -> tuple[str, str, str]:
    meaning = _meaning(path, one, chinese)
    if isinstance(one, click.Argument):
        return f"`{_value(one, context)}`", meaning or "–", "–"
    if one.required:
        meaning += "（必填）" if chinese else " Required."
    named = codes([*one.opts, *one.secondary_opts])
    if isinstance(one, click.Option) and one.is_flag:
        return named, meaning, "–"
    default = one.get_default(context)
    shown = f"`{default}`" if isinstance(default, str | int | float) else "–"
    return f"{named} `{_value(one, context)}`", meaning, shown


def _meaning(path: str, one: click.Parameter, chinese: bool) -> str:
    heading, text = split(getattr(one, "help", None) or "")
    if not chinese:
        return text
    told = texts_of("options")
    return str(told.get(f"{path} {one.opts[0]}") or told.get(one.opts[0]) or heading)


def _value(one: click.Parameter, context: click.Context) -> str:
    """Return what stands for a value; a range of numbers is a number."""
    return re.sub(r"\b(?:INTEGER|FLOAT)(?: RANGE)?\b", "NUMBER", one.make_metavar(context))
