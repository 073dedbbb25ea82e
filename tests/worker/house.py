"""A database, an archive and a pipeline of their own for one test, and inspections to order."""

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from models.dead_letter import DeadLetter
from models.disclosure.finding import Finding, Reason, Severity
from models.disclosure.form import Edition
from models.disclosure.hints import NONE, Hints
from models.disclosure.report import Cell, Printed, ReadTable, Report
from models.event import Event
from models.ledger import Arrival, ArrivalState, Attempt, Document, State
from models.session import Database
from tests.databases import migrated
from worker.archive import Archive
from worker.convoy import Hint
from worker.inspection import File, Inspection, Timing
from worker.pipeline import Inspect, Pipeline
from worker.settings import Settings

IMBALANCE = Finding(
    "T3.FLOW",
    Severity.HARD,
    "total",
    "1 + 0 ≠ 2 + 0",
    ("applications.new_requests.total",),
    1,
    2,
    -1,
)


def report(
    publisher: str | None = "甲市人民政府", year: int | None = 2023, total: int = 12
) -> Report:
    """Return a small report: one table with one row."""
    cell = Cell(total, str(total), Printed.NUMBER)
    table = ReadTable(
        "review.across",
        {"review.reconsideration.total": cell},
        missing=("litigation_direct", "litigation_after_reconsideration"),
    )
    return Report(publisher, year, Edition.CURRENT, "年度报告", {"review": table})


def stored(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
    """Inspect like a parser that accepts everything; the report's publisher is the content."""
    timing("read", 1.0)
    file = File(name, "0" * 64, len(data), "text/plain")
    return Inspection(file, "stored", report=report(data.decode("utf-8", "replace")))


def imbalanced(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
    """Inspect like a parser that finds every report imbalanced."""
    file = File(name, "0" * 64, len(data), "text/plain")
    found = (IMBALANCE, replace(IMBALANCE, rule="DATE.YEAR", severity=Severity.SOFT))
    return Inspection(file, "dead", Reason.IMBALANCED, "check", "no balance", report(), found)


def raising(*errors: BaseException, then: Inspect = stored) -> Inspect:
    """Return an inspection that raises the errors in turn and then does as ``then``."""
    left = list(errors)

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        if left:
            raise left.pop(0)
        return then(data, name, timing, hints=hints)

    return inspect


class House:
    """Settings, database and archive in one directory."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.settings = Settings(data_dir=directory / "var", **settings)
        migrated(self.settings.database)
        self.database = Database.at(self.settings.database)
        self.archive = Archive(self.settings.archive)

    def pipeline(self, inspect: Inspect = stored, **settings: Any) -> Pipeline:
        """Return a pipeline over this house."""
        chosen = replace(self.settings, **settings)
        return Pipeline(self.database, self.archive, chosen, inspect)

    def convoy(self, ids: Sequence[int], inspect: Inspect = stored) -> Pipeline:
        """Return a pipeline with a message for each document in memory."""
        pipeline = self.pipeline(inspect)
        pipeline.convoy.follow(lambda: [Hint(one, f"m{one}") for one in ids])
        return pipeline

    def receive(self, data: bytes, *, state: State = State.QUEUED, **columns: Any) -> int:
        """Take a document in as the watcher does, and return its id."""
        kept = self.archive.put(io.BytesIO(data), limit=10**9)
        with self.database.transaction() as session:
            document = Document(
                sha256=kept.sha256, size=kept.size, name="报告.txt", state=state, **columns
            )
            session.add(document)
        return document.id

    def arrive(self, data: bytes, path: str, **columns: Any) -> int:
        """Take a document in with its arrival at the source ``inbox``, and return its id."""
        document_id = self.receive(data)
        with self.database.transaction() as session:
            document = session.get_one(Document, document_id)
            document.name = path.rpartition("/")[2]
            session.add(
                Arrival(
                    source="inbox",
                    path=path.encode(),
                    name=path,
                    inode=document_id,
                    size=len(data),
                    mtime_ns=1,
                    state=ArrivalState.ACCEPTED,
                    document_id=document_id,
                    **columns,
                )
            )
        return document_id

    def arrivals(self, container_id: int) -> list[Arrival]:
        """Return the arrivals that came out of an archive, in the order of their ids."""
        query = select(Arrival).where(Arrival.container_id == container_id).order_by(Arrival.id)
        with self.database.reading() as session:
            return list(session.scalars(query))

    def document(self, document_id: int) -> Document:
        """Return a document as it is now."""
        with self.database.reading() as session:
            return session.get_one(Document, document_id)

    def attempts(self, document_id: int) -> list[Attempt]:
        """Return its attempts, oldest first."""
        query = select(Attempt).where(Attempt.document_id == document_id).order_by(Attempt.number)
        with self.database.reading() as session:
            return list(session.scalars(query))

    def letters(self, document_id: int) -> list[DeadLetter]:
        """Return its dead letters, oldest first."""
        query = select(DeadLetter).where(DeadLetter.document_id == document_id)
        with self.database.reading() as session:
            return list(session.scalars(query.order_by(DeadLetter.id)))

    def story(self, document_id: int) -> list[str]:
        """Return the names of its events, oldest first."""
        query = select(Event.name).where(Event.document_id == document_id).order_by(Event.id)
        with self.database.reading() as session:
            return list(session.scalars(query))

    def count(self, kind: type[Any]) -> int:
        """Return the number of rows of a kind."""
        with self.database.reading() as session:
            return len(session.scalars(select(kind)).all())


@contextmanager
def house(directory: Path, **settings: Any) -> Iterator[House]:
    """Have a house for as long as the block runs."""
    built = House(directory, **settings)
    try:
        yield built
    finally:
        built.database.close()


def until(condition: Callable[[], object], seconds: float = 240.0, why: object = "") -> None:
    """Wait for a condition; fail when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain {why}"
        time.sleep(0.02)
