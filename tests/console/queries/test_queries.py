"""Reading what is stored, where the command line's tests do not reach."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from console.queries import documents, filings, history
from console.queries.history import EventFilter
from models.event import EventName
from models.ledger import Arrival, Document
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
        ("打包.zip!/河南/".encode() + "年报.txt".encode("gb18030"), "打包.zip!/河南/年报.txt"),
    ],
)
def test_where_a_document_arrived_is_readable_whatever_its_bytes(
    session: Session, path: bytes, text: str
) -> None:
    # Given a member of an archive
    for digest in "ab":
        session.add(Document(sha256=digest * 64, size=1, name="x"))
    session.flush()
    session.add(
        Arrival(
            source="inbox",
            path=path,
            inode=1,
            size=1,
            mtime_ns=1,
            name="x",
            state="accepted",
            seen_at=datetime.now(UTC),
            document_id=2,
            container_id=1,
        )
    )
    session.flush()

    # Then
    assert documents.places(session, [2]) == {2: text}
    assert [arrival.path for arrival in documents.arrivals(session, 2)] == [text]


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
