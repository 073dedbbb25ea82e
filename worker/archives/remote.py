"""An archive on an object store, over fsspec; laid out like a directory: ``ab/ab12...``.

An object appears whole, under its name, or not at all: so says the store, and only stores that say
so are taken. What was sent is verified there by its checksum, or read back. Each put is an upload,
of what is there already too: that costs a copy's way, mends whatever is damaged, and tells who
deletes old contents that this one is wanted.

Nothing waits for ever: each request has a time within which it must be done.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Final, TypeAlias, cast
from uuid import uuid4

from models.base import now
from worker.archives.directory import discard
from worker.archives.place import CHUNK, Held, Stored, TooLarge, demand_digest, is_digest
from worker.errors import ArchiveError
from worker.faults import reach

Files: TypeAlias = Any
"""An ``fsspec.asyn.AsyncFileSystem``, which has no types: each call of it takes a ``timeout``."""

PART: Final = 8 << 20
"""Bytes that are held in memory; what is larger goes through a file, and in parts of this size."""

_PATIENCE: Final = 30.0
_SLOWEST: Final = 100_000  # bytes a second: what comes and goes slower is given up
_LONGEST: Final = 180.0  # below the share of a lease that an attempt may take
_FOLDERS: Final = tuple(f"{number:02x}" for number in range(256))
_MODIFIED: Final = ("LastModified", "last_modified", "mtime", "updated", "created")


class NotThereError(ArchiveError):
    """There is no such object."""


class Remote:
    """Contents below a path of an fsspec file system whose objects appear whole.

    Args:
        shown: the URL, for messages.
        root: bucket and prefix.
        connect: makes the file system; called when it is first needed, and after a fork.
        local: where files are spooled; made when it is missing.
    """

    def __init__(self, shown: str, root: str, connect: Callable[[], Files], local: Path) -> None:
        self._shown = shown
        self._root = root
        self._connect = connect
        self._local = local
        self._files: Files | None = None
        self._lock = Lock()

    def put(self, source: BinaryIO, *, limit: int) -> Stored:
        """Upload a source; when this returns, the store has its bytes and they were verified."""
        digest, head = hashlib.sha256(), bytearray()
        while len(head) <= PART and (chunk := source.read(CHUNK)):
            digest.update(chunk)
            head += chunk
            if len(head) > limit:
                raise TooLarge(limit)
        if len(head) > PART:
            return self._put_large(source, limit, head, digest)
        reach("archive.copied")
        stored = Stored(digest.hexdigest(), len(head))
        self._send(stored, bytes(head))
        reach("archive.kept")
        return stored

    def _put_large(self, source: BinaryIO, limit: int, head: bytearray, digest: Any) -> Stored:
        with self._spooled() as file:
            size = len(head)
            with _spooling():
                file.write(head)
            head.clear()
            while chunk := source.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise TooLarge(limit)
                digest.update(chunk)
                with _spooling():
                    file.write(chunk)
            with _spooling():
                file.flush()
            reach("archive.copied")
            stored = Stored(digest.hexdigest(), size)
            self._send_file(stored, file.name)
        reach("archive.kept")
        return stored

    def _send(self, stored: Stored, data: bytes) -> None:
        path = self._path(stored.sha256)
        with self._asking("written", path):
            self.files.pipe_file(path, data, timeout=time_for(stored.size))
        self._verify(stored)

    def _send_file(self, stored: Stored, name: str) -> None:
        path = self._path(stored.sha256)
        with self._asking("written", path):
            self.files.put_file(name, path, timeout=time_for(stored.size))
        self._verify(stored)

    def _verify(self, stored: Stored) -> None:
        """Read back what was sent."""
        if self.digest(stored.sha256) != stored.sha256:
            raise ArchiveError(f"archive: {stored.sha256} arrived at {self._shown} damaged")

    def has(self, sha256: str) -> bool:
        """Tell whether an object is there."""
        return self._info(self._path(sha256)) is not None

    def open(self, sha256: str) -> BinaryIO:
        """Fetch an object into a nameless local file, open at its beginning."""
        path = self._path(sha256)
        with _spooling():
            file = self._scratch()
        try:
            for piece in self._pieces(path):
                with _spooling():
                    file.write(piece)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def get(self, sha256: str) -> bytes:
        """Fetch an object with one request."""
        path = self._path(sha256)
        with self._asking("read", path):
            return cast("bytes", self.files.cat_file(path, timeout=_LONGEST))

    def digest(self, sha256: str) -> str | None:
        """Fetch an object and return its SHA-256, ``None`` where there is none."""
        found = hashlib.sha256()
        try:
            for piece in self._pieces(self._path(sha256)):
                found.update(piece)
        except NotThereError:
            return None
        return found.hexdigest()

    def _pieces(self, path: str) -> Iterator[bytes]:
        """Fetch an object piece by piece; a piece is at most :data:`PART` bytes."""
        info = self._info(path)
        if info is None:
            raise NotThereError(f"archive: {path.rpartition('/')[2]} is not at {self._shown}")
        size = int(info["size"])
        for start in range(0, size, PART):
            with self._asking("read", path):
                end = min(start + PART, size)
                yield self.files.cat_file(path, start=start, end=end, timeout=time_for(PART))

    def contents(self) -> Iterator[Held]:
        """Yield every content, in the order of the names; a 256th of them in memory at a time."""
        bucket = self._root.partition("/")[0]
        with self._asking("listed", bucket):
            self.files.info(bucket, timeout=_PATIENCE)  # a missing one is not an empty one
        for folder in _FOLDERS:
            with self._asking("listed", folder):
                listed = self._listed(folder)
            for path in sorted(listed):
                name = path.rpartition("/")[2]
                if is_digest(name) and name.startswith(folder):
                    info = listed[path]
                    yield Held(name, int(info["size"]), _put_at(info))

    def _listed(self, folder: str) -> dict[str, Any]:
        beginning = f"{folder}/"
        try:
            found = self.files.find(self._root, prefix=beginning, detail=True, timeout=_LONGEST)
        except FileNotFoundError:
            return {}  # no name begins like this
        return cast("dict[str, Any]", found)

    @contextmanager
    def scratch(self) -> Iterator[BinaryIO]:
        """Open a nameless local file."""
        with _spooling():
            file = self._scratch()
        with file:
            yield file

    def discard_leftovers(self, older_than: float) -> int:
        """Delete local files that killed processes left."""
        return discard(self._local, older_than)

    def probe(self) -> str:
        """Write, read and delete a little; return the URL."""
        path = f"{self._root}/.probe/{uuid4().hex}"
        with self._asking("written", path):
            self.files.pipe_file(path, b"probe", timeout=_PATIENCE)
        with self._asking("read", path):
            self.files.cat_file(path, timeout=_PATIENCE)
        with self._asking("deleted", path):
            self.files.rm_file(path, timeout=_PATIENCE)
        return self._shown

    @property
    def files(self) -> Files:
        """The file system; made once."""
        with self._lock:
            if self._files is None:
                self._files = self._connect()
            return self._files

    def _path(self, sha256: str) -> str:
        return f"{self._root}/{demand_digest(sha256)[:2]}/{sha256}"

    def _info(self, path: str) -> dict[str, Any] | None:
        with self._asking("read", path):
            try:
                return cast("dict[str, Any]", self.files.info(path, timeout=_PATIENCE))
            except FileNotFoundError:
                return None

    @contextmanager
    def _spooled(self) -> Iterator[Any]:
        with _spooling():
            self._local.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = tempfile.NamedTemporaryFile(dir=self._local)  # noqa: SIM115 - closed below
        with file:
            yield file

    def _scratch(self) -> BinaryIO:
        self._local.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cast("BinaryIO", tempfile.TemporaryFile(dir=self._local))

    @contextmanager
    def _asking(self, what: str, path: str) -> Iterator[None]:
        """Turn whatever the store's library raises into an error of the archive."""
        try:
            yield
        except ArchiveError:
            raise
        # each library has exceptions of its own, with no common base: none of them is the file's
        # fault, and what the store does not do now it may do later
        except Exception as error:
            raise self._error(what, path, error) from error

    def _error(self, what: str, path: str, error: Exception) -> ArchiveError:
        said = str(error) or type(error).__name__
        if isinstance(error, TimeoutError | asyncio.TimeoutError):
            said = "no answer in time"
        name = path.removeprefix(f"{self._root}/").rpartition("/")[2]
        return ArchiveError(f"archive: {name} cannot be {what} at {self._shown}: {said}")


def time_for(size: int) -> float:
    """Return in how many seconds so many bytes must have come or gone."""
    return _PATIENCE + size / _SLOWEST


def _put_at(info: dict[str, Any]) -> datetime:
    """Return when an object was last put; libraries do not agree on the word."""
    for key in _MODIFIED:
        found = info.get(key)
        if isinstance(found, str):
            with suppress(ValueError):
                found = datetime.fromisoformat(found)
        if isinstance(found, datetime):
            return found.astimezone(UTC)
    return now()  # unknown: never old enough to be deleted


@contextmanager
def _spooling() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"archive: no room to work: {error.strerror or error}") from error
