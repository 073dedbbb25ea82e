"""``gouji dead``: list, group and show dead letters; decisions are in ``dead_deeds``."""

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import click

from console import labels
from console.cli import dead_deeds, output
from console.cli.dead_options import LETTER, criteria, filters, given
from console.cli.errors import Failure, NotFound
from console.cli.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.cli.dead_view import Story
    from console.queries.letters import LetterRow

_HEADS: Final = (
    "编号 ID",
    "原因 Reason",
    "环节 Stage",
    "机关 Publisher",
    "年度 Year",
    "次数 Attempts",
    "时间 Since",
    "文件 File",
)
_GROUP_HEADS: Final = {
    "reason": ("原因 Reason", "件数 Count"),
    "rule": ("规则 Rule", "程度 Severity", "件数 Count"),
    "publisher": ("机关 Publisher", "件数 Count"),
    "parser_version": ("解析器版本 Parser version", "件数 Count"),
}


@click.group("dead")
def command() -> None:
    """死信 List, show, correct, accept, retry and discard dead letters."""


@command.command("list")
@filters
@click.option("--resolved", is_flag=True, help="含已处置 With those already decided about.")
@click.option("--group-by", type=click.Choice(["reason", "rule"]), help="分组 Count by this.")
@output.limit_options
@output.json_option
@pass_invocation
def list_letters(
    invocation: Invocation,
    /,
    as_json: bool,
    limit: int,
    everything: bool,
    resolved: bool,
    group_by: Literal["reason", "rule"] | None,
    **wanted: Any,
) -> None:
    """死信一览 List the open dead letters, the latest first."""
    from console.queries import documents, letters

    chosen = criteria(wanted, only_open=not resolved)
    with invocation.database() as database, database.reading() as session:
        if group_by is not None:
            groups = letters.grouped(session, chosen, group_by)
            _print_groups(groups, group_by, as_json=as_json)
            return
        rows = letters.letters(session, chosen, limit=None if everything else limit)
        total = letters.count(session, chosen)
        places = {} if as_json else documents.places(session, [row.document_id for row in rows])
    if as_json:
        output.emit([asdict(row) for row in rows])
    else:
        _print_rows(rows, places)
    output.cut_off(len(rows), total)
    if rows:
        output.hint(f"gouji dead show {rows[0].id}", "看原因 shows why")
    elif given(wanted):
        output.hint("gouji dead list", "去掉条件看全部 lists them without a filter")
    else:
        output.hint("gouji dead list --resolved", "含已处置的 lists those decided about too")


@command.command("groups")
@filters
@click.option(
    "--by",
    type=click.Choice(["reason", "rule", "publisher", "parser-version"]),
    default="reason",
    show_default=True,
    help="分组 Count by this.",
)
@click.option("--resolved", is_flag=True, help="含已处置 With those already decided about.")
@output.json_option
@pass_invocation
def groups(
    invocation: Invocation, /, as_json: bool, by: str, resolved: bool, **wanted: Any
) -> None:
    """死信分组 Count the open dead letters by reason, rule, publisher or parser, most first."""
    from console.queries import letters

    chosen = criteria(wanted, only_open=not resolved)
    column = cast("letters.Group", by.replace("-", "_"))
    with invocation.database() as database, database.reading() as session:
        found = letters.grouped(session, chosen, column)
    _print_groups(found, column, as_json=as_json)


def _print_groups(groups: list[dict[str, Any]], by: str, *, as_json: bool) -> None:
    if as_json:
        output.emit(groups)
        return
    from console.cli.listing import print_list

    rows = [list(group.values()) for group in groups]
    if by == "reason":
        rows = [[labels.reason(name), count] for name, count in rows]
    print_list(_GROUP_HEADS[by], rows)
    if groups and groups[0][by] is not None:
        option = f"--{by.replace('_', '-')} {shlex.quote(groups[0][by])}"
        output.hint(f"gouji dead list {option}", "列出这些 lists these")


def _print_rows(rows: "list[LetterRow]", places: "Mapping[int, str]") -> None:
    from console.cli.listing import print_list

    print_list(
        _HEADS,
        [
            (
                row.id,
                _reason(row),
                labels.stage(row.stage),
                row.publisher,
                row.year,
                row.attempts,
                row.created_at,
                places.get(row.document_id, row.name),
            )
            for row in rows
        ],
        folding=("机关 Publisher", "文件 File"),
    )


def _reason(row: "LetterRow") -> str:
    shown = labels.reason(row.reason) or ""
    return shown if row.resolution is None else f"{shown} · {labels.action(row.resolution)}"


@command.command("show")
@click.argument("letter_id", metavar="ID", type=LETTER)
@click.option("--keys", is_flag=True, help="单元格的键 Only its cells' keys, for correct --set.")
@output.json_option
@pass_invocation
def show(invocation: Invocation, letter_id: int, keys: bool, as_json: bool) -> None:
    """查看死信 Show one: its tables with failing cells, attempts, decisions and timeline."""
    from console.cli import dead_view

    with invocation.database() as database, database.reading() as session:
        story = dead_view.story(session, letter_id, invocation.settings.archive)
    if story is None:
        raise NotFound(f"没有这件死信 there is no dead letter {letter_id}", hint="gouji dead list")
    if as_json:
        output.emit(dead_view.as_dict(story))
    elif keys:
        _print_keys(story)
    else:
        dead_view.print_story(story)
    if story.letter.resolution is None:
        if story.candidates:
            command_line = f"gouji dead correct {letter_id} --candidate 1 --note WHY"
            output.hint(command_line, "更正 takes the first candidate")
        output.hint(f"gouji dead retry {letter_id} --note WHY", "重新处理 processes it again")
        output.hint(f"gouji dead discard {letter_id} --note WHY", "弃置 gives it up for good")


def _print_keys(story: "Story") -> None:
    from console.cli.cell_keys import print_keys
    from worker.inspected import report_of

    report = report_of(story.inspection) if story.inspection else None
    if report is None:
        number = story.letter.id
        message = f"dead letter {number}: 未识别出年报，没有单元格 no report was recognised"
        raise Failure(message, hint=f"gouji dead retry {number}, or gouji dead discard {number}")
    print_keys(report, story.findings)


for deed in (
    dead_deeds.retry,
    dead_deeds.correct,
    dead_deeds.accept,
    dead_deeds.discard,
    dead_deeds.comment,
):
    command.add_command(deed)
