"""A database that cannot be written is never the fault of a document."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, text

from models import session
from models.filing import StoredReport
from models.ledger import AttemptOutcome, State
from tests.worker.house import House, house
from worker import faults
from worker.errors import Transient

LARGE = b"a report" * 20_000
"""What does not fit into the pages that a database has, as the name of a message or a publisher."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        yield built


@contextmanager
def read_only(home: House) -> Iterator[None]:
    """Let every connection refuse to write, as on a disk that was mounted read-only."""
    _on_connections(home, "PRAGMA query_only = ON")
    yield
    _on_connections(home, "PRAGMA query_only = OFF")


@contextmanager
def full(home: House) -> Iterator[None]:
    """Let the database have no page more than it has."""
    with home.database.reading() as reader:
        pages = reader.scalar(text("PRAGMA page_count"))
    _on_connections(home, f"PRAGMA max_page_count = {pages}")
    yield
    _on_connections(home, "PRAGMA max_page_count = 1000000")


@contextmanager
def no_room_for_files(home: House) -> Iterator[None]:
    """Let no file of this process grow: a disk to which writing fails."""
    path = Path(f"{home.database.engine.url.database}-wal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(home: House) -> Iterator[None]:
    """Let somebody else hold the write lock for longer than anybody waits."""
    other = sqlite3.connect(str(home.database.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(session, "BUSY_TIMEOUT_MS", 50)
            yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def _on_connections(home: House, pragma: str) -> None:
    """Set something on the connections there are, and on those to come."""
    home.database.engine.dispose()

    @event.listens_for(home.database.engine, "connect")
    def _set(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(pragma)


WAYS = {one.__name__: one for one in (read_only, full, no_room_for_files, locked)}


@pytest.mark.parametrize("way", WAYS)
def test_a_document_that_cannot_be_claimed_waits(home: House, way: str) -> None:
    # Given a document
    document_id = home.receive(LARGE)

    # When it is worked on while nothing can be written, and again
    with WAYS[way](home), pytest.raises(Transient):
        home.pipeline().run(document_id, LARGE.decode())
    between = home.document(document_id)
    home.pipeline().run(document_id, LARGE.decode())

    # Then nothing had begun, and it is stored by its first attempt
    assert (between.state, between.attempts) == (State.QUEUED, 0)
    assert [one.outcome for one in home.attempts(document_id)] == [AttemptOutcome.STORED]


@pytest.mark.parametrize("way", WAYS)
def test_a_report_that_cannot_be_written_is_read_again(home: House, way: str) -> None:
    # Given a database that cannot be written from the moment at which a document was read
    document_id = home.receive(LARGE)
    pipeline = home.pipeline()
    broken = WAYS[way](home)
    faults.handle(_once("work.inspected", broken.__enter__))

    # When it is worked on, and again when it can be written
    with pytest.raises(Transient):
        pipeline.run(document_id, LARGE.decode())
    broken.__exit__(None, None, None)
    pipeline.run(document_id, LARGE.decode())

    # Then it is stored once, and never was dead
    assert home.document(document_id).state == State.STORED
    assert home.letters(document_id) == []
    assert home.count(StoredReport) == 1
    assert [one.outcome for one in home.attempts(document_id)] == ["retry", "stored"]


def _once(point: str, strike: Callable[[], object]) -> Callable[[str], None]:
    left = [strike]

    def reached(name: str) -> None:
        if name == point and left:
            left.pop()()

    return reached
