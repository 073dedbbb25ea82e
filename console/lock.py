"""One ``gouji up`` for one data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NAME: Final = "up.lock"


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
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            raise AlreadyRunning(directory, holder) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(directory: Path) -> int | None:
    """Return the process id of the ``gouji up`` that runs on a directory, ``None`` if none does."""
    try:
        with hold(directory):
            return None
    except AlreadyRunning as running:
        return int(running.holder) if running.holder.isdigit() else None
    except OSError:
        return None
