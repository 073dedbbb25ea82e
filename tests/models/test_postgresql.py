"""What only a server can show."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from models import migrations
from models.ledger import Document
from models.session import Database
from tests.databases import SERVER, empty

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
