"""Writing comments from the command line, and showing them."""

import getpass
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from console.cli import output
from console.cli.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.queries.comments import CommentRow
    from worker.desk.remark import About


def write(
    invocation: Invocation,
    about: "About",
    *,
    note: str,
    operator: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Write a comment, and tell its number."""
    if not note.strip():
        raise click.BadParameter("a comment needs some words", param_hint="--note")
    from console.cli import journal_file
    from console.desk.comments import comment
    from worker.desk.order import Given

    with invocation.database() as database, journal_file.logging(invocation.settings):
        written = comment(database, about, Given(operator or getpass.getuser(), note, key))
    if as_json:
        output.emit(asdict(written))
    else:
        click.echo(f"已批注 commented: 批注 comment {written.id}")


def print_comments(rows: "Sequence[CommentRow]") -> None:
    """Print comments under their heading, where there are any."""
    if not rows:
        return
    from rich.text import Text

    from console.cli.listing import print_list
    from console.cli.report_view import print_lines

    print_lines(output.console(), [Text(""), Text("批注 Comments", style="bold")])
    print_list(
        ("时间 When", "操作人 Who", "批注 Note"),
        [(row.written_at, row.operator, row.note) for row in rows],
        folding=("批注 Note",),
    )
