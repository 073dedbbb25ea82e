"""``gouji ingest``: bring files in by hand."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from console import labels, sentences
from console.cli import output
from console.cli.errors import ExitCode, Unreachable
from console.cli.invocation import Invocation, pass_invocation
from console.cli.parameters import Existing

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from models.ledger import Arrival
    from models.session import Database
    from watcher.register import Taken
    from worker.inbox import Inbox
    from worker.settings import Settings

_OUTCOMES: Final = {
    "accepted": "新收 accepted",
    "duplicate": "重复 duplicate",
    "known": "已有 known",
    "ignored": "忽略 ignored",
    "changed": "正在变化 changed",
    "vanished": "已消失 vanished",
    "failed": "失败 failed",
}
_NOT_TAKEN: Final = ("changed", "vanished", "failed")
_DONE: Final = ("stored", "unpacked", "dead", "discarded")
_LOOK_EVERY: Final = 0.2
_BATCH: Final = 500
_Advance = Callable[[int, int], None]


@click.command()
@click.argument("paths", nargs=-1, required=True, type=Existing())
@click.option("--wait", is_flag=True, help="等到处理完 Wait until every file has been processed.")
@click.option(
    "--timeout", type=click.FloatRange(0), help="最多等几秒 Wait so many seconds at most."
)
@output.exit_zero_option
@output.json_option
@pass_invocation
def command(
    invocation: Invocation,
    paths: tuple[Path, ...],
    wait: bool,
    timeout: float | None,
    exit_zero: bool,
    as_json: bool,
) -> int:
    """送入文件 Bring files and whole directories in; the originals stay where they are.

    Nothing else needs to run: what is brought in is kept, and processed once gouji up runs.
    An archive brings its members in when it is processed. With --wait the exit code is 4 when any
    of the files, or of the members, ended as a dead letter, and 1 when time was up before all had
    ended.
    """
    from worker.inbox import Inbox

    settings = invocation.settings
    inbox = Inbox(settings)
    try:
        with invocation.database() as database, _logging(settings):
            taken = _ingest(paths, settings, database, inbox)
            left = 0
            if wait:
                _demand_queue(inbox)
                left = _wait(database, _documents(taken), timeout)
            files = _told(database, taken)
    finally:
        inbox.close()
    _report(files, waited=wait, left=left, as_json=as_json)
    return ExitCode.OK if exit_zero else _code(files, waited=wait)


@contextmanager
def _logging(settings: "Settings") -> Iterator[None]:
    """Send log lines to a file beside those of the other parts, and spans where spans go."""
    from console.journal import Journal
    from console.service import prepare
    from worker import logs, tracing

    prepare(settings)
    journal = Journal(settings.data_dir / "logs")
    logs.configure("ingest", form="json", level=settings.log_level, stream=journal.stream("ingest"))
    try:
        with tracing.exported(settings, "ingest"):
            yield
    finally:
        journal.close()


def _ingest(
    paths: Sequence[Path], settings: "Settings", database: "Database", inbox: "Inbox"
) -> "list[Taken]":
    from watcher.intake import ingest
    from worker.archive import Archive

    with _progress("送入 bringing in") as advance:
        return ingest(
            paths,
            settings=settings,
            database=database,
            archive=Archive.of(settings),
            inbox=inbox,
            progress=lambda done, total, _taken: advance(done, total),
        )


@contextmanager
def _progress(what: str) -> Iterator[_Advance]:
    """Show a progress bar on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield partial(_update, progress, task)


def _update(progress: "Progress", task: "TaskID", done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)


def _demand_queue(inbox: "Inbox") -> None:
    from worker.errors import BrokerUnreachable

    try:
        inbox.ping()
    except BrokerUnreachable as error:
        raise Unreachable(
            f"文件已收好 the files are kept; {labels.queue_away(error)}",
            hint=labels.START_QUEUE,
            code="broker",
        ) from error


def _documents(taken: "Sequence[Taken | Arrival]") -> list[int]:
    return sorted({one.document_id for one in taken if one.document_id is not None})


def _wait(database: "Database", documents: Sequence[int], timeout: float | None) -> int:
    """Wait until documents are processed or the time is up; return how many are left."""
    deadline = None if timeout is None else time.monotonic() + timeout
    with _progress("处理 processing") as advance:
        while True:
            held = _members(database, documents)
            wanted = sorted({*documents, *_documents(held)})
            states = _states(database, wanted)
            done = sum(state in _DONE for state, _ in states.values())
            advance(done, len(wanted))
            if deadline is not None and time.monotonic() > deadline:
                return len(wanted) - done
            # an archive that was done only meanwhile has members that were not looked at
            if done == len(wanted) and len(_members(database, documents)) == len(held):
                return 0
            time.sleep(_LOOK_EVERY)


def _members(database: "Database", documents: Sequence[int]) -> "list[Arrival]":
    """Return what the archives among the documents held, and the archives in them."""
    from sqlalchemy import select

    from models.ledger import Arrival

    found: dict[int, Arrival] = {}
    level, seen = list(documents), set(documents)
    with database.reading() as session:
        while level:
            rows: list[Arrival] = []
            for start in range(0, len(level), _BATCH):
                chosen = Arrival.container_id.in_(level[start : start + _BATCH])
                rows += session.scalars(select(Arrival).where(chosen).order_by(Arrival.id))
            found |= {row.id: row for row in rows}
            level = sorted(set(_documents(rows)) - seen)
            seen.update(level)
    return list(found.values())


def _states(database: "Database", documents: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """Return for each document its state, and why it is dead if it is."""
    from sqlalchemy import select

    from models.dead_letter import DeadLetter
    from models.ledger import Document

    found: dict[int, tuple[str, str | None]] = {}
    query = select(Document.id, Document.state, DeadLetter.reason).outerjoin(
        DeadLetter, (DeadLetter.document_id == Document.id) & DeadLetter.resolution.is_(None)
    )
    with database.reading() as session:
        for start in range(0, len(documents), _BATCH):
            chosen = documents[start : start + _BATCH]
            for document_id, state, reason in session.execute(query.where(Document.id.in_(chosen))):
                found[document_id] = state, reason
    return found


def _told(database: "Database", taken: "Sequence[Taken]") -> list[dict[str, Any]]:
    documents = _documents(taken)
    held = _members(database, documents)
    states = _states(database, sorted({*documents, *_documents(held)}))
    rows = [(f"/{one.file}", str(one.outcome), one.document_id, one.why) for one in taken]
    rows += [(one.name, one.state, one.document_id, one.why or "") for one in held]
    return [
        {
            "file": file,
            "outcome": outcome,
            "document_id": document_id,
            "why": why or None,
            "state": states.get(document_id or 0, (None, None))[0],
            "reason": states.get(document_id or 0, (None, None))[1],
        }
        for file, outcome, document_id, why in rows
    ]


def _report(files: list[dict[str, Any]], *, waited: bool, left: int, as_json: bool) -> None:
    states = Counter(file["state"] for file in files if file["state"] is not None)
    if as_json:
        outcomes = Counter(file["outcome"] for file in files)
        output.emit({"outcomes": outcomes, "states": states, "unfinished": left, "files": files})
        return
    if not files:
        click.echo("没有可送入的文件 no files were found")
        return
    for outcome, count in Counter(file["outcome"] for file in files).items():
        click.echo(f"{count:>6}  {_OUTCOMES[outcome]}")
    for file in files:
        if file["outcome"] in _NOT_TAKEN or (waited and file["state"] == "dead"):
            why = sentences.both(file["why"]) if file["why"] else labels.reason(file["reason"])
            click.echo(f"  {file['file']}: {why}")
    if left:
        text = f"时间到，仍有 {left} 件未处理完 time is up, {left} not processed yet"
        click.echo(text, err=True)
    if states["dead"]:
        output.hint("gouji dead list", "查看死信 shows what was refused, and why")
    elif states["received"]:
        output.hint("gouji up", "已收好，启动后处理 they are kept, and processed once it runs")
    else:
        output.hint("gouji status", "查看现状 shows how things stand")


def _code(files: Sequence[dict[str, Any]], *, waited: bool) -> int:
    if any(file["outcome"] in _NOT_TAKEN for file in files):
        return ExitCode.ERROR
    if not waited:
        return ExitCode.OK
    states = {file["state"] for file in files if file["state"] is not None}
    if states - set(_DONE):
        return ExitCode.ERROR
    return ExitCode.FINDINGS if "dead" in states else ExitCode.OK
