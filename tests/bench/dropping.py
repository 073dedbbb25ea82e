"""How fast files that are dropped into a watched folder become stored reports.

Everything is real: the embedded Valkey, SQLite, ``gouji watch`` and ``gouji work`` as processes of
their own. The floor is the same queue server moving messages that nothing is done for, with as many
processes and threads, in turn with ours.
"""

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import func, select

from models import migrations
from models.ledger import Document, State
from models.session import Database
from tests.bench import cpu, documents, floor, inspecting, timeline
from tests.bench.measured import Line, Measured, Size, compared, middle, single
from tests.bench.processes import child, until
from worker import logs
from worker.embedded import EmbeddedServer
from worker.settings import Settings

TITLE: Final = "from drop to stored"
_STOP_WITHIN: Final = 10.0
_LOOK_EVERY: Final = 0.05  # looking costs the parts time too
_WARM: Final = 24
_WITHIN: Final = 300.0
_SEED: Final = 3
_MOMENTS: Final = {
    "drop to first received": "first_received_s",
    "drop to first claimed": "first_claimed_s",
    "drop to last received": "last_received_s",
}
_PER_DOCUMENT: Final = (*timeline.STAGES, "other")
_PLAIN_SHARE: Final = 8
"""With Dramatiq's own prefetch messages move so much slower, and fewer are enough."""


def run(size: Size) -> Measured:
    """Measure, and beside it what one core reads, recognises and checks, for comparison."""
    inspected = inspecting.run(size).figures["per_second_per_core"]
    rng = random.Random(_SEED)
    found = []
    logs.configure("bench", level="warning")
    for _ in range(size.rounds):
        with tempfile.TemporaryDirectory(prefix="gouji-") as name, server(Path(name)) as queue:
            house = _House(Path(name), queue, size.settle)
            bare = floor.run(house.settings, size.messages, house.directory)
            few = max(1, size.messages // _PLAIN_SHARE)
            plain = floor.run(house.settings, few, house.directory, prefetch=None)
            ours = house.run(rng, size.drops)
            found.append(_round(ours, bare, plain["per_second"], size))
    figures: dict[str, Any] = {key: middle([one[key] for one in found]) for key in found[0]}
    cores = min(os.cpu_count() or 1, house.settings.worker_processes)
    figures["share_of_inspecting"] = figures["per_second"] / (inspected * cores)
    figures |= {"drops": size.drops, "messages": size.messages, "settle_s": size.settle}
    return Measured(TITLE, tuple(lines(figures)), figures)


@contextmanager
def server(directory: Path) -> Iterator[EmbeddedServer]:
    """Run a queue server of its own meanwhile."""
    queue = EmbeddedServer(Settings(data_dir=directory))
    queue.start()
    try:
        yield queue
    finally:
        queue.stop(_STOP_WITHIN)


def _round(
    ours: dict[str, float], bare: dict[str, float], plain: float, size: Size
) -> dict[str, float]:
    rate = size.drops / (ours["seconds"] - size.settle)
    return {
        "plain_per_second": plain,
        "plain_ratio": rate / plain,
        "per_second": rate,
        "per_second_with_settle": size.drops / ours["seconds"],
        "ratio": rate / bare["per_second"],
        **{f"floor_{key}": value for key, value in bare.items()},
        **ours,
    }


class _House:
    """A watcher and a master of workers over a new database."""

    def __init__(self, directory: Path, server: EmbeddedServer, settle: float) -> None:
        self.directory = directory
        self.settings = Settings(
            data_dir=directory,
            inbox=directory / "inbox",
            broker_url=f"unix://{quote(str(server.socket))}",
            settle=settle,
        )
        self._server = server
        self._log = directory / "gouji.log"
        self.settings.inbox.mkdir()
        migrations.upgrade(self.settings.database)
        self._database = Database.at(self.settings.database)

    def run(self, rng: random.Random, drops: int) -> dict[str, float]:
        """Start everything, let it warm up, drop reports, wait until the last is stored, stop."""
        files = documents.distinct(rng, _WARM + drops)
        try:
            with self._gouji("watch") as watch, self._gouji("work") as work:
                self._pass_through("warm", files[:_WARM])
                parts = {"work": work.pid, "watch": watch.pid, "queue": self._server.pid or 0}
                before = cpu.used(parts)
                found = self._measured(files[_WARM:])
                after = cpu.used(parts)
        finally:
            self._database.close()
        if before is not None and after is not None:
            found |= _spent(after.since(before), drops, found["seconds"])
        return found

    def _gouji(self, command: str) -> AbstractContextManager[Popen[bytes]]:
        mortal = ("--parent", str(os.getpid()))
        arguments = ("console.cli.main", command, *mortal)
        return child(*arguments, environment=self._environment(), log=self._log)

    def _measured(self, files: list[bytes]) -> dict[str, float]:
        with self._database.reading() as session:
            last = session.scalar(select(func.max(Document.id))) or 0
        dropped = datetime.now(UTC)
        self._pass_through("report", files)
        stories = timeline.read(self._database, last)
        threads = self.settings.worker_processes * self.settings.worker_threads
        return timeline.figures(stories, dropped, threads)

    def _pass_through(self, name: str, files: list[bytes]) -> None:
        wanted = self._stored() + len(files)
        for number, data in enumerate(files):
            (self.settings.inbox / f"{name}-{number}.txt").write_bytes(data)
        until(lambda: self._stored() == wanted, _WITHIN, self._log, every=_LOOK_EVERY)

    def _stored(self) -> int:
        query = select(func.count()).select_from(Document).where(Document.state == State.STORED)
        with self._database.reading() as session:
            return session.scalar(query) or 0

    def _environment(self) -> dict[str, str]:
        chosen = self.settings
        return {
            "GOUJI_DATA_DIR": str(chosen.data_dir),
            "GOUJI_INBOX": str(chosen.inbox),
            "GOUJI_BROKER_URL": chosen.broker_url,
            "GOUJI_SETTLE": str(chosen.settle),
            "GOUJI_WORKER_PROCESSES": str(chosen.worker_processes),
            "GOUJI_WORKER_THREADS": str(chosen.worker_threads),
            "GOUJI_LOG_FORMAT": "json",
        }


def _spent(used: cpu.Used, drops: int, seconds: float) -> dict[str, float]:
    each = {f"{part}_cpu_ms": value * 1000 / drops for part, value in used.parts.items()}
    others = max(0.0, used.machine - sum(used.parts.values()))
    return {**each, "others_cores": others / seconds}


def lines(figures: dict[str, Any]) -> list[Line]:
    """Return the lines of the table, given the medians."""
    ours, bare = figures["per_second"], figures["floor_per_second"]
    settle, share = figures["settle_s"], figures["share_of_inspecting"]
    return [
        compared("documents; no-op messages", "/s", ours, bare, figures["ratio"]),
        compared(
            "the same beside Dramatiq's own prefetch",
            "/s",
            ours,
            figures["plain_per_second"],
            figures["plain_ratio"],
        ),
        single(f"with the settle of {settle:g} s", figures["per_second_with_settle"], "/s"),
        single("from the first claim on", figures["steady_per_second"], "/s"),
        Line("against inspecting alone, all cores", "", "", f"{share:.2g}"),
        *_cpu(figures),
        *(single(what, figures[key], "s") for what, key in _MOMENTS.items()),
        single("time of a thread for a document", figures["thread_ms"], "ms"),
        *(single(f"  {name}", figures[f"{name}_ms"], "ms") for name in _PER_DOCUMENT),
    ]


def _cpu(figures: dict[str, Any]) -> Iterator[Line]:
    if "work_cpu_ms" in figures:
        ours, least = figures["work_cpu_ms"], figures["floor_cpu_ms"]
        yield compared("CPU of the workers", "ms each", ours, least, ours / least)
        yield single("CPU of the watcher", figures["watch_cpu_ms"], "ms each")
        yield single("CPU of the queue server", figures["queue_cpu_ms"], "ms each")
        yield single("cores that others used meanwhile", figures["others_cores"], "")
