"""How long pages take over a large database: ``python -m tests.bench.pages``.

Fills a database, of SQLite or of the server that the tests have, with copies of one report and of
one dead letter, each with document, attempt, arrival, findings and events, and one report in a
hundred with the rows of its tables. Then every page is asked for through the ASGI application in
this process, once after something has happened, when nothing that was counted before counts any
more, and once more. CPU time is what to compare: that of this process, which is client and server
of HTTP too, of which ``/livez`` shows what is none of a page's; and that of PostgreSQL's processes,
where they run on this machine.
"""

import argparse
import io
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from sqlalchemy import event, text
from starlette.testclient import TestClient

from console.web.app import application
from models.event import EventName
from tests.console.cli.conftest import BALANCED, add, imbalanced
from tests.console.web import addresses
from tests.console.web.multitude import multiply
from tests.databases import BACKENDS, empty
from tests.processes import children_of
from tests.worker.house import House, house
from worker.inspection import inspect
from worker.logs import configure, record

LIMIT: Final = 200.0
"""Milliseconds that no page may take longer, by its median."""
_Took = tuple[float, float, int]
_HEADINGS: Final = ("page", "median ms", "CPU ms", "changed: ms", "CPU ms", "queries")


@dataclass(frozen=True, slots=True)
class Timed:
    """One page, medians: ``ms`` by the clock and of CPU time, then both after something happened.

    ``queries`` are the statements of an answer after something happened.
    """

    address: str
    ms: tuple[float, ...]
    queries: int


def main(arguments: list[str]) -> None:
    """Fill a database, ask for every page, print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pages", description=__doc__)
    parser.add_argument("--reports", type=int, default=100_000)
    parser.add_argument("--letters", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7, help="medians are over these")
    parser.add_argument("--only", default="", help="only addresses that contain this")
    parser.add_argument("--backend", choices=BACKENDS, default=BACKENDS[0])
    parser.add_argument("--keep", type=Path, help="a folder whose database is kept, and used again")
    chosen = parser.parse_args(arguments)
    configure("bench", level="error")
    with _folder(chosen.keep) as folder, _house(folder, chosen.backend) as home:
        if not (folder / "full").exists():
            fill(home, chosen.reports, chosen.letters)
            (folder / "full").touch()
        timed = list(measure(home, chosen.rounds, chosen.only))
    sys.stdout.write(table(timed))


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is None:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    else:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept


@contextmanager
def _house(folder: Path, backend: str) -> Iterator[House]:
    """Have the parts, over the database of the folder or an empty one of the server."""
    with nullcontext() if backend == "sqlite" else empty(backend, folder) as url:
        settings = {} if url is None else {"database_url": url}
        with house(folder, **settings) as home:
            yield home


def fill(home: House, reports: int, letters: int) -> None:
    """Store one report, give up one, and multiply them, without waiting for the disk."""
    started, used = time.perf_counter(), time.process_time()
    on_sqlite = home.database.engine.dialect.name == "sqlite"
    if on_sqlite:
        event.listen(home.database.engine, "connect", _unsafe)
    for data, name in ((BALANCED.read_bytes(), "平衡.txt"), (imbalanced(), "不平.txt")):
        home.archive.put(io.BytesIO(data), limit=10**9)
        add(home.database, inspect(data, name), name)
    multiply(home.database, reports, letters)
    took, used = time.perf_counter() - started, time.process_time() - used
    if on_sqlite:
        event.remove(home.database.engine, "connect", _unsafe)
    else:
        _vacuum(home)
    home.database.engine.dispose()
    sys.stdout.write(f"filled in {took:.0f} s, {used:.0f} s of CPU\n")


def _vacuum(home: House) -> None:
    """Do what the server does by itself a minute later: until then no index is enough by itself."""
    with home.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


def _unsafe(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def measure(home: House, rounds: int, only: str = "") -> Iterator[Timed]:
    """Ask for every page, round by round, so that no page finds what itself has just read."""
    client = TestClient(
        application(home.settings, home.database),
        base_url="http://127.0.0.1:8351",
        client=("127.0.0.1", 50000),
    )
    wanted = [one for one in ("/livez", *addresses.PAGES, *addresses.MACHINES) if only in one]
    changed: dict[str, list[_Took]] = {address: [] for address in wanted}
    kept: dict[str, list[_Took]] = {address: [] for address in wanted}
    of_server = server_cpu(home)
    with client, _counting(home) as asked:
        for number in range(rounds + 1):
            for address in wanted:
                with home.database.transaction() as session:
                    record(session, EventName.STORE_PRUNED)
                for found in (changed, kept):
                    took = _ask(client, address, asked, of_server)
                    if number:  # the first round reads templates and the database's pages
                        found[address].append(took)
    for address in wanted:
        wall, cpu, _ = map(median, zip(*kept[address], strict=True))
        changed_wall, changed_cpu, queries = map(median, zip(*changed[address], strict=True))
        milliseconds = (1000 * part for part in (wall, cpu, changed_wall, changed_cpu))
        yield Timed(address, tuple(milliseconds), int(queries))


def _ask(
    client: TestClient, address: str, asked: list[str], of_server: Callable[[], float]
) -> _Took:
    before, server = len(asked), of_server()
    wall, cpu = time.perf_counter(), time.process_time()
    answer = client.get(address)
    took = time.perf_counter() - wall, time.process_time() - cpu + of_server() - server
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code} {answer.text[:300]}")
    return *took, len(asked) - before


def server_cpu(home: House) -> Callable[[], float]:
    """Return what tells the seconds of CPU that PostgreSQL has used; 0 where nobody can tell.

    What the workers of parallel questions used is counted when they have ended.
    """
    if home.database.engine.dialect.name == "sqlite":
        return lambda: 0.0
    with home.database.engine.connect() as connection:
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
    status = Path(f"/proc/{backend}/stat")
    if not status.exists():
        return lambda: 0.0
    master = int(_stat(status)[1])
    return lambda: _used(master)


def _used(master: int) -> float:
    fields = _stat(Path(f"/proc/{master}/stat"))
    ticks = int(fields[13]) + int(fields[14])  # proc(5): cutime and cstime
    running = (Path(f"/proc/{pid}/schedstat") for pid in (master, *children_of(master)))
    ended = ticks / os.sysconf("SC_CLK_TCK")
    return ended + sum(int(path.read_text().split()[0]) for path in running) / 1e9


def _stat(path: Path) -> list[str]:
    return path.read_text().rpartition(")")[2].split()


@contextmanager
def _counting(home: House) -> Iterator[list[str]]:
    """Have a list of the statements that were executed so far."""
    asked: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(home.database.engine, "before_cursor_execute", listen)
    try:
        yield asked
    finally:
        event.remove(home.database.engine, "before_cursor_execute", listen)


def table(timed: list[Timed]) -> str:
    """Return it as people read it, the slowest first."""
    ranked = sorted(timed, key=lambda one: -one.ms[3])
    rows = [(one.address, *(f"{ms:.1f}" for ms in one.ms), str(one.queries)) for one in ranked]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    lines = [
        "  ".join((row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])))
        for row in (_HEADINGS, *rows)
    ]
    slow = [one.address for one in timed if max(one.ms[0], one.ms[2]) > LIMIT]
    told = f"slower than {LIMIT:.0f} ms: {', '.join(slow) or 'none'}\n"
    return "\n".join(lines) + "\n" + told


if __name__ == "__main__":
    main(sys.argv[1:])
