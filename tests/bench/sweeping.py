"""What a sweep costs with a million documents that wait.

The ledger is filled as :mod:`tests.bench.backlog` does it, on SQLite, and the queue is its stand-in
that swallows messages. A sweep is what the watcher does every few seconds: more documents are sent
while there is room, and what the queue lost or a worker left is looked for. The floor is one bare
count that reads every document once, by SQLite alone; the two take turns.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, cast

from models import migrations
from models.session import Database, file_of
from tests.bench.backlog import Hours, Swallowing, empty, fill
from tests.bench.measured import Line, Measured, Size, compared, middle, single
from watcher.sweep import Sweeper
from worker import logs
from worker.send import Sender
from worker.settings import Settings

if TYPE_CHECKING:
    from worker.inbox import Inbox

TITLE: Final = "sweeping a million documents that wait"
_TURNS: Final = 5
_SCAN: Final = "SELECT count(*), sum(state = 'received') FROM documents NOT INDEXED"
_PARTS: Final = {
    "sweep": "a whole sweep",
    "refill": "  more sent while there is room",
    "lost": "  lost and expired looked for",
}


def run(size: Size) -> Measured:
    """Measure, with ``size.rows`` documents."""
    logs.configure("bench", level="error")
    with empty(None) as url:
        migrations.upgrade(url)
        database = Database.at(url)
        begun = time.perf_counter()
        fill(database, size.rows, events=False)
        filled = time.perf_counter() - begun
        with closing(sqlite3.connect(file_of(url) or "")) as bare:
            figures = _measured(database, bare)
        database.close()
    figures |= {"documents": size.rows, "filled_s": filled}
    return Measured(TITLE, tuple(_lines(figures)), figures)


def _measured(database: Database, bare: sqlite3.Connection) -> dict[str, Any]:
    sender = Sender(database, cast("Inbox", Swallowing()), 500)
    sweeper = Sweeper(Settings(max_outstanding=1000), database, sender, clock=Hours())
    sent: list[int] = []
    steps: dict[str, Callable[[], object]] = {
        "floor": lambda: bare.execute(_SCAN).fetchone(),
        "sweep": sweeper.tick,
        "refill": lambda: sent.append(sweeper.refill()),
        "lost": lambda: (sweeper.resend_lost(), sweeper.resend_expired()),
    }
    spent: dict[str, list[float]] = {f"{step}{key}": [] for step in steps for key in ("", "_cpu")}
    for _ in range(_TURNS):
        for step, action in steps.items():
            began, used = time.perf_counter(), time.thread_time()
            action()
            spent[step].append(1000 * (time.perf_counter() - began))
            spent[f"{step}_cpu"].append(1000 * (time.thread_time() - used))
    figures: dict[str, Any] = {f"{name}_ms": middle(values) for name, values in spent.items()}
    figures["sent"] = middle(sent)
    figures["ratio"] = figures["sweep_ms"] / figures["floor_ms"]
    return figures


def _lines(figures: dict[str, Any]) -> Iterator[Line]:
    yield single("documents", figures["documents"], "")
    for step, what in _PARTS.items():
        for key, said in (("_ms", what), ("_cpu_ms", "    of CPU")):
            ours, floor = figures[step + key], figures["floor" + key]
            yield compared(said, "ms", ours, floor, ours / floor)
    yield single("messages sent while there is room", figures["sent"], "")
