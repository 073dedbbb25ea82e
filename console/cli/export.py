"""``gouji export``: take the stored figures away, and check a package that was made."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from console.cli import output, report_options
from console.cli.errors import Conflict, ExitCode, Failure, Misused, NotFound
from console.cli.invocation import Invocation, pass_invocation
from console.cli.parameters import no_path
from console.export.format import Format, format_of
from console.report_filter import STANDING, ReportFilter

if TYPE_CHECKING:
    from console.export.export import Exported
    from console.export.order import Order
    from console.export.produce import Progress

_TABLES: Final = ("cells", "reports", "reports_corrected", "findings", "codebook")
_STDOUT: Final = "-"
_ELSEWHERE: Final = "换一个名字 choose another name, or take the old one away first"


@click.command()
@click.argument("place", metavar="PATH")
@click.option(
    "--format",
    "format_",
    type=click.Choice([str(one) for one in Format]),
    help="格式 Format; else what the name of PATH says, a data package where it says nothing.",
)
@click.option(
    "--table",
    "tables",
    type=click.Choice(_TABLES),
    multiple=True,
    help="只要哪些表 Which tables; else all of them.",
)
@report_options.filters
@click.option("--overwrite", is_flag=True, help="覆盖 Replace an export that is there already.")
@click.option("--check", "checking", is_flag=True, help="核对 Check the package at PATH instead.")
@output.json_option
@pass_invocation
def command(
    invocation: Invocation,
    /,
    place: str,
    format_: str | None,
    tables: tuple[str, ...],
    overwrite: bool,
    checking: bool,
    as_json: bool,
    **wanted: Any,
) -> int:
    """导出 Write the figures that are stored to PATH, for analysis elsewhere.

    PATH is a directory or NAME.zip (a data package: CSV with schema, codebook and checksums), or
    a file: .xlsx, .db (SQLite), and with one --table .csv, .jsonl or .parquet. A dash writes one
    table to stdout.

    Exit codes: 0 ok, 4 when --check finds something, 5 when there is something at PATH already.
    """
    if checking:
        if format_ or tables or overwrite or wanted != asdict(STANDING):
            raise Misused("--check takes PATH alone", hint="gouji export --check PATH")
        return _check(Path(place), as_json=as_json)
    with _telling():
        order = _order(place, format_, tables, wanted)
        if place == _STDOUT:
            _to_stdout(invocation, order, as_json=as_json)
        else:
            _to_file(invocation, order, Path(place), overwrite=overwrite, as_json=as_json)
    return ExitCode.OK


def _order(
    place: str, format_: str | None, tables: tuple[str, ...], wanted: dict[str, Any]
) -> "Order":
    from console.export.order import Order

    if place == _STDOUT and format_ is None:
        chosen = Format.CSV
    else:
        chosen = Format(format_) if format_ else format_of(place)
    return Order.of(chosen, tables, ReportFilter(**wanted))


def _to_stdout(invocation: Invocation, order: "Order", *, as_json: bool) -> None:
    from console.export.order import TEXTS
    from console.export.produce import stream

    if as_json:
        raise Misused("--json would stand among the data on stdout", hint="gouji export PATH")
    if order.format not in TEXTS or len(order.tables) != 1:
        message = "stdout takes one table as csv, csv-excel or jsonl"
        raise Misused(message, hint="gouji export - --format csv --table cells")
    with invocation.database() as database:
        stream(database, order, sys.stdout.buffer)


def _to_file(
    invocation: Invocation, order: "Order", place: Path, *, overwrite: bool, as_json: bool
) -> None:
    from console.export.export import export

    with invocation.database() as database, _progress() as progress:
        made = export(database, order, place, overwrite=overwrite, progress=progress)
    if as_json:
        output.emit(asdict(made))
    else:
        _tell(made)


@contextmanager
def _progress() -> Iterator["Progress"]:
    """Show a bar on stderr while the block runs, where that is a terminal."""
    from console.export.produce import nobody

    if not sys.stderr.isatty():
        yield nobody
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("导出 exporting", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


@contextmanager
def _telling() -> Iterator[None]:
    """Tell what is wrong with an order as the command line tells it."""
    from console.export import errors

    try:
        yield
    except errors.NoDirectory as error:
        raise NotFound(str(error), hint=f"mkdir -p {error.directory}") from error
    except errors.Misplaced as error:
        raise Misused(str(error), hint="gouji export --help") from error
    except errors.Occupied as error:
        raise Conflict(str(error), hint=_ELSEWHERE, code="exists") from error
    except errors.ExtraMissing as error:
        hint = "make export  或 or pip install 'gouji[export]'"
        raise Failure(str(error), hint=hint, code="extra_missing") from error


def _tell(made: "Exported") -> None:
    size = sum(file.bytes for file in made.files)
    tables = ", ".join(f"{name} {rows}" for name, rows in made.rows.items())
    what = f"{made.reports} 份报告 reports, {output.size(size)} ({tables})"
    click.echo(f"已导出 exported  {made.path}: {what}")
    if not made.reports:
        output.hint("gouji reports list", "没有符合条件的报告 no report matches")
    elif made.format == "package":
        output.hint(f"gouji export --check {made.path}", "核对 checks it")


def _check(place: Path, *, as_json: bool) -> int:
    from console.export.check import check
    from console.export.errors import NoPackage

    if not place.exists():
        raise no_path(place)
    try:
        problems = check(place)
    except NoPackage as error:
        raise Failure(str(error), code="no_package") from error
    if as_json:
        told = {"schema": "gouji.export-check/1", "path": str(place), "problems": problems}
        output.emit(told)
    elif problems:
        for problem in problems:
            click.echo(problem)
    else:
        click.echo(f"无误 as it was made  {place}")
    return ExitCode.FINDINGS if problems else ExitCode.OK
