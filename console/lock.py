"""One ``gouji up`` for one data directory."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NAME: Final = "up.lock"
_ASKING: Final = 0.01


class AlreadyRunning(Exception):  # noqa: N818 - it is a state of affairs
    """Another process holds the data directory."""

    def __init__(self, directory: Path, holder: str) -> None:
        super().__init__(f"gouji is already running on {directory} (process {holder or '?'})")
        self.directory = directory
        self.holder = holder


@contextmanager
def hold(directory: Path) -> Iterator[None]:
    """Hold a directory for as long as the block runs.

    The kernel gives the lock back when the process ends, however it ends: nothing stale is left
    after ``kill -9``, and the process id in the file is only told to people.

    Raises:
        AlreadyRunning: another process holds it.
        OSError: the lock file cannot be written.
    """
    descriptor = os.open(directory / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _try(descriptor, fcntl.LOCK_EX):
            if not _try(descriptor, fcntl.LOCK_SH):
                raise AlreadyRunning(directory, _named(descriptor))
            # Nobody holds it; somebody only asked who does, and is done with that by now.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            time.sleep(_ASKING)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(directory: Path) -> int | None:
    """Return the process id of the ``gouji up`` that runs on a directory, ``None`` if none does.

    Asking writes nothing, and keeps nobody from holding it.
    """
    try:
        descriptor = os.open(directory / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if _try(descriptor, fcntl.LOCK_SH):
            return None
        named = _named(descriptor)
        return int(named) if named.isdigit() else None
    finally:
        os.close(descriptor)


def _try(descriptor: int, lock: int) -> bool:
    try:
        fcntl.flock(descriptor, lock | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _named(descriptor: int) -> str:
    return os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
