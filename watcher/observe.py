"""File system events as hints: watchdog's observer, with its health made visible.

The handler only appends to a queue: an exception in a handler would kill the observer. On Linux
the inotify reader is ours, so that an overflow and a reached limit are known, not only logged; and
what happens to plain files, of which there are very many, goes straight to the queue.
"""

import errno
import os
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
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
_GATHERING: Final = 0.01
"""Seconds between two looks for events, so that one finds many: nobody waits for them. It is the
renaming of originals away that would wake the reader each time."""
_MANY: Final = 100
"""Events at once after which it looks again without a pause: the kernel keeps 16,384."""


class Hint(NamedTuple):
    """Something happened to a path, relative to the root."""

    path: bytes
    is_directory: bool


if sys.platform == "linux":
    from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
    from watchdog.observers.inotify_c import (
        DEFAULT_EVENT_BUFFER_SIZE,
        CallbackId,
        InotifyConstants,
        InotifyEvent,
        InotifyFD,
        Mask,
        WatchCallback,
        WatchDescriptor,
    )

    _ARRIVES: Final = (
        InotifyConstants.IN_CREATE | InotifyConstants.IN_CLOSE_WRITE | InotifyConstants.IN_MOVED_TO
    )
    _LEAVES: Final = InotifyConstants.IN_MOVED_FROM
    _NO_FILE: Final = (
        InotifyConstants.IN_ISDIR
        | InotifyConstants.IN_IGNORED
        | InotifyConstants.IN_DELETE_SELF
        | InotifyConstants.IN_Q_OVERFLOW
    )

    class _Inotify(InotifyFD):
        """An inotify reader that remembers what it could not do, and knows plain files.

        Watchdog hands each event over from thread to thread, three times, and keeps back every file
        that is renamed away, in case that it comes in under another name.
        """

        def __init__(self, prefix: bytes, tell: Callable[[bytes], None]) -> None:
            super().__init__()
            self._prefix = prefix
            self._tell = tell
            self._last = 0
            self.overflowed = threading.Event()
            self.limited = threading.Event()

        def read_events(
            self, *, event_buffer_size: int = DEFAULT_EVENT_BUFFER_SIZE
        ) -> list[InotifyEvent]:
            if self._last < _MANY:
                self.stopped_event.wait(_GATHERING)
            events = super().read_events(event_buffer_size=event_buffer_size)
            self._last = len(events)
            return events

        def handle_event(self, event: InotifyEvent) -> None:
            if event.mask & _NO_FILE:
                if event.is_queue_overflow:
                    self.overflowed.set()
                super().handle_event(event)
            elif event.mask & _ARRIVES:
                for path in self._paths(event):
                    self._tell(path)
            elif not event.mask & _LEAVES:  # what has gone is none of ours
                super().handle_event(event)

        def _paths(self, event: InotifyEvent) -> Iterator[bytes]:
            """Yield where it happened, as those know it who follow directories that are moved."""
            with self._lock:
                watch = self._watch_for_wd.get(event.wd)
                groups = list(watch.callbacks.values()) if watch is not None else []
            for group in groups:
                if isinstance(group, InotifyWatchGroup):
                    with group._lock:  # noqa: SLF001 - nothing public tells the path of a watch
                        path = group._build_event_source_path(event)  # noqa: SLF001
                    if path is not None:
                        yield path

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
        def __init__(self, prefix: bytes, tell: Callable[[bytes], None]) -> None:
            self._inotify = _Inotify(prefix, tell)
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
        def __init__(self, _prefix: bytes, _tell: Callable[[bytes], None]) -> None:
            super().__init__()
            self.overflowed = threading.Event()
            self.limited = False

        def is_reading(self) -> bool:
            return True


class _Handler(FileSystemEventHandler):
    def __init__(self) -> None:
        self.hints: deque[Hint] = deque(maxlen=_MOST_HINTS)
        """Of absolute paths."""

    def dispatch(self, event: FileSystemEvent) -> None:
        self.hints.append(Hint(os.fsencode(event.dest_path or event.src_path), event.is_directory))

    def tell(self, path: bytes) -> None:
        """Something happened to a plain file; whoever has made it closes it next."""
        hint = Hint(path, is_directory=False)
        if not self._is_last(hint):
            self.hints.append(hint)

    def _is_last(self, hint: Hint) -> bool:
        try:
            return self.hints[-1] == hint
        except IndexError:  # taken up, or about to be
            return False


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
        self._observer = _Observer(self._prefix, self._handler.tell)
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
        """Return what happened since the last call, once each, and whether anything was lost."""
        found, told = dict[Hint, None](), self._handler.hints
        lost = len(told) == _MOST_HINTS or self._observer.overflowed.is_set()
        self._observer.overflowed.clear()
        for _ in range(len(told)):
            path, is_directory = told.popleft()
            if path.startswith(self._prefix):
                found[Hint(path.removeprefix(self._prefix), is_directory)] = None
        return [hint for hint in found if not ignore.is_private(hint.path)], lost

    def close(self) -> None:
        """Stop watching, and wait for every thread to end."""
        self._observer.stop()
        self._observer.join()
