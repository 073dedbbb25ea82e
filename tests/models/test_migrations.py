"""Migrations make the tables that the models describe."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

import models.dead_letter
import models.event
import models.feed
import models.filing
import models.ledger
import models.token  # noqa: F401 - they register their tables
from models import migrations
from models.base import Base
from models.session import create


@pytest.fixture
def url(database_url: str) -> str:
    return database_url


def test_a_new_database_is_brought_to_the_head(url: str) -> None:
    # Given an empty database
    assert migrations.current(url) is None

    # When it is upgraded, twice
    migrations.upgrade(url)
    migrations.upgrade(url)

    # Then it is at the newest revision
    assert migrations.current(url) == migrations.head()


def test_migrations_and_models_agree(url: str) -> None:
    # Given a database made by the migrations
    migrations.upgrade(url)
    engine = create(url)

    # When it is compared with the models
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()

    # Then there is no difference, types included
    assert differences == []


def test_the_migrations_make_the_very_tables_the_models_do(tmp_path: Path) -> None:
    # Given a database made by the migrations, and one made from the models
    url = f"sqlite:///{tmp_path / 'gouji.db'}"
    migrations.upgrade(url)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    engine = create(other)
    Base.metadata.create_all(engine)
    engine.dispose()

    # When their tables and indexes are listed
    # Then they are the same: constraints, partial indexes and all
    assert _schema(url) == _schema(other)


def test_processes_that_start_at_once_migrate_once(url: str) -> None:
    # Given six starters and an empty database
    failures: list[BaseException] = []
    barrier = threading.Barrier(6)

    def start() -> None:
        barrier.wait()
        try:
            migrations.upgrade(url)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shall show it
            failures.append(error)

    # When they upgrade at the same moment
    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then none fails
    assert failures == []
    assert migrations.current(url) == migrations.head()


def test_stored_reports_get_the_key_of_their_publisher(url: str) -> None:
    # Given a database of the revision before, with one publisher in two spellings
    engine = create(url)
    with engine.begin() as connection:
        command.upgrade(migrations.configuration(connection), "0002")
        for n, (publisher, version) in enumerate(
            (("甲县管委会", 1), ("甲县管理委员会", 1), ("甲县管委会", 2), (None, 1), (None, 1)), 1
        ):
            connection.execute(
                text(
                    "INSERT INTO documents (id, sha256, size, name, state, queue, attempts,"
                    " retries, unfinished, created_at, updated_at) VALUES"
                    " (:n, :n, 1, 'a', 'stored', 'fast', 1, 0, 0, '2024-01-01', '2024-01-01')"
                ),
                {"n": n},
            )
            connection.execute(
                text(
                    "INSERT INTO reports (id, document_id, publisher, year, version, layouts,"
                    " sections, hard, soft, stored_at) VALUES"
                    " (:n, :n, :publisher, 2023, :version, '{}', '[]', 0, 0, '2024-01-01')"
                ),
                {"n": n, "publisher": publisher, "version": version},
            )

    # When it is upgraded
    migrations.upgrade(url)

    # Then they are versions of one another, in the order in which they were stored
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT publisher_key, version FROM reports ORDER BY id"))
        told = [tuple(row) for row in rows]
    engine.dispose()
    assert told == [
        ("甲县管理委员会", 1),
        ("甲县管理委员会", 2),
        ("甲县管理委员会", 3),
        (None, 1),
        (None, 1),
    ]


def test_it_needs_no_file_but_its_own(tmp_path: Path, url: str) -> None:
    # Given a working directory with nothing in it
    code = f"from models import migrations; migrations.upgrade({url!r})"

    # When a process upgrades from there
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, check=False
    )

    # Then it does, and says nothing
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert migrations.current(url) == migrations.head()


def test_postgresql_gets_its_own_types() -> None:
    # Given the models
    tables = Base.metadata.tables

    # When their tables are written for PostgreSQL
    written = {
        name: str(
            CreateTable(table).compile(
                dialect=postgresql.dialect()  # type: ignore[no-untyped-call]
            )
        )
        for name, table in tables.items()
    }

    # Then keys count in 64 bits, JSON is JSONB, times have a zone and amounts are exact
    assert "id BIGSERIAL NOT NULL" in written["documents"]
    assert "data JSONB NOT NULL" in written["events"]
    assert "created_at TIMESTAMP WITH TIME ZONE" in written["documents"]
    assert "amount NUMERIC" in written["disclosure_rows"]


def _schema(url: str) -> list[str]:
    """Return the statements that made the database, columns and constraints in no order."""
    engine = create(url)
    with engine.connect() as connection:
        query = text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name != :name")
        made = connection.scalars(query, {"name": "alembic_version"}).all()
    engine.dispose()
    # SQLite writes columns that were added later behind everything else, on the same line.
    apart = [
        re.sub(r", (?=\w+ [A-Z]+(?:\(\d+\))?[,)])|\)$", "\n", statement).strip()
        for statement in made
    ]
    return sorted("\n".join(sorted(re.split(r",?\s*\n\s*", statement))) for statement in apart)
