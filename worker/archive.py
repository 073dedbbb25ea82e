"""The archive: the bytes of every document, kept before anything else happens to it.

It is content-addressed: bytes have their SHA-256 for a name, and a name that exists is complete.
Where they are kept is the matter of the places in ``worker.archives``.
"""

import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from worker.archives.directory import INCOMING, Directory
from worker.archives.flushing import Flushing
from worker.archives.lot import Lot, OneByOne, flushed
from worker.archives.place import Condition, Held, Stored, TooLarge, damaged
from worker.archives.stores import place_at
from worker.errors import ArchiveError

if TYPE_CHECKING:
    from worker.settings import Settings

__all__ = ["INCOMING", "Archive", "Condition", "Held", "Lot", "Stored", "TooLarge", "demand_recent"]

COMMIT_WITHIN: Final = 3600.0
"""Seconds from the beginning of a ``put`` within which its document has to be in the ledger."""


class Archive:
    """The archive at a URL: a directory, plain or as ``file://``, or ``s3://bucket/prefix``.

    Nothing is connected or made before it is used, so that a process may fork first.

    Args:
        url: where it is.
        local: a directory for what is on its way to and from an object store; made when it is
            needed. The system's temporary directory by default.

    Raises:
        SettingsError: the URL is of a kind that is not supported.
    """

    def __init__(self, url: str, local: Path | None = None) -> None:
        self._place = place_at(url, local or Path(tempfile.gettempdir()) / "gouji-archive")
        self._flushing = Flushing(self._place.root) if isinstance(self._place, Directory) else None

    @classmethod
    def of(cls, settings: "Settings") -> Self:
        """Return the archive that the settings name.

        Raises:
            SettingsError: its URL is of a kind that is not supported.
        """
        return cls(settings.archive, settings.data_dir.resolve() / "scratch")

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory, and no object store."""
        return isinstance(self._place, Directory)

    @property
    def root(self) -> Path:
        """The directory of an archive that is one.

        Raises:
            ArchiveError: it is none.
        """
        if not isinstance(self._place, Directory):
            raise ArchiveError("archive: it is not a directory")
        return self._place.root

    def put(self, source: BinaryIO, *, limit: int) -> Stored:
        """Copy a source to its end; when this returns, the bytes are safe.

        What is there already and whole is left as it is, or written again with the same bytes;
        what is there and damaged is mended. It counts as put now either way.

        Args:
            source: a binary stream; what it raises on reading goes through unchanged.
            limit: the most bytes that are taken.

        Raises:
            TooLarge: the source has more bytes than ``limit``; nothing is kept.
            ArchiveError: the archive cannot be written (full, read-only, away).
        """
        return self._place.put(source, limit=limit)

    def lot(self) -> AbstractContextManager[Lot]:
        """Open a lot: contents that are put together, which are safe when it says so.

        Where it can be, their files are synced all at once.

        Raises:
            ArchiveError: the archive cannot be written.
        """
        place, flushing = self._place, self._flushing
        if isinstance(place, Directory) and flushing is not None and flushing.advisable:
            return flushed(place.root, flushing)
        return nullcontext(OneByOne(place))

    def has(self, sha256: str) -> bool:
        """Tell whether the bytes are there.

        Raises:
            ArchiveError: it cannot be known now, or the name is no SHA-256.
        """
        return self._place.has(sha256)

    def open(self, sha256: str) -> BinaryIO:
        """Open the bytes for reading.

        Raises:
            ArchiveError: they are not there, or cannot be read.
        """
        return self._place.open(sha256)

    def get(self, sha256: str) -> bytes:
        """Return the bytes, checked against their name.

        Raises:
            ArchiveError: they are not there, cannot be read, or are damaged.
        """
        data = self._place.get(sha256)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise damaged(sha256)
        return data

    def check(self, sha256: str) -> Condition:
        """Read the bytes, in pieces, and tell how they are.

        Raises:
            ArchiveError: they cannot be read now, or the name is no SHA-256.
        """
        found = self._place.digest(sha256)
        if found is None:
            return Condition.MISSING
        return Condition.WHOLE if found == sha256 else Condition.DAMAGED

    def contents(self) -> Iterator[Held]:
        """Yield every content, in the order of the names; few are in memory at a time.

        What is put or deleted meanwhile may be among them or not.

        Raises:
            ArchiveError: it cannot be listed.
        """
        return self._place.contents()

    def delete(self, sha256: str, *, older_than: float = 86_400.0) -> bool:
        """Delete a content; tell whether it was there and deleted.

        For contents that no document has. Bytes are put before the ledger knows of them, so what
        was put lately is never deleted.

        Args:
            sha256: the content.
            older_than: seconds since it was last put.

        Raises:
            ArchiveError: it cannot be deleted now, or the name is no SHA-256.
        """
        return self._place.delete(sha256, older_than)

    def recover(self) -> int:
        """Give back their names to contents that a killed process was about to delete.

        Returns:
            How many there were.

        Raises:
            ArchiveError: it cannot be done now.
        """
        return self._place.recover()

    def scratch(self) -> AbstractContextManager[BinaryIO]:
        """Open a nameless file on the disk of the archive, or a local one.

        It is gone when the block ends.

        Raises:
            ArchiveError: none can be made (full, read-only, away).
        """
        return self._place.scratch()

    def discard_leftovers(self, older_than: float = 86_400.0) -> int:
        """Delete unfinished copies left by killed processes.

        Args:
            older_than: seconds since the last write to a copy; a live one is never that old.

        Returns:
            How many were deleted.
        """
        return self._place.discard_leftovers(older_than)

    def probe(self) -> str:
        """Write a little to it and take it away again; return in words where the archive is.

        Raises:
            ArchiveError: it cannot be written.
        """
        return self._place.probe()


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
