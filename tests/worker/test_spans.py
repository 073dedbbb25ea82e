"""What a collector gets to see: the spans of the ledger, with its ids, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from models.base import now
from models.disclosure.finding import Reason
from models.disclosure.hints import Hints
from models.ledger import Arrival, Attempt, Document, State
from models.trace import Trace
from tests.collector import Collector, Taken, collecting
from tests.watcher.station import Station
from tests.worker.house import House, house, imbalanced, raising, stored
from tests.worker.unpack_house import settle
from tests.worker.unpacking.archives import REPORTS, zipped
from watcher.fileless import fileless
from watcher.intake import Intake
from watcher.register import Origin
from worker import endings, spans, tracing
from worker.convoy import Hint
from worker.errors import Refused, Transient
from worker.pipeline import Pipeline
from worker.send import Sender
from worker.settings import Settings

CALLER = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
INTERNAL, PRODUCER, CONSUMER = 1, 4, 5  # as opentelemetry/proto/trace/v1 numbers them


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as built:
        yield built


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, retry_min=0.1) as built:
        yield built


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    built = Station(tmp_path)
    yield built
    built.close()


@contextmanager
def exporting(settings: Settings, collector: Collector) -> Iterator[None]:
    """Export what is done meanwhile; everything has come when it ends."""
    chosen = Settings(data_dir=settings.data_dir, otlp_endpoint=collector.url)
    with tracing.exported(chosen, "test"):
        yield


def ids(arrival: Arrival) -> tuple[str, str]:
    trace = Trace.parsed(arrival.traceparent)
    assert trace is not None
    return trace.trace_id, trace.span_id


def of(span: Taken) -> tuple[str, str]:
    return span.trace_id, span.span_id


def test_a_dropped_file_is_an_arrival_an_attempt_and_its_stages(
    station: Station, collector: Collector
) -> None:
    # Given a file in the inbox
    station.drop("年报.txt", b"a report")

    # When it is taken in and worked on
    with exporting(station.settings, collector):
        station.settle()
        [document] = station.documents()
        Pipeline(station.database, station.archive, station.settings, stored).run(document.id, "m1")

    # Then its arrival is the first span of a trace, with the ids of the ledger
    [arrival] = station.arrivals()
    [first] = collector.named("arrival")
    assert (of(first), first.parent, first.kind) == (ids(arrival), "", PRODUCER)
    assert first.attributes == {
        "gouji.arrival_id": arrival.id,
        "gouji.document_id": document.id,
        "gouji.source": "drop",
        "gouji.outcome": "accepted",
        "gouji.sha256": document.sha256,
        "file.path": "年报.txt",
        "file.size": 8,
    }
    # And it has lasted since the file was first seen
    assert 2e9 <= first.ended - first.began < 60e9

    # And the attempt is the next, under it
    with station.database.reading() as session:
        [attempt] = session.query(Attempt)
    [second] = collector.named("process fast")
    assert (of(second), second.parent) == ((first.trace_id, attempt.span_id), first.span_id)
    assert (second.kind, second.failed) == (CONSUMER, False)
    assert second.attributes == {
        "messaging.system": "redis",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": "fast",
        "messaging.message.id": "m1",
        "messaging.client.id": attempt.worker,
        "gouji.document_id": document.id,
        "gouji.attempt_id": attempt.id,
        "gouji.attempt": 1,
        "gouji.outcome": "stored",
        "gouji.stage": "store",
        "gouji.retries": 0,
        "file.name": "年报.txt",
        "file.size": 8,
    }
    assert second.began == round(attempt.started_at.timestamp() * 1e6) * 1000

    # And its stages are under it, in their order and within its time
    stages = [one for one in collector.spans if one.parent == second.span_id]
    stages.sort(key=lambda one: one.ended)
    assert [one.name for one in stages] == ["fetch", "read", "store"]
    assert {one.trace_id for one in stages} == {first.trace_id}
    assert all(one.kind == INTERNAL for one in stages)
    assert all(one.began <= one.ended <= second.ended for one in stages)
    assert len(collector.spans) == 5

    # And all are said to be of this process
    [resource] = [dict(pairs) for pairs in {tuple(one.resource.items()) for one in stages}]
    assert resource["service.name"] == "gouji"
    assert resource["service.instance.id"] == attempt.worker
    assert resource["service.part"] == "test"
    assert resource["service.version"]


def test_what_is_pushed_is_under_its_caller_unless_that_records_nothing(
    station: Station, collector: Collector
) -> None:
    # Given pushed documents of a caller who records its trace, of one who does not, and a copy
    callers = [CALLER, Trace.begun()._replace(sampled=False), Trace.begun()]
    origin, queue = Origin("push", b"/", ours=False), station.queue
    contents = [b"a", b"b", b"a"]

    # When they are taken in
    sender = Sender(station.database, queue, 100)
    with (
        exporting(station.settings, collector),
        Intake(station.settings, station.database, station.archive, sender) as intake,
    ):
        for number, (data, caller) in enumerate(zip(contents, callers, strict=True)):
            url = f"http://a/{number}?token=x"
            digest, hints = b"%032d" % number, Hints(url)
            item = fileless(data, digest, 1, place=url, name="a", hints=hints)
            intake.take(origin, [item._replace(trace=caller)])

    # Then the first is a child of its caller, and the second is nowhere
    first, second = collector.named("arrival")
    arrivals = station.arrivals()
    assert (of(first), first.parent) == (ids(arrivals[0]), CALLER.span_id)
    assert of(second) == ids(arrivals[2])
    # And the copy points at what brought the document
    assert second.attributes["gouji.outcome"] == "duplicate"
    assert (second.kind, second.parent) == (INTERNAL, callers[2].span_id)
    assert (first.links, second.links) == ([], [of(first)])
    # And no key has left the house
    assert "token=x" not in f"{collector.spans}"


def test_members_of_an_archive_come_out_of_its_attempt(home: House, collector: Collector) -> None:
    # Given an archive
    container = home.arrive(zipped(REPORTS), "年报.zip")
    with home.database.transaction() as session:
        session.execute(update(Document).values(traceparent=str(CALLER)))

    # When everything is worked off
    with exporting(home.settings, collector):
        settle(home)

    # Then each member is under the attempt, and has an attempt of its own
    attempts = {one.attributes["gouji.document_id"]: one for one in collector.named("process fast")}
    outer = attempts.pop(container)
    assert (outer.parent, outer.attributes["gouji.outcome"]) == (CALLER.span_id, "unpacked")
    inside = collector.named("arrival")
    assert [of(one) for one in inside] == [ids(one) for one in home.arrivals(container)]
    assert {one.parent for one in inside} == {outer.span_id}
    assert {one.parent for one in attempts.values()} == {one.span_id for one in inside}
    assert {one.trace_id for one in collector.spans} == {CALLER.trace_id}
    stages = {one.name for one in collector.spans if one.parent == outer.span_id}
    assert stages == {"fetch", "read", "unpack", "arrival"}


@pytest.mark.parametrize(
    ("inspect", "outcome", "reason", "message"),
    [
        (imbalanced, "dead", "imbalanced", "no balance"),
        (raising(Refused(Reason.EMPTY, "nothing in it")), "dead", "empty", "nothing in it"),
        (raising(Transient("the network is away")), "retry", None, "Transient: the network"),
    ],
)
def test_an_attempt_that_fails_says_so(
    home: House, collector: Collector, inspect: object, outcome: str, reason: str, message: str
) -> None:
    # Given a document
    document_id = _traced(home, b"a")

    # When an attempt at it fails
    with exporting(home.settings, collector):
        try:
            home.pipeline(inspect).run(document_id)  # type: ignore[arg-type]
        except Transient:
            assert outcome == "retry"

    # Then its span is marked as failed, with the reason
    [span] = collector.named("process fast")
    assert span.failed
    assert span.message.startswith(message)
    assert span.attributes["gouji.outcome"] == outcome
    assert span.attributes.get("gouji.reason") == reason
    assert span.attributes["error.type"] == (reason or outcome)


def test_an_attempt_whose_worker_was_killed_is_told_by_the_next(
    home: House, collector: Collector
) -> None:
    # Given an attempt that never ended, whose lease has
    document_id = _traced(home, b"a")
    assert home.pipeline()._claims(Hint(document_id, "m1"), alone=True)
    with home.database.transaction() as session:
        ended = now() - timedelta(seconds=1)
        session.execute(update(Document).values(lease_expires_at=ended))

    # When another worker takes the document over
    with exporting(home.settings, collector):
        home.pipeline().run(document_id)

    # Then both attempts are told, the lost one as the ledger has it
    lost, last = collector.named("process fast")
    rows = home.attempts(document_id)
    assert [lost.span_id, last.span_id] == [row.span_id for row in rows]
    assert (lost.failed, lost.attributes["gouji.outcome"]) == (True, "lost")
    assert (lost.parent, lost.trace_id) == (CALLER.span_id, CALLER.trace_id)
    assert lost.attributes["messaging.message.id"] == "m1"
    assert (last.failed, last.attributes["gouji.outcome"]) == (False, "stored")


def test_what_is_rolled_back_is_not_told_and_nothing_is_told_twice(
    home: House, collector: Collector
) -> None:
    # Given an attempt whose end cannot be committed at first
    document_id = _traced(home, b"a")
    pipeline = home.pipeline()
    (claim,) = pipeline._claims(Hint(document_id), alone=True)

    # When its transaction is rolled back, and the attempt is released afterwards, by two at once
    with exporting(home.settings, collector):
        with home.database._writing() as session:
            endings.released(session, [claim])
            session.rollback()
        pipeline.release(claim)
        pipeline.release(claim)

    # Then it was told once
    [span] = collector.named("process fast")
    assert (span.attributes["gouji.outcome"], span.failed) == ("released", False)


def test_an_operators_retry_is_of_the_urgent_queue(home: House, collector: Collector) -> None:
    # Given a document that an operator wants tried again
    document_id = _traced(home, b"a", lane="!urgent")

    # When it is
    with exporting(home.settings, collector):
        home.pipeline().run(document_id)

    # Then
    [span] = collector.named("process urgent")
    assert span.attributes["messaging.destination.name"] == "urgent"


def test_a_span_that_cannot_be_made_does_not_undo_the_work(home: House) -> None:
    # Given somebody who takes no span
    class Broken:
        def __call__(self, _span: tracing.Span) -> None:
            raise RuntimeError("broken")

        def close(self, _seconds: float) -> None:
            """Nothing is open."""

    tracing.use(Broken())
    document_id = _traced(home, b"a")

    # When a document is worked on
    home.pipeline().run(document_id)

    # Then it is stored
    assert home.document(document_id).state == State.STORED


def test_nothing_is_looked_up_where_nobody_takes_spans(home: House) -> None:
    # Given no exporter, when an attempt is under way
    document_id = _traced(home, b"a")
    assert home.pipeline()._claims(Hint(document_id), alone=True)

    # Then what would be told if it were lost is not even looked for
    with home.database.reading() as session:
        assert spans.unended(session, document_id) is None


def _traced(home: House, data: bytes, **columns: Any) -> int:
    return home.receive(data, traceparent=str(CALLER), **columns)
