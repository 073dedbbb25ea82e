"""``gouji logs``: the log files of every part, filtered."""

from typing import TYPE_CHECKING, Any, Final

import click

from console.cli import output
from console.cli.errors import NotFound
from console.cli.invocation import Invocation, pass_invocation
from console.cli.moments import SINCE
from console.cli.parameters import ID, demand_known

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from console.log_files import Entry

PARTS: Final = ("up", "watch", "push", "work", "ocr", "notify", "ingest", "console")
"""Whoever writes a log file; console is what operators decide."""

_LEVELS: Final = click.Choice(["debug", "info", "warning", "error"])


@click.command("logs")
@click.option("--follow", "-f", is_flag=True, help="跟随 Keep printing what is logged.")
@click.option("--part", metavar="NAME", help=f"部件 One part: {', '.join(PARTS)}.")
@click.option("--level", type=_LEVELS, help="级别 This level and graver.")
@click.option("--event", metavar="NAME", help="事件 One event, or all of a kind: document, report.")
@click.option("--document", type=ID, metavar="ID", help="文档 One document.")
@click.option("--reason", metavar="NAME", help="原因 Dead letters of one reason: imbalanced.")
@click.option("--trace", metavar="ID", help="链路 One trace: 32 hexadecimal digits.")
@click.option("--since", type=SINCE, help="起始 Since 10m, 2h, 3d ago, or an ISO date or time.")
@click.option("--until", type=SINCE, help="截止 Until then, as for --since.")
@output.limit_options
@output.json_option
@pass_invocation
def command(
    invocation: Invocation,
    /,
    as_json: bool,
    limit: int,
    everything: bool,
    follow: bool,
    part: str | None,
    **wanted: Any,
) -> None:
    """日志 Read the log files that gouji up keeps in DATA_DIR/logs, oldest first.

    With --json one object a line. Lines that are no log records (a crash's last words) come
    with their text as "message".
    """
    from console import log_files
    from models.disclosure.finding import Reason

    demand_known(part, PARTS, "--part")
    demand_known(wanted["reason"], [str(one) for one in Reason], "--reason")
    _check_event(wanted["event"])
    directory = invocation.settings.data_dir / "logs"
    if not directory.is_dir():
        raise NotFound(
            f"没有日志 there are no logs at {directory}", hint="gouji up  启动 writes them"
        )
    criteria = log_files.LogFilter(**wanted)
    reader = log_files.Reader(directory, part)
    _demand_document(directory, wanted["document"])
    entries = (entry for entry in reader.entries() if criteria.takes(entry))
    _print(entries if everything else log_files.last(entries, limit), as_json=as_json)
    if follow:
        following = (entry for entry in reader.follow() if criteria.takes(entry))
        _print(following, as_json=as_json)
    output.hint("gouji events --document ID", "一份文档的经过 tells the story of one document")


def _check_event(event: str | None) -> None:
    """Refuse what is never logged; what libraries log is not in the registry of events."""
    if event is not None and event.partition(".")[0] != "library":
        from console.cli.events import check_event

        check_event(event)


def _demand_document(directory: "Path", document: int | None) -> None:
    from console import log_files

    wanted = log_files.LogFilter(document=document)
    if document is not None and not any(map(wanted.takes, log_files.Reader(directory).entries())):
        hint = f"gouji events --document {document}  更早的 older ones may be there"
        raise NotFound(f"日志中没有 the logs have no document {document}", hint=hint)


def _print(entries: "Iterable[Entry]", *, as_json: bool) -> None:
    for entry in entries:
        if as_json:
            output.emit_line(entry.data)
        else:
            _print_entry(entry)


def _print_entry(entry: "Entry") -> None:
    from console.cli.events import print_event
    from console.titles import title

    if entry.event is None:
        click.echo(f"{entry.part}: {entry.data['message']}")
        return
    shown = {name: value for name, value in entry.data.items() if name not in _APART}
    print_event(
        entry.at, entry.level, entry.event, title(entry.event), {"part": entry.part, **shown}
    )


_APART: Final = (
    "event",
    "level",
    "timestamp",
    "schema_version",
    "service.name",
    "service.part",
)
