"""Who works beside whom in one process.

A document that kills its process takes with it what the other threads hold. One of whose attempts
was lost is therefore tried again by itself: the next one it kills is nobody else, and a bystander
is not given up for what another document did.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LOOK_UP: Final = 0.5
"""Seconds: interrupts of a thread are not seen while it waits."""


class Company:
    """Many may work together, or one alone; whoever wants to be alone goes before newcomers."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._together = 0
        self._waiting = 0
        self._alone = False

    @contextmanager
    def together(self) -> Iterator[None]:
        """Work beside others."""
        with self._changed:
            while self._alone or self._waiting:
                self._changed.wait(_LOOK_UP)
            self._together += 1
        try:
            yield
        finally:
            with self._changed:
                self._together -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Work while nobody else of this process does."""
        with self._changed:
            self._waiting += 1
            try:
                while self._alone or self._together:
                    self._changed.wait(_LOOK_UP)
                self._alone = True
            finally:
                self._waiting -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
