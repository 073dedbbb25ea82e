"""``gouji dead``: list, show, retry and discard dead letters."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import click

from console import labels
from console.cli import output
from console.cli.errors import NotFound
from console.cli.invocation import Invocation, pass_invocation
from console.cli.parameters import WORDS, YEAR, Identifier, demand_known
from models.disclosure.finding import Reason

if TYPE_CHECKING:
    from console.queries.letters import LetterRow

_F = TypeVar("_F", bound=Callable[..., Any])
_LETTER: Final = Identifier("dead letter", "gouji dead list")
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
}


def filters(function: _F) -> _F:
    """Add the options that select dead letters; the same for list, retry and discard."""
    for option in reversed(
        [
            click.option("--reason", metavar="REASON", help="原因 Reason, such as imbalanced."),
            click.option("--rule", metavar="RULE", help="规则 With a finding of this rule."),
            click.option("--publisher", type=WORDS, help="机关名含 Part of the publisher's name."),
            click.option("--year", type=YEAR, help="年度 The year reported on."),
            click.option("--name", type=WORDS, help="文件名含 Part of the file's name."),
        ]
    ):
        function = option(function)
    return function


def check_filters(reason: str | None, rule: str | None) -> None:
    """Refuse a reason or a rule that no dead letter can have.

    Raises:
        click.BadParameter: it is not one of the closed set.
    """
    demand_known(reason, [str(one) for one in Reason], "--reason")
    if rule is not None:
        from worker.check.rules import RULES

        demand_known(rule, RULES, "--rule")


@click.group("dead")
def command() -> None:
    """死信 List, show, retry and discard dead letters."""


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
    from console.queries import letters

    check_filters(wanted["reason"], wanted["rule"])
    criteria = letters.LetterFilter(**wanted, only_open=not resolved)
    with invocation.database() as database, database.reading() as session:
        if group_by is not None:
            groups = letters.grouped(session, criteria, group_by)
            _print_groups(groups, group_by, as_json=as_json)
            return
        rows = letters.letters(session, criteria, limit=None if everything else limit)
        total = letters.count(session, criteria)
    if as_json:
        output.emit([asdict(row) for row in rows])
    else:
        _print_rows(rows)
    output.cut_off(len(rows), total)
    if rows:
        output.hint(f"gouji dead show {rows[0].id}", "看原因 shows why")
    elif any(value is not None for value in wanted.values()):
        output.hint("gouji dead list", "去掉条件看全部 lists them without a filter")
    else:
        output.hint("gouji dead list --resolved", "含已处置的 lists those decided about too")


def _print_groups(groups: list[dict[str, Any]], by: str, *, as_json: bool) -> None:
    if as_json:
        output.emit(groups)
        return
    from console.cli.listing import print_list

    rows = [list(group.values()) for group in groups]
    if by == "reason":
        rows = [[labels.reason(name), count] for name, count in rows]
    print_list(_GROUP_HEADS[by], rows)
    if groups:
        output.hint(f"gouji dead list --{by} {groups[0][by]}", "列出这些 lists these")


def _print_rows(rows: "list[LetterRow]") -> None:
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
                row.name,
            )
            for row in rows
        ],
        folding=("机关 Publisher", "文件 File"),
    )


def _reason(row: "LetterRow") -> str:
    shown = labels.reason(row.reason) or ""
    return shown if row.resolution is None else f"{shown} ({row.resolution})"


@command.command("show")
@click.argument("letter_id", metavar="ID", type=_LETTER)
@output.json_option
@pass_invocation
def show(invocation: Invocation, letter_id: int, as_json: bool) -> None:
    """查看死信 Show one: its tables with failing cells, attempts, decisions and timeline."""
    from console.cli import dead_view

    with invocation.database() as database, database.reading() as session:
        story = dead_view.story(session, letter_id, invocation.settings.archive)
    if story is None:
        raise NotFound(f"there is no dead letter {letter_id}", hint="gouji dead list")
    if as_json:
        output.emit(dead_view.as_dict(story))
    else:
        dead_view.print_story(story)
    if story.letter.resolution is None:
        output.hint(f"gouji dead retry {letter_id} --note WHY", "重新处理 processes it again")
        output.hint(f"gouji dead discard {letter_id} --note WHY", "弃置 gives it up for good")


def _deciding(function: Callable[..., int]) -> Any:
    """Add what retry and discard have in common."""
    decorators: list[Callable[[Any], Any]] = [
        pass_invocation,
        output.json_option,
        click.option("--yes", "-y", is_flag=True, help="不再询问 Do not ask."),
        click.option("--dry-run", is_flag=True, help="只说不做 Only say what would be done."),
        click.option("--operator", metavar="NAME", help="操作人 Who decides; else the login name."),
        click.option("--note", required=True, metavar="TEXT", help="理由 Why; kept for ever."),
        filters,
        click.option("--all-matching", is_flag=True, help="按条件全选 All that match the filters."),
        click.argument("ids", metavar="[ID]...", nargs=-1, type=_LETTER),
    ]
    decorated: Any = function
    for decorate in decorators:
        decorated = decorate(decorated)
    return decorated


@command.command("retry")
@_deciding
def retry(invocation: Invocation, /, **chosen: Any) -> int:
    """重新处理 Process dead letters again from the start.

    Name IDs, or --all-matching with filters. Off a terminal --yes is needed for more than one.
    """
    from console.cli.dead_decide import decide

    return decide(invocation, "retry", **chosen)


@command.command("discard")
@_deciding
def discard(invocation: Invocation, /, **chosen: Any) -> int:
    """弃置 Give dead letters up for good; their bytes stay in the archive.

    Name IDs, or --all-matching with filters. Off a terminal --yes is needed for more than one.
    """
    from console.cli.dead_decide import decide

    return decide(invocation, "discard", **chosen)
