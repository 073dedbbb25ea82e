"""An archive in a directory: ``ab/ab12...`` has the bytes whose SHA-256 is ``ab12...``.

They are written beside, synced to disk and renamed into place, so that a name that exists is
complete.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, cast
from uuid import uuid4

from worker.archives.place import CHUNK, Held, Stored, TooLarge, demand_digest, is_digest
from worker.errors import ArchiveError
from worker.faults import reach

_ZEROS: Final = bytes(CHUNK)
INCOMING: Final = ".incoming"
"""Where copies lie until they have their name."""
_LEAVING: Final = ".leaving"
READ_ONLY: Final = 0o400  # nothing in the archive is ever written again, or read by others
PRIVATE: Final = 0o700


class Directory:
    """A directory that is this host's, or shared by all hosts over NFS."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, source: BinaryIO, *, limit: int) -> Stored:
        """Copy a source to its end; when this returns, the bytes are on disk."""
        with self._incoming() as (path, out):
            stored = copy_to(source, out, limit)
            with writing():
                reach("archive.copied")
                self._keep(path, out, stored)
                reach("archive.kept")
        return stored

    def has(self, sha256: str) -> bool:
        """Tell whether the bytes are there."""
        return any(path.is_file() for path in self._lookups(sha256))

    def open(self, sha256: str) -> BinaryIO:
        """Open the bytes for reading."""
        *first, last = self._lookups(sha256)
        with _reading(sha256):
            for path in first:
                with suppress(FileNotFoundError):
                    return path.open("rb")
            return last.open("rb")

    def get(self, sha256: str) -> bytes:
        """Return the bytes."""
        with self.open(sha256) as stream, _reading(sha256):
            return stream.read()

    def digest(self, sha256: str) -> str | None:
        """Return the SHA-256 of the file, ``None`` where there is none."""
        with _reading(sha256):
            for path in self._lookups(sha256):
                with suppress(FileNotFoundError), path.open("rb") as stream:
                    return hashlib.file_digest(stream, "sha256").hexdigest()
        return None

    def contents(self) -> Iterator[Held]:
        """Yield every content, in the order of the names; one folder in memory at a time."""
        with _listing():
            folders = sorted(os.listdir(self.root)) if self.root.exists() else []  # noqa: PTH208
        for folder in folders:
            if len(folder) == 2:
                with _listing():
                    found = sorted(self._in_folder(folder))
                yield from found

    def _in_folder(self, folder: str) -> Iterator[Held]:
        with os.scandir(self.root / folder) as entries:
            for entry in entries:
                if not is_digest(entry.name):
                    continue
                with suppress(FileNotFoundError):  # deleted meanwhile
                    found = entry.stat(follow_symlinks=False)
                    put_at = datetime.fromtimestamp(found.st_mtime, UTC)
                    yield Held(entry.name, found.st_size, put_at)

    def delete(self, sha256: str, older_than: float) -> bool:
        """Delete a content that was not put for so many seconds; tell whether it was.

        It is taken away from its name first and looked at again: one that was put in between goes
        back. Meanwhile readers find it where it lies.
        """
        final, aside = self._path(sha256), self._leaving(sha256)
        try:
            if not _is_old(final, older_than):
                return False
            aside.parent.mkdir(PRIVATE, exist_ok=True)
            final.rename(aside)
            reach("prune.aside")
            if not _is_old(aside, older_than):
                _put_back(aside, final)
                return False
            aside.unlink()
        except FileNotFoundError:  # there is none, or another process does the same
            return False
        except OSError as error:
            raise _unwritable(error) from error
        return True

    def recover(self) -> int:
        """Give back their names to contents that a killed process was about to delete."""
        found = 0
        with suppress(FileNotFoundError), writing():
            leaving = self.root / _LEAVING
            for path in sorted(leaving.iterdir()) if leaving.is_dir() else ():
                _put_back(path, self._path(path.name))
                found += 1
        return found

    @contextmanager
    def scratch(self) -> Iterator[BinaryIO]:
        """Open a nameless file on the disk of the archive."""
        with writing():
            directory = self.root / INCOMING
            make_private(directory)
            file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - closed below
        with file:
            yield cast("BinaryIO", file)

    def discard_leftovers(self, older_than: float) -> int:
        """Delete unfinished copies left by killed processes."""
        return discard(self.root / INCOMING, older_than)

    def probe(self) -> str:
        """Write and delete a little; return the path."""
        with self._incoming() as (_, out), writing():
            out.write(b"probe")
            os.fsync(out.fileno())
        return str(self.root)

    def _path(self, sha256: str) -> Path:
        return self.root / demand_digest(sha256)[:2] / sha256

    def _lookups(self, sha256: str) -> tuple[Path, Path, Path]:
        """Return where to look for a content: it may be taken away meanwhile, and put back."""
        final = self._path(sha256)
        return final, self._leaving(sha256), final

    def _leaving(self, sha256: str) -> Path:
        return self.root / _LEAVING / sha256

    @contextmanager
    def _incoming(self) -> Iterator[tuple[Path, BinaryIO]]:
        path = self.root / INCOMING / uuid4().hex
        with writing():
            make_private(path.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            out = os.fdopen(os.open(path, flags, READ_ONLY), "wb", buffering=0)
        try:
            with out:
                yield path, out
        finally:
            with suppress(OSError):
                path.unlink()

    def _keep(self, path: Path, out: BinaryIO, stored: Stored) -> None:
        final = self._path(stored.sha256)
        if is_whole(final, stored) and refresh(final):
            _sync_directory(final.parent)  # whoever renamed it may not have come so far
            return
        os.fsync(out.fileno())
        reach("archive.synced")
        if not final.parent.is_dir():
            final.parent.mkdir(PRIVATE, exist_ok=True)
            _sync_directory(self.root)
        path.rename(final)
        _sync_directory(final.parent)


def discard(folder: Path, older_than: float) -> int:
    """Delete the files of a folder that were not written to for so many seconds."""
    deleted = 0
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):
                if _is_old(path, older_than):
                    path.unlink()
                    deleted += 1
    return deleted


def _is_old(path: Path, older_than: float) -> bool:
    return time.time() - path.stat().st_mtime > older_than


def copy_to(source: BinaryIO, out: BinaryIO, limit: int) -> Stored:
    """Copy a source to its end; nothing is synced.

    Raises:
        TooLarge: it has more than ``limit`` bytes.
        ArchiveError: it cannot be written.
    """
    digest, size, chunk = hashlib.sha256(), 0, b""
    while following := source.read(CHUNK):
        chunk = following
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        digest.update(chunk)
        with writing():
            _write(out, chunk)
    if len(chunk) == CHUNK:  # it may have been left as a hole
        with writing():
            out.truncate(size)
    return Stored(digest.hexdigest(), size)


def _write(out: BinaryIO, chunk: bytes) -> None:
    """Write a chunk; a chunk of zeros is left as a hole, which reads the same and takes no room."""
    if len(chunk) == CHUNK and chunk == _ZEROS:
        out.seek(CHUNK, os.SEEK_CUR)
        return
    rest = memoryview(chunk)
    while rest:
        rest = rest[out.write(rest) :]


def is_whole(path: Path, stored: Stored) -> bool:
    """Tell whether a file has the bytes of its name; one that cannot be read counts as damaged."""
    try:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size != stored.size:
                return False
            return hashlib.file_digest(stream, "sha256").hexdigest() == stored.sha256
    except OSError:
        return False


def refresh(path: Path) -> bool:
    """Make a content young, so that nobody deletes it as an orphan; ``False`` where that fails.

    It may be no document's yet. Whoever deletes orphans takes one away from its name first and
    looks at its age then: either this is seen there, or the name is gone here. The name is looked
    at again because it may go while the time is being set, which then comes too late.
    """
    reach("archive.found")
    try:
        os.utime(path)
        return path.exists()
    except OSError:  # it is being deleted, or is another user's: a copy of our own takes its place
        return False


def _put_back(aside: Path, named: Path) -> None:
    """Give a file its name back, unless another took it: that one was put since, and is whole."""
    with suppress(FileNotFoundError):
        try:
            os.link(aside, named)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            if not named.exists():
                aside.rename(named)
                return
        aside.unlink()


def make_private(directory: Path) -> None:
    """Make a directory of the archive, and the archive itself, for this user alone."""
    if not directory.is_dir():
        directory.parent.mkdir(PRIVATE, parents=True, exist_ok=True)
        directory.mkdir(PRIVATE, exist_ok=True)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing() -> Iterator[None]:
    """Say of what the system refuses meanwhile that the archive cannot be written."""
    try:
        yield
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> ArchiveError:
    return ArchiveError(f"archive: cannot be written: {error.strerror or error}")


@contextmanager
def _reading(sha256: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"archive: {sha256} cannot be read: {error.strerror}") from error


@contextmanager
def _listing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"archive: cannot be listed: {error.strerror}") from error
