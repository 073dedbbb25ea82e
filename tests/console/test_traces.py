"""``gouji up`` and a collector: what several processes did is one trace."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from models.ledger import Arrival, Attempt
from models.trace import Trace
from tests.collector import Collector, collecting
from tests.fault.running import Running, until

pytestmark = pytest.mark.process


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as built:
        yield built


@pytest.fixture
def running(tmp_path: Path, collector: Collector) -> Iterator[Running]:
    running = Running(tmp_path, OTLP_ENDPOINT=collector.url)
    yield running
    running.end()


@pytest.mark.soak
def test_each_process_sends_what_it_did_and_all_of_it_before_it_ends(
    running: Running, collector: Collector
) -> None:
    # Given files in the inbox of a service
    running.inbox.mkdir()
    for number in range(6):
        (running.inbox / f"{number}.txt").write_text(f"no report {number}", "utf-8")

    # When it works them off and is stopped
    running.start()
    running.wait_until_at_rest(6, 120)
    code = running.stop()

    # Then every arrival and every attempt of the ledger has come, with its ids, in one trace each
    assert code == 0
    with running.database.reading() as session:
        arrivals = {str(row.document_id): row for row in session.scalars(select(Arrival))}
        attempts = {row.span_id: row for row in session.scalars(select(Attempt))}
    came = {one.span_id: one for one in collector.named("arrival")}
    worked = {one.span_id: one for one in collector.named("process fast")}
    assert len(came) == len(collector.named("arrival")) == 6
    assert worked.keys() == attempts.keys()
    for span_id, span in worked.items():
        row = attempts[span_id]
        arrival = Trace.parsed(arrivals[str(row.document_id)].traceparent)
        assert arrival is not None
        assert (span.trace_id, span.parent) == (arrival.trace_id, arrival.span_id)
        assert came[span.parent].trace_id == span.trace_id
        assert came[span.parent].began <= span.began
        # And it says which process it was
        assert span.resource["service.instance.id"] == row.worker
        assert span.resource["service.part"] == "work"
    assert {one.resource["service.part"] for one in came.values()} == {"watch"}


@pytest.mark.soak
def test_a_collector_that_hangs_does_not_keep_a_service_from_ending(
    running: Running, collector: Collector
) -> None:
    # Given a collector that takes what is sent and never answers
    collector.open.clear()
    running.inbox.mkdir()
    (running.inbox / "a.txt").write_text("no report", "utf-8")

    # When a file is worked off and the service is stopped
    running.start()
    running.wait_until_at_rest(1, 120)
    before = time.monotonic()
    code = running.stop()

    # Then it ends by itself, within its time
    assert code == 0
    assert time.monotonic() - before < running.settings.grace + 20
    log = (running.data / "logs" / "up.log").read_text("utf-8")
    assert "killed by SIGKILL" not in log
    # And it had tried
    collector.open.set()
    until(lambda: collector.requests, 30, running.story)
