"""Fault points: the named places of the flow where a test lets a process die, stop or fail.

Off unless ``GOUJI_FAULTS`` names a directory. Then whoever reaches the point ``x`` and finds a file
``x`` in it takes the file away and does what it says: ``kill`` and ``stop`` send the process
SIGKILL or SIGSTOP, ``exit`` ends it with 70, ``hang`` sleeps for an hour, and the name of an
error number (``ENOSPC``, ``EIO``) raises ``OSError``. One file is one fault, whichever of many
processes comes first; one whose second line names a document is a fault of that one alone, every
time.
"""

import errno
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

VARIABLE: Final = "GOUJI_FAULTS"

POINTS: Final = {
    "intake.opened": "a file is open; nothing was read",
    "archive.copied": "bytes are copied, not synced, and have no name yet",
    "archive.synced": "bytes are on disk, but have no name yet",
    "archive.found": "the bytes are there already, and nothing says that they are wanted",
    "archive.kept": "bytes have their name",
    "intake.archived": "a batch is in the archive, and not in the ledger",
    "intake.entered": "a batch is written to the ledger, and not committed",
    "intake.committed": "a batch is in the ledger; nothing was sent",
    "send.sent": "messages are on the queue; their documents are not marked as queued",
    "send.marked": "documents are marked as queued",
    "intake.sent": "a batch is sent; originals are not moved",
    "move.staged": "an original is in the folder of moves",
    "move.put": "an original is in the folder of what is done; the ledger does not know",
    "intake.moved": "originals are moved, and the ledger knows",
    "feed.taken": "what a feed brought is in the ledger; its checkpoint is not moved",
    "push.taken": "a pushed document is in the ledger; nobody was answered",
    "sweep.sent": "lost messages are sent again, and not marked",
    "claim.entered": "an attempt is written, and not committed",
    "claim.committed": "an attempt has begun",
    "work.fetched": "the bytes are in memory",
    "work.inspected": "the document is read and checked; nothing is written",
    "store.entered": "the report is written, and not committed",
    "store.committed": "the report is stored; the message is not acknowledged",
    "bury.entered": "the dead letter is written, and not committed",
    "bury.committed": "the dead letter is there; the message is not acknowledged",
    "handover.entered": "a scan is handed over to the queue for OCR, and that is not committed",
    "handover.committed": "a scan waits for OCR; nothing was sent",
    "retry.entered": "a failed attempt has ended, and that is not committed",
    "retry.committed": "a failed attempt has ended; the queue does not know",
    "release.entered": "a stopping worker's document is on the queue, and that is not committed",
    "release.committed": "a stopping worker's document is on the queue",
    "unpack.unpacked": "an archive is taken apart",
    "unpack.archived": "its members are in the archive of bytes",
    "unpack.entered": "its members are written to the ledger, and not committed",
    "unpack.committed": "its members are in the ledger; nothing was sent",
    "prune.forgotten": "old history is deleted, and that is not committed",
    "prune.unlinked": "old originals are deleted; the ledger does not know",
    "prune.aside": "an orphan is away from its name, and not deleted",
    "decide.entered": "an operator's decision is written, and not committed",
    "decide.committed": "an operator's decision is there; nothing was sent",
    "repair.entered": "a repair is written, and not committed",
    "repair.committed": "a repair is there; nothing was sent",
}
"""Every point, in the order of the flow, and what has happened when it is reached."""

_EXIT: Final = 70
_AN_HOUR: Final = 3600.0


def reach(point: str, name: str = "") -> None:
    """Say that a point was reached; does nothing but in tests that inject faults.

    Args:
        point: one of ``POINTS``.
        name: the document that is worked on, where it is one.

    Raises:
        OSError: a fault that was asked for.
    """
    if _told is not None:
        _told(point, name)


def handle(handler: Callable[[str], None] | None) -> None:
    """Have something else done at every point of this process, given its name; or nothing."""
    global _told  # noqa: PLW0603 - the points are all over the process
    _told = None if handler is None else lambda point, _name: handler(point)


def arm(directory: Path, point: str, action: str, name: str = "") -> None:
    """Let the next process that reaches a point fail, or everyone who does with that document.

    Raises:
        KeyError: there is no such point.
    """
    POINTS[point]
    waiting = directory / f".{point}.armed.{os.getpid()}"
    waiting.write_text(f"{action}\n{name}".strip(), "utf-8")
    waiting.rename(directory / point)  # never seen half written


def _fail(directory: Path, point: str, name: str) -> None:
    try:
        action, _, only = (directory / point).read_text("utf-8").partition("\n")
        if not only:
            (directory / point).rename(directory / f".{point}.taken.{time.monotonic_ns()}")
    except FileNotFoundError:  # not armed, or another process was faster
        return
    if only in ("", name):
        _act(action)


def _act(action: str) -> None:
    if action in ("kill", "stop"):
        os.kill(os.getpid(), signal.SIGKILL if action == "kill" else signal.SIGSTOP)
    elif action == "exit":
        os._exit(_EXIT)
    elif action == "hang":
        time.sleep(_AN_HOUR)
    else:
        number = getattr(errno, action)
        raise OSError(number, os.strerror(number))


def _configured() -> Callable[[str, str], None] | None:
    named = os.environ.get(VARIABLE)
    return partial(_fail, Path(named)) if named else None


_told: Callable[[str, str], None] | None = _configured()
