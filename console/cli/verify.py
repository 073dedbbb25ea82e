"""``gouji verify``: hold everything against everything else, and mend what is safe."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from console.cli import output
from console.cli.errors import ExitCode
from console.cli.invocation import Invocation, pass_invocation
from console.cli.moments import SINCE

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from console.verification.discrepancy import Verification
    from console.verification.look import Advance
    from console.verification.repair import Repaired

_AREAS: Final = (
    "database",
    "ledger",
    "reports",
    "letters",
    "history",
    "queue",
    "sources",
    "archive",
)


@click.command("verify")
@click.option(
    "--quick", is_flag=True, help="不读存档字节与数字 Read no archived bytes and no figures."
)
@click.option(
    "--since", type=SINCE, help="只读此后文档的字节 Read only bytes of documents that came since."
)
@click.option(
    "--skip",
    multiple=True,
    type=click.Choice(_AREAS),
    help="略过的部分 Leave an area out; may be given again.",
)
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="多久算在途 For how long something may be under way.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="每类最多几条 How many of each code are shown and repaired at most.",
)
@click.option("--repair", is_flag=True, help="修复可安全修复的 Mend what is safe to mend.")
@click.option("--dry-run", is_flag=True, help="只说会修什么 Only say what --repair would mend.")
@click.option("--yes", is_flag=True, help="不再询问 Repair without asking.")
@click.option("--operator", help="经办人 Who repairs; you by default.")
@output.json_option
@pass_invocation
def command(
    invocation: Invocation,
    /,
    as_json: bool,
    repair: bool,
    dry_run: bool,
    yes: bool,
    operator: str | None,
    **wishes: Any,
) -> int:
    """对账 Reconcile disk, archive, ledger, queue, reports, dead letters and history.

    It may run while gouji does: what is under way is no discrepancy. Nothing is changed without
    --repair.

    Exit codes: 0 when all is sound (there may be things worth knowing), 4 when there are errors or
    warnings that were not mended, else 6 when something could not be reached.
    """
    if dry_run and not repair:
        raise click.UsageError("--dry-run goes with --repair")
    found = _verify(invocation, **wishes)
    done: list[Repaired] | None = None
    if repair and not dry_run and _agreed(found, yes=yes):
        done = _repair(invocation, found, operator or getpass.getuser())
    if as_json:
        told = {} if done is None else {"repaired": [one.as_json() for one in done]}
        output.emit(found.as_json() | told)
    else:
        from console.cli import verify_view

        verify_view.show(found, done, asked=repair)
    return _code(found, done or [])


def _verify(
    invocation: Invocation,
    *,
    quick: bool,
    since: datetime | None,
    skip: tuple[str, ...],
    patience: float,
    limit: int,
) -> "Verification":
    invocation.demand_database()
    from console.verification.look import Patience, Wishes
    from console.verification.verify import verify

    wishes = Wishes(
        quick=quick,
        since=since,
        skip=frozenset(skip),
        most=limit,
        patience=Patience(under_way=patience),
    )
    with _progress() as advance:
        return verify(invocation.settings, wishes, advance=advance)


@contextmanager
def _progress() -> Iterator["Advance"]:
    """Show on a terminal how many of what were looked at; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _what, _count: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed:.0f}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}
        yield lambda what, count: _advance(progress, tasks, what, count)


def _advance(progress: "Progress", tasks: "dict[str, TaskID]", what: str, count: int) -> None:
    if what not in tasks:
        tasks[what] = progress.add_task(what, total=None)
    progress.update(tasks[what], advance=count)


def _agreed(found: "Verification", *, yes: bool) -> bool:
    """Ask a person before anything is mended; a program has to say ``--yes``."""
    from console.verification.repair import repairable

    count = len(repairable(found.discrepancies))
    if yes or not count:
        return bool(count)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(f"{count} discrepancies can be mended; --yes mends all of them")
    return click.confirm(f"修复 repair {count}?", err=True)


def _repair(invocation: Invocation, found: "Verification", operator: str) -> "list[Repaired]":
    from console.cli import journal_file
    from console.verification.repair import repair

    with journal_file.logging(invocation.settings):
        return list(repair(invocation.settings, found.discrepancies, operator=operator))


def _code(found: "Verification", done: "list[Repaired]") -> int:
    from console.verification.rule import Severity

    bad = found.severities[Severity.ERROR] + found.severities[Severity.WARNING]
    mended = sum(
        one.what is not None and one.discrepancy.severity is not Severity.INFO for one in done
    )
    if bad > mended:
        return ExitCode.FINDINGS
    return ExitCode.OK if found.complete else ExitCode.UNREACHABLE
