"""Deciding about dead letters from the command line: choose, ask, decide, send."""

import getpass
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from console import labels
from console.cli import output
from console.cli.errors import Conflict, ExitCode, NotFound
from console.cli.invocation import Invocation

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from console.queries.letters import LetterFilter, LetterRow
    from models.session import Database
    from worker.dead_letter import Decided

Action = Literal["retry", "discard"]
_VERBS: Final = {"retry": "重新处理 retry", "discard": "弃置 discard"}
_DONE: Final = {"retry": "已重新处理 retried", "discard": "已弃置 discarded"}


def decide(
    invocation: Invocation,
    action: Action,
    *,
    ids: tuple[int, ...],
    all_matching: bool,
    note: str,
    operator: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **wanted: Any,
) -> int:
    """Take a decision about the letters chosen and send what is to be processed again.

    The letters that match are chosen again in the transaction that decides: what is decided is
    what matches then, not what matched when the question was asked.
    """
    ids = tuple(dict.fromkeys(ids))
    criteria = _criteria(ids, wanted, all_matching=all_matching)
    if not note.strip():
        raise click.BadParameter("a decision needs a note that says why", param_hint="--note")
    from console.cli import journal_file
    from worker.faults import reach

    by = operator or getpass.getuser()
    with invocation.database() as database, journal_file.logging(invocation.settings):
        if not (dry_run or yes or _agreed(database, action, ids, criteria)):
            click.echo("未作改动 nothing was changed", err=True)
            return ExitCode.ERROR
        with database.transaction() as session:
            decided = _decide(session, action, ids or criteria, note, by, dry_run=dry_run)
            reach("decide.entered")
        reach("decide.committed")
        send = bool(decided.to_send) and not dry_run
        sent = _send(invocation, database, decided) if send else 0
        rows = _matching(database, decided) if dry_run else []
    _tell(action, decided, sent, rows, dry_run=dry_run, as_json=as_json)
    return ExitCode.OK


def _criteria(
    ids: tuple[int, ...], wanted: dict[str, Any], *, all_matching: bool
) -> "LetterFilter":
    from console.cli.dead import check_filters
    from console.queries.letters import LetterFilter

    given = [f"--{name}" for name, value in wanted.items() if value is not None]
    if ids and (all_matching or given):
        raise click.UsageError("give IDs, or --all-matching with filters, not both")
    if not ids and not all_matching:
        raise click.UsageError("give IDs, or --all-matching with filters")
    check_filters(wanted["reason"], wanted["rule"])
    return LetterFilter(**wanted)


def _matching(database: "Database", decided: "Decided") -> "list[LetterRow]":
    from console.queries import letters

    with database.reading() as session:
        found = (letters.letter(session, letter_id) for letter_id in decided.letters)
        return [row for row in found if row is not None]


def _agreed(
    database: "Database", action: Action, ids: Sequence[int], criteria: "LetterFilter"
) -> bool:
    """Ask a person before deciding about many; a program has to say ``--yes``."""
    from console.queries import letters

    count = len(ids)
    if not ids:
        with database.reading() as session:
            count = letters.count(session, criteria)
    if count <= 1:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(f"{count} dead letters match; --yes decides about all of them")
    return click.confirm(f"{_VERBS[action]}: {count} 件死信 dead letters?", err=True)


def _decide(
    session: "Session",
    action: Action,
    chosen: "Sequence[int] | LetterFilter",
    note: str,
    operator: str,
    *,
    dry_run: bool,
) -> "Decided":
    from console.queries import letters
    from worker import dead_letter

    ids = letters.ids(session, chosen) if isinstance(chosen, letters.LetterFilter) else chosen
    act = dead_letter.retry if action == "retry" else dead_letter.discard
    try:
        return act(session, list(ids), note=note, operator=operator, dry_run=dry_run)
    except dead_letter.UnknownLetter as error:
        raise NotFound(str(error), hint="gouji dead list") from error
    except dead_letter.Conflict as error:
        raise Conflict(str(error), hint="gouji dead list --resolved") from error


def _send(invocation: Invocation, database: "Database", decided: "Decided") -> int:
    """Send what the queue has room for; the sweeper sends the rest, so that nothing is lost."""
    from worker.inbox import Inbox
    from worker.send import Sender

    inbox = Inbox(invocation.settings)
    try:
        sender = Sender(database, inbox, invocation.settings.max_outstanding)
        return sender.send_received(decided.to_send)
    finally:
        inbox.close()


def _brief(row: "LetterRow") -> dict[str, Any]:
    return {"id": row.id, "reason": row.reason, "publisher": row.publisher, "name": row.name}


def _tell(
    action: Action,
    decided: "Decided",
    sent: int,
    rows: "list[LetterRow]",
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    waiting = 0 if dry_run else len(decided.to_send) - sent
    if as_json:
        output.emit(
            {
                "action": action,
                "dry_run": dry_run,
                "letters": list(decided.letters),
                "already": list(decided.already),
                "sent": sent,
                "waiting": waiting,
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
