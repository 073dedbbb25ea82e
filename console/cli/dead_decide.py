"""Deciding about dead letters from the command line: choose, ask, decide, send."""

import getpass
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from console import labels
from console.cli import output
from console.cli.became import tell_reports
from console.cli.dead_options import criteria, given
from console.cli.errors import ExitCode
from console.cli.invocation import Invocation

if TYPE_CHECKING:
    from console.desk.outcome import Outcome
    from console.queries.letters import LetterFilter, LetterRow
    from models.session import Database
    from worker.desk.order import Given

Action = Literal["retry", "accept", "discard"]
_VERBS: Final = {
    "retry": "重新处理 retry",
    "accept": "照原样接受 accept",
    "discard": "弃置 discard",
}
_DONE: Final = {
    "retry": "已重新处理 retried",
    "accept": "已照原样接受 accepted",
    "discard": "已弃置 discarded",
}


def decide(
    invocation: Invocation,
    action: Action,
    *,
    ids: tuple[int, ...],
    all_matching: bool,
    expect: int | None,
    if_version: int | None,
    note: str,
    operator: str | None,
    key: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    set_publisher: str | None = None,
    set_year: int | None = None,
    **wanted: Any,
) -> int:
    """Take a decision about the letters chosen and send what is to be processed again.

    The letters that match are chosen again in the transaction that decides: what is decided is
    what matches then, not what matched when the question was asked.
    """
    ids = tuple(dict.fromkeys(ids))
    chosen = _chosen(ids, wanted, all_matching=all_matching, expect=expect, version=if_version)
    if not note.strip():
        raise click.BadParameter("a decision needs a note that says why", param_hint="--note")
    from console.cli import journal_file
    from console.desk import sending
    from worker.desk.order import Given, Identity

    by = Given(operator or getpass.getuser(), note, key)
    identity = Identity(set_publisher, set_year)
    certain = dry_run or yes or expect is not None
    with invocation.database() as database, journal_file.logging(invocation.settings):
        if not (certain or _agreed(database, action, ids, chosen)):
            click.echo("未作改动 nothing was changed", err=True)
            return ExitCode.ERROR
        looked: dict[int, int | None] = dict.fromkeys(ids, if_version)
        options: dict[str, Any] = {"dry_run": dry_run}
        if action == "accept":
            options["identity"] = identity
        outcome = _decided(database, action, looked, chosen, by, expect, options)
        sent = 0 if dry_run else sending.send(invocation.settings, database, outcome)
        rows = _matching(database, outcome) if dry_run else []
        _tell(action, outcome, sent, rows, dry_run=dry_run, as_json=as_json)
        if outcome.reports and not dry_run and not as_json:
            tell_reports(database, outcome.reports)
    return ExitCode.OK


def _decided(
    database: "Database",
    action: Action,
    looked: "dict[int, int | None]",
    chosen: "LetterFilter",
    by: "Given",
    expect: int | None,
    options: dict[str, Any],
) -> "Outcome":
    from console.desk import bulk, decisions

    if not looked:
        return bulk.decide(database, action, chosen, by, expect=expect, **options)
    acts: dict[str, Callable[..., Outcome]] = {
        "retry": decisions.retry,
        "accept": decisions.accept,
        "discard": decisions.discard,
    }
    return acts[action](database, looked, by, **options)


def _chosen(
    ids: tuple[int, ...],
    wanted: dict[str, Any],
    *,
    all_matching: bool,
    expect: int | None,
    version: int | None,
) -> "LetterFilter":
    if ids and (all_matching or expect is not None or given(wanted)):
        raise click.UsageError("give IDs, or --all-matching with filters, not both")
    if not ids and not all_matching:
        raise click.UsageError("give IDs, or --all-matching with filters")
    if version is not None and len(ids) != 1:
        raise click.UsageError("--if-version goes with one ID")
    return criteria(wanted)


def _matching(database: "Database", outcome: "Outcome") -> "list[LetterRow]":
    from console.queries import letters

    with database.reading() as session:
        found = (letters.letter(session, letter_id) for letter_id in outcome.letters)
        return [row for row in found if row is not None]


def _agreed(
    database: "Database", action: Action, ids: Sequence[int], chosen: "LetterFilter"
) -> bool:
    """Ask a person before deciding about many; a program has to say ``--yes`` or ``--expect``."""
    from console.queries import letters

    count = len(ids)
    if not ids:
        with database.reading() as session:
            count = letters.count(session, chosen)
    if count <= 1:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(f"{count} dead letters match; --yes decides about all of them")
    return click.confirm(f"{_VERBS[action]}: {count} 件死信 dead letters?", err=True)


def _brief(row: "LetterRow") -> dict[str, Any]:
    return {"id": row.id, "reason": row.reason, "publisher": row.publisher, "name": row.name}


def _tell(
    action: Action,
    decided: "Outcome",
    sent: int,
    rows: "list[LetterRow]",
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    waiting = 0 if dry_run else len(decided.to_send) - sent
    reports = {str(letter): report for letter, report in decided.reports.items()}
    if as_json:
        output.emit(
            {
                "action": action,
                "dry_run": dry_run,
                "letters": list(decided.letters),
                "already": list(decided.already),
                "sent": sent,
                "waiting": waiting,
                "repeated": decided.repeated,
                **({"reports": reports} if action == "accept" else {}),
                **({"matching": [_brief(row) for row in rows]} if dry_run else {}),
            }
        )
        return
    what = f"{_VERBS[action]} (dry run)" if dry_run else _DONE[action]
    click.echo(f"{what}: {len(decided.letters)}")
    if rows:
        from console.cli.listing import print_list

        shown = [(row.id, labels.reason(row.reason), row.publisher, row.name) for row in rows]
        heads = ("编号 ID", "原因 Reason", "机关 Publisher", "文件 File")
        print_list(heads, shown, folding=heads[2:])
    if decided.already:
        click.echo(f"此前已如此处置 decided just so before: {len(decided.already)}")
    if waiting:
        text = "待队列可用后自动发送 wait for the queue and are then sent by themselves"
        click.echo(f"{waiting} {text}")
    if action == "retry" and sent:
        output.hint("gouji status", "看进展 shows how it goes")
