"""Moves that lose no version: what came between the look and the rename goes back."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.watcher.station import Killed, Station
from watcher.filesystem import Signature, look
from watcher.moving import Route, carry, names, put, undecided

DIRECTORY = b".gouji/done/2024-05-01/"


def meddle(
    monkeypatch: pytest.MonkeyPatch,
    before: Callable[[], object] = lambda: None,
    after: Callable[[], object] = lambda: None,
) -> None:
    """Have something happen right before or after ``a.txt`` is first renamed."""
    rename, left = os.rename, [1]

    def renaming(source: Any, target: Any, **options: Any) -> None:
        if source != b"a.txt" or not left:
            rename(source, target, **options)
            return
        left.clear()
        before()
        rename(source, target, **options)
        after()

    monkeypatch.setattr(os, "rename", renaming)


def replace(station: Station, data: bytes) -> None:
    other = station.inbox.with_name("other")
    other.write_bytes(data)
    other.replace(station.inbox / "a.txt")


def kill() -> None:
    raise Killed("renamed")


def contents(station: Station) -> set[bytes]:
    return {station.archive.get(document.sha256) for document in station.documents()}


def route(root: Path, path: bytes, number: int = 7) -> Route:
    version = look(os.fsencode(root), path)
    assert version is not None
    return Route(path, version, DIRECTORY, number)


def test_a_version_that_came_just_before_the_rename_comes_in(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a producer that replaces a file when it is about to be moved
    station.drop("a.txt", b"first")
    meddle(monkeypatch, before=lambda: replace(station, b"second"))
    # When
    station.settle(6)
    # Then both versions are in the archive, and what was not archived did not go away
    assert contents(station) == {b"first", b"second"}
    assert station.states() == {"queued": 2, "accepted": 2}
    assert [arrival.handover for arrival in station.arrivals()] == ["none", "moved"]
    assert station.events().count("file.changed") == 1
    assert station.left() == []


def test_what_took_its_place_meanwhile_is_not_overwritten(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a producer that replaces a file just before and just after the rename
    station.drop("a.txt", b"first")
    meddle(
        monkeypatch,
        before=lambda: replace(station, b"second"),
        after=lambda: replace(station, b"third"),
    )
    # When
    station.settle(6)
    # Then all three are in the archive
    assert contents(station) == {b"first", b"second", b"third"}
    assert station.left() == []


def test_a_directory_that_took_its_place_goes_back_whole(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_directory() -> None:
        (station.inbox / "a.txt").unlink()
        station.drop("a.txt/b.txt", b"inside")

    station.drop("a.txt", b"first")
    meddle(monkeypatch, before=put_directory)
    station.settle(6)

    assert contents(station) == {b"first", b"inside"}


@pytest.mark.parametrize("changed", [False, True])
def test_a_watcher_killed_after_the_rename_decides_when_it_comes_back(
    station: Station, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    # Given a watcher that is killed right after the rename, perhaps of another version
    station.drop("a.txt", b"first")
    before = (lambda: replace(station, b"second")) if changed else (lambda: None)
    meddle(monkeypatch, before=before, after=kill)
    with pytest.raises(Killed):
        station.settle()
    # When
    station.restart()
    station.settle(4)
    # Then what was archived is away, and what was not came in
    assert contents(station) == ({b"first", b"second"} if changed else {b"first"})
    assert station.left() == []
    assert undecided(os.fsencode(station.inbox)) == {}
    assert station.arrivals()[-1].handover == "moved"


def test_a_file_that_is_opened_while_it_is_moved_goes_back(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a producer that opens a file again just before it is moved, and writes on
    path = station.drop("a.txt", b"half")
    opened = []
    meddle(monkeypatch, before=lambda: opened.append(path.open("ab", buffering=0)))
    station.settle()
    assert path.read_bytes() == b"half"
    assert [arrival.handover for arrival in station.arrivals()] == ["pending"]
    # When it ends
    opened[0].write(b" and half")
    opened[0].close()
    station.settle(40)
    # Then the whole came in, and nothing is left
    assert b"half and half" in contents(station)
    assert station.left() == []


def test_a_move_is_found_again(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"x")
    what = route(tmp_path, b"a.txt")
    moved = carry(root, what)
    assert moved.to == DIRECTORY + b"a.txt"

    assert carry(root, what).to == moved.to
    (tmp_path / os.fsdecode(moved.to)).unlink()
    assert not carry(root, what)


def test_names_depend_on_nothing_but_the_name_and_the_number() -> None:
    first = list(names(b"a.txt", 7))
    assert first[:4] == [b"a.txt", b"a.7.txt", b"a.7.2.txt", b"a.7.3.txt"]
    assert first == list(names(b"a.txt", 7))
    assert all(len(name) <= 255 for name in names(b"x" * 255, 7))


@pytest.mark.parametrize("kernel", [True, False], ids=["renameat2", "reserved names"])
def test_nothing_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: bool
) -> None:
    # Given names that are taken, on systems that rename without overwriting or do not
    if not kernel:
        monkeypatch.setattr("watcher.renaming._rename_no_replace", lambda: None)
    (tmp_path / "there").mkdir()
    for name in ("a.txt", "there/a.txt", "there/a.7.txt"):
        (tmp_path / name).write_bytes(name.encode())
    # When
    at = put(os.fsencode(tmp_path), b"a.txt", b"there/", names(b"a.txt", 7))
    # Then
    assert at == b"there/a.7.2.txt"
    assert (tmp_path / os.fsdecode(at)).read_bytes() == b"a.txt"
    assert (tmp_path / "there/a.txt").read_bytes() == b"there/a.txt"
    with pytest.raises(FileNotFoundError):
        put(os.fsencode(tmp_path), b"gone", b"there/", names(b"new.txt", 7))
    assert not (tmp_path / "there/new.txt").exists()


def test_when_every_name_is_taken_the_file_stays(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    (tmp_path / "taken").write_bytes(b"y")

    with pytest.raises(FileExistsError):
        put(os.fsencode(tmp_path), b"a.txt", b"", [b"taken"])
    assert (tmp_path / "a.txt").read_bytes() == b"x"


def test_a_version_is_a_version(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    what = route(tmp_path, b"a.txt")._replace(version=Signature(1, 2, 3))

    assert not carry(os.fsencode(tmp_path), what)
    assert (tmp_path / "a.txt").exists()
