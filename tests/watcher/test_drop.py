"""A drop source, from its files to what is moved away, at hand-made times."""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.watcher.station import SETTLE, Station
from watcher.drop import Drop
from watcher.dropped import DropSource
from watcher.filesystem import walk
from worker.settings import Settings
from worker.source import Source


def test_a_file_that_came_to_rest_is_taken_in_and_moved_away(station: Station) -> None:
    # Given
    station.drop("2023/报告.txt", b"one")
    # When it has rested
    station.turn()
    station.turn(SETTLE - 0.1)
    assert station.states() == {}
    station.turn(0.1)
    # Then
    assert station.states() == {"queued": 1, "accepted": 1}
    assert station.left() == []
    assert station.done() == ["2023/报告.txt"]
    [arrival] = station.arrivals()
    assert (arrival.path, arrival.name) == ("2023/报告.txt".encode(), "2023/报告.txt")
    assert arrival.handover == "moved"
    assert arrival.moved_to is not None
    assert (station.inbox / os.fsdecode(arrival.moved_to)).read_bytes() == b"one"
    [document] = station.documents()
    assert station.archive.get(document.sha256) == b"one"
    assert (document.name, document.size, document.queue) == ("报告.txt", 3, "fast")
    assert station.queue.backlog() == {"fast": 1, "slow": 0, "ocr": 0, "urgent": 0}
    assert station.events() == [
        "file.settled",
        "document.received",
        "document.queued",
        "file.moved",
    ]


def test_a_file_written_in_pieces_is_taken_in_whole(station: Station) -> None:
    # Given a file that grows at each look
    path = station.drop("slow.txt", b"")
    for n in range(5):
        with path.open("ab") as out:
            out.write(b"piece %d\n" % n)
        station.turn(SETTLE)
        assert station.states() == {}
    # When it rests
    station.settle()
    # Then
    [document] = station.documents()
    assert station.archive.get(document.sha256) == b"".join(b"piece %d\n" % n for n in range(5))


def test_a_temporary_name_is_not_read_until_it_is_renamed(station: Station) -> None:
    path = station.drop("report.txt.part")
    station.settle()
    assert station.states() == {}

    path.rename(station.inbox / "report.txt")
    station.settle()

    assert station.states() == {"queued": 1, "accepted": 1}
    assert station.left() == []


def test_ignored_files_are_recorded_once_and_stay(station: Station) -> None:
    # Given names that are not read, a symlink, and a temporary file that was left lying
    for name in ("Thumbs.db", "__MACOSX/._a.txt", "~$a.docx", "left.tmp"):
        station.drop(name)
    (station.inbox / "link").symlink_to("/etc/passwd")
    # When
    station.settle(20)
    station.restart()
    station.settle(20)
    # Then each is told once, even over a restart
    assert station.states() == {"ignored": 5}
    assert station.events() == ["file.ignored"] * 5
    assert len(station.left()) == 5
    assert {arrival.why for arrival in station.arrivals()} >= {"symlink", "name: __MACOSX"}


def test_a_gbk_name_survives(station: Station) -> None:
    name = "年度报告.txt".encode("gbk")
    station.drop(name)
    station.settle()

    [arrival] = station.arrivals()
    assert (arrival.path, arrival.name) == (name, "年度报告.txt")
    assert arrival.moved_to is not None
    assert arrival.moved_to.endswith(b"/" + name)
    assert station.left() == []


def test_a_directory_moved_in_whole_leaves_nothing_behind(station: Station, tmp_path: Path) -> None:
    # Given a directory made elsewhere
    for n in range(30):
        path = tmp_path / "outside" / f"{n % 3}" / f"{n}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % n)
    (tmp_path / "outside").rename(station.inbox / "batch")
    # When
    station.settle(10)
    # Then every file came in, and the directory went with them
    assert station.states() == {"queued": 30, "accepted": 30}
    assert list(walk(os.fsencode(station.inbox))) == []
    assert len(station.done()) == 30


def test_directories_emptied_before_a_restart_go_too_but_others_stay(station: Station) -> None:
    # Given a directory whose file was moved just before the watcher was killed
    station.drop("batch/a.txt")
    (station.inbox / "kept").mkdir()
    station.settle(2)
    assert (station.inbox / "batch").exists()
    station.restart()
    # When
    station.settle(10)
    # Then
    assert not (station.inbox / "batch").exists()
    assert (station.inbox / "kept").exists()


def test_a_done_marker_settles_at_once_and_goes_along(station: Station) -> None:
    # Given
    station.drop("a.txt", b"marked")
    station.drop("a.txt.done", b"")
    # When a single moment passes
    station.turn()
    station.turn()
    # Then
    assert station.states() == {"queued": 1, "accepted": 1}
    assert station.left() == []
    assert station.done() == ["a.txt", "a.txt.done"]


def test_a_done_marker_that_comes_late_is_moved_after_its_file(station: Station) -> None:
    station.drop("a.txt")
    station.settle()
    station.drop("a.txt.done", b"")
    station.settle()

    assert station.states() == {"queued": 1, "accepted": 1}
    assert station.left() == []


def test_a_done_marker_without_its_file_is_ignored(station: Station) -> None:
    station.drop("alone.done", b"")
    station.settle()

    assert station.states() == {"ignored": 1}
    assert station.left() == ["alone.done"]


def test_duplicates_are_told_apart_from_new_contents(station: Station) -> None:
    # Given the same bytes twice in one batch, and once more later
    station.drop("a.txt", b"same")
    station.drop("b.txt", b"same")
    station.settle()
    station.drop("a.txt", b"same")
    station.settle()
    # Then one document, three arrivals, and no original was overwritten
    assert station.states() == {"queued": 1, "accepted": 1, "duplicate": 2}
    assert station.left() == []
    assert len(station.done()) == 3
    assert station.queue.outstanding() == 1


def test_another_content_under_the_same_name_overwrites_nothing(station: Station) -> None:
    station.drop("a.txt", b"first")
    station.settle()
    station.drop("a.txt", b"second")
    station.settle()

    kept = [path.read_bytes() for path in (station.inbox / ".gouji").rglob("a*.txt")]
    assert sorted(kept) == [b"first", b"second"]
    assert len(station.documents()) == 2


def test_empty_and_slow_kinds(station: Station) -> None:
    station.drop("empty.txt", b"")
    station.drop("a.pdf", b"%PDF-1.7 ...")
    station.drop("b.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...")
    station.settle()

    queues = {document.name: document.queue for document in station.documents()}
    assert queues == {"empty.txt": "fast", "a.pdf": "slow", "b.doc": "slow"}
    assert station.left() == []


def test_a_file_larger_than_is_read_is_kept_all_the_same(build: Callable[..., Station]) -> None:
    # Given a sparse file far above the limit for reading
    station = build(max_bytes=1000)
    with (station.inbox / "huge.bin").open("wb") as out:
        out.truncate(200_000_000)
    # When
    station.settle()
    # Then it is a document like any other; the worker refuses it by its size
    [document] = station.documents()
    assert document.size == 200_000_000
    assert document.state == "queued"


def test_the_root_recreated_is_watched_anew(station: Station) -> None:
    # Given a source that lost its directory
    station.settle()
    station.inbox.rename(station.inbox.with_name("away"))
    station.settle()
    [feed] = station.watcher.sources
    assert isinstance(feed, DropSource)
    assert feed.status().problem is not None
    # When it is there again
    station.inbox.mkdir()
    station.drop("new.txt")
    station.settle()
    # Then
    assert feed.status().problem is None
    assert station.states() == {"queued": 1, "accepted": 1}


def test_a_root_that_is_not_there_yet_is_waited_for(station: Station) -> None:
    station.inbox.rmdir()
    station.settle()
    station.inbox.mkdir()
    station.drop("a.txt")
    station.settle()

    assert station.states() == {"queued": 1, "accepted": 1}


def test_a_file_is_not_taken_while_it_is_open_for_writing(build: Callable[..., Station]) -> None:
    # Given a writer that pauses for far longer than a file has to rest
    station = build(unsettled_after=60.0)
    with (station.inbox / "slow.txt").open("wb", buffering=0) as out:
        out.write(b"half")
        station.settle(100)
        assert station.states() == {}
        assert station.left() == ["slow.txt"]
        # When it ends
        out.write(b" and half")
    station.settle(40)
    # Then the whole was taken, once
    [document] = station.documents()
    assert station.archive.get(document.sha256) == b"half and half"
    assert station.left() == []


def test_one_that_is_written_to_for_too_long_is_told_once(
    build: Callable[..., Station], capsys: pytest.CaptureFixture[str]
) -> None:
    station = build(unsettled_after=60.0)
    with (station.inbox / "slow.txt").open("wb"):
        station.settle(300)

    assert capsys.readouterr().out.count("file.unsettled") == 1


def test_a_file_from_the_far_future_is_a_file_like_any_other(station: Station) -> None:
    # Given a date that has no room in 64 bits of nanoseconds (touch -d 2400-01-01)
    path = station.drop("a.txt", b"a")
    os.utime(path, (13_569_465_600, 13_569_465_600))
    station.drop("b.txt", b"b")
    station.settle()
    assert station.states() == {"queued": 2, "accepted": 2}
    assert station.left() == []


def make_too_long(inbox: Path, name: str) -> None:
    """Make something whose path is longer than the kernel takes, in a folder whose path is not."""
    path = b""
    descriptor = os.open(inbox, os.O_RDONLY)
    while (left := 4090 - len(os.fsencode(inbox)) - len(path)) > 0:
        part = b"d" * min(200, max(1, left - 1))
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=descriptor)
        inner = os.open(part, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor, path = inner, path + part + b"/"
    if name.endswith("/"):
        os.mkdir(name[:-1], dir_fd=descriptor)
    else:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT, dir_fd=descriptor))
    os.close(descriptor)


def test_a_folder_too_deep_to_be_read_keeps_nothing_back(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a file and a folder whose paths are too long for the kernel, and another file
    make_too_long(station.inbox, "deep.txt")
    make_too_long(station.inbox, "too-deep-to-be-read/")
    station.drop("a.txt")
    # When
    station.settle(30)
    # Then both files came in, scans go on, and the folder was told once
    assert station.states() == {"queued": 2, "accepted": 2}
    told = [line for line in capsys.readouterr().out.splitlines() if "intake.failed" in line]
    assert len(told) == 1
    assert "too long" in told[0]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_one_that_cannot_be_reached_keeps_no_other_back(
    station: Station,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    code: int,
) -> None:
    # Given one file among others that cannot be looked at
    for n in range(20):
        station.drop(f"{n}.txt", b"%d" % n)
    lstat = os.lstat

    def failing(path: Any, **options: Any) -> os.stat_result:
        if os.fsencode(path).endswith(b"/10.txt"):
            raise OSError(code, os.strerror(code))
        return lstat(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "lstat", failing)
        station.settle(10)
        # Then the others came in, and it was told once
        assert station.states() == {"queued": 19, "accepted": 19}
        assert station.left() == ["10.txt"]
        assert capsys.readouterr().out.count("intake.failed") == 1
    # And when it can be reached again, it comes in too
    station.turn(300.0)
    station.settle()
    assert station.states() == {"queued": 20, "accepted": 20}
    assert station.left() == []


def test_an_unsettled_file_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Given a file that never rests
    now = 0.0
    settings = Settings(unsettled_after=60.0, scan_interval=0.0)
    drop = Drop(Source("drop", tmp_path, settle=2.0, mode="scan"), settings, lambda: now)
    for n in range(100):
        (tmp_path / "busy.txt").write_bytes(b"x" * n)
        now += 2.0
        drop.poll()
    # Then
    assert capsys.readouterr().out.count("file.unsettled") == 1
    assert drop.unsettled == 1
    assert drop.settled(10, 1000) == []


def test_a_batch_is_bounded_by_number_and_by_bytes(tmp_path: Path) -> None:
    # Given five files of 100 bytes at rest
    now = 0.0
    drop = Drop(Source("drop", tmp_path, settle=1.0, mode="scan"), Settings(), lambda: now)
    for n in range(5):
        (tmp_path / f"{n}.txt").write_bytes(b"x" * 100)
    for _ in range(2):
        drop.poll()
        now += 1.0
    # Then
    assert len(drop.settled(3, 10_000)) == 3
    assert len(drop.settled(10, 250)) == 2
    assert len(drop.settled(10, 1)) == 1
