"""``gouji doctor``: what gouji depends on, and what to do where it is not well."""

import click

from console.cli import output
from console.cli.errors import ExitCode
from console.cli.invocation import Invocation, pass_invocation

_MARKS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red")}


@click.command()
@output.json_option
@pass_invocation
def command(invocation: Invocation, as_json: bool) -> int:
    """体检 Check database, queue, archive, folders, watcher and workers.

    Exit codes: 0 when nothing failed (there may be warnings), 6 when a dependency cannot be
    reached, 1 when something else failed.
    """
    from console.checkup import Verdict, checkup

    checks = list(checkup(invocation.settings))
    if as_json:
        output.emit([check.as_json() for check in checks])
    else:
        for check in checks:
            mark, colour = _MARKS[check.verdict]
            click.echo(f"{click.style(mark, fg=colour)} {check.name:<14} {check.detail}")
            if check.advice:
                click.echo(f"  {'':<14} → {check.advice}")
    failed = [check for check in checks if check.verdict is Verdict.FAIL]
    if any(check.unreachable for check in failed):
        return ExitCode.UNREACHABLE
    return ExitCode.ERROR if failed else ExitCode.OK
