"""``gouji dead correct``: what was typed becomes changes, and what came of them is told."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli import output
from console.cli.became import tell_reports
from console.cli.cell_values import values
from console.cli.errors import ExitCode
from console.cli.invocation import Invocation

if TYPE_CHECKING:
    from console.desk.outcome import Outcome
    from models.session import Database


def correct_letter(
    invocation: Invocation,
    letter_id: int,
    *,
    cells: tuple[str, ...],
    table: Path | None,
    candidate: str | None,
    set_publisher: str | None,
    set_year: int | None,
    if_version: int | None,
    note: str,
    operator: str | None,
    key: str | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Correct one dead letter, and tell the report that it became."""
    from console.cli import journal_file
    from console.desk import decisions
    from worker.desk.order import Changes, Given, Identity

    if not note.strip():
        raise click.BadParameter("a decision needs a note that says why", param_hint="--note")
    typed = values(cells, table)
    identity = Identity(set_publisher, set_year)
    if not (typed or candidate or identity):
        ways = "--set, --set-from, --candidate or --set-publisher"
        raise click.UsageError(f"nothing to correct: give {ways}")
    given = Given(operator or getpass.getuser(), note, key)
    changes = Changes(typed, candidate, identity)
    with invocation.database() as database, journal_file.logging(invocation.settings):
        outcome = decisions.correct(
            database, letter_id, given, changes, version=if_version, dry_run=dry_run
        )
        _tell(database, outcome, dry_run=dry_run, as_json=as_json)
    return ExitCode.OK


def _tell(database: "Database", outcome: "Outcome", *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        output.emit({**outcome.as_json(), "dry_run": dry_run, "repeated": outcome.repeated})
    elif dry_run:
        click.echo("可以入库 it would be stored; nothing was changed")
    elif outcome.already:
        click.echo("此前已如此更正 corrected just so before")
    else:
        click.echo("已更正 corrected")
        tell_reports(database, outcome.reports)
