"""The story of one document is found without reading everybody's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from console.queries.history import EventFilter, latest
from models.event import EventName
from models.ledger import Arrival, ArrivalState, Document
from models.trace import Trace
from tests.worker.house import House, house
from worker.logs import record


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        yield built


def test_the_events_of_one_document_are_found_by_index(home: House) -> None:
    # Given two documents, of whose files something was known before their content was
    mine, other = (home.arrive(name.encode(), name) for name in ("mine.txt", "other.txt"))
    with home.database.transaction() as session:
        record(session, EventName.FILE_DETECTED, arrival_id=1)
        record(session, EventName.DOCUMENT_RECEIVED, document_id=mine, arrival_id=1)
        record(session, EventName.DOCUMENT_RECEIVED, document_id=other, arrival_id=2)
    statements: list[tuple[str, tuple[object, ...]]] = []
    event.listen(
        home.database.engine, "before_cursor_execute", lambda *told: statements.append(told[2:4])
    )

    # When the story of one is asked for
    with home.database.reading() as session:
        found = latest(session, EventFilter(documents=[mine]), limit=10)

    # Then it begins with its file, each event is there once, and no table was read to its end
    assert [one.event for one in found] == ["file.detected", "document.received"]
    statement, values = next(told for told in statements if told[0].startswith("SELECT"))
    with home.database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert not [row for row in plan if "SCAN events" in str(row) or "SCAN arrivals" in str(row)]


def test_a_trace_is_what_one_arrival_set_off(home: House) -> None:
    # Given a document that one arrival brought, and another arrival of the same content
    first, again, other = (Trace.begun() for _ in range(3))
    document = home.arrive(b"content", "first.txt", traceparent=str(first))
    home.arrive(b"another", "other.txt", traceparent=str(other))
    with home.database.transaction() as session:
        session.get_one(Document, document).traceparent = str(first)
        session.get_one(Document, 2).traceparent = str(other)
        session.add(duplicate("again.txt", document, str(again)))
        session.flush()
        record(session, EventName.FILE_DETECTED, arrival_id=1)
        record(session, EventName.DOCUMENT_RECEIVED, document_id=document, arrival_id=1)
        record(session, EventName.REPORT_STORED, document_id=document)
        record(session, EventName.DOCUMENT_DUPLICATE, document_id=document, arrival_id=3)
        record(session, EventName.REPORT_STORED, document_id=2)

    # Then each trace has what belongs to it, as the timeline says itself
    for trace, names in (
        (first, ["file.detected", "document.received", "report.stored"]),
        (again, ["document.duplicate"]),
        (other, ["report.stored"]),
        (Trace.begun(), []),
    ):
        with home.database.reading() as session:
            found = latest(session, EventFilter(trace=trace.trace_id), limit=10)
        assert [one.event for one in found] == names
        assert {one.trace_id for one in found} <= {trace.trace_id}


def duplicate(name: str, document_id: int, traceparent: str) -> Arrival:
    return Arrival(
        source="inbox",
        path=name.encode(),
        name=name,
        inode=99,
        size=1,
        mtime_ns=1,
        state=ArrivalState.DUPLICATE,
        document_id=document_id,
        traceparent=traceparent,
    )
