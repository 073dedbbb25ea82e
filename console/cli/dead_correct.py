"""``gouji dead correct``: what was typed becomes changes, and what came of them is told."""

import getpass
from typing import TYPE_CHECKING

import click

from console.cli import output
from console.cli.became import tell_reports
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
    values = _values(cells)
    identity = Identity(set_publisher, set_year)
    if not (values or candidate or identity):
        raise click.UsageError("nothing to correct: give --set, --candidate or --set-publisher")
    given = Given(operator or getpass.getuser(), note, key)
    changes = Changes(values, candidate, identity)
    with invocation.database() as database, journal_file.logging(invocation.settings):
        outcome = decisions.correct(
            database, letter_id, given, changes, version=if_version, dry_run=dry_run
        )
        _tell(database, outcome, dry_run=dry_run, as_json=as_json)
    return ExitCode.OK


def _values(cells: tuple[str, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for setting in cells:
        address, sign, value = setting.partition("=")
        if not sign or not address.strip():
            raise click.BadParameter(f"{setting!r} is not CELL=VALUE", param_hint="--set")
        if address.strip() in values:
            raise click.BadParameter(f"{address} is set twice", param_hint="--set")
        values[address.strip()] = value
    return values


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
