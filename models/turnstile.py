"""A turnstile before SQLite's one lock for writing: whoever waits is next.

Writers that SQLite makes wait look again after up to 100 ms, each for itself, while one that writes
without a pause begins again within microseconds: it wins nearly every time, and others starve. So
one of those who wait stands in the turnstile until its turn has come, and who has just written must
get past it first.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_LOOK_AGAIN: Final = 0.002
_PATIENCE: Final = 2.0
"""Seconds until one goes past: who stands in it may be stopped, and it is only a courtesy."""


class Turnstile:
    """Several threads of several processes pass through it one by one.

    Args:
        path: a file to lock, made when it is needed; where it cannot be, nobody waits.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Stand in the turnstile for as long as the block runs."""
        try:
            # of its own each time: threads that shared one would not wait for one another
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            yield
            return
        try:
            _enter(descriptor)
            yield
        finally:
            with suppress(OSError):
                # closing is not enough: a process forked meanwhile has it too
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


def _enter(descriptor: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK_AGAIN)
        except OSError:  # no locks on this file system
            return
        else:
            return
