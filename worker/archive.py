"""The archive: the bytes of every document, kept before anything else happens to it.

A directory, content-addressed: the bytes whose SHA-256 is ``ab12...`` are in ``ab/ab12...``. They
are written beside, synced to disk and renamed into place, so that a name that exists is complete.
"""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from models.disclosure.finding import Reason
from worker.errors import ArchiveError, Refused, SettingsError
from worker.faults import reach

_CHUNK: Final = 1 << 20
_ZEROS: Final = bytes(_CHUNK)
_INCOMING: Final = ".incoming"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_READ_ONLY: Final = 0o400  # nothing in the archive is ever written again, or read by others
_PRIVATE: Final = 0o700
LEAVING: Final = ".leaving"
"""Where :mod:`worker.orphans` puts what may be deleted, until it is sure."""

COMMIT_WITHIN: Final = 3600.0
"""Seconds from the beginning of a ``put`` within which its document has to be in the ledger."""


class TooLarge(Refused):
    """The source has more bytes than the archive may take."""

    def __init__(self, limit: int) -> None:
        super().__init__(Reason.TOO_LARGE, f"the file has more than {limit} bytes")


class Stored(NamedTuple):
    """What was put: the name of the content, and how many bytes it has."""

    sha256: str
    size: int


class Held(NamedTuple):
    """A content that is there: its name, its bytes by count, and when it was last put."""

    sha256: str
    size: int
    put_at: datetime


class Condition(StrEnum):
    """How a content is found."""

    WHOLE = "whole"
    MISSING = "missing"
    DAMAGED = "damaged"


class Archive:
    """The archive at a URL: a directory, plain or as ``file://``.

    Raises:
        SettingsError: the URL is of a kind that is not supported.
    """

    def __init__(self, url: str) -> None:
        self.root = _directory(url)

    def put(self, source: BinaryIO, *, limit: int) -> Stored:
        """Copy a source to its end; when this returns, the bytes are on disk.

        It reads a mebibyte at a time, and keeps the holes of a sparse file.

        Args:
            source: a binary stream; what it raises on reading goes through unchanged.
            limit: the most bytes that are taken.

        Raises:
            TooLarge: the source has more bytes than ``limit``; nothing is kept.
            ArchiveError: the archive cannot be written (full, read-only, away).
        """
        with self._incoming() as (path, out):
            stored = _copy(source, out, limit)
            with _writing():
                reach("archive.copied")
                self._keep(path, out, stored)
                reach("archive.kept")
        return stored

    def has(self, sha256: str) -> bool:
        """Tell whether the bytes are there."""
        return self._path(sha256).is_file() or (self.root / LEAVING / sha256).is_file()

    def open(self, sha256: str) -> BinaryIO:
        """Open the bytes for reading.

        Raises:
            ArchiveError: they are not there, or cannot be read.
        """
        try:
            with suppress(FileNotFoundError):
                return self._path(sha256).open("rb")
            return (self.root / LEAVING / sha256).open("rb")
        except OSError as error:
            raise ArchiveError(f"archive: {sha256} cannot be read: {error.strerror}") from error

    def get(self, sha256: str) -> bytes:
        """Return the bytes, checked against their name.

        Raises:
            ArchiveError: they are not there, cannot be read, or are damaged.
        """
        with self.open(sha256) as stream:
            try:
                data = stream.read()
            except OSError as error:
                raise ArchiveError(f"archive: {sha256} cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ArchiveError(f"archive: {sha256} is damaged: its bytes do not match its name")
        return data

    def check(self, sha256: str) -> Condition:
        """Read the bytes, in pieces, and tell how they are.

        Raises:
            ArchiveError: they cannot be read now, or the name is no SHA-256.
        """
        for path in (self._path(sha256), self.root / LEAVING / sha256):
            try:
                with path.open("rb") as stream:
                    found = hashlib.file_digest(stream, "sha256").hexdigest()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise ArchiveError(f"archive: {sha256} cannot be read: {error.strerror}") from error
            return Condition.WHOLE if found == sha256 else Condition.DAMAGED
        return Condition.MISSING

    def contents(self) -> Iterator[Held]:
        """Yield every content, in the order of the names; few are in memory at a time.

        What is put or deleted meanwhile may be among them or not.

        Raises:
            ArchiveError: it cannot be listed.
        """
        try:
            folders = sorted(os.listdir(self.root)) if self.root.exists() else []  # noqa: PTH208
            for folder in folders:
                if len(folder) == 2:
                    yield from sorted(self._in_folder(folder))
        except OSError as error:
            raise ArchiveError(f"archive: cannot be listed: {error.strerror}") from error

    def _in_folder(self, folder: str) -> Iterator[Held]:
        with os.scandir(self.root / folder) as entries:
            for entry in entries:
                if _SHA256.fullmatch(entry.name):
                    with suppress(FileNotFoundError):  # deleted meanwhile
                        found = entry.stat(follow_symlinks=False)
                        put_at = datetime.fromtimestamp(found.st_mtime, UTC)
                        yield Held(entry.name, found.st_size, put_at)

    @contextmanager
    def scratch(self) -> Iterator[BinaryIO]:
        """Open a nameless file on the disk of the archive; it is gone when the block ends.

        Raises:
            ArchiveError: none can be made (full, read-only, away).
        """
        with _writing():
            directory = self.root / _INCOMING
            _make_private(directory)
            file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - closed below
        with file:
            yield cast("BinaryIO", file)

    def discard_leftovers(self, older_than: float = 86_400.0) -> int:
        """Delete unfinished copies left by killed processes.

        Args:
            older_than: seconds since the last write to a copy; a live one is never that old.

        Returns:
            How many were deleted.
        """
        deleted = 0
        with suppress(OSError):
            for path in (self.root / _INCOMING).iterdir():
                with suppress(OSError):
                    if time.time() - path.stat().st_mtime > older_than:
                        path.unlink()
                        deleted += 1
        return deleted

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ArchiveError(f"archive: {sha256!r} is not a SHA-256")
        return self.root / sha256[:2] / sha256

    @contextmanager
    def _incoming(self) -> Iterator[tuple[Path, BinaryIO]]:
        path = self.root / _INCOMING / uuid4().hex
        with _writing():
            _make_private(path.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            out = os.fdopen(os.open(path, flags, _READ_ONLY), "wb", buffering=0)
        try:
            with out:
                yield path, out
        finally:
            with suppress(OSError):
                path.unlink()

    def _keep(self, path: Path, out: BinaryIO, stored: Stored) -> None:
        final = self._path(stored.sha256)
        if _is_whole(final, stored) and _renew(final):
            _sync_directory(final.parent)  # whoever renamed it may not have come so far
            return
        os.fsync(out.fileno())
        reach("archive.synced")
        if not final.parent.is_dir():
            final.parent.mkdir(_PRIVATE, exist_ok=True)
            _sync_directory(self.root)
        path.rename(final)
        _sync_directory(final.parent)


def _directory(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    if "://" in url:
        raise SettingsError(f"archive_url: {parts.scheme}:// is not supported; use a directory")
    return Path(url)


def _copy(source: BinaryIO, out: BinaryIO, limit: int) -> Stored:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        digest.update(chunk)
        with _writing():
            _write(out, chunk)
    with _writing():
        out.truncate(size)
    return Stored(digest.hexdigest(), size)


def _write(out: BinaryIO, chunk: bytes) -> None:
    """Write a chunk; a chunk of zeros is left as a hole, which reads the same and takes no room."""
    if len(chunk) == _CHUNK and chunk == _ZEROS:
        out.seek(_CHUNK, os.SEEK_CUR)
        return
    rest = memoryview(chunk)
    while rest:
        rest = rest[out.write(rest) :]


def _is_whole(path: Path, stored: Stored) -> bool:
    """Tell whether a file has the bytes of its name; one that cannot be read counts as damaged."""
    try:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size != stored.size:
                return False
            return hashlib.file_digest(stream, "sha256").hexdigest() == stored.sha256
    except OSError:
        return False


def _renew(path: Path) -> bool:
    """Make a file young, so that nobody deletes it as an orphan; ``False`` where that fails.

    It may be no document's yet. Whoever deletes orphans takes one away from its name first and
    looks at its age then: either this is seen there, or the name is gone here.
    """
    reach("archive.found")
    try:
        os.utime(path)
    except OSError:  # it is being deleted, or is another user's: a copy of our own takes its place
        return False
    return True


def demand_recent(began: float) -> None:
    """Demand that bytes were put so recently that nobody can have deleted them as orphans.

    To be asked in the transaction that enters their documents.

    Args:
        began: ``time.time()`` before they were put.

    Raises:
        ArchiveError: it is too long ago (the process was stopped, or the clock was set); they
            have to be put again.
    """
    if time.time() - began > COMMIT_WITHIN:
        raise ArchiveError("archive: what was put is no longer certain to be there: put it again")


def _make_private(directory: Path) -> None:
    """Make a directory of the archive, and the archive itself, for this user alone."""
    if not directory.is_dir():
        directory.parent.mkdir(_PRIVATE, parents=True, exist_ok=True)
        directory.mkdir(_PRIVATE, exist_ok=True)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"archive: cannot be written: {error.strerror or error}") from error
