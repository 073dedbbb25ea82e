"""Very many files at once: only so many are kept in mind, and all come in."""

from collections.abc import Callable

import pytest

from tests.watcher.station import SETTLE, Station
from tests.watcher.waiting import until
from watcher import drop
from watcher.dropped import DropSource
from watcher.filesystem import Kind, walk

MOST = 10


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drop, "_MOST_CANDIDATES", MOST)


def kept_in_mind(station: Station) -> int:
    (source,) = station.watcher.sources
    assert isinstance(source, DropSource)
    return source.drop.unsettled


def test_all_come_in_and_few_are_kept_in_mind(build: Callable[..., Station]) -> None:
    # Given more files than are kept in mind, some in folders, and a scan that is not due again
    station = build(scan_interval=1e9)
    for n in range(45):
        station.drop(f"{n % 3}/{n}.txt" if n % 2 else f"{n}.txt", b"%d" % n)

    # When turns go by
    kept = []
    for _ in range(30):
        station.turn(SETTLE / 2)
        kept.append(kept_in_mind(station))

    # Then the table stayed small, and every file is in and moved
    assert max(kept) == MOST
    assert station.states()["accepted"] == 45
    assert station.left() == []


def test_events_of_more_are_not_kept_either(build: Callable[..., Station]) -> None:
    # Given a source that is watched, and files that come after the first scan
    station = build(mode="auto", scan_interval=1e9)
    station.turn()
    for n in range(40):
        station.drop(f"{n}.txt", b"%d" % n)

    # When turns go by, until the events have come too
    def all_in() -> bool:
        station.turn(SETTLE / 2)
        assert kept_in_mind(station) <= MOST
        return station.left() == []

    until(all_in, why=station.left)

    # Then every file is in
    assert station.states()["accepted"] == 40


def test_files_that_never_rest_leave_room_for_others(build: Callable[..., Station]) -> None:
    # Given as many files that are written without end as are kept in mind
    station = build(unsettled_after=10.0)
    growing = [station.drop(f"growing-{n}.txt", b"x") for n in range(MOST)]
    station.turn()

    # When they were reported, and others come
    for n in range(16):
        for path in growing:
            path.write_bytes(b"x" * (n + 2))
        station.turn(1.0)
        if n == 12:
            station.drop("whole.txt", b"whole")

    # Then the others come in
    assert station.states()["accepted"] == 1
    assert len(station.left()) == MOST


def test_an_empty_folder_is_told_and_a_full_one_is_not(station: Station) -> None:
    station.drop("full/one.txt")
    (station.inbox / "empty").mkdir()
    found = set(walk(bytes(station.inbox)))
    assert found == {(b"full/one.txt", Kind.FILE), (b"empty", Kind.EMPTY_DIRECTORY)}
