"""How fast files that are dropped into a watched folder become stored reports.

Everything is real: the embedded Valkey, SQLite, ``gouji watch`` and ``gouji work`` as processes of
their own. The floor is the same queue server moving messages that nothing is done for, with as many
processes and threads, in turn with ours.
"""

import random
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from models import migrations
from models.ledger import Document, State
from models.session import Database
from tests.bench import documents, floor
from tests.bench.measured import Line, Measured, compared, middle, single
from tests.bench.processes import child, cpu_seconds, until
from tests.bench.timeline import Timeline
from worker.embedded import EmbeddedServer
from worker.settings import Settings

TITLE: Final = "from drop to stored"
SETTLE: Final = 2.0
_STOP_WITHIN: Final = 10.0
_WARM: Final = 24
_WITHIN: Final = 300.0
_SEED: Final = 3


def run(rounds: int, reports: int, messages: int, settle: float = SETTLE) -> Measured:
    """Measure, with the queue server that is in the wheel or on ``PATH``.

    Args:
        rounds: how often; each figure is the median over them.
        reports: files that are dropped in each round.
        messages: messages of the floor in each round.
        settle: seconds a file must rest before it is taken, as in the settings.
    """
    rng = random.Random(_SEED)
    with tempfile.TemporaryDirectory(prefix="gouji-bench-") as name:
        base = Path(name)
        server = EmbeddedServer(Settings(data_dir=base))
        server.start()
        try:
            url = Settings(data_dir=base).broker
            found = [
                _round(base / str(number), url, rng, reports, messages, settle)
                for number in range(rounds)
            ]
        finally:
            server.stop(_STOP_WITHIN)
    figures = {key: middle([one[key] for one in found]) for key in found[0]}
    return Measured(TITLE, tuple(_lines(figures)), figures)


def _round(
    directory: Path, url: str, rng: random.Random, reports: int, messages: int, settle: float
) -> dict[str, float]:
    directory.mkdir()
    settings = Settings(
        data_dir=directory / "var", inbox=directory / "inbox", broker_url=url, settle=settle
    )
    bare = floor.run(settings, messages, directory)
    files = documents.distinct(rng, _WARM + reports)
    ours = _House(settings, directory).run(files[:_WARM], files[_WARM:])
    net = reports / (ours["seconds"] - settle)
    return {
        "reports": reports,
        "settle_s": settle,
        "per_second": net,
        "per_second_with_settle": reports / ours["seconds"],
        "floor_per_second": bare["per_second"],
        "ratio": net / bare["per_second"],
        **{f"floor_{key}": value for key, value in bare.items() if key != "per_second"},
        **ours,
    }


class _House:
    """One watcher and one master of workers over a new database."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        self._settings = settings
        self._directory = directory
        self._log = directory / "gouji.log"
        settings.inbox.mkdir()

    def run(self, warm: list[bytes], files: list[bytes]) -> dict[str, float]:
        """Drop files to warm up, then those that are measured; return what was measured."""
        migrations.upgrade(self._settings.database)
        database = Database.at(self._settings.database)
        environment = self._environment()
        try:
            with (
                child("console.cli.main", "watch", environment=environment, log=self._log) as watch,
                child("console.cli.main", "work", environment=environment, log=self._log) as work,
            ):
                self._drop("warm", warm)
                self._wait(database, len(warm))
                return self._measure(database, len(warm), files, watch.pid, work.pid)
        finally:
            database.close()

    def _measure(
        self, database: Database, warm: int, files: list[bytes], watch: int, work: int
    ) -> dict[str, float]:
        last = self._last_document(database)
        before = cpu_seconds([watch]), cpu_seconds([work])
        dropped = datetime.now(UTC)
        self._drop("report", files)
        self._wait(database, warm + len(files))
        after = cpu_seconds([watch]), cpu_seconds([work])
        timeline = Timeline.read(database, last, dropped)
        found = timeline.figures()
        threads = self._settings.worker_processes * self._settings.worker_threads
        busy = found["seconds_working"] * 1000 * threads / len(files)
        found["thread_other_ms"] = busy - found["attempt_ms"]
        for part, start, end in zip(("watch", "work"), before, after, strict=True):
            if start is not None and end is not None:
                found[f"{part}_cpu_ms"] = (end - start) * 1000 / len(files)
        return found

    def _environment(self) -> dict[str, str]:
        chosen = self._settings
        return {
            "GOUJI_DATA_DIR": str(chosen.data_dir),
            "GOUJI_INBOX": str(chosen.inbox),
            "GOUJI_BROKER_URL": chosen.broker_url,
            "GOUJI_SETTLE": str(chosen.settle),
            "GOUJI_WORKER_PROCESSES": str(chosen.worker_processes),
            "GOUJI_WORKER_THREADS": str(chosen.worker_threads),
            "GOUJI_LOG_FORMAT": "json",
        }

    def _drop(self, name: str, files: list[bytes]) -> None:
        for number, data in enumerate(files):
            (self._settings.inbox / f"{name}-{number}.txt").write_bytes(data)

    def _wait(self, database: Database, count: int) -> None:
        until(lambda: self._stored(database) == count, _WITHIN, self._log)

    def _stored(self, database: Database) -> int:
        time.sleep(0.05)  # looking costs the parts time too
        query = select(func.count()).select_from(Document).where(Document.state == State.STORED)
        with database.reading() as session:
            return session.scalar(query) or 0

    def _last_document(self, database: Database) -> int:
        with database.reading() as session:
            return session.scalar(select(func.max(Document.id))) or 0


def _lines(figures: dict[str, Any]) -> list[Line]:
    return []


_ = replace
