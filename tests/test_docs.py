"""What the manual tells people to type: commands with their options, variables, make targets.

What else it says, and whether it says everything, is held in ``tests/manual``.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from console import configuration
from console.cli.main import cli
from tests.manual.pages import PAGES, ROOT
from worker import secret_files
from worker.settings import PREFIX

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CALLED = re.compile(
    r"(?:^|^\$ |&& |\| |/bin/| -- | exec (?:-T )?[\w-]+ | run (?:--rm )?[\w-]+ )(gouji .*)$"
)
"""A call of ours in a line of a shell, whoever is to make it: compose, kubectl, a service."""
INLINE = re.compile(r"`(gouji [^`\n]*)`")


def command_lines(text: str) -> Iterator[str]:
    """Yield every ``gouji …`` of the code blocks and of the running text."""
    for language, block in FENCE.findall(text):
        if language == "sh":
            yield from (found[1] for line in block.splitlines() if (found := CALLED.search(line)))
    yield from INLINE.findall(FENCE.sub("", text))


def all_command_lines() -> list[tuple[str, str]]:
    return [(page.name, line) for page in PAGES for line in command_lines(page.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "line"), all_command_lines())
def test_every_command_line_of_the_manual_is_understood(page: str, line: str) -> None:
    # Given the words of the line, without its comment
    words = shlex.split(line, comments=True)[1:]

    # When click parses it, running nothing
    with click.Context(cli, info_name="gouji") as context:
        understood = _understand(cli, context, words)

    # Then every word had a meaning
    assert understood, f"{page}: {line}"


def _understand(command: click.Command, context: click.Context, words: list[str]) -> bool:
    while isinstance(command, click.Group) and words:
        name, *words = words
        found = command.get_command(context, name)
        assert found is not None, f"no command {name!r}"
        command, context = found, click.Context(found, info_name=name, parent=context)
    if "--help" in words:
        words.remove("--help")
        return not words
    options = {name for option in command.params for name in option.opts + option.secondary_opts}
    if not words:  # a command that is only named: in running text, or one without arguments
        return True
    for word in words:
        if word.startswith("-") and word != "-":  # which is stdout
            assert word in options, f"no option {word}"
    known = click.Context(command)
    known.obj = None
    command.make_parser(known).parse_args(list(words))
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_of_the_manual_is_a_setting(page: Path) -> None:
    # Given the variables a page names
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+", page.read_text("utf-8")))

    # Then each is a setting, or names the settings file, or the file of a secret
    known = {f"{PREFIX}{name.upper()}" for name in configuration.MEANINGS}
    assert named <= known | {f"{PREFIX}CONFIG", *secret_files.variables(PREFIX)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_of_the_manual_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    blocks = "".join(block for language, block in FENCE.findall(page.read_text("utf-8")))
    for target in re.findall(r"^make ([a-z-]+)", blocks, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
