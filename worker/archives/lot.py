"""Many contents put at once: written beside, synced together, then renamed into place.

What each of them is promised is what a single one is: its name is given only to bytes that are on
disk, and nobody is told that it was put before the name is there too.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import uuid4

from worker.archives.directory import (
    INCOMING,
    PRIVATE,
    READ_ONLY,
    copy_to,
    is_whole,
    make_private,
    refresh,
    writing,
)
from worker.archives.flushing import Flushing
from worker.archives.place import Place, Stored
from worker.errors import ArchiveError
from worker.faults import reach


class Lot(Protocol):
    """Contents that are put together; several threads may put."""

    def put(self, source: BinaryIO, *, limit: int) -> Stored:
        """Copy a source to its end; nothing is promised of it before ``keep``.

        Raises:
            TooLarge, ArchiveError: as :meth:`worker.archive.Archive.put` does.
        """

    def keep(self) -> dict[str, ArchiveError]:
        """Make sure of all that was put; return the SHA-256 of what could not be kept, and why."""


class OneByOne:
    """A lot of a place where every content is kept by itself."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def put(self, source: BinaryIO, *, limit: int) -> Stored:
        """Keep a source at once."""
        return self._place.put(source, limit=limit)

    def keep(self) -> dict[str, ArchiveError]:
        """There is nothing left to be done."""
        return {}


class Flushed:
    """A lot of a directory whose file system is flushed as a whole: two times, however many.

    Args:
        root: the directory of the archive.
        flush: puts on disk all that was written.
    """

    def __init__(self, root: Path, flush: Callable[[], None]) -> None:
        self._root = os.fspath(root)
        self._flush = flush
        self._name = uuid4().hex
        self._numbers = count()
        self._staged: list[tuple[str, Stored]] = []
        self._named: set[str] = set()

    def put(self, source: BinaryIO, *, limit: int) -> Stored:
        """Write a source beside."""
        path = f"{self._root}/{INCOMING}/{self._name}-{next(self._numbers)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with writing():
            descriptor = os.open(path, flags, READ_ONLY)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as out:
                stored = copy_to(source, out, limit)
        except BaseException:
            _unlink(path)
            raise
        with writing():
            reach("archive.copied")
        self._staged.append((path, stored))
        return stored

    def keep(self) -> dict[str, ArchiveError]:
        """Sync, give every content its name, and sync the names."""
        failed: dict[str, ArchiveError] = {}
        try:
            with writing():
                self._flush()
            for path, stored in self._staged:
                try:
                    self._give_name(path, stored)
                except ArchiveError as error:
                    failed[stored.sha256] = error
            with writing():
                self._flush()
                reach("archive.kept")
        except ArchiveError as error:
            return {stored.sha256: error for _, stored in self._staged}
        return failed

    def discard(self) -> None:
        """Delete what has been given no name."""
        for path, _ in self._staged:
            if path not in self._named:
                _unlink(path)

    def _give_name(self, path: str, stored: Stored) -> None:
        """Rename a file to its content, unless that is there and whole."""
        final = f"{self._root}/{stored.sha256[:2]}/{stored.sha256}"
        with writing():
            reach("archive.synced")
            if os.path.lexists(final) and is_whole(Path(final), stored) and refresh(Path(final)):
                return
            try:
                os.rename(path, final)  # noqa: PTH104 - Path costs more than the renaming
            except FileNotFoundError:
                Path(final).parent.mkdir(PRIVATE, exist_ok=True)
                os.rename(path, final)  # noqa: PTH104
        self._named.add(path)


def _unlink(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108


@contextmanager
def flushed(root: Path, flushing: Flushing) -> Iterator[Flushed]:
    """Open a lot of the archive in a directory.

    Raises:
        ArchiveError: the directory cannot be written.
    """
    with ExitStack() as opened:
        with writing():
            make_private(root / INCOMING)
            flush = opened.enter_context(flushing.begun())
        lot = Flushed(root, flush)
        opened.callback(lot.discard)
        yield lot
