"""Contents put together: two syncs for all of them, and the promise of a single one for each."""

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from worker import faults
from worker.archive import Archive, TooLarge
from worker.archives import flushing
from worker.archives.directory import INCOMING
from worker.archives.flushing import Flushing
from worker.archives.lot import Flushed, OneByOne, flushed
from worker.errors import ArchiveError


class Disk:
    """A file system whose flushes are noted, each with the names that were there; or fail."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.flushes: list[set[str]] = []
        self.fail_at = 0

    def __call__(self) -> None:
        self.flushes.append(names(self.root))
        if len(self.flushes) == self.fail_at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    (tmp_path / INCOMING).mkdir()
    return Disk(tmp_path)


def names(root: Path) -> set[str]:
    return {path.name for path in root.glob("??/*")}


def put(lot: Flushed, *contents: bytes) -> list[str]:
    return [lot.put(io.BytesIO(data), limit=100).sha256 for data in contents]


def test_bytes_are_on_disk_before_their_names_and_names_before_anybody_is_told(
    disk: Disk,
) -> None:
    # Given two contents in a lot, one of them twice
    lot = Flushed(disk.root, disk)
    one, two, again = put(lot, b"one", b"two", b"one")

    # When it is kept
    failed = lot.keep()
    lot.discard()

    # Then all were synced without names, and once more with them
    assert (failed, one) == ({}, again)
    assert disk.flushes == [set(), {one, two}]
    assert (disk.root / one[:2] / one).read_bytes() == b"one"
    assert list((disk.root / INCOMING).iterdir()) == []


@pytest.mark.parametrize("fail_at", [1, 2])
def test_of_a_disk_that_failed_nothing_is_believed(disk: Disk, fail_at: int) -> None:
    # Given a disk that fails at a flush
    disk.fail_at = fail_at
    lot = Flushed(disk.root, disk)
    wanted = put(lot, b"one", b"two")

    # When the lot is kept
    failed = lot.keep()
    lot.discard()

    # Then none of it counts as put, and no name was given to what was not synced
    assert set(failed) == set(wanted)
    assert names(disk.root) == (set() if fail_at == 1 else set(wanted))
    assert list((disk.root / INCOMING).iterdir()) == []


def test_one_that_cannot_have_its_name_keeps_no_other_back(disk: Disk) -> None:
    # Given a file where the folder of one of them is to be
    lot = Flushed(disk.root, disk)
    one, two = put(lot, b"one", b"two")
    (disk.root / one[:2]).write_bytes(b"")

    # When the lot is kept, then the other is
    assert set(lot.keep()) == {one}
    assert names(disk.root) == {two}


def test_what_is_there_and_damaged_is_mended_and_what_is_whole_is_left(disk: Disk) -> None:
    # Given two contents, of which one is damaged
    before = Flushed(disk.root, disk)
    one, two = put(before, b"one", b"two")
    before.keep()
    damaged, whole = disk.root / one[:2] / one, disk.root / two[:2] / two
    damaged.chmod(0o600)
    damaged.write_bytes(b"eno")
    inode = whole.stat().st_ino

    # When both are put again
    lot = Flushed(disk.root, disk)
    put(lot, b"one", b"two")
    assert lot.keep() == {}
    lot.discard()

    # Then
    assert damaged.read_bytes() == b"one"
    assert whole.stat().st_ino == inode
    assert list((disk.root / INCOMING).iterdir()) == []


def test_too_large_and_unkept_leave_nothing(tmp_path: Path) -> None:
    # Given a lot that is given up
    with pytest.raises(TooLarge), flushed(tmp_path, Flushing(tmp_path)) as lot:
        put(lot, b"one", bytes(101))

    # Then nothing of it is left
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_every_fault_point_of_a_single_put_is_reached(disk: Disk) -> None:
    # Given somebody who notes the points
    reached: list[str] = []
    faults.handle(reached.append)
    try:
        # When a lot is kept
        lot = Flushed(disk.root, disk)
        put(lot, b"one")
        lot.keep()
    finally:
        faults.handle(None)

    # Then they come in their order
    assert reached == ["archive.copied", "archive.synced", "archive.kept"]


def test_a_real_file_system_is_flushed(tmp_path: Path) -> None:
    # Given a directory that is not there yet
    archive = Archive(str(tmp_path / "archive"))

    # When a lot is put
    with archive.lot() as lot:
        stored = lot.put(io.BytesIO(b"one"), limit=100)
        assert lot.keep() == {}

    # Then it is there
    assert archive.get(stored.sha256) == b"one"


def test_where_a_flush_promises_nothing_each_is_kept_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a file system that is not known to keep the promise
    monkeypatch.setattr(flushing, "_TRUSTED", frozenset())

    # When a lot is opened, then it is the usual way
    with Archive(str(tmp_path)).lot() as lot:
        assert isinstance(lot, OneByOne)
        stored = lot.put(io.BytesIO(b"one"), limit=100)
        assert names(tmp_path) == {stored.sha256}
        assert lot.keep() == {}


def test_a_kernel_that_does_not_tell_of_errors_is_not_asked() -> None:
    assert flushing._telling("5.8.0-generic")
    assert flushing._telling("6.18.44")
    assert not flushing._telling("5.7.19")
    assert not flushing._telling("unknown")


def test_others_who_write_much_are_not_waited_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a flush that takes long, since others write
    clock = [0.0]

    class Slow:
        def __getattr__(self, name: str) -> Callable[..., int]:
            return lambda *_: (clock.__setitem__(0, clock[0] + 5), 0)[1]

    monkeypatch.setattr(flushing, "_can_flush", lambda _: True)
    monkeypatch.setattr(flushing, "_library", Slow)
    one = Flushing(tmp_path, lambda: clock[0])
    assert one.advisable

    # When it was tried
    with one.begun() as flush:
        flush()

    # Then it is not for a minute
    assert not one.advisable
    clock[0] += 60
    assert one.advisable


def test_an_archive_that_cannot_be_made_is_transient(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    archive = Archive(str(tmp_path / "file" / "archive"))
    with pytest.raises(ArchiveError), archive.lot() as lot:
        lot.put(io.BytesIO(b"one"), limit=100)
