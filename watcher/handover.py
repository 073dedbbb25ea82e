"""Originals out of the drop directory, after the commit: ``<root>/.gouji/done/<date>/...``.

Moving is a rename that overwrites nothing, and only of the version that was archived. What cannot
be moved is told once and tried again; it never undoes an intake.
"""

import errno
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.base import now
from models.event import EventName
from models.ledger import Arrival, Handover
from models.session import Database
from watcher import ignore
from watcher.filesystem import Signature, look, parent, readable
from watcher.register import Origin, Taken
from worker.logs import record

_DONE: Final = ignore.OWN + b"/done"
_LONGEST_NAME: Final = 255
_PAGE: Final = 200


class Original(NamedTuple):
    """An original to be moved: an arrival's file, as it was archived."""

    arrival_id: int
    document_id: int | None
    path: bytes
    signature: Signature
    seen_at: datetime
    state: Handover
    moved_to: bytes | None


class Moved(NamedTuple):
    """What became of an original: ``to`` is relative to the root."""

    original: Original
    handover: Handover
    to: bytes | None = None
    why: str = ""


class HandingOver:
    """Moves originals and writes down what became of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def move(self, origin: Origin, taken: Iterable[Taken]) -> list[Moved]:
        """Move the originals of a batch that was taken in.

        Raises:
            SQLAlchemyError: the database cannot be reached; what was moved is recognised later.
        """
        ids = [one.arrival_id for one in taken if one.arrival_id is not None]
        with self._database.reading() as session:
            rows = session.scalars(select(Arrival).where(Arrival.id.in_(ids))).all()
        return self._carry_out(origin, [_original(row) for row in rows])

    def redo(self, origin: Origin, states: Sequence[Handover]) -> list[Moved]:
        """Move what a killed watcher left, or what could not be moved before."""
        moved: list[Moved] = []
        after = 0
        while rows := self._page(origin, states, after):
            after = rows[-1].id
            moved += self._carry_out(origin, [_original(row) for row in rows])
        return moved

    def came_with_a_drop(self, origin: Origin, directories: Iterable[bytes]) -> list[bytes]:
        """Return those of the directories below which the ledger knows of files."""
        with self._database.reading() as session:
            return [
                directory
                for directory in directories
                if session.scalar(
                    select(Arrival.id)
                    .where(
                        Arrival.source == origin.name,
                        Arrival.path > directory + b"/",
                        Arrival.path < directory + b"0",  # "0" follows "/"
                    )
                    .limit(1)
                )
            ]

    def _page(self, origin: Origin, states: Sequence[Handover], after: int) -> Sequence[Arrival]:
        with self._database.reading() as session:
            return session.scalars(
                select(Arrival)
                .where(
                    Arrival.handover.in_([str(state) for state in states]),
                    Arrival.source == origin.name,
                    Arrival.id > after,
                )
                .order_by(Arrival.id)
                .limit(_PAGE)
            ).all()

    def _carry_out(self, origin: Origin, originals: Sequence[Original]) -> list[Moved]:
        moved = [_move(origin.root, original) for original in originals]
        news = [one for one in moved if _is_news(one)]
        if news:
            with self._database.transaction() as session:
                _write(session, origin, news)
        return moved


def _is_news(moved: Moved) -> bool:
    before = moved.original
    if moved.handover is Handover.MOVED:
        return before.state != Handover.MOVED or before.moved_to != moved.to
    return before.state != moved.handover and before.state != Handover.MOVED


def _write(session: Session, origin: Origin, moved: Sequence[Moved]) -> None:
    session.execute(
        update(Arrival),
        [
            {"id": one.original.arrival_id, "handover": one.handover, "moved_to": one.to}
            for one in moved
        ],
    )
    for one in moved:
        name, level, more = _event(one)
        told: dict[str, Any] = {"source": origin.name, "file": readable(one.original.path)}
        record(
            session,
            name,
            document_id=one.original.document_id,
            arrival_id=one.original.arrival_id,
            level=level,
            **told,
            **more,
        )


def _event(moved: Moved) -> tuple[EventName, str, dict[str, Any]]:
    if moved.handover is Handover.MOVED:
        return EventName.FILE_MOVED, "info", {"to": readable(moved.to or b"")}
    if moved.handover is Handover.FAILED:
        return EventName.FILE_MOVE_FAILED, "warning", {"error": moved.why}
    return EventName.FILE_VANISHED, "warning", {}


def _original(row: Arrival) -> Original:
    version = Signature(row.inode, row.size, row.mtime_ns)
    state = Handover(row.handover)
    return Original(row.id, row.document_id, row.path, version, row.seen_at, state, row.moved_to)


def _move(root: bytes, original: Original) -> Moved:
    """Move one original, or find where it was moved before."""
    directory, name = _target(original)
    names = _names(name, original.arrival_id)
    try:
        if look(root, original.path) == original.signature:
            to = directory + _rename(root, original.path, directory, names)
            move_marker(root, original.path, directory)
            return Moved(original, Handover.MOVED, to)
    except FileNotFoundError:
        pass  # another watcher was faster
    except OSError as error:
        return Moved(original, Handover.FAILED, why=f"{error.strerror or error}")
    for target in names:
        if look(root, directory + target) == original.signature:
            return Moved(original, Handover.MOVED, directory + target)
    return Moved(original, Handover.NONE)


def _target(original: Original) -> tuple[bytes, bytes]:
    above, _, name = original.path.rpartition(b"/")
    return _folder(original.seen_at, above), name


def _folder(moment: datetime, above: bytes) -> bytes:
    date = moment.astimezone(UTC).date().isoformat().encode()
    return b"/".join(part for part in (_DONE, date, above) if part) + b"/"


def _names(name: bytes, number: int) -> tuple[bytes, ...]:
    """The name, and what it becomes where that is taken; the last is never taken twice."""
    return name, _suffixed(name, b".%d" % number), _suffixed(name, b".%d" % time.time_ns())


def _suffixed(name: bytes, suffix: bytes) -> bytes:
    stem, extension = os.path.splitext(name)  # noqa: PTH122 - pathlib does not take bytes
    tail = suffix + extension
    return stem[: max(1, _LONGEST_NAME - len(tail))] + tail


def _rename(root: bytes, path: bytes, directory: bytes, names: Sequence[bytes]) -> bytes:
    """Rename without overwriting: the new name is reserved first, which only one can do."""
    with (
        parent(root, path) as (here, name),
        parent(root, directory, make=True) as (there, _),
    ):
        chosen = _reserve(there, names)
        try:
            os.rename(name, chosen, src_dir_fd=here, dst_dir_fd=there)
        except OSError:
            os.unlink(chosen, dir_fd=there)
            raise
        return chosen


def _reserve(directory: int, names: Sequence[bytes]) -> bytes:
    for candidate in names:
        with suppress(FileExistsError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            os.close(os.open(candidate, flags, 0o600, dir_fd=directory))
            return candidate
    raise FileExistsError(errno.EEXIST, "every name for it is taken")


def move_marker(root: bytes, path: bytes, directory: bytes | None = None) -> None:
    """Move the done marker of a file along with it, if there is one.

    One that cannot be moved stays; the next scan finds it again.

    Args:
        root: the root of the source.
        path: the file the marker speaks of.
        directory: where to, relative to ``root``; today's folder when not given.
    """
    marker = path + ignore.DONE_MARKER
    version = look(root, marker)
    if version is not None:
        above, _, name = marker.rpartition(b"/")
        with suppress(OSError):
            names = _names(name, version.mtime_ns)
            _rename(root, marker, directory or _folder(now(), above), names)
