"""A whole file system to disk in one go, where the kernel tells whether that went well.

For hundreds of new files one ``syncfs`` takes as long as one ``fsync`` of a single one: it is the
journal that is waited for. But it also waits for what everybody else has written, so whoever finds
it slow leaves it alone for a while.
"""

import ctypes
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

_TRUSTED: Final = frozenset({0xEF53, 0x58465342, 0x9123683E, 0x01021994})
"""ext4 (and its elders), XFS, Btrfs and tmpfs; a network file system or FUSE may have the last word
elsewhere. Source: statfs(2)."""
_TELLING: Final = (5, 8)
"""The Linux of which ``syncfs`` first tells that writing failed. Source: syncfs(2)."""
_ROOM: Final = 256
"""More bytes than a ``struct statfs`` has anywhere."""

SLOW: Final = 1.0
"""Seconds after which others seem to be writing much."""
_PAUSE: Final = 60.0


class Flushing:
    """The file system that a directory is on.

    Args:
        root: the directory; it need not be there yet.
        clock: monotonic seconds.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._clock = clock
        self._not_before = clock()

    @property
    def advisable(self) -> bool:
        """Whether it can be flushed as a whole, and was not slow lately."""
        return self._clock() >= self._not_before and _can_flush(self._root)

    @contextmanager
    def begun(self) -> Iterator[Callable[[], None]]:
        """Yield what puts on disk all that is written from now on; it may be called again.

        It raises ``OSError`` when something that was written since could not be kept, whoever wrote
        it.

        Raises:
            OSError: the directory cannot be opened.
        """
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield lambda: self._flush(descriptor)
        finally:
            os.close(descriptor)

    def _flush(self, descriptor: int) -> None:
        began = self._clock()
        if _library().syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        if self._clock() - began > SLOW:
            self._not_before = self._clock() + _PAUSE


@cache
def _library() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _can_flush(root: Path) -> bool:
    if sys.platform != "linux" or not _telling(os.uname().release):
        return False
    return hasattr(_library(), "syncfs") and _kind(root) in _TRUSTED


def _telling(release: str) -> bool:
    numbers = re.match(r"(\d+)\.(\d+)", release)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= _TELLING


def _kind(root: Path) -> int | None:
    """Return the magic number of the file system that a directory is, or will be, on."""
    while not root.exists() and root != root.parent:
        root = root.parent
    room = ctypes.create_string_buffer(_ROOM)
    if _library().statfs(os.fsencode(root), room) != 0:
        return None
    return ctypes.c_long.from_buffer(room).value
