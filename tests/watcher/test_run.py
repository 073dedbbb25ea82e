"""The whole watcher in its own time: events, scans, heartbeats, and an end when it is asked."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from models.ledger import SourceStatus
from tests.watcher.station import Station
from tests.watcher.waiting import until
from watcher.run import Guarded, Watcher, run
from worker.source import Source


@pytest.fixture
def station(build: Callable[..., Station], tmp_path: Path) -> Station:
    source = Source("drop", tmp_path / "inbox", settle=0.1)
    # Only events can bring a file in within the time of a test.
    return build(sources=(source,), scan_interval=3600.0, sweep_interval=15.0)


@pytest.fixture
def running(station: Station) -> Iterator[Station]:
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(station.settings, stop))
    thread.start()
    try:
        until(lambda: status(station) is not None)
        yield station
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def status(station: Station) -> SourceStatus | None:
    with station.database.reading() as session:
        return session.get(SourceStatus, "drop")


def accepted(station: Station, count: int) -> None:
    until(
        lambda: station.states().get("accepted") == count and not station.left(),
        why=lambda: (station.states(), station.left()),
    )


def test_a_mistake_of_ours_leaves_the_others_alone(
    build: Callable[..., Station], tmp_path: Path
) -> None:
    # Given two sources, one of which meets a mistake of the program
    sources = [Source(name, tmp_path / name, settle=0.0, mode="scan") for name in ("one", "two")]
    station = build(sources=tuple(sources))
    for source in sources:
        source.path.mkdir(exist_ok=True)
        (source.path / "a.txt").write_text(source.name)

    def broken() -> int:
        raise KeyError("a mistake")

    watcher = Watcher(
        station.settings, station.database, station.archive, station.queue, clock=station.clock
    )
    with structlog.testing.capture_logs() as lines:
        watcher._guarded[0] = Guarded("one", broken, station.clock)
        for _ in range(5):
            watcher.turn()
            station.clock.now += 1
    watcher.close()

    # Then the other goes on; the mistake is told with its place, at growing intervals
    assert station.states() == {"queued": 1, "accepted": 1}
    told = [line for line in lines if line["event"] == "intake.failed"]
    assert [line["again_in"] for line in told] == [1.0, 2.0, 4.0]
    assert "in broken" in told[0]["traceback"]


def test_files_come_in_by_events_however_they_are_made(running: Station, tmp_path: Path) -> None:
    # Given a file written in pieces, one renamed in, one linked in, a directory moved in whole
    inbox = running.inbox
    with (inbox / "slow.txt").open("wb", buffering=0) as out:
        for n in range(20):
            out.write(b"piece %d\n" % n)
            time.sleep(0.03)
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "a").rename(inbox / "renamed.txt")
    (tmp_path / "b").write_bytes(b"b")
    (inbox / "linked.txt").hardlink_to(tmp_path / "b")
    for n in range(50):
        path = tmp_path / "folder" / str(n % 5) / f"{n}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"file %d" % n)
    (tmp_path / "folder").rename(inbox / "folder")
    # Then
    accepted(running, 53)
    whole = {document.name: document for document in running.documents()}["slow.txt"]
    assert running.archive.get(whole.sha256).count(b"\n") == 20
    until(lambda: not (inbox / "folder").exists())
    assert running.queue.outstanding() == 53


def test_a_copy_of_a_tree_comes_in_while_it_is_made(running: Station, tmp_path: Path) -> None:
    # Given a tree whose directories are made and filled faster than they can be watched
    for n in range(300):
        path = tmp_path / "tree" / str(n % 20) / str(n % 7) / f"{n}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"file %d" % n)
    shutil.copytree(tmp_path / "tree", running.inbox / "tree")

    accepted(running, 300)


def test_a_root_that_is_removed_and_made_again_is_watched(running: Station) -> None:
    shutil.rmtree(running.inbox)
    until(lambda: (found := status(running)) is not None and found.problem is not None)
    running.inbox.mkdir()
    until(lambda: (found := status(running)) is not None and found.problem is None)
    running.drop("after.txt")

    accepted(running, 1)


def test_the_state_of_a_source_is_written_down(running: Station) -> None:
    until(lambda: (found := status(running)) is not None and found.last_scan_at is not None)
    found = status(running)
    assert found is not None
    assert (found.kind, found.mode, found.problem, found.unsettled) == ("drop", "events", None, 0)


def test_a_missing_inbox_is_made(station: Station) -> None:
    station.inbox.rmdir()
    stop = threading.Event()
    stop.set()

    run(station.settings, stop)

    assert station.inbox.is_dir()
