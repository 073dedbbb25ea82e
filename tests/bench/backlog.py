"""A backlog of a million documents: ``python -m tests.bench.backlog [--database URL]``.

Fills a new ledger with documents that wait, their arrivals and events, one of a hundred from a
small source, and measures what is done again and again beside it: a tick of the sweeper, a page of
those whose turn it is, a claim; and what an operator asks for. The queue is a stand-in that
swallows messages, so that the ledger alone is measured.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast
from uuid import uuid4

from sqlalchemy import bindparam, column, create_engine, func, make_url, select, text
from sqlalchemy import table as sql_table

from console.queries import counts, history, letters
from models import migrations, transitions
from models.base import Moment, now
from models.session import Database
from models.transitions import Bid
from watcher.sweep import Sweeper
from worker import logs
from worker.broker import Backlog
from worker.inbox import QUEUES, Inbox
from worker.send import Sender
from worker.settings import Settings
from worker.waiting import Turns

_PAGE: Final = 50_000


class Swallowing:
    """Stands in for the door to the workers: a queue from which everything is taken at once."""

    def send(self, _items: Sequence[tuple[int, str]]) -> None:
        """Take messages."""

    def backlog(self) -> Backlog:
        """Return that nothing waits."""
        return Backlog(dict.fromkeys(QUEUES, 0))


def fill(database: Database, rows: int, *, events: bool = True) -> None:
    """Enter documents that wait, their arrivals and two events each; of twenty one is dead."""
    born = now() - timedelta(days=1)
    server = database.engine.dialect.name == "postgresql"
    path = "convert_to(n || '.txt', 'UTF8')" if server else "CAST(n || '.txt' AS BLOB)"
    data = "CAST('{}' AS JSONB)" if server else "'{}'"
    for start in range(1, rows + 1, _PAGE):
        moment = born + timedelta(milliseconds=start)
        told = {"low": start, "high": min(start + _PAGE - 1, rows), "moment": moment}
        with database.transaction() as session:
            for statement in _FILLING if events else _WITHOUT_EVENTS:
                chosen = statement.replace("@path@", path).replace("@data@", data)
                numbered = text(f"WITH RECURSIVE {_NUMBERS} {chosen}")
                session.execute(numbered.bindparams(bindparam("moment", type_=Moment())), told)
    _renumber(database)


def _renumber(database: Database) -> None:
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            for table in ("documents", "arrivals", "events"):
                last: Any = select(func.max(column("id"))).select_from(sql_table(table))
                numbered = func.setval(f"{table}_id_seq", last.scalar_subquery())
                connection.execute(select(numbered))
        connection.execute(text("ANALYZE"))
        connection.commit()


_NUMBERS: Final = """numbers(n) AS (
    SELECT CAST(:low AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < :high
)"""
# These texts are put together from nothing but each other.
_LANE: Final = "CASE WHEN n % 100 = 1 THEN 'small' ELSE 'large' END"
_PADDED: Final = f"substr('{'0' * 64}' || n, length('{'0' * 64}' || n) - 63)"
_FILLING: Final = (
    f"""INSERT INTO documents (id, sha256, size, name, state, queue, lane, attempts, unfinished,
        retries, created_at, updated_at)
    SELECT n, {_PADDED}, 1000, n || '.txt', CASE WHEN n % 20 = 0 THEN 'dead' ELSE 'received' END,
        CASE WHEN n % 3 = 0 THEN 'slow' ELSE 'fast' END, {_LANE}, 0, 0, 0, :moment, :moment
    FROM numbers""",  # noqa: S608
    f"""INSERT INTO arrivals (source, path, name, inode, size, mtime_ns, state, document_id,
        handover, seen_at)
    SELECT {_LANE}, @path@, n || '.txt', n, 1000, n, 'accepted', n, 'moved',
        :moment
    FROM numbers""",  # noqa: S608
    """INSERT INTO events (at, name, level, document_id, data)
    SELECT :moment, 'file.settled', 'info', n, @data@ FROM numbers""",
    """INSERT INTO events (at, name, level, document_id, data)
    SELECT :moment, 'document.received', 'info', n, @data@ FROM numbers""",
    """INSERT INTO dead_letters (document_id, reason, stage, message, parser_version, created_at,
        version)
    SELECT n, 'imbalanced', 'check', '-', '2', :moment, 1 FROM numbers WHERE n % 20 = 0""",
)
_WITHOUT_EVENTS: Final = tuple(one for one in _FILLING if "INTO events" not in one)


def measured(database: Database) -> Iterator[tuple[str, float]]:
    """Yield what was done, and the median milliseconds of five times."""
    settings = Settings(max_outstanding=1000)
    turns = Turns()
    sender = Sender(database, cast("Inbox", Swallowing()), 500)
    sweeper = Sweeper(settings, database, sender, clock=Hours())
    claimed = iter(range(1, 1_000_000, 20))

    def claim() -> None:
        with database.transaction() as session:
            document = transitions.lock(session, next(claimed))
            moment = now()
            bid = Bid("bench", "2", None, moment, moment + timedelta(seconds=300))
            if document is not None and transitions.claimable(document, moment):
                transitions.claim(session, document, bid)

    with database.reading() as session:
        asked: dict[str, Callable[[], object]] = {
            "a page of 500 in turn": lambda: turns.next(session, "fast", 500, now()),
            "a page of one": lambda: turns.next(session, "slow", 1, now()),
            "status: documents": lambda: counts.documents(session),
            "dead list, a page": lambda: letters.letters(session, letters.LetterFilter(), limit=50),
            "dead list, count": lambda: letters.count(session, letters.LetterFilter()),
            "dead list, by reason": lambda: letters.grouped(
                session, letters.LetterFilter(), "reason"
            ),
            "events, a page": lambda: history.latest(session, history.EventFilter(), limit=50),
            "events of one": lambda: history.latest(
                session, history.EventFilter(documents=[777]), limit=50
            ),
        }
        for what, action in asked.items():
            yield what, _median(action)
    yield "a claim", _median(claim)
    yield "refill: 560 sent and marked", _median(sweeper.refill)
    yield (
        "sweep: lost and expired",
        _median(lambda: (sweeper.resend_lost(), sweeper.resend_expired())),
    )


class Hours:
    """A clock on which an hour has gone by whenever it is looked at."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 3600.0
        return self._now


def _median(action: Callable[[], object]) -> float:
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        action()
        took.append((time.perf_counter() - begun) * 1000)
    return sorted(took)[2]


@contextmanager
def empty(server: str | None) -> Iterator[str]:
    """Have an empty database, of SQLite where no server is named; yields its URL."""
    if server is None:
        with tempfile.TemporaryDirectory(prefix="gouji-") as folder:
            yield f"sqlite:///{Path(folder) / 'gouji.db'}"
        return
    name = f"gouji_bench_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def main(arguments: list[str]) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.backlog", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", help="a PostgreSQL server where a database may be made")
    chosen = parser.parse_args(arguments)
    logs.configure("bench", level="error")
    with empty(chosen.database) as url:
        migrations.upgrade(url)
        database = Database.at(url)
        begun = time.perf_counter()
        fill(database, chosen.rows)
        _say(f"{chosen.rows:,} documents in {time.perf_counter() - begun:.0f} s")
        for what, milliseconds in measured(database):
            _say(f"{what:<32}{milliseconds:>10.1f} ms")
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        _say(f"{'memory of this process, at most':<32}{most / 1000:>10.1f} MB")
        database.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
