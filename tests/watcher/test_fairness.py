"""No source, no costly kind and no retry keeps another waiting: from the folder to the queue."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from models.ledger import Document, State
from tests import brokers
from tests.watcher.station import SETTLE, Station
from watcher.register import MOST
from watcher.sweep import Sweeper
from worker.send import Sender, bounds, fitting
from worker.source import Source
from worker.waiting import RETRIED, URGENT, line_up

PDF = b"%PDF-1.7 "


@pytest.fixture
def two(build: Callable[..., Station], tmp_path: Path) -> Station:
    """Have two sources, of which the first can hold many files, and a queue of twenty."""
    sources = []
    for name in ("many", "few"):
        (tmp_path / name).mkdir()
        sources.append(Source(name, tmp_path / name, settle=SETTLE, mode="scan"))
    return build(sources=tuple(sources), max_outstanding=20)


def fill(station: Station, name: str, count: int, head: bytes = b"") -> None:
    folder = station.settings.sources[name != "many"].path
    for number in range(count):
        (folder / f"{name}-{number}").write_bytes(head + b"%s %d" % (name.encode(), number))


def sweeper(station: Station) -> Sweeper:
    most = station.settings.max_outstanding
    sender = Sender(station.database, station.queue, most, station.clock)
    return Sweeper(station.settings, station.database, sender, station.clock)


def work_off(station: Station) -> Counter[str]:
    """Store whatever is queued and empty the queue; returns how many of each lane there were."""
    brokers.purge(station.settings.broker)
    with station.database.transaction() as session:
        queued = list(session.scalars(select(Document).where(Document.state == State.QUEUED)))
        for document in queued:
            document.state = State.STORED
    return Counter(document.lane for document in queued)


def test_a_source_takes_in_one_batch_before_it_is_anothers_turn(two: Station) -> None:
    # Given a source with more than a batch, and one with three files
    fill(two, "many", MOST + 50)
    fill(two, "few", 3)

    # When they have come to rest, and the watcher has had a single turn
    two.turn()
    two.turn(SETTLE)

    # Then one batch of the first is in, and all of the second
    assert Counter(arrival.source for arrival in two.arrivals()) == {"many": MOST, "few": 3}


def test_what_arrives_leaves_room_for_what_waits(two: Station) -> None:
    # Given far more than the queue takes
    fill(two, "many", 60)

    # When it has arrived, then a part of the queue is left free
    two.turn()
    two.turn(SETTLE)
    assert two.states()["queued"] == 14

    # And is filled by the sweeper, in whose order
    two.age(6)
    sweeper(two).refill()
    assert two.states()["queued"] == 20


def test_the_few_of_one_source_are_sent_with_the_next(two: Station) -> None:
    # Given a source with a long backlog, and three files of another
    fill(two, "many", 150)
    two.settle()
    fill(two, "few", 3)
    two.settle()
    two.age(6)
    work_off(two)

    # When the queue is filled again
    one = sweeper(two)
    one.refill()

    # Then the three are among them
    assert work_off(two) == {"many": 17, "few": 3}
    # And the long backlog has all that they leave
    one.refill()
    assert work_off(two) == {"many": 20}


def test_a_full_queue_of_pdf_files_keeps_no_text_waiting(two: Station) -> None:
    # Given more PDF files than their queue takes
    fill(two, "many", 50, PDF)
    two.settle()
    two.age(6)
    one = sweeper(two)
    one.refill()
    assert two.queue.backlog()["slow"] == bounds(20)["slow"] == 8

    # When text comes, it is sent at once
    fill(two, "few", 3)
    two.settle()
    assert two.queue.backlog()["fast"] == 3
    # And the PDF files still wait
    assert one.refill() == 0


def test_what_is_urgent_goes_past_a_full_queue(two: Station) -> None:
    # Given full queues with a backlog, and two documents that an operator retried while they were
    # away
    fill(two, "many", 60)
    two.settle()
    two.age(6)
    one = sweeper(two)
    one.refill()
    assert one.refill() == 0
    waiting = [row.id for row in two.documents() if row.state == State.RECEIVED]
    with two.database.transaction() as session:
        line_up(session, waiting[-2:], URGENT)

    # When the sweeper looks again, then they are sent by the queue for what is urgent
    assert one.refill() == 2
    assert two.queue.backlog()["urgent"] == 2


def test_a_retry_of_many_and_new_arrivals_go_on_together(two: Station) -> None:
    # Given a retry of many, and files that arrive meanwhile
    fill(two, "many", 100)
    two.settle()
    two.age(6)
    work_off(two)
    waiting = [row.id for row in two.documents() if row.state == State.RECEIVED]
    with two.database.transaction() as session:
        line_up(session, waiting, RETRIED)
    fill(two, "few", 40)
    two.settle()
    two.age(6)
    work_off(two)

    # When the queue is filled, then each has its share
    sweeper(two).refill()
    assert work_off(two) == {RETRIED: 10, "few": 10}


def test_there_is_room_for_as_many_as_the_queue_takes() -> None:
    assert bounds(1000) == {"fast": 1000, "slow": 125, "ocr": 31, "urgent": 125}
    assert bounds(3) == {"fast": 3, "slow": 3, "ocr": 3, "urgent": 3}
    assert fitting([(1, "slow"), (2, "fast"), (3, "slow")], {"slow": 1, "fast": 1}) == [
        (1, "slow"),
        (2, "fast"),
    ]
    assert fitting([(1, "slow")], {}) == []
