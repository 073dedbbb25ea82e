"""Migrations that the release before can live with: they add, and take nothing away."""

import ast
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from models import migrations
from models.session import create, file_of

_VERSIONS = Path(migrations.__file__).parent / "versions"
_FIRST = "0007"
"""The first revision since which two releases may work side by side."""
_BEFORE = "0006"
_TAKING = {"drop_column", "drop_table", "alter_column", "rename_table"}
_CONTRACT = "Contract:"
"""Stands in the docstring of a revision that takes away what no release uses any more."""


def additive() -> list[Path]:
    """Return the revisions that must only add."""
    paths = sorted(path for path in _VERSIONS.glob("[0-9]*.py") if path.name >= _FIRST)
    return [path for path in paths if _CONTRACT not in path.read_text("utf-8")]


def calls(path: Path) -> Iterator[ast.Call]:
    [upgrade] = [
        node
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    ]
    yield from (node for node in ast.walk(upgrade) if isinstance(node, ast.Call))


def named(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


@pytest.mark.parametrize("path", additive(), ids=lambda path: path.stem)
def test_nothing_is_taken_away(path: Path) -> None:
    assert not _TAKING & {named(call) for call in calls(path)}


@pytest.mark.parametrize("path", additive(), ids=lambda path: path.stem)
def test_a_new_column_may_be_left_out(path: Path) -> None:
    for call in calls(path):
        if named(call) == "add_column":
            words = {
                word.arg: word.value for word in ast.walk(call) if isinstance(word, ast.keyword)
            }
            nullable = words.get("nullable")
            filled = "server_default" in words
            assert filled or not (isinstance(nullable, ast.Constant) and nullable.value is False)


def test_a_database_that_a_newer_release_has_migrated_is_left_alone(database_url: str) -> None:
    # Given a database at a revision that this release does not know
    assert migrations.upgrade(database_url)
    engine = create(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    # When it is upgraded, then nothing is done
    assert migrations.is_newer(migrations.current(database_url))
    assert not migrations.upgrade(database_url)
    assert migrations.current(database_url) == "9999"


def test_a_table_that_is_read_holds_a_migration_up_and_nobody_else(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a long transaction that has read a table, on PostgreSQL
    if file_of(database_url) is not None:
        pytest.skip("readers and writers do not meet on SQLite")
    monkeypatch.setattr(migrations, "_DDL_WAIT", "100ms")
    monkeypatch.setattr(migrations, "_PAUSE", 0.2)
    engine = create(database_url)
    with engine.begin() as connection:
        command.upgrade(migrations.configuration(connection), _BEFORE)
    reader = engine.connect()
    reader.execute(text("SELECT count(*) FROM documents"))

    # When the database is upgraded
    upgrading = threading.Thread(target=migrations.upgrade, args=(database_url,))
    upgrading.start()
    upgrading.join(1)

    # Then that waits, while others come through; and goes on when the transaction has ended
    assert upgrading.is_alive()
    with engine.begin() as connection:
        connection.execute(text("SELECT count(*) FROM documents"))
    reader.close()
    upgrading.join(60)
    engine.dispose()
    assert migrations.current(database_url) == migrations.head()
