"""One trace from the arrival to the last attempt, in every line that speaks of it."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import CapturingLogger

from console.queries import history
from console.queries.history import EventFilter
from models import transitions
from models.event import EventName
from models.ledger import Arrival, Attempt
from models.trace import Trace
from tests.worker.house import House, house, imbalanced, raising
from worker import logs
from worker.errors import Transient
from worker.traced import About, traces

CALLER = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        yield built


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """Every line that is logged, as it would be written."""
    logger = CapturingLogger()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    written: list[dict[str, Any]] = []

    def keep(_logger: object, method: str, event: Any) -> Any:
        written.append(dict(event))
        return "", {}

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, keep],
        logger_factory=lambda *_: logger,
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    yield written
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level


def arrive(home: House, data: bytes) -> tuple[int, int]:
    """Have a document of a traced arrival; return the ids of both."""
    document_id = home.receive(data)
    with home.database.transaction() as session:
        arrival = Arrival(
            source="push", path=b"x", name="x", inode=1, size=1, mtime_ns=1, state="accepted",
            document_id=document_id, traceparent=str(CALLER),
        )  # fmt: skip
        session.add(arrival)
        document = transitions.lock(session, document_id)
        assert document is not None
        document.traceparent = str(CALLER)
        session.flush()
        return document_id, arrival.id


def test_every_line_of_an_attempt_has_the_trace_of_its_document(
    home: House, lines: list[dict[str, Any]]
) -> None:
    # Given a document of a traced arrival
    document_id, _ = arrive(home, b"a")

    # When it is dead-lettered, an operator has it tried again, and it is stored
    home.pipeline(imbalanced).run(document_id)
    with home.database.transaction() as session:
        assert transitions.revive(session, document_id)
        logs.record(session, EventName.DOCUMENT_RETRIED, document_id=document_id, by="anna")
    home.pipeline().run(document_id)

    # Then every line is of the one trace, those of each attempt of its own span
    told = [line for line in lines if line.get("document_id") == document_id]
    assert {line["trace_id"] for line in told} == {CALLER.trace_id}
    spans = {line["attempt_id"]: line["span_id"] for line in told if "attempt_id" in line}
    assert len(spans) == len({*spans.values(), CALLER.span_id}) - 1 == 2
    assert {line["event"] for line in told} >= {"stage.finished", "report.stored", "document.dead"}
    retried = next(line for line in told if line["event"] == "document.retried")
    assert retried["span_id"] == CALLER.span_id

    # And so is every event of the timeline
    with home.database.reading() as session:
        rows = history.latest(session, EventFilter([document_id]), limit=None)
        kept = {row.id: row.span_id for row in session.query(Attempt)}
    assert {row.trace_id for row in rows} == {CALLER.trace_id}
    assert kept == spans
    assert {row.span_id for row in rows if row.attempt_id} == set(spans.values())


def test_an_attempt_that_fails_for_a_while_stays_in_its_trace(
    home: House, lines: list[dict[str, Any]]
) -> None:
    # Given
    document_id, _ = arrive(home, b"a")

    # When the first attempt fails and the next does not
    pipeline = home.pipeline(raising(Transient("the network is away")))
    with pytest.raises(Transient):
        pipeline.run(document_id)
    pipeline.run(document_id)

    # Then
    assert {line.get("trace_id") for line in lines} == {CALLER.trace_id}
    # And nothing is left bound
    assert structlog.contextvars.get_contextvars() == {}


def test_a_document_of_an_older_release_begins_a_trace_with_its_next_attempt(home: House) -> None:
    # Given a document without a trace
    document_id = home.receive(b"a")

    # When it is worked on
    home.pipeline().run(document_id)

    # Then it has one, and so has its attempt
    trace = Trace.parsed(home.document(document_id).traceparent)
    assert trace is not None
    with home.database.reading() as session:
        [attempt] = session.query(Attempt)
        assert attempt.span_id is not None
        assert traces(session, [About(document_id, None, attempt.id), About(None, None, None)]) == [
            trace._replace(span_id=attempt.span_id), None
        ]  # fmt: skip


def test_what_speaks_of_an_arrival_is_of_its_trace(home: House) -> None:
    # Given a document that came again, by another caller
    document_id, _ = arrive(home, b"a")
    again = Trace.begun()
    with home.database.transaction() as session:
        arrival = Arrival(
            source="push", path=b"y", name="y", inode=1, size=1, mtime_ns=1, state="duplicate",
            document_id=document_id, traceparent=str(again),
        )  # fmt: skip
        session.add(arrival)
        session.flush()

        # Then the event of that arrival is of the trace that brought it
        asked = [About(document_id, arrival.id, None), About(document_id, None, None)]
        assert traces(session, asked) == [again, CALLER]
