"""How fast files that are dropped get onto the queue: ``python -m tests.bench.intaking``.

Everything is real but that nobody works: the embedded Valkey, SQLite and ``gouji watch`` as a
process of its own, into whose folder files are dropped as fast as the disk takes them. The floor
does of that what nobody can do without, in one plain loop: files are copied, 500 of them at a time
are on the disk by one ``syncfs``, are renamed and written to a table, and their messages are sent
in one go.
"""

import argparse
import ctypes
import hashlib
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import redis
from sqlalchemy import func, select

from models import migrations
from models.ledger import Arrival, Document, Handover, State
from models.session import Database
from tests.bench import burst, cpu
from tests.bench.dropping import server
from tests.bench.measured import Line, Measured, Size, compared, machine, middle, single, table
from tests.bench.processes import child, until
from worker.embedded import EmbeddedServer
from worker.settings import Settings

TITLE: Final = "from drop to queued"
_WITHIN: Final = 1800.0
_LOOK_EVERY: Final = 0.25
_AT_ONCE: Final = 500
_MESSAGE: Final = b"x" * 200


def run(size: Size) -> Measured:
    """Measure ``size.intakes`` files in each round, and the floor beside them."""
    found = []
    for _ in range(size.rounds):
        with tempfile.TemporaryDirectory(prefix="gouji-") as name, server(Path(name)) as queue:
            bare = floor(Path(name) / "floor", size.intakes, queue)
            ours = _House(Path(name), queue, size).run()
        ratio = ours["per_second"] / bare["per_second"]
        found.append(ours | {"ratio": ratio} | {f"floor_{key}": bare[key] for key in bare})
    figures: dict[str, Any] = {key: middle([one[key] for one in found]) for key in found[0]}
    figures |= {"files": size.intakes, "settle_s": size.settle}
    return Measured(TITLE, tuple(lines(figures)), figures)


def lines(figures: dict[str, Any]) -> Iterator[Line]:
    """Yield the lines of the table, given the medians."""
    ours, bare = figures["per_second"], figures["floor_per_second"]
    yield compared("files, the settle taken off", "/s", ours, bare, figures["ratio"])
    if "cpu_ms" in figures:
        ours, bare = figures["cpu_ms"], figures["floor_cpu_ms"]
        yield compared("CPU of the watcher", "ms each", ours, bare, ours / bare)
        yield single("memory of the watcher, before", figures["resident_first_mb"], "MB")
        yield single("  and at most", figures["resident_most_mb"], "MB")
        yield single("cores that others used meanwhile", figures["others_cores"], "")


class _House:
    """A watcher over a new database."""

    def __init__(self, directory: Path, queue: EmbeddedServer, size: Size) -> None:
        self._size = size
        self._queue = queue
        self._log = directory / "gouji.log"
        self._settings = Settings(
            data_dir=directory,
            inbox=directory / "inbox",
            broker_url=f"unix://{quote(str(queue.socket))}",
            settle=size.settle,
            # half of the queue is for newcomers, and none is to wait
            max_outstanding=4 * size.intakes + 100,
        )
        self._settings.inbox.mkdir()
        migrations.upgrade(self._settings.database)
        self._database = Database.at(self._settings.database)

    def run(self) -> dict[str, float]:
        """Start the watcher, drop everything, and wait until all is queued and moved away."""
        arguments = ("console.cli.main", "watch", "--parent", str(os.getpid()))
        try:
            with child(*arguments, environment=self._environment(), log=self._log) as watch:
                (self._settings.inbox / "first.txt").write_bytes(b"first")
                until(lambda: self._taken_in() == 1, _WITHIN, self._log)
                return self._measured(watch.pid)
        finally:
            self._database.close()

    def _measured(self, watch: int) -> dict[str, float]:
        parts = {"watch": watch, "queue": self._queue.pid or 0}
        resident = [_resident(watch)]

        def done() -> bool:
            resident.append(_resident(watch))
            return self._taken_in() == self._size.intakes + 1

        before, began = cpu.used(parts), time.perf_counter()
        for name, data in _distinct(self._size.intakes):
            (self._settings.inbox / name).write_bytes(data)
        dropped = time.perf_counter() - began
        until(done, _WITHIN, self._log, every=_LOOK_EVERY)
        seconds, after = time.perf_counter() - began, cpu.used(parts)
        rate = self._size.intakes / (seconds - self._size.settle)
        found = {"per_second": rate, "seconds": seconds, "dropping_s": dropped}
        if before is not None and after is not None:
            used = after.since(before)
            others = max(0.0, used.machine - sum(used.parts.values()))
            found["cpu_ms"] = used.parts["watch"] * 1000 / self._size.intakes
            found["queue_cpu_ms"] = used.parts["queue"] * 1000 / self._size.intakes
            found |= {"others_cores": others / seconds, "resident_first_mb": resident[0]}
            found["resident_most_mb"] = max(resident)
        return found

    def _taken_in(self) -> int:
        """Return how many are queued, or one too few while an original lies where it was."""
        queued = select(func.count()).where(Document.state == State.QUEUED)
        pending = select(Arrival.id).where(Arrival.handover == Handover.PENDING).limit(1)
        with self._database.reading() as session:
            return (session.scalar(queued) or 0) - (session.scalar(pending) is not None)

    def _environment(self) -> dict[str, str]:
        chosen = self._settings
        return {
            "GOUJI_DATA_DIR": str(chosen.data_dir),
            "GOUJI_INBOX": str(chosen.inbox),
            "GOUJI_BROKER_URL": chosen.broker_url,
            "GOUJI_SETTLE": str(chosen.settle),
            "GOUJI_MAX_OUTSTANDING": str(chosen.max_outstanding),
            "GOUJI_LOG_FORMAT": "json",
        }


def _distinct(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents, none of them twice."""
    for name, data in burst.contents(count):
        yield name, data + b"\n" + name.encode()


def _resident(pid: int) -> float:
    """Return what a process holds in memory, in MB; 0 where that is not told."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def floor(directory: Path, count: int, queue: EmbeddedServer) -> dict[str, float]:
    """Copy, write down and send as many files, as plainly as can be."""
    inbox, kept = directory / "inbox", directory / "kept"
    for folder in (inbox, kept):
        folder.mkdir(parents=True)
    for name, data in _distinct(count):
        (inbox / name).write_bytes(data)
    table_of = sqlite3.connect(directory / "floor.db", isolation_level=None)
    table_of.execute("PRAGMA journal_mode = WAL")
    table_of.execute("PRAGMA synchronous = FULL")
    table_of.execute("CREATE TABLE arrivals (id INTEGER PRIMARY KEY, name, sha256 UNIQUE, size)")
    client = redis.Redis(unix_socket_path=str(queue.socket))
    sync = getattr(ctypes.CDLL(None), "syncfs", lambda _: os.sync())
    directory_of = os.open(kept, os.O_RDONLY)
    began, used = time.perf_counter(), time.process_time()
    for batch in _batches(os.scandir(inbox)):
        rows = [_copied(entry.path, kept) for entry in batch]
        sync(directory_of)
        for _, sha256, _ in rows:
            os.rename(f"{kept}/.{sha256}", f"{kept}/{sha256}")  # noqa: PTH104
        marks = ",".join(["(?, ?, ?)"] * len(rows))
        values = [value for row in rows for value in row]
        table_of.execute(f"INSERT INTO arrivals (name, sha256, size) VALUES {marks}", values)  # noqa: S608
        pipeline = client.pipeline(transaction=False)
        for _ in rows:
            pipeline.lpush("floor", _MESSAGE)
        pipeline.execute()
    seconds, used = time.perf_counter() - began, time.process_time() - used
    os.close(directory_of)
    client.delete("floor")
    client.close()
    table_of.close()
    return {"per_second": count / seconds, "cpu_ms": used * 1000 / count}


def _batches(entries: Iterable[os.DirEntry[str]]) -> Iterator[Sequence[os.DirEntry[str]]]:
    waiting = iter(entries)
    while batch := list(islice(waiting, _AT_ONCE)):
        yield batch


def _copied(path: str, kept: Path) -> tuple[str, str, int]:
    with open(path, "rb") as stream:  # noqa: PTH123 - the floor pays for nothing
        data = stream.read()
    sha256 = hashlib.sha256(data).hexdigest()
    with open(f"{kept}/.{sha256}", "wb") as out:  # noqa: PTH123
        out.write(data)
    return path, sha256, len(data)


def main(arguments: list[str]) -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.intaking", description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args(arguments)
    nothing = Size(chosen.rounds, reports=0, drops=0, messages=0, settle=2.0, starts=0)
    size = nothing._replace(intakes=chosen.files)
    measured = run(size)
    sys.stdout.write(table([measured]))
    sys.stdout.write(f"{measured.figures}\n{machine()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
