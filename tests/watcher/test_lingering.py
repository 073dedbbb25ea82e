"""Moved originals that grow are found; the others are let go."""

import os
from pathlib import Path

import pytest

from tests.watcher.station import Clock, Station
from tests.watcher.test_writers import refuse_leases
from watcher import lingering
from watcher.filesystem import look
from watcher.lingering import Lingering
from watcher.moving import Route


def moved(root: Path, name: str, number: int = 1) -> tuple[bytes, Route]:
    (root / name).write_bytes(b"half")
    version = look(os.fsencode(root), name.encode())
    assert version is not None
    return name.encode(), Route(b"in/" + name.encode(), version, b"", number)


def test_one_that_grows_is_found_once(tmp_path: Path) -> None:
    # Given an original that was moved
    clock = Clock()
    table = Lingering(clock)
    table.add(*moved(tmp_path, "a"))
    assert list(table.changed(os.fsencode(tmp_path))) == []
    # When it grows
    (tmp_path / "a").write_bytes(b"half and half")
    clock.now += 15
    # Then it is found at the next look
    [(at, route)] = table.changed(os.fsencode(tmp_path))
    assert (at, route.path) == (b"a", b"in/a")
    assert len(table) == 0


def test_the_others_are_let_go_after_ten_minutes(tmp_path: Path) -> None:
    clock = Clock()
    table = Lingering(clock)
    table.add(*moved(tmp_path, "still"))
    table.add(*moved(tmp_path, "gone"))
    (tmp_path / "gone").unlink()
    looks = []
    for _ in range(600):
        clock.now += 1
        assert list(table.changed(os.fsencode(tmp_path))) == []
        looks.append(len(table))

    assert (looks[14], looks[598], looks[599]) == (1, 1, 0)


def test_it_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given more than are kept in mind, of which one grew
    monkeypatch.setattr(lingering, "_MOST", 10)
    table = Lingering(Clock())
    for n in range(30):
        table.add(*moved(tmp_path, f"{n}"))
    (tmp_path / "3").write_bytes(b"more than half")
    # When
    found = list(table.changed(os.fsencode(tmp_path)))
    # Then those that did not fit were looked at first
    assert [at for at, _ in found] == [b"3"]
    assert len(table) == 10


@pytest.mark.parametrize("restarted", [False, True])
def test_a_slow_writer_loses_nothing_where_there_are_no_leases(
    station: Station, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    # Given a writer that pauses for longer than a file has to rest
    refuse_leases(monkeypatch)
    with (station.inbox / "a.txt").open("wb", buffering=0) as out:
        out.write(b"half")
        station.settle()
        assert station.done() == ["a.txt"]
        # When it goes on, and the watcher perhaps ends and begins meanwhile
        out.write(b" and half")
    if restarted:
        station.restart()
        station.turn()
    station.turn(20.0)
    station.settle()
    # Then the whole is in the archive
    contents = [station.archive.get(document.sha256) for document in station.documents()]
    assert contents == [b"half", b"half and half"]
    assert [arrival.handover for arrival in station.arrivals()] == ["none", "moved"]
    assert station.events().count("file.changed") == 1
    assert station.left() == []
    assert station.done() == ["a.txt"]
