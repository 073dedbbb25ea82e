"""Files as they lie in a source: names as raw bytes, opened without following any symlink."""

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from watcher import ignore
from worker import names

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a pipe that took the place of a file would wait for its writer.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NETWORK: Final = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse", "glusterfs", "gpfs", "lustre"}
    | {"ncpfs", "nfs", "nfs4", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs"}
)
_SIGN: Final = 1 << 63

readable: Final = names.readable
"""Returns a path for people."""


class Signature(NamedTuple):
    """One version of one file: what changes when the file does."""

    inode: int
    size: int
    mtime_ns: int


class Kind(StrEnum):
    """What a directory entry is."""

    FILE = "file"
    SYMLINK = "symlink"
    SPECIAL = "special"
    EMPTY_DIRECTORY = "empty directory"


class Entry(NamedTuple):
    """An entry found below a root; ``path`` is relative to it."""

    path: bytes
    kind: Kind


class NotAFile(OSError):  # noqa: N818 - it is what was found
    """Something else than a regular file lies there."""


def signature(status: os.stat_result) -> Signature:
    """Return the version of a file, made to fit signed columns.

    Inode numbers may have 64 bits, and file systems take dates after 2262, in nanoseconds more.
    """
    return Signature(_signed(status.st_ino), status.st_size, _signed(status.st_mtime_ns))


def _signed(number: int) -> int:
    if -_SIGN <= number < _SIGN:
        return number
    return (number + _SIGN) % (2 * _SIGN) - _SIGN


def look(root: bytes, path: bytes) -> Signature | None:
    """Return the version of a file that lies there now, ``None`` where none does.

    A symlink, a pipe and the like have versions too: they come to rest as files do.

    Raises:
        OSError: it cannot be known (no access, a disk error, a name too long).
    """
    try:
        status = _lstat(root, path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return None if stat.S_ISDIR(status.st_mode) else signature(status)


def _lstat(root: bytes, path: bytes) -> os.stat_result:
    try:
        return os.lstat(b"%b/%b" % (root, path))
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
    with parent(root, path) as (directory, name):  # step by step there is no such limit
        return os.stat(name, dir_fd=directory, follow_symlinks=False)


def irregular(root: bytes, path: bytes) -> str | None:
    """Return what lies there when it is not a regular file, ``None`` when it is or is gone."""
    try:
        mode = _lstat(root, path).st_mode
    except OSError:  # told by whoever opens it
        return None
    return None if stat.S_ISREG(mode) else _irregularity(mode)


def _irregularity(mode: int) -> str:
    return str(Kind.SYMLINK if stat.S_ISLNK(mode) else Kind.SPECIAL)


class _Open(threading.local):
    """Directories that this thread keeps open, by root and path; ``None`` when it keeps none."""

    kept: dict[tuple[bytes, bytes], int] | None = None


_open: Final = _Open()
_MOST_OPEN: Final = 32


@contextmanager
def kept_open() -> Iterator[None]:
    """Keep directories open that this thread steps into meanwhile, for the next file of theirs.

    One that is renamed or deleted meanwhile stays the directory that it was: so this is for a
    batch of files, not for longer.
    """
    before, _open.kept = _open.kept, {}
    try:
        yield
    finally:
        for descriptor in _open.kept.values():
            os.close(descriptor)
        _open.kept = before


def parent(
    root: bytes, path: bytes, *, make: bool = False
) -> AbstractContextManager[tuple[int, bytes]]:
    """Open the directory that holds a path, stepping through no symlink below the root.

    Args:
        root: the directory everything is relative to; it may be reached through symlinks.
        path: the path relative to ``root``.
        make: make the directories that are missing.

    Returns:
        What gives a descriptor of the directory, and the last part of the path.

    Raises:
        OSError: a directory on the way is missing, or is a symlink or a file.
    """
    name = path.rpartition(b"/")[2]
    above = path[: len(path) - len(name)]
    kept = _open.kept
    if kept is None:
        return _opened(root, above, name, make=make)
    descriptor = kept.get((root, above))
    if descriptor is None:
        if len(kept) >= _MOST_OPEN:
            return _opened(root, above, name, make=make)
        descriptor = kept[root, above] = _descend(root, above, make=make)
    return nullcontext((descriptor, name))


@contextmanager
def _opened(root: bytes, above: bytes, name: bytes, *, make: bool) -> Iterator[tuple[int, bytes]]:
    descriptor = _descend(root, above, make=make)
    try:
        yield descriptor, name
    finally:
        os.close(descriptor)


def _descend(root: bytes, above: bytes, *, make: bool) -> int:
    """Open a directory below a root, given by a path that ends in a slash or is empty."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in above.split(b"/")[:-1]:
        try:
            inner = _step(part, descriptor, make=make)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def _step(part: bytes, descriptor: int, *, make: bool) -> int:
    if part in (b"", b".", b".."):
        raise NotADirectoryError(f"not the name of a directory: {part!r}")
    if make:
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=descriptor)
    return os.open(part, _DIRECTORY, dir_fd=descriptor)


def open_file(root: bytes, path: bytes) -> BinaryIO:
    """Open a regular file for reading, unbuffered, following no symlink below the root.

    Raises:
        NotAFile: something else lies there.
        OSError: it cannot be opened; a symlink is ``ELOOP``.
    """
    return os.fdopen(open_descriptor(root, path), "rb", buffering=0)


def open_descriptor(root: bytes, path: bytes) -> int:
    """Open a regular file as :func:`open_file` does; return its descriptor, to be closed.

    Raises:
        NotAFile, OSError: as there.
    """
    with parent(root, path) as (directory, name):
        descriptor = os.open(name, _FILE, dir_fd=directory)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotAFile(f"not a regular file: {readable(path)}")
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


PassedOver = Callable[[bytes, OSError], None]


def _silently(_directory: bytes, _error: OSError) -> None:
    """Whoever only wants what can be seen."""


def walk(root: bytes, below: bytes = b"", passed_over: PassedOver = _silently) -> Iterator[Entry]:
    """Find everything below a directory except what is private to the project.

    Directories that are symlinks are not entered, and those that vanish or cannot be read are
    passed over: the next walk sees them again.

    Args:
        root: the directory paths are relative to.
        below: the directory to walk, relative to ``root``; empty means the root itself.
        passed_over: told of each directory that is there and cannot be read.

    Raises:
        OSError: the root itself cannot be read, for another reason than that it may not be.
    """
    waiting = [below]
    while waiting:
        directory = waiting.pop()
        for name, kind in _entries(root, directory, passed_over):
            path = directory + b"/" + name if directory else name
            if kind is Kind.EMPTY_DIRECTORY:
                yield Entry(directory, kind)
            elif ignore.is_private(path):
                continue
            elif kind is None:
                waiting.append(path)
            else:
                yield Entry(path, kind)


def _entries(
    root: bytes, directory: bytes, passed_over: PassedOver
) -> Iterator[tuple[bytes, Kind | None]]:
    """Yield what a directory holds, one by one: there may be very many; an empty one itself."""
    empty = True
    try:
        with os.scandir(os.path.join(root, directory)) as entries:  # noqa: PTH118
            for entry in entries:
                empty = False
                yield entry.name, _kind(entry)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        if not directory and not isinstance(error, PermissionError):
            raise
        passed_over(directory, error)
        return
    if empty and directory:
        yield b"", Kind.EMPTY_DIRECTORY


def _kind(entry: "os.DirEntry[bytes]") -> Kind | None:
    """Return what an entry is, ``None`` for a directory."""
    if entry.is_symlink():
        return Kind.SYMLINK
    if entry.is_dir(follow_symlinks=False):
        return None
    return Kind.FILE if entry.is_file(follow_symlinks=False) else Kind.SPECIAL


def remove_empty(root: bytes, directory: bytes) -> None:
    """Remove a directory if it is empty, and those above it that this leaves empty; never the root.

    Raises:
        OSError: the directory itself is not empty, or cannot be removed.
    """
    while directory:
        with parent(root, directory) as (descriptor, name):
            os.rmdir(name, dir_fd=descriptor)
        directory = directory.rpartition(b"/")[0]


def is_network(path: bytes, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """Tell whether a directory is on a mount whose changes the kernel does not see.

    Where there is no such table (not Linux) the answer is no.
    """
    kind = mount_type(path, mounts)
    return kind is not None and (kind in _NETWORK or kind.startswith("fuse."))


def mount_type(path: bytes, mounts: Path = Path("/proc/self/mountinfo")) -> str | None:
    """Return the type of the file system that a resolved path is on (man 5 proc, mountinfo)."""
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:
        return None
    best, kind = b"", None
    for line in lines:
        left, _, right = line.partition(b" - ")
        point = _unescaped(left.split(b" ")[4])
        # A later line hides an earlier one on the same point.
        if len(point) >= len(best) and (path + b"/").startswith(point.rstrip(b"/") + b"/"):
            best, kind = point, right.split(b" ")[0].decode()
    return kind


def _unescaped(text: bytes) -> bytes:
    for code in (b"\\040", b"\\011", b"\\012", b"\\134"):
        text = text.replace(code, bytes([int(code[1:], 8)]))
    return text
