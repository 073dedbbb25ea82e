"""A settled file into the archive, as exactly the version that settled."""

import hashlib
import io
import os
from time import time_ns
from typing import Any, BinaryIO, Final, cast

from watcher.filesystem import open_file, signature
from watcher.register import Copied
from watcher.settle import Settled
from watcher.writers import Writers, writers_of
from worker.archive import Archive, Lot, Stored, TooLarge
from worker.entry import queue_of
from worker.faults import reach
from worker.settings import Settings

_LEAST_HARD_LIMIT: Final = 4 << 30


class Changed(Exception):  # noqa: N818 - it is what happened
    """The file is not, or no longer, the version that settled."""


class Mismatch(Changed):
    """The file is not the one whose checksum was told."""


def hard_limit(settings: Settings) -> int:
    """Return the most bytes that are archived of one file.

    Far above ``max_bytes``: a document too large to be read is still kept, and dead-lettered.
    """
    return max(64 * settings.max_bytes, _LEAST_HARD_LIMIT)


def copy(
    root: bytes, item: Settled, archive: Archive | Lot, limit: int, *, unwritten: bool = False
) -> Copied:
    """Copy a file, or what came in place of one, into the archive.

    Args:
        root: what its path is relative to.
        item: the file, in the version that settled.
        archive: where to; in a lot nothing is safe before that is kept.
        limit: the most bytes.
        unwritten: whether nobody may have it open for writing, as far as that can be known.

    Raises:
        Changed: it changed meanwhile, is about to, or is not what its checksum says; nothing was
            kept.
        TooLarge: it has more than ``limit`` bytes.
        ArchiveError: the archive cannot be written.
        OSError: the file cannot be read.
    """
    if item.signature.size > limit:
        raise TooLarge(limit)
    began = time_ns()
    if item.data is not None:
        return Copied(item, *_copy_data(item.data, archive, limit), began)
    with open_file(root, item.path) as stream:
        reach("intake.opened")
        head = os.pread(stream.fileno(), 8, 0)
        steady = cast("BinaryIO", _Steady(stream, item, unwritten=unwritten))
        stored = archive.put(steady, limit=limit)
    return Copied(item, stored, queue_of(head), began)


def _copy_data(data: bytes | BinaryIO, archive: Archive | Lot, limit: int) -> tuple[Stored, str]:
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    stream.seek(0)
    head = stream.read(8)
    stream.seek(0)
    return archive.put(stream, limit=limit), queue_of(head)


class _Steady(io.RawIOBase):
    """A file that is read only as long as it is the version that settled.

    The last look is taken at the end of the file, before the archive keeps what was copied.
    """

    def __init__(self, stream: BinaryIO, item: Settled, *, unwritten: bool) -> None:
        self._stream = stream
        self._item = item
        self._left = item.signature.size
        self._unwritten = unwritten
        self._md5 = None if item.md5 is None else hashlib.md5(usedforsecurity=False)
        self._check()

    def read(self, size: int = 1 << 20) -> Any:
        # room for what is left and one byte more: a small file needs no large buffer
        data = self._stream.read(min(size, max(self._left, 0) + 1))
        self._left -= len(data)
        if self._md5 is not None:
            self._md5.update(data)
        if not data:
            if self._unwritten and writers_of(self._stream.fileno()) is Writers.SOME:
                raise Changed
            self._check()
            self._compare()
        return data

    def _compare(self) -> None:
        if self._md5 is not None and self._md5.hexdigest() != self._item.md5:
            raise Mismatch(f"checksum {self._md5.hexdigest()}, {self._item.md5} was told")

    def _check(self) -> None:
        if signature(os.fstat(self._stream.fileno())) != self._item.signature:
            raise Changed
