"""Where the log lines of every part go: ``<data_dir>/logs/<part>.log``, and on to a listener."""

import io
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, Final

Listener = Callable[[str, bytes], None]
"""Told the part's name and one line without its line end."""

_UNHEARD: Final = 20_000
"""Lines that wait for a listener; of those that it does not keep up with the latest are lost."""
_LAST_WORDS: Final = 1.0
"""Seconds in which it may hear the rest."""
FILE_BYTES: Final = 10_000_000
KEEP: Final = 5


class RotatingFile:
    """A file that is renamed to ``.1`` when it would grow above ``limit`` bytes.

    Older ones move up to ``.2`` and so on; at most ``keep`` old files stay.
    """

    def __init__(self, path: Path, *, limit: int = FILE_BYTES, keep: int = KEEP) -> None:
        self.path = path
        self.limit = limit
        self.keep = keep
        self._file: BinaryIO | None = None
        self._size = 0

    def write(self, line: bytes) -> None:
        """Append one line.

        Raises:
            OSError: the disk is full, or the directory is gone.
        """
        if self._file is not None and self._size + len(line) + 1 > self.limit:
            self._rotate()
        if self._file is None:
            self._file = open(self.path, "ab", opener=_for_this_user)  # noqa: SIM115
            self._size = self._file.tell()
        self._file.write(line + b"\n")
        self._file.flush()
        self._size += len(line) + 1

    def close(self) -> None:
        """Close the file; a later write opens it again."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # it writes what is left, and the disk may still be full
                file.close()

    def _rotate(self) -> None:
        self.close()
        for number in range(self.keep, 0, -1):
            older = self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self.path if number == 0 else self.path.with_name(f"{self.path.name}.{number}")


def _for_this_user(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


class _Listening:
    """Hands lines to a listener, in a thread: a terminal that is held holds nobody else up."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lines: SimpleQueue[tuple[str, bytes] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self._thread.start()

    def tell(self, part: str, line: bytes) -> None:
        if self._lines.qsize() < _UNHEARD:
            self._lines.put((part, line))

    def close(self) -> None:
        self._lines.put(None)
        self._thread.join(_LAST_WORDS)

    def _run(self) -> None:
        while (one := self._lines.get()) is not None:
            with suppress(OSError):  # the terminal was closed
                self._listener(*one)


class Journal:
    """Takes the lines of every part, from any thread."""

    def __init__(self, directory: Path, listener: Listener | None = None) -> None:
        self._directory = directory
        self._listening = None if listener is None else _Listening(listener)
        self._files: dict[str, RotatingFile] = {}
        self._closed = False
        self._lock = threading.Lock()

    def line(self, part: str, line: bytes) -> None:
        """Keep one line. What cannot be written is lost: a part must never stall for its log."""
        with self._lock:
            if self._closed:
                return
            try:
                self._file(part).write(line)
            except OSError:  # the disk is full
                self._file(part).close()
            if self._listening is not None:
                self._listening.tell(part, line)

    def stream(self, part: str) -> io.TextIOWrapper:
        """Return a stream for logs of this process, as :func:`worker.logs.configure` takes it."""
        return io.TextIOWrapper(_Lines(self, part), encoding="utf-8", write_through=True)

    def close(self) -> None:
        """Close every file; lines that come later are lost."""
        with self._lock:
            self._closed = True
            for file in self._files.values():
                file.close()
            if self._listening is not None:
                self._listening.close()

    def _file(self, part: str) -> RotatingFile:
        if part not in self._files:
            self._files[part] = RotatingFile(self._directory / f"{part}.log")
        return self._files[part]


class _Lines(io.BufferedIOBase):
    """A binary stream that hands whole lines to the journal."""

    def __init__(self, journal: Journal, part: str) -> None:
        self._journal = journal
        self._part = part
        self._rest = b""

    @property
    def name(self) -> str:
        """Asked for by ``TextIOWrapper``."""
        return self._part

    def writable(self) -> bool:
        """Answer ``io``'s question."""
        return True

    def close(self) -> None:
        """Stay open: logging goes on after the wrapper that ``configure`` was given is gone."""

    def write(self, data: "bytes | bytearray | memoryview[int]", /) -> int:  # type: ignore[override]
        """Hand on every line that is whole."""
        *lines, self._rest = (self._rest + bytes(data)).split(b"\n")
        for line in lines:
            self._journal.line(self._part, line)
        return len(data)
