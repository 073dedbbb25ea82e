"""Very many small files dropped as fast as the disk takes them: ``python -m tests.bench.burst``.

The real thing: ``gouji up`` with its defaults, over the embedded queue and SQLite. Of ten files
eight are reports with a figure of their own, one is a duplicate and one is rubbish. Beside it
stands the time in which Dramatiq moves as many messages that nothing is done for.
"""

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import func, select

from models.ledger import FINAL, Arrival, ArrivalState, Document, Handover
from tests.bench import floor
from tests.bench.measured import machine
from tests.fault.running import Running
from worker.embedded import EmbeddedServer
from worker.settings import Settings

_SEEDS: Final = sorted((Path(__file__).parents[1] / "data" / "seeds").glob("*.txt"))
_FIGURE: Final = re.compile(r"(行政许可\s+)\d+")
_DUPLICATE, _RUBBISH = 8, 9
_WITHIN: Final = 6 * 3600.0
_DEFAULTS: Final = {
    "SETTLE": "2",
    "SCAN_INTERVAL": "60",
    "SWEEP_INTERVAL": "15",
    "LEASE": "300",
    "RETRY_MIN": "15",
    "RETRY_MAX": "900",
    "GRACE": "30",
    "WORKER_THREADS": "1",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """How things stood: seconds since the first file, files in, documents done, MB resident."""

    at: float
    arrived: int
    done: int
    resident: dict[str, float]


@dataclass(frozen=True, slots=True)
class Burst:
    """What became of the files. Times in seconds, sizes in MB.

    ``written`` is how long the writing took; ``arrived`` and ``done`` count from the last file on.
    ``bare`` is the time of as many no-op messages.
    """

    files: int
    written: float
    arrived: float
    done: float
    bare: float
    states: dict[str, int]
    reasons: dict[str, int]
    wrong: list[str]
    database: float
    curve: list[Moment] = field(default_factory=list)


def contents(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents; all but every tenth, a duplicate, differ from one another."""
    rng = random.Random(5)
    texts = [path.read_text("utf-8") for path in _SEEDS]
    last = b""
    for number in range(count):
        if number % 10 == _RUBBISH:
            yield f"{number:06d}-坏.dat", b"%d" % number + rng.randbytes(200)
            continue
        if number % 10 != _DUPLICATE:
            last = _FIGURE.sub(rf"\g<1>{number}", texts[number % len(texts)]).encode()
        yield f"{number:06d}-年报.txt", last


def run(directory: Path, count: int, every: float = 2.0) -> Burst:
    """Drop files and watch until all are done.

    Args:
        directory: an empty one.
        count: how many files.
        every: seconds between two looks.
    """
    running = Running(directory, **_DEFAULTS)
    curve: list[Moment] = []
    try:
        running.start()
        begun = time.monotonic()
        for name, data in contents(count):
            (running.inbox / name).write_bytes(data)
        written = time.monotonic()
        arrived = None
        while not curve or not _at_rest(running, count):
            time.sleep(every)
            curve.append(_look(running, begun))
            if arrived is None and curve[-1].arrived == count:
                arrived = time.monotonic() - written
            if time.monotonic() - written > _WITHIN:
                raise TimeoutError(running.story())
        done = time.monotonic() - written
        states, reasons = _states(running)
        return Burst(
            files=count,
            written=round(written - begun, 1),
            arrived=round(arrived or done, 1),
            done=round(done, 1),
            bare=0.0,
            states=states,
            reasons=reasons,
            wrong=_wrong(running, count, states),
            database=running.settings.data_dir.joinpath("gouji.db").stat().st_size / 1e6,
            curve=curve,
        )
    finally:
        running.end()  # also what was slow to start


def bare(directory: Path, messages: int) -> float:
    """Return the seconds in which as many no-op messages are sent and worked off."""
    settings = Settings(data_dir=directory)
    server = EmbeddedServer(settings)
    server.start()
    try:
        return messages / floor.run(settings, messages, directory)["per_second"]
    finally:
        server.stop(10)


def _look(running: Running, begun: float) -> Moment:
    with running.database.reading() as session:
        arrived = session.scalar(select(func.count()).select_from(Arrival)) or 0
        ended = select(func.count()).select_from(Document).where(Document.state.in_(FINAL))
        done = session.scalar(ended) or 0
    resident = {name: _resident(pid) for name, pid in running.parts().items()}
    resident["workers"] = max((_resident(pid) for pid in running.worker_processes()), default=0.0)
    resident["up"] = _resident(running.pid)
    return Moment(round(time.monotonic() - begun, 1), arrived, done, resident)


def _resident(pid: int) -> float:
    """Return what a process holds in memory, in MB; 0 where it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def _at_rest(running: Running, count: int) -> bool:
    with running.database.reading() as session:
        arrived = session.scalar(select(func.count()).select_from(Arrival)) or 0
        if arrived < count:
            return False
        open_ = select(Document.id).where(Document.state.not_in(FINAL)).limit(1)
        unmoved = select(Arrival.id).where(Arrival.handover == Handover.PENDING).limit(1)
        return session.scalar(open_) is None and session.scalar(unmoved) is None


def _states(running: Running) -> tuple[dict[str, int], dict[str, int]]:
    from models.dead_letter import DeadLetter

    with running.database.reading() as session:
        rows = session.execute(select(Document.state, func.count()).group_by(Document.state)).all()
        states = {str(state): count for state, count in rows}
        twice = select(func.count()).where(Arrival.state == ArrivalState.DUPLICATE)
        states["duplicate"] = session.scalar(twice) or 0
        why = select(DeadLetter.reason, func.count()).group_by(DeadLetter.reason)
        reasons = {str(reason): count for reason, count in session.execute(why).all()}
    return states, reasons


def _wrong(running: Running, count: int, states: dict[str, int]) -> list[str]:
    """Return what is not as it must be; nothing when all is well."""
    tens = range(count)
    twice = sum(number % 10 == _DUPLICATE for number in tens)
    rubbish = sum(number % 10 == _RUBBISH for number in tens)
    expected = {"duplicate": twice, "dead": rubbish, "stored": count - twice - rubbish}
    found = [
        f"{key}: {states.get(key)}, not {n}" for key, n in expected.items() if states.get(key) != n
    ]
    left = sum(1 for path in running.inbox.iterdir() if path.name != ".gouji")
    return [*found, f"{left} files were left in the inbox"] if left else found


def told(burst: Burst) -> Iterator[str]:
    """Yield the lines of the report."""
    rate = burst.files / burst.written
    yield f"{burst.files:,} files written in {burst.written} s ({rate:,.0f}/s)"
    yield f"from the last file to the last taken in: {burst.arrived} s"
    yield (
        f"from the last file to the last done: {burst.done} s"
        f" ({burst.files / (burst.done + burst.written):,.0f}/s from the first)"
    )
    yield f"as many no-op messages: {burst.bare:.1f} s"
    yield f"ends: {burst.states}; {burst.reasons}; database {burst.database:,.0f} MB"
    yield "wrong: " + ("; ".join(burst.wrong) or "nothing")
    parts = ("watch", "workers", "work", "broker", "up")
    yield "".join(f"{head:>10}" for head in ("s", "arrived", "done", *parts))
    step = max(1, len(burst.curve) // 25)
    for moment in [*burst.curve[::step], burst.curve[-1]]:
        figures = (moment.at, moment.arrived, moment.done)
        yield "".join(f"{f:>10}" for f in (*figures, *(moment.resident.get(p, 0) for p in parts)))


def main(
    arguments: list[str], say: Callable[[str], Any] = lambda line: sys.stdout.write(line + "\n")
) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.burst", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--output", type=Path, default=Path("burst.json"))
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="gouji-") as one, tempfile.TemporaryDirectory() as two:
        burst = run(Path(one), chosen.files)
        least = bare(Path(two), chosen.files)
    found = asdict(burst) | {"bare": round(least, 1)}
    for line in told(Burst(**{**found, "curve": burst.curve})):
        say(line)
    document = {"schema": "gouji.burst/1", "machine": machine(), **found}
    chosen.output.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1:])
