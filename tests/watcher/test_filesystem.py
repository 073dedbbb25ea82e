"""Raw names, safe opening, walking, and knowing a network mount."""

import gc
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from watcher.filesystem import (
    Entry,
    Kind,
    NotAFile,
    irregular,
    is_network,
    kept_open,
    look,
    mount_type,
    open_file,
    parent,
    readable,
    signature,
    walk,
)


def test_names_are_readable_whatever_their_encoding() -> None:
    name = "年度报告.txt"
    assert readable(name.encode()) == name
    assert readable(name.encode("gb18030")) == name
    assert readable("目录/".encode() + name.encode("gbk")) == f"目录/{name}"
    assert readable(b"\xff\xfe\xff") == "\\xff\\xfe\\xff"
    assert readable(b"a\x1b[31m\n") == "a\\x1b[31m\\x0a"


def test_inode_numbers_of_64_bits_fit_the_ledger() -> None:
    status = os.stat_result((0o100644, (1 << 64) - 2, 1, 1, 0, 0, 5, 0, 0, 0), {"st_mtime_ns": 0})
    assert signature(status).inode == -2


def test_dates_that_nanoseconds_have_no_room_for_fit_the_ledger(tmp_path: Path) -> None:
    # Given files of the year 2400 and of the year 1600, as far as the file system has such
    path = tmp_path / "a"
    path.touch()
    versions = set()
    for seconds in (13_569_465_600, -11_676_096_000):
        os.utime(path, (seconds, seconds))
        versions.add(signature(path.stat()).mtime_ns)

    # Then
    assert len(versions) == 2
    assert all(-(1 << 63) <= mtime_ns < 1 << 63 for mtime_ns in versions)


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    # Given a secret outside, and all sorts of ways to it
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(secret)
    (root / "folder").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    (root / "good").write_bytes(b"good")
    base = os.fsencode(root)
    # Then only the regular file can be read
    with open_file(base, b"good") as stream:
        assert stream.read() == b"good"
    for path in (b"link", b"folder/secret", b"../secret", b"missing"):
        with pytest.raises(OSError, match=r"."):
            open_file(base, path)
    with pytest.raises(NotAFile):
        open_file(base, b"pipe")
    with pytest.raises(OSError, match=r"symbolic|directory"), parent(base, b"folder/x", make=True):
        pass


def test_walking_finds_everything_but_what_is_private(tmp_path: Path) -> None:
    for name in ("a.txt", "deep/er/b.txt", ".gouji/done/c.txt", ".hidden/d.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path)
    gbk = "报告.txt".encode("gbk")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + gbk)).write_bytes(b"")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "sock"))

        assert set(walk(os.fsencode(tmp_path))) == {
            Entry(b"a.txt", Kind.FILE),
            Entry(b"deep/er/b.txt", Kind.FILE),
            Entry(b".hidden/d.txt", Kind.FILE),
            Entry(b"empty", Kind.EMPTY_DIRECTORY),
            Entry(b"loop", Kind.SYMLINK),
            Entry(b"sock", Kind.SPECIAL),
            Entry(gbk, Kind.FILE),
        }
        assert set(walk(os.fsencode(tmp_path), b"deep")) == {Entry(b"deep/er/b.txt", Kind.FILE)}
        assert list(walk(os.fsencode(tmp_path), b"gone")) == []
        assert irregular(os.fsencode(tmp_path), b"sock") == "special"
        assert irregular(os.fsencode(tmp_path), b"loop") == "symlink"
        assert irregular(os.fsencode(tmp_path), gbk) is None


def test_looking_sees_versions(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path)
    assert look(root, b"x") is None
    assert look(root, b"") is None
    (tmp_path / "x").write_bytes(b"12345")
    found = look(root, b"x")
    assert found is not None
    assert found.size == 5
    assert look(root, b"x/y") is None


MOUNTS = rb"""22 1 8:1 / / rw,relatime - ext4 /dev/root rw
30 22 0:40 / /mnt rw - tmpfs tmpfs rw
31 30 0:41 / /mnt/share\040of\040all rw,relatime shared:1 - nfs4 server:/x rw
32 30 0:42 / /mnt/sshfs rw - fuse.sshfs host: rw
33 30 0:43 / /mnt/stick rw - fuseblk /dev/sdb1 rw
34 30 0:44 / /mnt/over rw - ext4 /dev/sdc rw
35 30 0:45 / /mnt/over rw - cifs //server/x rw
"""


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        (b"/home/inbox", "ext4", False),
        (b"/mnt", "tmpfs", False),
        (b"/mnt/share of all/inbox", "nfs4", True),
        (b"/mnt/share of allx", "tmpfs", False),
        (b"/mnt/sshfs/a", "fuse.sshfs", True),
        (b"/mnt/stick/a", "fuseblk", False),
        (b"/mnt/over/a", "cifs", True),
    ],
)
def test_mounts(tmp_path: Path, path: bytes, kind: str, network: bool) -> None:
    table = tmp_path / "mountinfo"
    table.write_bytes(MOUNTS)

    assert mount_type(path, table) == kind
    assert is_network(path, table) is network


def test_without_a_table_of_mounts_nothing_is_a_network(tmp_path: Path) -> None:
    assert is_network(b"/", tmp_path / "missing") is False


def test_directories_are_opened_once_for_a_batch_and_closed_after_it(tmp_path: Path) -> None:
    # Given a batch of files in one directory, and how many descriptors there are
    root = os.fsencode(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    gc.collect()  # what earlier tests have left is not closed meanwhile
    before = len(list(Path("/proc/self/fd").iterdir()))

    # When somebody steps into it for each
    with kept_open():
        with parent(root, b"a/b/1.txt") as (first, one):
            pass
        with parent(root, b"a/b/2.txt") as (second, two):
            assert os.path.samestat(os.fstat(second), (tmp_path / "a" / "b").stat())
        # Then it is the same, and another thread has its own
        assert (first, one, two) == (second, b"1.txt", b"2.txt")
        with ThreadPoolExecutor(1) as others, parent(root, b"a/b/3.txt") as (third, _):
            assert others.submit(_opened, root).result() != third

    # And nothing is open afterwards
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def _opened(root: bytes) -> int:
    with parent(root, b"a/b/1.txt") as (descriptor, _):
        return descriptor


def test_a_directory_that_was_made_for_one_is_there_for_the_next(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path)
    with kept_open():
        with pytest.raises(FileNotFoundError), parent(root, b"new/1"):
            pass
        with parent(root, b"new/1", make=True) as (made, _), parent(root, b"new/2") as (again, _):
            assert made == again
