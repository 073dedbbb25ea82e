"""Putting an earlier version of a report back from the command line."""

import getpass
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from console.cli import output
from console.cli.errors import Conflict, NotFound
from console.cli.invocation import Invocation

if TYPE_CHECKING:
    from worker.versions import Restored


def restore(
    invocation: Invocation,
    report_id: int,
    *,
    note: str,
    operator: str | None,
    instead_of: int | None,
    as_json: bool,
) -> None:
    """Let an earlier version stand again, and tell what was done."""
    if not note.strip():
        raise click.BadParameter("a decision needs a note that says why", param_hint="--note")
    from console.cli import journal_file
    from worker import versions
    from worker.deciding import Conflict as Taken

    by = operator or getpass.getuser()
    with invocation.database() as database, journal_file.logging(invocation.settings):
        try:
            with database.transaction() as session:
                done = versions.restore(
                    session, report_id, note=note, operator=by, instead_of=instead_of
                )
        except versions.UnknownReport as error:
            raise NotFound(
                f"没有这份报告 {error}", hint="gouji reports list --all-versions"
            ) from error
        except Taken as error:
            raise Conflict(str(error), hint=f"gouji reports show {report_id}") from error
    _tell(done, as_json=as_json)


def _tell(done: "Restored", *, as_json: bool) -> None:
    if as_json:
        output.emit({"action": "restore", **asdict(done)})
        return
    what = f"报告 report {done.report_id}（版次 version {done.version}）"
    if done.already:
        click.echo(f"此前已放回 put back before: {what}")
        return
    click.echo(f"已放回 put back: {what}, 替下 in place of 报告 report {done.replaced}")
    output.hint(f"gouji reports diff {done.report_id} {done.replaced}", "看差别 shows what differs")
