"""How long a verification takes, and how much memory: ``python -m tests.bench.verifying 100000``.

One report is stored for real and then multiplied by the database, each time with another publisher
and other bytes; nothing else of a run is simulated. Prints seconds and the most memory, for a quick
verification and for a whole one, each in a process of its own. The floor reads every row of every
table once, by SQLite alone, and for a whole one the bytes of every original, with their digest.
"""

import hashlib
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import text

from console.verification.look import Wishes
from console.verification.verify import verify
from tests.bench.documents import seeds
from tests.bench.measured import Line, Measured, Size, compared, single
from tests.worker.house import House, house
from worker import inspection, logs
from worker.settings import Settings

TITLE: Final = "verifying a database (gouji verify)"
A_REPORT: Final = 42
"""Rows that the report has which is multiplied: its tables, findings, events, and what it is of."""
_WAYS: Final[dict[str, list[str]]] = {"quick": ["--quick"], "whole": []}
_DOCUMENT = (
    "INSERT INTO documents (id, sha256, size, name, state, queue, attempts, unfinished, retries, "
    "attempt_id, created_at, updated_at, lane) SELECT :id, :sha, :size, name, state, queue, "
    "attempts, unfinished, retries, :id, created_at, updated_at, lane FROM documents WHERE id = 1"
)
_ARRIVAL = (
    "INSERT INTO arrivals (id, source, path, name, inode, size, mtime_ns, state, document_id, "
    "handover, seen_at) SELECT :id, source, :path, name, :id, :size, mtime_ns, state, :id, "
    "handover, seen_at FROM arrivals WHERE id = 1"
)
_RECEIVED = (
    "INSERT INTO events (at, name, level, document_id, data) "
    "SELECT created_at, 'document.received', 'info', id, '{}' FROM documents"
)
_KINDS = ("disclosure_rows", "application_rows", "review_rows")
_TABLES = ("attempts", "events", "reports", "findings", *_KINDS)
_FIRST = {
    **dict.fromkeys(("attempts", "events", "findings"), "t.document_id = 1"),
    "reports": "t.id = 1",
    **dict.fromkeys(_KINDS, "t.report_id = 1"),
}
_OWN = {
    ("", "document_id"): "d.id",
    ("", "attempt_id"): "d.id",
    ("", "report_id"): "d.id",
    ("", "id"): "NULL",
    ("attempts", "id"): "d.id",
    ("reports", "id"): "d.id",
    ("reports", "publisher_key"): "t.publisher_key || d.id",
}
"""What is each document's own, by table and column; everything else is that of the first."""


def run(size: Size) -> Measured:
    """Measure both, and their floors, over a database of ``size.rows`` rows."""
    count = max(2, size.rows // A_REPORT)
    with tempfile.TemporaryDirectory(prefix="gouji-") as folder:
        make(Path(folder), count)
        rows = sum(_plain(Path(folder)).values())
        figures: dict[str, Any] = {}
        for what, options in _WAYS.items():
            bare = looked(Path(folder), "--floor", *options)
            figures[what] = looked(Path(folder), "--look", *options)
            figures[what] |= {f"floor_{key}": value for key, value in bare.items()}
            figures[what]["ratio"] = figures[what]["ms"] / bare["ms"]
    figures |= {"rows": rows, "reports": count, "ratio": figures["whole"]["ratio"]}
    return Measured(TITLE, tuple(_lines(figures)), figures)


def _lines(figures: dict[str, Any]) -> Iterator[Line]:
    yield single("rows", figures["rows"], "")
    for what in _WAYS:
        found = figures[what]
        for key, said, unit in (("ms", what, "ms"), ("cpu_ms", "  of CPU", "ms")):
            yield compared(said, unit, found[key], found[f"floor_{key}"], _ratio(found, key))
        yield single("  memory at most", found["memory_mb"], "MB")
        if found["findings"]:
            yield single("  wrongly told", found["findings"], "")


def _ratio(found: dict[str, float], key: str) -> float:
    return found[key] / found[f"floor_{key}"]


def main() -> None:
    """Make a house with so many documents and verify it, or verify one that there is."""
    if sys.argv[1] in ("--look", "--floor"):
        step = {"--look": _verified, "--floor": _scanned}[sys.argv[1]]
        told = _took(lambda: step(Path(sys.argv[2]), quick=sys.argv[3:] == ["--quick"]))
        sys.stdout.buffer.write(orjson.dumps(told))
        return
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        make(Path(folder), int(sys.argv[1]))
        _say(f"made {sys.argv[1]} documents in {time.perf_counter() - started:.0f} s")
        for what, options in _WAYS.items():
            told = looked(Path(folder), "--look", *options)
            _say(
                f"{what}: {told['ms'] / 1000:.1f} s, {told['cpu_ms'] / 1000:.1f} s of CPU, "
                f"{told['memory_mb']:.0f} MB; found {told['findings']}"
            )


def looked(folder: Path, what: str, *options: str) -> dict[str, float]:
    """Verify a house, or scan it, in a process of its own; return what that took."""
    command = [sys.executable, "-m", "tests.bench.verifying", what, str(folder), *options]
    told = subprocess.run(command, check=True, capture_output=True).stdout
    found: dict[str, float] = orjson.loads(told)
    return found


def _took(step: Callable[[], int]) -> dict[str, float]:
    started, used = time.perf_counter(), time.process_time()
    found = step()
    return {
        "findings": found,
        "ms": 1000 * (time.perf_counter() - started),
        "cpu_ms": 1000 * (time.process_time() - used),
        "memory_mb": most_memory(),
    }


def most_memory() -> float:
    """Return the most memory that this program has had, in MB.

    ``getrusage`` would tell that of the process it was started by, where that had more.
    """
    status = Path("/proc/self/status").read_text("utf-8").splitlines()
    (line,) = (line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _verified(folder: Path, *, quick: bool) -> int:
    found = verify(_settings(folder), Wishes(quick=quick, skip=frozenset({"queue"})))
    return sum(found.counts.values())


def _scanned(folder: Path, *, quick: bool) -> int:
    """Do what nobody can avoid: read every row, and every original where it is a whole one."""
    _plain(folder)
    if not quick:
        for path in Path(_settings(folder).archive).rglob("*"):
            if path.is_file():
                hashlib.sha256(path.read_bytes()).digest()
    return 0


def _plain(folder: Path) -> dict[str, int]:
    """Count the rows of every table, by reading them all and no index."""
    with closing(sqlite3.connect(folder / "var" / "gouji.db")) as connection:
        named = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return {
            name: connection.execute(f"SELECT count(*) FROM {name} NOT INDEXED").fetchone()[0]  # noqa: S608
            for (name,) in named.fetchall()
        }


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _settings(folder: Path) -> Settings:
    return Settings(data_dir=folder / "var", inbox=folder / "inbox")


def make(folder: Path, count: int) -> None:
    """Make a house where so many reports are stored."""
    logs.configure("bench", level="error")
    with house(folder) as home:
        home.arrive(seeds()[0], "0.txt")
        home.pipeline(inspection.inspect).run(1)
        _multiply(home, count)
    (folder / "inbox").mkdir()


def _multiply(home: House, count: int) -> None:
    engine = home.database.engine
    contents = [seeds()[0] + b"%d" % number for number in range(2, count + 1)]
    documents = [
        {"id": number, "sha": _kept(home, data), "size": len(data), "path": b"%d" % number}
        for number, data in enumerate(contents, 2)
    ]
    with engine.begin() as connection:
        for statement in (_DOCUMENT, _ARRIVAL):
            connection.execute(text(statement), documents)
        for table in _TABLES:
            names = [row[1] for row in connection.execute(text(f"PRAGMA table_info({table})"))]
            values = [_OWN.get((table, name), _OWN.get(("", name), f"t.{name}")) for name in names]
            connection.execute(
                text(
                    f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} "  # noqa: S608
                    f"FROM {table} AS t, documents AS d WHERE d.id > 1 AND {_FIRST[table]}"
                )
            )
        connection.execute(text(_RECEIVED), {"count": count})


def _kept(home: House, data: bytes) -> str:
    """Put bytes into the archive as it does, but without waiting for the disk."""
    digest = hashlib.sha256(data).hexdigest()
    path = home.archive.root / digest[:2] / digest
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return digest


if __name__ == "__main__":
    main()
