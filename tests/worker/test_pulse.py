"""Signs of life of a worker process, and durations that no thread and no outage loses."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dramatiq
import pytest
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from models.base import now
from models.session import Database
from models.telemetry import Runs, StageDurations, WorkerStatus
from tests.worker.house import House, house
from worker.durations import Durations
from worker.pulse import Beating, Pulse


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        yield built


def known(database: Database) -> list[WorkerStatus]:
    with database.reading() as session:
        return list(session.scalars(select(WorkerStatus).order_by(WorkerStatus.worker)))


def kept(database: Database) -> dict[tuple[str, str], int]:
    with database.reading() as session:
        return {
            (row.stage, row.bound): row.number for row in session.scalars(select(StageDurations))
        }


def test_a_beat_tells_of_the_process_and_forgets_those_long_silent(home: House) -> None:
    # Given one that was killed hours ago, and one that was a minute ago
    with home.database.transaction() as session:
        for worker, ago in (("a:1", timedelta(hours=2)), ("a:2", timedelta(minutes=1))):
            beat = now() - ago
            told = {"worker": worker, "started_at": beat, "heartbeat_at": beat}
            session.add(WorkerStatus(**told, parser_version="1", holding=0))
    pulse = Pulse(home.database, "b:7", lambda: 3, Durations())

    # When a process tells of itself, twice
    pulse.beat()
    first = known(home.database)[-1]
    pulse.beat()

    # Then it has one row, and the first is forgotten
    rows = known(home.database)
    assert [row.worker for row in rows] == ["a:2", "b:7"]
    assert rows[1].holding == 3
    assert rows[1].started_at == first.started_at
    assert rows[1].heartbeat_at > first.heartbeat_at

    # And when it ends, its own is gone
    pulse.end()
    assert [row.worker for row in known(home.database)] == ["a:2"]


def test_what_stages_took_adds_up_over_processes(home: House) -> None:
    # Given two processes
    for _ in range(2):
        durations = Durations()
        durations.add({"read": 20.0, "store": 5.0})
        durations.add({"read": 25.0001})
        # When each writes down what it has counted, and has nothing more to write
        pulse = Pulse(home.database, "a:1", lambda: 0, durations)
        pulse.beat()
        pulse.end()

    # Then the bounds hold what did not exceed them
    assert kept(home.database) == {("read", "0.025"): 2, ("read", "0.05"): 2, ("store", "0.005"): 2}


def test_what_cannot_be_written_is_written_later(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a database that is away
    durations = Durations()
    durations.add({"read": 20.0})
    pulse = Pulse(home.database, "a:1", lambda: 0, durations)

    def away(*_: object) -> None:
        raise OperationalError("", None, Exception("away"))

    with monkeypatch.context() as patched:
        patched.setattr("worker.pulse.add_durations", away)
        with pytest.raises(OperationalError):
            pulse.beat()

    # When more is counted, and it is back
    durations.add({"read": 20.0})
    pulse.beat()

    # Then nothing is missing
    assert kept(home.database) == {("read", "0.025"): 2}


def test_many_threads_lose_no_run() -> None:
    # Given
    durations = Durations()

    def count() -> None:
        for _ in range(2000):
            durations.add({"read": 1.0})

    threads = [threading.Thread(target=count) for _ in range(4)]

    # When they count while another takes
    taken = 0
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken += durations.take().get(("read", "0.005"), Runs(0, 0.0)).number
    for thread in threads:
        thread.join()
    taken += durations.take().get(("read", "0.005"), Runs(0, 0.0)).number

    # Then
    assert taken == 8000


def test_a_worker_process_tells_of_itself_as_long_as_it_works(home: House) -> None:
    # Given a pipeline that is made in the process that works
    pipeline = home.pipeline()
    beaten = threading.Event()
    beat = pipeline.pulse.beat

    def telling() -> None:
        beat()
        beaten.set()

    pipeline.pulse.beat = telling  # type: ignore[method-assign]
    broker = StubBroker(middleware=[Beating(lambda: pipeline.pulse, every=0.05)])
    broker.declare_queue("fast")
    dramatiq.set_broker(broker)
    worker = Worker(broker, worker_timeout=10, worker_threads=1)

    # When a worker begins
    worker.start()
    assert beaten.wait(60)

    # Then it is known; and when it has ended, it is not, and what it did is
    assert len(known(home.database)) == 1
    pipeline.run(home.receive(b"a report"))
    worker.stop()
    assert known(home.database) == []
    assert {stage for stage, _ in kept(home.database)} == {"fetch", "read", "store"}
