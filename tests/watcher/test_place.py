"""The directory of a source: lost, replaced, not watchable, on a network."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import pytest

from tests.watcher.waiting import until
from watcher import place as module
from watcher.place import Place
from worker.source import Source

Make = Callable[..., Place]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:

        def build(path: Path = tmp_path / "in", mode: Literal["auto", "scan"] = "auto") -> Place:
            place = Place(Source("drop", path, mode=mode))
            stack.callback(place.close)
            return place

        yield build


def test_a_directory_is_watched_and_a_scan_wanted_once(make: Make, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    place = make()

    assert place.check() is True
    assert place.check() is False
    assert (place.present, place.mode, place.problem) == (True, "events", None)


def test_lost_and_recovered(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Given a place whose directory goes and comes back
    (tmp_path / "in").mkdir()
    place = make()
    place.check()
    (tmp_path / "in").rmdir()
    assert [place.check(), place.check()] == [False, False]
    assert place.present is False
    assert "cannot be reached" in str(place.problem)
    (tmp_path / "in").mkdir()
    # Then it is watched anew, and each change told once
    assert place.check() is True
    assert (place.present, place.mode, place.problem) == (True, "events", None)
    told = capsys.readouterr().out
    assert (told.count("source.lost"), told.count("source.recovered")) == (1, 1)


def test_replaced_between_two_checks(make: Make, tmp_path: Path) -> None:
    # Given a directory that another one takes the place of
    (tmp_path / "in").mkdir()
    (tmp_path / "other").mkdir()
    place = make()
    place.check()
    shutil.rmtree(tmp_path / "in")
    (tmp_path / "other").rename(tmp_path / "in")
    # When
    assert place.check() is True
    (tmp_path / "in" / "a.txt").write_bytes(b"x")
    # Then events come from the new one
    until(lambda: [hint.path for hint in place.drain()[0]] != [])


def test_a_link_as_root_is_resolved_and_followed_when_it_changes(
    make: Make, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "in").symlink_to("one")
    place = make()
    place.check()
    assert place.root == os.fsencode((tmp_path / "one").resolve())

    (tmp_path / "in").unlink()
    (tmp_path / "in").symlink_to("two")

    assert place.check() is True
    assert place.root == os.fsencode((tmp_path / "two").resolve())


def test_a_file_in_its_place_is_a_problem(make: Make, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"")
    place = make()

    assert place.check() is False
    assert "Not a directory" in str(place.problem)


def test_a_watch_that_died_is_revived(make: Make, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    place = make()
    place.check()
    assert place._observation is not None
    place._observation.close()

    assert place.check() is True
    (tmp_path / "in" / "a.txt").write_bytes(b"x")
    until(lambda: [hint.path for hint in place.drain()[0]] != [])


@pytest.mark.parametrize(
    ("number", "why"),
    [(errno.EMFILE, "limit of inotify"), (errno.ENOSPC, "limit of inotify"), (errno.EIO, "no ev")],
)
def test_without_events_there_are_scans(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    def refuse(_root: bytes) -> None:
        raise OSError(number, os.strerror(number))

    (tmp_path / "in").mkdir()
    monkeypatch.setattr(module, "Observation", refuse)
    place = make()

    assert place.check() is True
    assert (place.mode, place.present) == ("scan", True)
    assert why in str(place.problem)
    assert place.drain() == ([], False)


def test_network_mounts_and_configured_scans_need_no_alarm(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    configured = make(mode="scan")
    configured.check()
    assert (configured.mode, configured.problem, configured.network) == ("scan", None, False)

    monkeypatch.setattr(module, "is_network", lambda _root: True)
    network = make()
    network.check()
    assert (network.mode, network.problem, network.network) == ("scan", None, True)
