"""Options that select dead letters, and what they come to."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from console.cli.parameters import WORDS, YEAR, Identifier, demand_known
from models.disclosure.finding import Reason

if TYPE_CHECKING:
    from console.queries.letters import LetterFilter

_F = TypeVar("_F", bound=Callable[..., Any])
LETTER: Final = Identifier("dead letter", "gouji dead list")


def filters(function: _F) -> _F:
    """Add the options that select dead letters; the same for lists, groups and decisions."""
    for option in reversed(
        [
            click.option("--reason", metavar="REASON", help="原因 Reason, such as imbalanced."),
            click.option("--rule", metavar="RULE", help="规则 With a finding of this rule."),
            click.option("--publisher", type=WORDS, help="机关名含 Part of the publisher's name."),
            click.option("--year", type=YEAR, help="年度 The year reported on."),
            click.option("--name", type=WORDS, help="文件名含 Part of the file's name."),
            click.option(
                "--parser-version", metavar="VERSION", help="解析器版本 Refused by this parser."
            ),
            click.option(
                "--older-parser", is_flag=True, help="旧版解析器所拒 Refused by an older parser."
            ),
        ]
    ):
        function = option(function)
    return function


def given(wanted: dict[str, Any]) -> list[str]:
    """Return the options that select something, as they are typed."""
    return [f"--{name.replace('_', '-')}" for name, value in wanted.items() if value]


def criteria(wanted: dict[str, Any], *, only_open: bool = True) -> "LetterFilter":
    """Return the filter that the options make.

    Raises:
        click.BadParameter: a reason or a rule that no dead letter can have.
    """
    from console.queries.letters import LetterFilter

    rest = dict(wanted)
    demand_known(rest["reason"], [str(one) for one in Reason], "--reason")
    if rest["rule"] is not None:
        from worker.check.rules import RULES

        demand_known(rest["rule"], RULES, "--rule")
    if rest.pop("older_parser"):
        from worker.inspection import PARSER_VERSION

        rest["not_version"] = PARSER_VERSION
    return LetterFilter(**rest, only_open=only_open)
