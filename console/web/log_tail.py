"""The last lines of the log files: as much of their ends as can be read while somebody waits."""

import heapq
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from console.log_files import Entry, LogFilter, parsed

_END: Final = 1_000_000
"""Bytes that are read of the end of each file: about 4,000 lines, 10 ms."""
_MOST: Final = 200


def last(folder: Path, wanted: LogFilter, part: str | None = None) -> list[Entry]:
    """Return the last entries that match, the latest first, at most 200."""
    files = [path for path in sorted(folder.glob("*.log")) if part in (None, path.stem)]
    merged = heapq.merge(*map(_entries, files), key=lambda entry: str(entry.at))
    return list(deque(filter(wanted.takes, merged), maxlen=_MOST))[::-1]


def of_document(folder: Path, document_id: int) -> list[Entry]:
    """Return the last entries that name a document."""
    return last(folder, LogFilter(document=document_id))


def parts(folder: Path) -> list[str]:
    """Return the parts that keep a log."""
    return [path.stem for path in sorted(folder.glob("*.log"))]


def _entries(path: Path) -> Iterator[Entry]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _END))
            lines = file.read(_END).split(b"\n")
    except FileNotFoundError:  # it was renamed in this moment
        return
    if size > _END:
        del lines[0]  # the rest of one that begins before
    yield from parsed([line for line in lines if line.strip()], path.stem)
