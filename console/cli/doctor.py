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
        from rich.text import Text

        console = output.console()
        for check in checks:
            line = Text.assemble(_MARKS[check.verdict], f" {check.name:<14} {check.detail}")
            if check.advice:
                line.append(f"\n  {'':<14} → {check.advice}")
            console.print(line, soft_wrap=True)
    failed = [check for check in checks if check.verdict is Verdict.FAIL]
    if any(check.unreachable for check in failed):
        return ExitCode.UNREACHABLE
    return ExitCode.ERROR if failed else ExitCode.OK
