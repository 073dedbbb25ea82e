"""What only a server can show."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ColumnElement, func, make_url, select, text
from sqlalchemy.exc import IntegrityError

from models import migrations
from models.ledger import Arrival, Document
from models.session import Database, UnusableUrlError
from tests.databases import SERVER, empty, on_server
from watcher.handover import below

pytestmark = pytest.mark.skipif(not SERVER, reason="GOUJI_TEST_DATABASE_URL is not set")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with empty("postgresql", tmp_path) as url:
        migrations.upgrade(url)
        made = Database.at(url)
        yield made
        made.close()


def test_reading_sees_one_moment(database: Database) -> None:
    # Given a reader that has begun
    counted = select(func.count()).select_from(Document)
    with database.reading() as session:
        assert session.scalar(counted) == 0
        # When somebody writes meanwhile
        with database.transaction() as other:
            other.add(Document(sha256="a" * 64, size=1, name="a"))
        # Then the reader sees what it saw
        assert session.scalar(counted) == 0
        assert session.scalar(text("SHOW transaction_isolation")) == "repeatable read"
    with database.reading() as session:
        assert session.scalar(counted) == 1


def test_writing_is_as_usual(database: Database) -> None:
    with database.reading():
        pass
    with database.transaction() as session:
        assert session.scalar(text("SHOW transaction_isolation")) == "read committed"


def test_the_longest_path_of_linux_can_arrive(database: Database) -> None:
    # Given names of which hardly two characters are the same, which no index can squeeze
    letters = (chr(0x4E00 + n * 7919 % 20000) for n in range(1365))
    path = "".join(letters).encode()
    version: dict[str, Any] = {"source": "inbox", "inode": 1, "size": 1, "mtime_ns": 1}

    # When two files arrive whose paths differ at the end only, and the first once more
    with database.transaction() as session:
        for end in (b"a", b"b"):
            session.add(Arrival(**version, path=path + end, name="x", state="ignored"))
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(Arrival(**version, path=path + b"a", name="x", state="ignored"))

    # Then each is there once, and is found
    found = select(Arrival.path).where(Arrival.source == "inbox", Arrival.path.in_([path + b"b"]))
    with database.reading() as session:
        assert session.scalars(found).all() == [path + b"b"]
        assert session.scalar(select(func.count()).select_from(Arrival)) == 2


@pytest.mark.parametrize(
    "which",
    [
        (Arrival.source == "inbox", Arrival.path.in_([b"a/1", b"b/2"])),
        (Arrival.source == "inbox", *below(b"a/77")),
    ],
    ids=["paths", "folder"],
)
def test_arrivals_are_found_by_an_index(
    database: Database, which: tuple[ColumnElement[bool], ...]
) -> None:
    # Given a question about some of many arrivals
    with database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO arrivals (source, path, name, inode, size, mtime_ns, state, handover,"
                " seen_at) SELECT 'inbox', convert_to('a/' || n, 'UTF8'), '', n, 1, 1, 'ignored',"
                " 'none', now() FROM generate_series(1, 20000) AS n"
            )
        )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE arrivals"))
    statement = (
        select(Arrival.id)
        .where(*which)
        .compile(database.engine, compile_kwargs={"literal_binds": True})
    )

    # When the server plans its answer
    with database.reading() as session:
        plan = "\n".join(session.scalars(text(f"EXPLAIN {statement}")))

    # Then the path, or its beginning, is looked up
    conditions = [line for line in plan.splitlines() if "Index Cond" in line]
    assert any("path" in line for line in conditions), plan


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_chinese_is_refused_with_what_to_do(
    tmp_path: Path, encoding: str
) -> None:
    # Given a database as a server in the locale C makes it
    with empty("postgresql", tmp_path) as url:
        name = make_url(url).database
        on_server(f"DROP DATABASE {name}")
        on_server(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")

        # Then it is told when it is to be prepared
        with pytest.raises(UnusableUrlError, match=f"{encoding}; .*ENCODING 'UTF8'"):
            migrations.upgrade(url)
