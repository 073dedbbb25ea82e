"""What every row of the ledger relies on: moments know their zone."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from models.base import Base
from models.ledger import Document, State
from models.session import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database.at(database_url)
    Base.metadata.create_all(made.engine)
    yield made
    made.close()


def _add(database: Database, state: State, **columns: object) -> int:
    with database.transaction() as session:
        document = Document(sha256="a" * 64, size=1, name="a", state=state, **columns)
        session.add(document)
    return document.id


def _get(database: Database, document_id: int) -> Document:
    with database.reading() as session:
        return session.get_one(Document, document_id)


def test_times_come_back_in_utc(database: Database) -> None:
    # Given a document
    document_id = _add(database, State.QUEUED)

    # When its time is read
    created = _get(database, document_id).created_at

    # Then it knows its zone
    assert created.tzinfo is UTC


def test_a_naive_time_is_refused(database: Database) -> None:
    # Given a time whose zone nobody knows
    naive = datetime(2024, 1, 1)  # noqa: DTZ001 - that is the point

    # When it is stored, then that is an error
    with pytest.raises(Exception, match="naive time"):
        _add(database, State.QUEUED, lease_expires_at=naive)
