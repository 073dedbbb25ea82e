"""Two watchers on one directory, as processes of two hosts that share it: nothing is doubled."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models.event import Event, EventName
from models.ledger import Arrival, ArrivalState, Document, Handover
from models.session import Database
from tests.databases import migrated
from tests.watcher.waiting import until

pytestmark = pytest.mark.process

_COUNT = 500
_CONTENTS = 450
_LONG = 300.0
_ALIVE = "alive"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    migrated(database_url)
    database = Database.at(database_url)
    yield database
    database.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """Return the shared folder as another host has it mounted; where that cannot be, as it is."""
    shared, mounted = tmp_path / "shared", tmp_path / "mounted"
    shared.mkdir()
    mounted.mkdir()
    bound = subprocess.run(["mount", "--bind", shared, mounted], check=False, capture_output=True)
    if bound.returncode:
        yield shared
        return
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "--lazy", mounted], check=True)


def drop(folder: Path, numbers: range) -> None:
    for number in numbers:
        path = folder / f"{number % 7}" / f"{number}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"content %d" % (number % _CONTENTS))


@contextmanager
def watching(home: Path, database: Database, source: str, **more: str) -> Iterator[None]:
    """Run ``gouji watch`` with data of its own; ledger and archive are everybody's."""
    home.mkdir()
    (home / "gouji.toml").write_text(source)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GOUJI_")}
    own = {
        "DATA_DIR": str(home / "var"),
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "ARCHIVE_URL": str(home.parent / "archive"),
        "BROKER_URL": f"unix://{home}/nobody",  # what comes in waits for a queue
        "SCAN_INTERVAL": "0.5",
        "ALIVE_FILE": str(home / _ALIVE),
        "LOG_FORMAT": "json",
    }
    with (home / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "console.cli.main", "watch"],
            env=kept | {f"GOUJI_{name}": value for name, value in own.items()},
            cwd=home,
            stdout=out,
            stderr=out,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            assert process.wait(60) == 0, (home / "out").read_text()[-3000:]
        finally:
            process.kill()


def both(stack: ExitStack, home: Path, database: Database, kind: str, folders: list[Path]) -> None:
    for number, folder in enumerate(folders):
        source = f'[[source]]\nname = "all"\nkind = "{kind}"\npath = "{folder}"\nsettle = 0.3\n'
        stack.enter_context(watching(home / f"host-{number}", database, source))
    alive = [home / f"host-{number}" / _ALIVE for number, _ in enumerate(folders)]
    until(lambda: all(path.exists() for path in alive), _LONG, lambda: arrived(database))


def arrived(database: Database) -> Counter[tuple[str, str]]:
    with database.reading() as session:
        rows = session.execute(select(Arrival.state, Arrival.handover))
        return Counter((row.state, row.handover) for row in rows)


def told(database: Database) -> Counter[str]:
    with database.reading() as session:
        return Counter(session.scalars(select(Event.name)))


def nothing_doubled(database: Database) -> None:
    with database.reading() as session:
        paths = session.scalars(select(Arrival.path)).all()
        documents = session.scalar(select(func.count()).select_from(Document))
    assert (len(paths), len(set(paths)), documents) == (_COUNT, _COUNT, _CONTENTS)
    events = told(database)
    assert events[EventName.DOCUMENT_RECEIVED] == _CONTENTS
    assert events[EventName.FILE_SETTLED] == _COUNT


def test_of_a_drop(database: Database, elsewhere: Path, tmp_path: Path) -> None:
    # Given two watchers on one folder, that finds files when they start and gets more
    shared = tmp_path / "shared"
    drop(shared, range(200))
    with ExitStack() as stack:
        both(stack, tmp_path, database, "drop", [shared, elsewhere])
        drop(shared, range(200, _COUNT))
        # When all has come in
        done = (ArrivalState.ACCEPTED, Handover.MOVED), (ArrivalState.DUPLICATE, Handover.MOVED)
        until(
            lambda: sum(arrived(database)[one] for one in done) == _COUNT,
            _LONG,
            lambda: arrived(database),
        )

    # Then each file came once and was moved once, under its own name
    nothing_doubled(database)
    assert told(database)[EventName.FILE_MOVED] == _COUNT
    assert told(database)[EventName.FILE_VANISHED] == 0
    moved = [path for path in (shared / ".gouji" / "done").rglob("*") if path.is_file()]
    assert sorted(int(path.stem) for path in moved) == list(range(_COUNT))


@pytest.mark.soak
def test_of_a_crawl(database: Database, elsewhere: Path, tmp_path: Path) -> None:
    # Given two watchers on one directory of a crawler
    shared = tmp_path / "shared"
    drop(shared, range(200))
    with ExitStack() as stack:
        both(stack, tmp_path, database, "crawl", [shared, elsewhere])
        drop(shared, range(200, _COUNT))
        # When all has come in
        until(lambda: arrived(database).total() == _COUNT, _LONG, lambda: arrived(database))

    # Then each file came once
    nothing_doubled(database)
