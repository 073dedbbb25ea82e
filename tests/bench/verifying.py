"""How long a verification takes, and how much memory: ``python -m tests.bench.verifying 100000``.

One report is stored for real and then multiplied by the database, each time with another publisher
and other bytes; nothing else of a run is simulated. Prints seconds and the most memory, for a quick
verification and for a whole one, each in a process of its own.
"""

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from console.verification.look import Wishes
from console.verification.verify import verify
from tests.bench.documents import seeds
from tests.worker.house import House, house
from worker import inspection
from worker.settings import Settings

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


def main() -> None:
    """Make a house with so many documents and verify it, or verify one that there is."""
    if sys.argv[1] == "--look":
        _look(Path(sys.argv[2]), quick=sys.argv[3:] == ["--quick"])
        return
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        make(Path(folder), int(sys.argv[1]))
        _say(f"made {sys.argv[1]} documents in {time.perf_counter() - started:.0f} s")
        for options in (["--quick"], []):
            command = [sys.executable, "-m", "tests.bench.verifying", "--look", folder, *options]
            subprocess.run(command, check=True)


def _look(folder: Path, *, quick: bool) -> None:
    started, used = time.perf_counter(), time.process_time()
    found = verify(_settings(folder), Wishes(quick=quick, skip=frozenset({"queue"})))
    took, used = time.perf_counter() - started, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    what = "quick" if quick else "whole"
    _say(f"{what}: {took:.1f} s, {used:.1f} s of CPU, {memory} MB; found {dict(found.counts)}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _settings(folder: Path) -> Settings:
    return Settings(data_dir=folder / "var", inbox=folder / "inbox")


def make(folder: Path, count: int) -> None:
    """Make a house where so many reports are stored."""
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
