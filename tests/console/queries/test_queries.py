"""Reading what is stored, where the command line's tests do not reach."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from console.queries import counts, documents, filings, history
from console.queries.history import EventFilter
from models.event import EventName
from models.ledger import Document
from models.session import Database
from tests.databases import migrated
from worker.logs import record


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    url = f"sqlite:///{tmp_path / 'gouji.db'}"
    migrated(url)
    database = Database.at(url)
    with database.transaction() as session:
        yield session
    database.close()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("年报.txt".encode(), "年报.txt"),
        ("年报.txt".encode("gb18030"), "年报.txt"),
        (b"\xff\xff.txt", "\\xff\\xff.txt"),
    ],
)
def test_paths_of_any_bytes_are_readable(path: bytes, text: str) -> None:
    assert counts.readable(path) == text


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("1", [1]),
        ("2222", [2]),
        ("222", []),
        ("2", [2]),
        ("abcd", [1]),
        ("abc%", []),
        ("9" * 30, []),
    ],
)
def test_figures_are_an_id_before_they_begin_a_digest(
    session: Session, wanted: str, found: list[int]
) -> None:
    # Given
    for digest in ("abcd" * 16, "2" * 64):
        session.add(Document(sha256=digest, size=1, name="x"))
    session.flush()

    # Then
    assert documents.find(session, wanted) == found


@pytest.mark.parametrize(
    ("text", "figure"), [(None, None), ("12", 12), ("-1", -1), ("115.1", "115.1")]
)
def test_sides_of_edits_are_what_they_were(text: str | None, figure: object) -> None:
    assert filings.figure(text) == figure


def test_new_events_come_after_the_last_one(tmp_path: Path) -> None:
    # Given three events that are committed
    url = f"sqlite:///{tmp_path / 'gouji.db'}"
    migrated(url)
    database = Database.at(url)
    with database.transaction() as session:
        for document_id in (1, 2, 1):
            record(session, EventName.DOCUMENT_QUEUED, document_id=document_id)

    # Then
    with database.reading() as session:
        fresh = history.after(session, EventFilter(documents=[1]), 1)
        latest = history.latest(session, EventFilter(), limit=2)
    database.close()
    assert [(event.id, event.document_id) for event in fresh] == [(3, 1)]
    assert [event.id for event in latest] == [2, 3]
