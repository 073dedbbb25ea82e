"""Reading the log files of the parts: merged by time, filtered, and followed as they grow."""

import heapq
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

LEVELS: Final = ("debug", "info", "warning", "error", "critical")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_POLL: Final = 0.3
_SUFFIX: Final = ".log"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a log file; ``event`` is ``None`` for a line that is no log record.

    ``at`` of such a line is the time of the record before it.
    """

    part: str
    at: datetime | None
    level: str
    event: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Entries that match everything given; ``level`` is the least level."""

    level: str | None = None
    event: str | None = None
    document: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    reason: str | None = None
    trace: str | None = None

    def takes(self, entry: Entry) -> bool:
        """Tell whether an entry matches; a line that is no record only matches by its time."""
        if self.since is not None and (entry.at or _EARLIEST) < self.since:
            return False
        if self.until is not None and (entry.at or _EARLIEST) > self.until:
            return False
        if entry.event is None:
            return self == LogFilter(since=self.since, until=self.until)
        if self.event is not None and not f"{entry.event}.".startswith(f"{self.event}."):
            return False
        told = {"document_id": self.document, "reason": self.reason, "trace_id": self.trace}
        if any(value not in (None, entry.data.get(name)) for name, value in told.items()):
            return False
        return self.level is None or _rank(entry.level) >= _rank(self.level)


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def last(entries: Iterable[Entry], limit: int) -> Iterable[Entry]:
    """Return the last entries, at most ``limit``."""
    return deque(entries, maxlen=limit)


class Reader:
    """Reads every part's files, the rotated ones first, and remembers where it came to."""

    def __init__(self, directory: Path, part: str | None = None) -> None:
        self._directory = directory
        self._part = part
        self._tails: dict[Path, _Tail] = {}

    def entries(self) -> Iterator[Entry]:
        """Yield what is there now, by time."""
        parts = [self._part_entries(path) for path in self._paths()]
        yield from heapq.merge(*parts, key=lambda entry: entry.at or _EARLIEST)

    def follow(self) -> Iterator[Entry]:
        """Yield what is appended from where :meth:`entries` ended, for ever."""
        while True:
            fresh: list[Entry] = []
            for path in self._paths():
                fresh += self._tail(path).new()
            yield from sorted(fresh, key=lambda entry: entry.at or _EARLIEST)
            if not fresh:
                time.sleep(_POLL)

    def _paths(self) -> list[Path]:
        pattern = f"*{_SUFFIX}"
        return [
            path
            for path in sorted(self._directory.glob(pattern))
            if self._part is None or path.stem == self._part
        ]

    def _part_entries(self, path: Path) -> Iterator[Entry]:
        for older in _rotated(path):
            yield from _Tail(older, path.stem).new()
        yield from self._tail(path).new()

    def _tail(self, path: Path) -> "_Tail":
        return self._tails.setdefault(path, _Tail(path, path.stem))


def _rotated(path: Path) -> list[Path]:
    """Return the files that were renamed away, oldest first."""
    numbered = [
        (int(older.suffix[1:]), older)
        for older in path.parent.glob(f"{path.name}.*")
        if older.suffix[1:].isdecimal()
    ]
    return [older for _, older in sorted(numbered, reverse=True)]


class _Tail:
    """One file, read line by line from where the last reading ended."""

    def __init__(self, path: Path, part: str) -> None:
        self._path = path
        self._part = part
        self._inode = 0
        self._offset = 0
        self._at: datetime | None = None

    def new(self) -> Iterator[Entry]:
        """Yield the whole lines that came since; after a rotation also the rest of the old file."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            inode = os.fstat(file.fileno()).st_ino
            if self._inode not in (0, inode):
                yield from self._rest_of_old()
                self._offset = 0
            self._inode = inode
            yield from self._lines(file)

    def _rest_of_old(self) -> Iterator[Entry]:
        """Read on in the file that was renamed, and in those that came after it, if any."""
        missed = False
        for older in _rotated(self._path):
            with suppress(FileNotFoundError), older.open("rb") as file:
                if os.fstat(file.fileno()).st_ino == self._inode:
                    yield from self._lines(file)
                    missed = True
                elif missed:
                    self._offset = 0
                    yield from self._lines(file)

    def _lines(self, file: BinaryIO) -> Iterator[Entry]:
        file.seek(self._offset)
        for line in file:
            if not line.endswith(b"\n"):
                return  # still being written
            self._offset += len(line)
            if line.strip():
                entry = self._entry(line)
                self._at = entry.at
                yield entry

    def _entry(self, line: bytes) -> Entry:
        return _entry(line, self._part, self._at)


def parsed(lines: Iterable[bytes], part: str) -> Iterator[Entry]:
    """Yield the entries of lines of a part's log, in their order."""
    at: datetime | None = None
    for line in lines:
        entry = _entry(line, part, at)
        at = entry.at
        yield entry


def _entry(line: bytes, part: str, before: datetime | None) -> Entry:
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict) or "event" not in data:
        message = line.decode("utf-8", "replace").rstrip("\n")
        return Entry(part, before, "", None, {"part": part, "message": message})
    return Entry(
        part,
        _moment(data.get("timestamp")) or before,
        str(data.get("level", "")),
        str(data["event"]),
        data,
    )


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
