"""What ``gouji dead`` decides: retry, correct, accept, discard; and comments."""

from collections.abc import Callable
from typing import Any

import click

from console.cli import output
from console.cli.dead_options import LETTER, filters
from console.cli.invocation import Invocation, pass_invocation
from console.cli.parameters import ID, WORDS, YEAR, Existing

_NOTE = click.option("--note", required=True, metavar="TEXT", help="理由 Why; kept for ever.")
_OPERATOR = click.option(
    "--operator", metavar="NAME", help="操作人 Who decides; else the login name."
)
_KEY = click.option(
    "--key", metavar="KEY", help="幂等键 Given again, the same request has no second effect."
)
_DRY_RUN = click.option("--dry-run", is_flag=True, help="只说不做 Only say what would be done.")
_VERSION = click.option(
    "--if-version", type=ID, metavar="N", help="版本 Refused when the letter has another by now."
)
_PUBLISHER = click.option("--set-publisher", type=WORDS, help="发布机关 The publisher is this one.")
_YEAR = click.option("--set-year", type=YEAR, help="年度 The year reported on is this one.")


def _decorated(function: Callable[..., int], decorators: list[Callable[[Any], Any]]) -> Any:
    decorated: Any = function
    for decorate in decorators:
        decorated = decorate(decorated)
    return decorated


def _deciding(function: Callable[..., int]) -> Any:
    """Add what decisions about several letters have in common."""
    return _decorated(
        function,
        [
            pass_invocation,
            output.json_option,
            click.option("--yes", "-y", is_flag=True, help="不再询问 Do not ask."),
            _DRY_RUN,
            _KEY,
            _OPERATOR,
            _NOTE,
            _VERSION,
            filters,
            click.option(
                "--expect",
                type=click.IntRange(0),
                metavar="N",
                help="核对件数 Refused when another number matches by then.",
            ),
            click.option("--all-matching", is_flag=True, help="按条件全选 All that match."),
            click.argument("ids", metavar="[ID]...", nargs=-1, type=LETTER),
        ],
    )


@click.command("retry")
@_deciding
def retry(invocation: Invocation, /, **chosen: Any) -> int:
    """重新处理 Process dead letters again from the start.

    Name IDs, or --all-matching with filters. Off a terminal --yes or --expect is needed for more
    than one.
    """
    from console.cli.dead_decide import decide

    return decide(invocation, "retry", **chosen)


@click.command("accept")
@_deciding
@_PUBLISHER
@_YEAR
def accept(invocation: Invocation, /, **chosen: Any) -> int:
    """照原样接受 Store reports as published, with their hard findings, marked as accepted.

    Name IDs, or --all-matching with filters. What was not recognised as a report cannot be
    accepted; publisher and year can be given where they are not known.
    """
    from console.cli.dead_decide import decide

    return decide(invocation, "accept", **chosen)


@click.command("discard")
@_deciding
def discard(invocation: Invocation, /, **chosen: Any) -> int:
    """弃置 Give dead letters up for good; their bytes stay in the archive.

    Name IDs, or --all-matching with filters. Off a terminal --yes or --expect is needed for more
    than one.
    """
    from console.cli.dead_decide import decide

    return decide(invocation, "discard", **chosen)


@click.command("correct")
@click.argument("letter_id", metavar="ID", type=LETTER)
@click.option(
    "--set",
    "cells",
    multiple=True,
    metavar="CELL=VALUE",
    help="改单元格 Such as applications.new_requests.total=12; no value makes it blank.",
)
@click.option(
    "--set-from",
    "table",
    type=Existing(dir_okay=False, dash=True),
    metavar="FILE",
    help="从文件填写 A CSV of cells and values: of a whole table, say; - is standard input.",
)
@click.option(
    "--candidate",
    metavar="ID",
    help="候选 Take a candidate of dead show: 1.1, or of several blocks 1.1,2.1.",
)
@_PUBLISHER
@_YEAR
@_VERSION
@_NOTE
@_OPERATOR
@_KEY
@_DRY_RUN
@output.json_option
@pass_invocation
def correct(invocation: Invocation, /, letter_id: int, **chosen: Any) -> int:
    """更正 Store a report with corrected cells; what was published is kept beside them for ever.

    It is checked again first: while a hard edit fails nothing is changed, and the exit code is 4.
    """
    from console.cli.dead_correct import correct_letter

    return correct_letter(invocation, letter_id, **chosen)


@click.command("comment")
@click.argument("letter_id", metavar="ID", type=LETTER)
@_NOTE
@_OPERATOR
@_KEY
@output.json_option
@pass_invocation
def comment(invocation: Invocation, /, letter_id: int, **written: Any) -> None:
    """批注 Write a note on a dead letter; it stays with the document, whatever is decided."""
    from console.cli.commenting import write
    from worker.desk.remark import About

    write(invocation, About("dead_letter", letter_id), **written)
