"""Events as hints, on the real file system, and the health of what brings them."""

import errno
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.watcher.waiting import until
from watcher.observe import Hint, Observation


@pytest.fixture
def observation(tmp_path: Path) -> Iterator[Observation]:
    (tmp_path / "root").mkdir()
    watching = Observation(os.fsencode(tmp_path / "root"))
    yield watching
    watching.close()


def gather(observation: Observation, wanted: set[Hint]) -> set[Hint]:
    """Collect hints until all that are wanted came."""
    seen: set[Hint] = set()

    def complete() -> bool:
        seen.update(observation.drain()[0])
        return wanted <= seen

    until(complete, why=lambda: f"{wanted - seen} of {seen}")
    return seen


def test_whatever_way_a_file_comes_there_is_a_hint(
    observation: Observation, tmp_path: Path
) -> None:
    # Given files written, renamed in, renamed within, linked in, and a directory moved in whole
    root = tmp_path / "root"
    (root / "written.txt").write_bytes(b"x")
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").rename(root / "renamed.txt")
    (root / "b.part").write_bytes(b"x")
    (root / "b.part").rename(root / "b.txt")
    (tmp_path / "c").write_bytes(b"x")
    (root / "linked.txt").hardlink_to(tmp_path / "c")
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "d.txt").write_bytes(b"x")
    (tmp_path / "folder").rename(root / "folder")
    # Then each is hinted at, raw names included
    gather(
        observation,
        {
            Hint(b"written.txt", is_directory=False),
            Hint(b"renamed.txt", is_directory=False),
            Hint(b"b.txt", is_directory=False),
            Hint(b"linked.txt", is_directory=False),
            Hint(b"folder", is_directory=True),
        },
    )


def test_raw_names_and_new_directories(observation: Observation, tmp_path: Path) -> None:
    name = "报告.txt".encode("gbk")
    folder = tmp_path / "root" / "new"
    folder.mkdir()
    gather(observation, {Hint(b"new", is_directory=True)})
    (folder / os.fsdecode(name)).write_bytes(b"x")

    gather(observation, {Hint(b"new/" + name, is_directory=False)})


def test_the_own_folder_is_not_watched(observation: Observation, tmp_path: Path) -> None:
    own = tmp_path / "root" / ".gouji" / "done"
    own.mkdir(parents=True)
    (own / "a.txt").write_bytes(b"x")
    (tmp_path / "root" / "last.txt").write_bytes(b"x")

    seen = gather(observation, {Hint(b"last.txt", is_directory=False)})

    assert not [hint for hint in seen if hint.path.startswith(b".gouji")]


def test_a_root_inside_a_folder_of_that_name_is_watched(tmp_path: Path) -> None:
    root = tmp_path / ".gouji" / "inbox"
    root.mkdir(parents=True)
    watching = Observation(os.fsencode(root))
    (root / "a.txt").write_bytes(b"x")
    gather(watching, {Hint(b"a.txt", is_directory=False)})
    watching.close()


def test_a_deleted_root_shows(observation: Observation, tmp_path: Path) -> None:
    assert observation.is_alive()
    (tmp_path / "root").rmdir()
    until(lambda: not observation.is_alive())


def test_a_missing_root_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with pytest.raises(FileNotFoundError):
        Observation(os.fsencode(tmp_path / "missing"))
    until(lambda: set(threading.enumerate()) <= before)


def test_a_file_that_is_written_at_once_is_told_once_for_each_look(
    observation: Observation, tmp_path: Path
) -> None:
    # Given files that are made and closed while nobody looks
    for n in range(50):
        (tmp_path / "root" / f"{n}.txt").write_bytes(b"x")
    (tmp_path / "last.txt").write_bytes(b"x")
    (tmp_path / "last.txt").rename(tmp_path / "root" / "last.txt")
    until(lambda: len(observation._handler.hints) >= 51)

    # Then a look finds each of them once, and in order
    hints, lost = observation.drain()
    names = [b"%d.txt" % n for n in range(50)] + [b"last.txt"]
    assert (hints, lost) == ([Hint(name, is_directory=False) for name in names], False)


def test_files_that_leave_are_not_told_and_those_in_a_renamed_directory_are_by_its_new_name(
    observation: Observation, tmp_path: Path
) -> None:
    # Given a file in a directory that is renamed, and one that is renamed away
    root = tmp_path / "root"
    (root / "gone.txt").write_bytes(b"x")
    (root / "old").mkdir()
    gather(observation, {Hint(b"old", is_directory=True)})
    (root / "old").rename(root / "new")
    gather(observation, {Hint(b"new", is_directory=True)})

    # When another is written there, and the other leaves
    (root / "gone.txt").rename(tmp_path / "gone.txt")
    (root / "new" / "a.txt").write_bytes(b"x")

    # Then only the one that came is told
    seen = gather(observation, {Hint(b"new/a.txt", is_directory=False)})
    assert seen == {Hint(b"new/a.txt", is_directory=False)}


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_an_overflow_is_told_once(observation: Observation) -> None:
    from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, WatchDescriptor

    lost = InotifyEvent(WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b"")
    observation._observer._inotify.handle_event(lost)

    assert observation.drain()[1] is True
    assert observation.drain()[1] is False


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_a_reached_limit_of_watches_shows(
    observation: Observation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers.inotify_c import InotifyFD

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    assert observation.limited is False
    monkeypatch.setattr(InotifyFD, "_add_callback", refuse)
    (tmp_path / "root" / "one more").mkdir()

    until(lambda: observation.limited)


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_a_reader_that_died_shows(observation: Observation) -> None:
    observation._observer._inotify.stop()
    until(lambda: not observation.is_alive())


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_a_directory_found_twice_does_not_kill_the_reader(
    observation: Observation, tmp_path: Path
) -> None:
    # Given trees made faster than they can be watched
    for n in range(200):
        (tmp_path / "root" / f"{n}" / "a" / "b").mkdir(parents=True)
    (tmp_path / "root" / "last.txt").write_bytes(b"x")
    # Then
    gather(observation, {Hint(b"last.txt", is_directory=False)})
    assert observation.is_alive()
