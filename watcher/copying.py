"""A settled file into the archive, as exactly the version that settled."""

import io
import os
from typing import Any, BinaryIO, Final, cast

from watcher.drop import Settled
from watcher.filesystem import open_file, signature
from watcher.register import Copied
from watcher.writers import Writers, writers_of
from worker.archive import Archive, TooLarge
from worker.settings import Settings

_LEAST_HARD_LIMIT: Final = 4 << 30
_SLOW: Final = (b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""How PDF and legacy Office files begin; they are slow to read and have a queue of their own."""


class Changed(Exception):  # noqa: N818 - it is what happened
    """The file is not, or no longer, the version that settled."""


def hard_limit(settings: Settings) -> int:
    """Return the most bytes that are archived of one file.

    Far above ``max_bytes``: a document too large to be read is still kept, and dead-lettered.
    """
    return max(64 * settings.max_bytes, _LEAST_HARD_LIMIT)


def copy(
    root: bytes, item: Settled, archive: Archive, limit: int, *, unwritten: bool = False
) -> Copied:
    """Copy a file into the archive.

    Args:
        root: what its path is relative to.
        item: the file, in the version that settled.
        archive: where to.
        limit: the most bytes.
        unwritten: whether nobody may have it open for writing, as far as that can be known.

    Raises:
        Changed: it changed meanwhile, or is about to; nothing was kept.
        TooLarge: it has more than ``limit`` bytes.
        ArchiveError: the archive cannot be written.
        OSError: the file cannot be read.
    """
    if item.signature.size > limit:
        raise TooLarge(limit)
    with open_file(root, item.path) as stream:
        head = os.pread(stream.fileno(), 8, 0)
        steady = cast("BinaryIO", _Steady(stream, item, unwritten=unwritten))
        stored = archive.put(steady, limit=limit)
    return Copied(item, stored, "slow" if head.startswith(_SLOW) else "fast")


class _Steady(io.RawIOBase):
    """A file that is read only as long as it is the version that settled.

    The last look is taken at the end of the file, before the archive keeps what was copied.
    """

    def __init__(self, stream: BinaryIO, item: Settled, *, unwritten: bool) -> None:
        self._stream = stream
        self._item = item
        self._unwritten = unwritten
        self._check()

    def read(self, size: int = -1) -> Any:
        data = self._stream.read(size)
        if not data:
            if self._unwritten and writers_of(self._stream.fileno()) is Writers.SOME:
                raise Changed
            self._check()
        return data

    def _check(self) -> None:
        if signature(os.fstat(self._stream.fileno())) != self._item.signature:
            raise Changed
