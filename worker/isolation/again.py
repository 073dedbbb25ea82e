"""The same document by another route: what two routes read alike, none of them misread.

A PDF is read by its text alone, in a child process like any document; a Word 97 file by way of
LibreOffice, where that is installed. Everything else has cells that are exact, or is a scan.
"""

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from worker.isolation import conversion
from worker.isolation.messages import Task
from worker.isolation.reading import Again, Reading

if TYPE_CHECKING:
    from worker.isolation.pool import Isolated
    from worker.reading.pages import Pages

_PDF: Final = "application/pdf"
_DOC: Final = "application/msword"
MOST_SECONDS: Final = 30.0
"""However much time the first reading has left: only evidence hangs on the second."""
_LEAST_SECONDS: Final = 1.0


class Unread(Exception):  # noqa: N818 - it says nothing of the document
    """The document gave nothing by the other route; the message says why."""


def offered(isolated: "Isolated", data: bytes, reading: Reading, began: float) -> Reading:
    """Return a reading with the other route beside it, where there is one and time for it.

    Both together take no longer than one reading may.

    Args:
        isolated: what read it.
        data: the document.
        reading: what came of it.
        began: when, by the monotonic clock.
    """
    seconds = min(MOST_SECONDS, isolated.limits.seconds - (time.monotonic() - began))
    if reading.pages is None or seconds < _LEAST_SECONDS:
        return reading
    again: Again | None = None
    if reading.media_type == _PDF:
        again = partial(_read, isolated, data, Task.AGAIN, seconds)
    elif reading.media_type == _DOC and conversion.program():
        again = partial(_converted, isolated, data, seconds)
    return reading if again is None else replace(reading, again=again)


def _read(isolated: "Isolated", data: bytes, task: Task, seconds: float) -> "Pages":
    reading = isolated.read_once(data, task, seconds)
    if reading.pages is None:
        raise Unread(reading.refusal.message if reading.refusal else "it gave nothing")
    return reading.pages


def _converted(isolated: "Isolated", data: bytes, seconds: float) -> "Pages":
    ends = time.monotonic() + seconds
    converted = conversion.convert(data, _DOC, seconds)
    return _read(isolated, converted, Task.READ, max(0.0, ends - time.monotonic()))
