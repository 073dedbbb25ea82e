"""File system events as hints: watchdog's observer, with its health made visible.

The handler only appends to a queue: an exception in a handler would kill the observer. On Linux
the inotify reader is ours, so that an overflow and a reached limit are known, not only logged.
"""

import errno
import os
import sys
import threading
import warnings
from collections import deque
from typing import Final, NamedTuple

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver

from watcher import ignore

# The five classes with which no file was lost in trials; a change in between shows in the mtime.
_CLASSES: Final[list[type[FileSystemEvent]]] = [
    FileCreatedEvent,
    FileClosedEvent,
    FileMovedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
_MOST_HINTS: Final = 40_000


class Hint(NamedTuple):
    """Something happened to a path, relative to the root."""

    path: bytes
    is_directory: bool


if sys.platform == "linux":
    from watchdog.observers.inotify import InotifyEmitter
    from watchdog.observers.inotify_c import (
        CallbackId,
        InotifyEvent,
        InotifyFD,
        Mask,
        WatchCallback,
        WatchDescriptor,
    )

    class _Inotify(InotifyFD):
        """An inotify reader that remembers what it could not do."""

        def __init__(self, prefix: bytes) -> None:
            super().__init__()
            self._prefix = prefix
            self.overflowed = threading.Event()
            self.limited = threading.Event()

        def handle_event(self, event: InotifyEvent) -> None:
            if event.is_queue_overflow:
                self.overflowed.set()
            super().handle_event(event)

        def add_callback(
            self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
        ) -> WatchDescriptor:
            if ignore.is_private((path + b"/").removeprefix(self._prefix)):
                # Watchdog passes over directories that cannot be watched.
                raise FileNotFoundError(errno.ENOENT, "not watched", path)
            try:
                return super().add_callback(path, mask, callback, id_)
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    self.limited.set()
                raise

    class _Observer(BaseObserver):
        def __init__(self, prefix: bytes) -> None:
            self._inotify = _Inotify(prefix)
            self._inotify.start()
            super().__init__(InotifyEmitter, inotify_fd=self._inotify)

        @property
        def overflowed(self) -> threading.Event:
            return self._inotify.overflowed

        @property
        def limited(self) -> bool:
            return self._inotify.limited.is_set()

        def is_reading(self) -> bool:
            return self._inotify.is_alive()

        def on_thread_stop(self) -> None:
            super().on_thread_stop()
            self._inotify.stop()
            self._inotify.join()

else:
    from watchdog.observers import Observer

    class _Observer(Observer):  # type: ignore[misc, valid-type]
        def __init__(self, _prefix: bytes) -> None:
            super().__init__()
            self.overflowed = threading.Event()
            self.limited = False

        def is_reading(self) -> bool:
            return True


class _Handler(FileSystemEventHandler):
    def __init__(self) -> None:
        self.hints: deque[FileSystemEvent] = deque(maxlen=_MOST_HINTS)

    def dispatch(self, event: FileSystemEvent) -> None:
        self.hints.append(event)


class Observation:
    """Watches one directory, and everything below it, from construction to ``close``.

    Args:
        root: the directory, resolved: a symlink would be watched itself.

    Raises:
        OSError: it cannot be watched (missing, or the limits of inotify are reached).
    """

    def __init__(self, root: bytes) -> None:
        # Watchdog warns when a new directory was found twice, by walking and by its own event.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        self._prefix = root.rstrip(b"/") + b"/"
        self._handler = _Handler()
        self._observer = _Observer(self._prefix)
        self._observer.start()
        try:
            self._observer.schedule(
                self._handler, os.fsdecode(root), recursive=True, event_filter=_CLASSES
            )
        except OSError:
            self.close()
            raise

    @property
    def limited(self) -> bool:
        """Whether some directory could not be watched for the limits of inotify."""
        return self._observer.limited

    def is_alive(self) -> bool:
        """Tell whether events still come; a deleted root kills only the emitter."""
        emitters = self._observer.emitters
        return (
            self._observer.is_alive()
            and self._observer.is_reading()
            and bool(emitters)
            and all(emitter.is_alive() for emitter in emitters)
        )

    def drain(self) -> tuple[list[Hint], bool]:
        """Return what happened since the last call, and whether anything was lost."""
        hints, events = [], self._handler.hints
        lost = len(events) == _MOST_HINTS or self._observer.overflowed.is_set()
        self._observer.overflowed.clear()
        for _ in range(len(events)):
            event = events.popleft()
            path = os.fsencode(event.dest_path or event.src_path)
            if path.startswith(self._prefix):
                hints.append(Hint(path.removeprefix(self._prefix), event.is_directory))
        return [hint for hint in hints if not ignore.is_private(hint.path)], lost

    def close(self) -> None:
        """Stop watching, and wait for every thread to end."""
        self._observer.stop()
        self._observer.join()
