"""``gouji events``: the story of a document, an arrival or an attempt, from the timeline."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from string import hexdigits
from typing import TYPE_CHECKING, Any, Final

import click

from console.cli import output
from console.cli.errors import Misused, NotFound
from console.cli.invocation import Invocation, pass_invocation
from console.cli.moments import SINCE
from console.cli.parameters import ID, WORDS, demand_known

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy.orm import Session

    from console.queries.history import EventFilter, EventRow

LEVELS: Final = click.Choice(["debug", "info", "warning", "error"])
_POLL: Final = 0.5
_OVERLAP: Final = 200
_MOST: Final = 1000
_STYLES: Final = {"warning": "yellow", "error": "bold red", "debug": "dim"}


@click.command("events")
@click.option(
    "--document", metavar="ID|SHA256", help="文档 A document, or the start of its SHA-256."
)
@click.option("--name", type=WORDS, help="文件名含 Documents by a part of their file name.")
@click.option("--arrival", type=ID, metavar="ID", help="到达 One arrival.")
@click.option("--attempt", type=ID, metavar="ID", help="处理 One attempt.")
@click.option("--trace", metavar="ID", help="链路 One trace: 32 hexadecimal digits.")
@click.option("--event", metavar="NAME", help="事件 One event, or all of a kind: document, report.")
@click.option("--level", type=LEVELS, help="级别 This level and graver.")
@click.option("--since", type=SINCE, help="起始 Since 10m, 2h, 3d ago, or an ISO date or time.")
@click.option("--follow", "-f", is_flag=True, help="跟随 Keep printing what happens.")
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
    **wanted: Any,
) -> None:
    """经过 Tell the story of a document: every event, oldest first.

    Without a filter the latest events of all documents. With --json one object a line.
    """
    from console.queries import history

    check_event(wanted["event"])
    with invocation.database() as database:
        with database.reading() as session:
            criteria = _criteria(session, **wanted)
            rows = history.latest(session, criteria, limit=None if everything else limit)
            last = rows[-1].id if rows else 0
            told = {row.id for row in history.after(session, criteria, last - _OVERLAP)}
        _print(rows, as_json=as_json)
        if follow:
            for row in _following(database.reading, criteria, told):
                _print([row], as_json=as_json)
    if not rows:
        output.say("没有事件 no events")
    elif wanted["document"] is None:
        output.hint("gouji events --document ID", "一份文档的经过 tells the story of one document")


def check_event(event: str | None) -> None:
    """Refuse the name of an event, or of a kind of events, that never happens.

    Raises:
        click.BadParameter: it is not in the registry.
    """
    from models.event import EventName

    names = [str(name) for name in EventName]
    demand_known(event, {*names, *(name.partition(".")[0] for name in names)}, "--event")


def _criteria(
    session: "Session",
    document: str | None,
    name: str | None,
    trace: str | None,
    **rest: Any,
) -> "EventFilter":
    from console.queries import documents
    from console.queries.history import EventFilter

    for what in ("arrival", "attempt"):
        if rest[what] is not None and not documents.exists(session, what, rest[what]):
            told = f"没有这个编号 there is no {what} {rest[what]}"
            raise NotFound(told, hint="gouji events --name TEXT")
    ids: list[int] | None = None
    if document is not None:
        ids = documents.find(session, _checked_document(document))
        if not ids:
            told = f"没有这份文档 there is no document {document!r}"
            raise NotFound(told, hint="gouji events --name TEXT")
    if name is not None:
        called = documents.named(session, name)
        if not called:
            told = f"没有叫这个名字的文档 no document is called {name!r}"
            raise NotFound(told, hint="gouji events")
        if len(called) > _MOST:
            hint = "gouji events --document ID"
            told = f"叫这个名字的文档太多 {len(called)} documents are called like {name!r}"
            raise Misused(told, hint=hint)
        ids = called if ids is None else [one for one in ids if one in set(called)]
    return EventFilter(documents=ids, trace=checked_trace(trace), **rest)


def _checked_document(document: str) -> str:
    """Return what names a document.

    Raises:
        click.BadParameter: it is neither an id nor the beginning of a SHA-256.
    """
    from console.queries.documents import LEAST_PREFIX

    digits = set(document.lower())
    if document.isdecimal() or (len(document) >= LEAST_PREFIX and digits <= set(hexdigits)):
        return document
    message = (
        f"{document!r} is neither an ID nor the beginning of a SHA-256 "
        f"({LEAST_PREFIX} hexadecimal digits at least)"
    )
    raise click.BadParameter(message, param_hint="--document")


def checked_trace(trace: str | None) -> str | None:
    """Return the id of a trace in small letters.

    Raises:
        click.BadParameter: it is none.
    """
    from models.trace import trace_id_of

    if trace is not None and trace_id_of(trace) is None:
        raise click.BadParameter(
            "链路为 32 位十六进制数字 a trace is 32 hexadecimal digits", param_hint="--trace"
        )
    return None if trace is None else trace_id_of(trace)


def _following(
    reading: "Callable[[], AbstractContextManager[Session]]",
    criteria: "EventFilter",
    told: set[int],
) -> Iterator["EventRow"]:
    """Yield new events for ever.

    Where writers commit at the same time a lower id may come after a higher one: events are
    asked for again from a little before the last one, and those told already are left out.
    """
    from console.queries import history

    last = max(told, default=0)
    while True:
        with reading() as session:
            fresh = [
                row
                for row in history.after(session, criteria, last - _OVERLAP)
                if row.id not in told
            ]
        yield from fresh
        told |= {row.id for row in fresh}
        last = max(told, default=last)
        told = {number for number in told if number > last - _OVERLAP}
        time.sleep(_POLL)


def _print(rows: "list[EventRow]", *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            output.emit_line(asdict(row))
        return
    print_events(rows)


def print_events(rows: "list[EventRow]") -> None:
    """Print events for people, one a line."""
    from console.titles import title

    for row in rows:
        ids = {"document": row.document_id, "arrival": row.arrival_id, "attempt": row.attempt_id}
        known = {name: value for name, value in ids.items() if value is not None}
        print_event(row.at, row.level, row.event, title(row.event), known | row.data)


def print_event(
    at: datetime | None, level: str, name: str, title: str, data: dict[str, Any]
) -> None:
    """Print one event: time, name, Chinese title, and what it carries."""
    from rich.text import Text

    from console.cli.columns import pad
    from console.cli.listing import moment
    from console.fields import SPOKEN
    from console.messages import in_both

    style = _STYLES.get(level, "")
    line = Text()
    line.append(f"{moment(at):<19}  ", style="dim")
    line.append(pad(name, 22), style=style or "bold")
    line.append(" " + pad(title, 14), style=style)
    for key, value in data.items():
        line.append(f" {key}=", style="dim")
        spoken = key in SPOKEN and isinstance(value, str)
        line.append(in_both(_shown(value)) if spoken else _shown(value))
    output.console().print(line, soft_wrap=True)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, str):
        return " ".join(value.split()) if value else '""'
    if isinstance(value, dict | list | bool):
        import orjson

        return orjson.dumps(value, default=str).decode()
    return str(value)
