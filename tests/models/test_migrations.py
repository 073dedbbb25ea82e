"""Migrations make the tables that the models describe."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, insert, inspect, table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

import models.answer
import models.comment
import models.correction
import models.dead_letter
import models.event
import models.feed
import models.filing
import models.ledger
import models.notification
import models.telemetry
import models.token
import models.user  # noqa: F401 - these register their tables
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


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based")
def test_migrations_and_models_agree(url: str) -> None:
    # Given a database made by the migrations
    migrations.upgrade(url)
    engine = create(url)

    # When it is compared with the models
    with engine.connect() as connection:
        meant = migrations.meant_for(connection.dialect.name)
        options = {"compare_type": True, "include_object": meant}
        context = MigrationContext.configure(connection, opts=options)
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


def test_versions_that_are_there_keep_their_numbers_and_the_last_stands(url: str) -> None:
    # Given reports, rows and findings of before there were copies
    _upgrade_before(url, "0005")
    reports = [("甲", 2023, 1), ("甲", 2023, 2), ("甲", 2022, 1), ("乙", 2023, 1)]
    unknown = [(None, 2023, 1), (None, 2023, 1), ("甲", None, 1)]
    engine = create(url)
    with engine.begin() as connection:
        for number, report in enumerate(reports + unknown, 1):
            _store_plainly(connection, number, *report)
    engine.dispose()

    # When the database is upgraded
    migrations.upgrade(url)

    # Then nothing is lost, and of each publisher and year the last version stands
    engine = create(url)
    with engine.begin() as connection:
        stored = connection.execute(
            text("SELECT publisher, year, version, standing, same_as FROM reports ORDER BY id")
        ).all()
        rows = connection.scalars(text("SELECT report_id FROM review_rows ORDER BY 1")).all()
    assert [tuple(row) for row in stored] == [
        (*report, number != 1, None) for number, report in enumerate(reports + unknown, 1)
    ]
    assert rows == [1, 2, 3, 4, 5, 6, 7]

    # and the rows still belong to their reports: those cannot be taken away
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("DELETE FROM reports WHERE id = 1"))
    engine.dispose()


@pytest.mark.parametrize("rows", ["disclosure_rows", "application_rows", "review_rows"])
def test_the_rows_of_a_report_are_found_by_their_key(url: str, rows: str) -> None:
    # Given a database of the newest revision
    migrations.upgrade(url)
    engine = create(url)

    # Then the key of the rows begins with the report they are looked up by
    assert inspect(engine).get_pk_constraint(rows)["constrained_columns"] == ["report_id", "row"]
    engine.dispose()


def test_a_revision_that_loses_what_others_refer_to_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a database with a report, and a revision that loses the reports
    url = f"sqlite:///{tmp_path / 'gouji.db'}"
    _upgrade_before(url, "0005")
    engine = create(url)
    with engine.begin() as connection:
        _store_plainly(connection, 1, "甲", 2023, 1)

    def lose(configuration: Config, _revision: str) -> None:
        configuration.attributes["connection"].execute(text("DELETE FROM reports"))

    monkeypatch.setattr("alembic.command.upgrade", lose)

    # When it is applied, then it is refused, and everything is as it was
    with pytest.raises(RuntimeError, match="review_rows has lost its row of reports"):
        migrations.upgrade(url)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM reports")) == 1
    engine.dispose()


def _upgrade_before(url: str, revision: str) -> None:
    """Bring an empty database to where it was before a revision."""
    engine = create(url)
    with engine.begin() as connection:
        configuration = migrations.configuration(connection)
        script = ScriptDirectory.from_config(configuration).get_revision(revision)
        assert isinstance(script.down_revision, str)
        command.upgrade(configuration, script.down_revision)
    engine.dispose()


def _store_plainly(
    connection: Connection, number: int, publisher: str | None, year: int | None, version: int
) -> None:
    values: dict[str, dict[str, object]] = {
        "documents": {
            "id": number,
            "sha256": str(number),
            "size": 1,
            "name": "x",
            "state": "stored",
            "queue": "fast",
            "attempts": 1,
            "unfinished": 0,
            "retries": 0,
            "created_at": "2026-01-01 00:00:00",
            "updated_at": "2026-01-01 00:00:00",
        },
        "reports": {
            "id": number,
            "document_id": number,
            "publisher": publisher,
            "publisher_key": publisher,
            "year": year,
            "version": version,
            "layouts": "{}",
            "sections": "[]",
            "hard": 0,
            "soft": 0,
            "stored_at": "2026-01-01 00:00:00",
        },
        "review_rows": {
            "report_id": number,
            "row": "reconsideration",
            "position": 0,
            **dict.fromkeys(("printed", "raw", "places", "notes"), "{}"),
            "chosen": "[]",
        },
    }
    for name, row in values.items():
        connection.execute(insert(table(name, *map(column, row))).values(row))


def _schema(url: str) -> list[str]:
    """Return the statements that made the database, columns and constraints in no order."""
    engine = create(url)
    with engine.connect() as connection:
        query = text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name != :name")
        made = connection.scalars(query, {"name": "alembic_version"}).all()
    engine.dispose()
    # A table that was made anew under another name has its own in quotes.
    made = [re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", statement) for statement in made]
    default = r"(?: DEFAULT '\w*')?(?: NOT NULL)?"
    # SQLite writes columns that were added later behind everything else, on the same line.
    apart = [
        re.sub(rf", (?=\w+ [A-Z]+(?:\(\d+\))?{default}[,)])|\)$", "\n", statement).strip()
        for statement in made
    ]
    return sorted("\n".join(sorted(re.split(r",?\s*\n\s*", statement))) for statement in apart)
