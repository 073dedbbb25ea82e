"""What claiming and storing a report costs, on SQLite and on PostgreSQL.

Reports that were inspected beforehand are claimed and stored as a worker does it, by the same
functions: as many together as ride along with one, and one by one; those of publishers that nobody
knew, and those of publishers of whom another year is there. The floor writes the very same rows,
and the same changes of rows, into a second database with the same tables by bare ``executemany`` of
the driver, in as many transactions; the two take turns, transaction by transaction. CPU time is
that of the thread, and that of the server's process for the connection; no log lines are written.
"""

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from models import migrations
from models.base import now
from models.disclosure.report import Report
from models.ledger import Document, State
from models.session import Database
from models.trace import Trace
from models.transitions import Bid
from tests.bench import backlog, documents
from tests.bench.bare import Bare, Marks, server_cpu
from tests.bench.measured import Line, Measured, Size, compared, middle
from tests.databases import SERVER
from tests.servers import PostgresServer
from worker import endings, logs
from worker.claim import Claim, begin, begin_along
from worker.convoy import MOST, Hint
from worker.endings import Ready
from worker.inspection import PARSER_VERSION, Inspection, inspect

TITLE: Final = "claiming and storing a report"
_SEED: Final = 6
_BACKENDS: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_CASES: Final = {
    "claim_together": f"claim, {MOST} together",
    "together": f"store, {MOST} together",
    "known": f"store, {MOST} together, of known publishers",
    "claim_alone": "claim, one by one",
    "alone": "store, one by one",
}
_TIMES: Final = {"ms": "", "cpu_ms": "  of CPU", "server_ms": "  of the server's CPU"}
_ALONE: Final = 8
_CLAIMED: Final = ("attempts", "events")
_STORED: Final = (
    "reports",
    "disclosure_rows",
    "application_rows",
    "review_rows",
    "findings",
    "events",
)

Found = tuple[Inspection, Report]


def run(size: Size) -> Measured:
    """Measure ``size.stores`` transactions of each kind in each round, on each database."""
    logs.configure("bench", level="error")
    rng = random.Random(_SEED)
    needed = size.stores * MOST + _ALONE
    reports = list(_inspected(documents.rendered(rng, needed)))
    figures: dict[str, Any] = {}
    for backend in _BACKENDS:
        with _server(backend) as server:
            if server != "":
                figures[backend] = _backend(server, reports, size)
    figures["ratio"] = figures["sqlite"]["together"]["ratio"]
    return Measured(TITLE, tuple(_lines(figures)), figures)


def _inspected(files: Sequence[bytes]) -> Iterator[Found]:
    for data in files:
        found = inspect(data, "report.txt")
        assert found.report is not None, found.message
        yield found, found.report


@contextmanager
def _server(backend: str) -> Iterator[str | None]:
    """Yield the URL of a server, ``None`` where none is needed, an empty text where none is had."""
    if backend == "sqlite":
        yield None
    elif SERVER:
        yield SERVER
    elif PostgresServer.available():
        with PostgresServer() as own:
            yield own.url
    else:
        yield ""


def _backend(server: str | None, reports: Sequence[Found], size: Size) -> dict[str, Any]:
    with ExitStack() as held:
        ours, floor = (held.enter_context(backlog.empty(server)) for _ in range(2))
        for url in (ours, floor):
            migrations.upgrade(url)
        database = Database.at(ours)
        held.callback(database.close)
        reading, writing = (held.enter_context(Bare.at(url)) for url in (ours, floor))
        bench = _Bench(database, reading, writing)
        bench.round(-1, reports[: _ALONE + 2])  # whatever is made at the first call
        rounds = [bench.round(number, reports) for number in range(size.rounds)]
    found: dict[str, Any] = {
        case: {key: middle([one[case][key] for one in rounds]) for key in rounds[0][case]}
        for case in rounds[0]
    }
    for figures in found.values():
        figures["ratio"] = figures["cpu_ms"] / figures["floor_cpu_ms"]
    return found


class _Bench:
    """A database of ours, and one beside it to which every change is made by the bare driver."""

    def __init__(self, database: Database, reading: Bare, writing: Bare) -> None:
        self._database = database
        self._reading = reading
        self._writing = writing
        self._of_ours = server_cpu(database)
        self._of_floor = writing.server_cpu()
        self._spent: dict[str, dict[str, float]] = {}
        self._counted: dict[str, int] = {}

    def round(self, number: int, reports: Sequence[Found]) -> dict[str, dict[str, float]]:
        """Claim and store reports of publishers of this round; return means for each report."""
        self._spent, self._counted = {}, {}
        many, few = reports[:-_ALONE], reports[-_ALONE:]
        named = [_renamed(one, f"{number}-{at}") for at, one in enumerate(many)]
        self._store("together", named)
        self._store("known", [_a_year_later(one) for one in named])
        for at, one in enumerate(few):
            self._store("alone", [_renamed(one, f"{number}-alone-{at}")])
        return {
            case: {key: value / self._counted[case] for key, value in spent.items()}
            for case, spent in self._spent.items()
        }

    def _store(self, case: str, reports: Sequence[Found]) -> None:
        claiming = "claim_alone" if case == "alone" else "claim_together"
        for start in range(0, len(reports), MOST):
            chunk = reports[start : start + MOST]
            ids = self._received(len(chunk))
            claims = self._turn(claiming, ids, _CLAIMED, partial(self._claimed, ids))
            ready = [Ready(claim, *found) for claim, found in zip(claims, chunk, strict=True)]
            self._turn(case, ids, _STORED, partial(self._stored, ready))

    def _received(self, count: int) -> list[int]:
        with self._database.transaction() as session:
            rows = [_document() for _ in range(count)]
            marks = Marks.of(self._reading, ("documents",))
            session.add_all(rows)
        self._writing.write(marks.new(), ())
        return sorted(row.id for row in rows)

    def _turn(
        self, case: str, ids: Sequence[int], tables: Sequence[str], step: Callable[[], Any]
    ) -> Any:
        """Do a step, then the same by the bare driver; note what both took."""
        marks = Marks.of(self._reading, tables)
        spent = self._spent.setdefault(case, {})
        with _timed(spent, "", self._of_ours):
            done = step()
        new, changed = marks.new(), self._reading.changes(ids)
        with _timed(spent, "floor_", self._of_floor):
            self._writing.write(new, changed)
        spent["rows"] = spent.get("rows", 0) + sum(len(rows) for _, rows in new)
        self._counted[case] = self._counted.get(case, 0) + len(ids)
        return done

    def _claimed(self, ids: Sequence[int]) -> list[Claim]:
        moment = now()
        until = moment + timedelta(seconds=300)
        lead, *riders = (Hint(one, f"m{one}") for one in ids)
        bid = Bid("bench", PARSER_VERSION, lead.message_id, moment, until, Trace.begun().span_id)

        def unit(session: Any) -> list[Claim]:
            claim = begin(session, lead.document_id, bid, alone=False)
            assert claim is not None
            return [claim, *(begin_along(session, riders, bid) if riders else ())]

        return sorted(self._database.unit(unit), key=lambda claim: claim.document_id)

    def _stored(self, ready: Sequence[Ready]) -> None:
        if len(ready) > 1:
            self._database.unit(lambda session: endings.stored_all(session, ready))
            return
        (one,) = ready
        self._database.unit(
            lambda session: endings.stored(session, one.claim, one.found, one.report)
        )


@contextmanager
def _timed(
    spent: dict[str, float], prefix: str, server: Callable[[], float] | None
) -> Iterator[None]:
    before = 0.0 if server is None else server()
    wall, cpu = time.perf_counter(), time.thread_time()
    yield
    took = {"cpu_ms": time.thread_time() - cpu, "ms": time.perf_counter() - wall}
    if server is not None:
        took["server_ms"] = server() - before
    for key, seconds in took.items():
        spent[prefix + key] = spent.get(prefix + key, 0.0) + 1000 * seconds


def _document() -> Document:
    return Document(
        sha256=os.urandom(32).hex(),
        size=4000,
        name="report.txt",
        state=State.QUEUED,
        traceparent=str(Trace.begun()),
    )


def _renamed(found: Found, name: str) -> Found:
    """Return the report of a publisher of whom there is none yet."""
    inspection, report = found
    report = replace(report, publisher=f"{report.publisher}{name}")
    return replace(inspection, report=report), report


def _a_year_later(found: Found) -> Found:
    inspection, report = found
    report = replace(report, year=(report.year or 2020) + 1)
    return replace(inspection, report=report), report


def _lines(figures: dict[str, Any]) -> Iterator[Line]:
    for backend, name in _BACKENDS.items():
        if backend not in figures:
            yield Line(f"{name}: not here")
            continue
        for case, what in _CASES.items():
            found = figures[backend][case]
            for key, part in _TIMES.items():
                if key in found:
                    ours, floor = found[key], found[f"floor_{key}"]
                    yield compared(part or f"{name}: {what}", "ms", ours, floor, ours / floor)
