"""One transaction per unit of work, on SQLite as careful as it can be."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from models import session
from models.base import Base
from models.ledger import Document
from models.session import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database.at(f"sqlite:///{tmp_path / 'gouji.db'}")
    Base.metadata.create_all(made.engine)
    yield made
    made.close()


def _document(name: str = "a") -> Document:
    return Document(sha256=name * 64, size=1, name=name)


def _count(database: Database) -> int:
    with database.reading() as session:
        return session.scalars(select(func.count()).select_from(Document)).one()


def test_a_unit_of_work_is_committed_as_a_whole(database: Database) -> None:
    # Given a unit of work
    # When it ends well
    with database.transaction() as session:
        document = _document()
        session.add(document)

    # Then it is there for others, and its objects stay readable
    assert _count(database) == 1
    assert document.name == "a"


def test_a_unit_of_work_that_raises_leaves_nothing(database: Database) -> None:
    # Given a unit of work that fails half-way
    # When it raises
    def fail() -> None:
        with database.transaction() as session:
            session.add(_document())
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    # Then nothing of it is kept
    assert _count(database) == 0


def test_what_was_read_stays_readable(database: Database) -> None:
    # Given a document
    with database.transaction() as session:
        session.add(_document())

    # When it is read
    with database.reading() as session:
        document = session.scalars(select(Document)).one()

    # Then it can be looked at after the block
    assert document.sha256 == "a" * 64


def test_sqlite_is_set_up_for_safety(database: Database) -> None:
    # Given a SQLite database
    # When its settings are asked for
    with database.reading() as session:
        answers = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    # Then commits are on disk, keys hold, readers do not block, and writers wait
    assert answers == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_writers_wait_for_each_other(database: Database) -> None:
    # Given eight writers that read, then write what they read plus one
    with database.transaction() as session:
        session.add(_document())

    def add_one() -> None:
        for _ in range(5):
            with database.transaction() as session:
                session.scalars(select(Document)).one().attempts += 1

    # When they work at once
    threads = [threading.Thread(target=add_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then no update is lost and none failed
    with database.reading() as session:
        assert session.scalars(select(Document.attempts)).one() == 40


def test_a_reader_is_not_blocked_by_a_writer(database: Database) -> None:
    # Given a writer in the middle of its work
    with database.transaction() as session:
        session.add(_document())
        session.flush()

        # When somebody reads
        # Then it sees what was committed before
        assert _count(database) == 0


def test_a_reader_cannot_write_by_mistake(database: Database) -> None:
    # Given a reading session
    # When it adds something
    with database.reading() as session:
        session.add(_document())
        session.flush()

    # Then that is gone
    assert _count(database) == 0


def test_errors_do_not_show_what_files_say(database: Database) -> None:
    # Given a document
    with database.transaction() as session:
        session.add(_document())

    # When a statement with a secret among its parameters fails
    again = Document(sha256="a" * 64, size=1, name="机密")
    with pytest.raises(IntegrityError) as caught, database.transaction() as session:
        session.add(again)

    # Then its error does not tell it
    assert "机密" not in str(caught.value)


def test_a_database_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    # Given a directory where the database should be
    database = Database.at(f"sqlite:///{tmp_path}")

    # When it is used, then that is the error of an environment
    with pytest.raises(OperationalError), database.transaction() as session:
        session.execute(text("SELECT 1"))
    database.close()


@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells it so")
def test_statements_over_many_rows_do_not_fill_the_memory(tmp_path: Path) -> None:
    # When a process asks for ever other numbers of rows, as batches come
    ours, usual = (_grown(tmp_path / "gouji.db", kept) for kept in (session._STATEMENTS, 128))

    # Then it has kept fewer of these statements than Python does by itself
    assert 0 < ours < usual * 0.7


def _grown(path: Path, kept: int) -> int:
    """Return by how many pages statements over ever other numbers of rows let a process grow."""
    code = (
        "from pathlib import Path\n"
        "from sqlalchemy import literal, select\n"
        "from models import session\n"
        f"session._STATEMENTS = {kept}\n"
        f"database = session.Database.at('sqlite:///{path}')\n"
        "def ask(rows):\n"
        "    with database.reading() as asked:\n"
        "        asked.execute(select(literal(1)).where(literal(0).in_(range(rows))))\n"
        "def held(): return int(Path('/proc/self/statm').read_text().split()[1])\n"
        "ask(3000)\n"
        "before = held()\n"
        "for fewer in range(90): ask(3000 - fewer)\n"
        "print(held() - before)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(told.stdout)
