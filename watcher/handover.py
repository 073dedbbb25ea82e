"""Originals out of the drop directory, after the commit: ``<root>/.gouji/done/<date>/...``.

Only the version that was archived is moved, and only once nobody writes to it any more; where that
cannot be known it is looked at for a while, and brought back when it grew. What cannot be moved is
told once and tried again; it never undoes an intake.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import Session

from models.base import now
from models.event import EventName
from models.ledger import ARRIVALS, PATH_HEAD, Arrival, Handover
from models.session import Database
from models.trace import Trace
from watcher import ignore
from watcher.filesystem import Signature, kept_open, look, readable
from watcher.lingering import WATCHED, Lingering
from watcher.moving import Route, carry, names, put, put_back, undecided
from watcher.register import Origin, Taken
from worker.logs import log, record

_DONE: Final = ignore.OWN + b"/done"
_PAGE: Final = 200
_UPDATE: Final = (
    update(ARRIVALS)
    .where(Arrival.id == bindparam("number"))
    .values(handover=bindparam("handover"), moved_to=bindparam("moved_to"))
)
_COLUMNS: Final = (
    Arrival.id,
    Arrival.document_id,
    Arrival.path,
    Arrival.inode,
    Arrival.size,
    Arrival.mtime_ns,
    Arrival.seen_at,
    Arrival.handover,
    Arrival.moved_to,
    Arrival.traceparent,
)
_Row = Any
"""A row of these: the types of a row of so many columns cannot be written down."""
_ASTRAY: Final = timedelta(minutes=10)
"""So much earlier an arrival may have been seen than one that was written before it."""


class Original(NamedTuple):
    """An original to be moved: an arrival's file, as it was archived."""

    arrival_id: int
    document_id: int | None
    path: bytes
    signature: Signature
    seen_at: datetime
    state: Handover
    moved_to: bytes | None
    trace: Trace | None

    @property
    def route(self) -> Route:
        """From where to where it is moved."""
        return route_of(self.arrival_id, self.path, self.signature, self.seen_at)


def route_of(arrival_id: int, path: bytes, version: Signature, seen_at: datetime) -> Route:
    """Return from where to where the original of an arrival is moved."""
    return Route(path, version, _folder(seen_at, path.rpartition(b"/")[0]), arrival_id)


class Moved(NamedTuple):
    """What became of an original; ``to`` and ``back`` are relative to the root.

    What was put back lies at ``back`` and has to come to rest again; it is another version, or,
    with the hand-over still pending, somebody has it open for writing. ``sure`` when nobody can
    write to it any more.
    """

    original: Original
    handover: Handover
    to: bytes | None = None
    why: str = ""
    back: bytes | None = None
    sure: bool = True


class HandingOver:
    """Moves originals and writes down what became of them."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lingering: dict[str, Lingering] = {}

    def move(self, origin: Origin, taken: Iterable[Taken]) -> list[Moved]:
        """Move the originals of a batch that was taken in.

        Raises:
            SQLAlchemyError: the database cannot be reached; what was moved is recognised later.
        """
        originals: list[Original] = []
        ids: list[int] = []
        for one in taken:
            if one.arrival_id is None:
                continue
            if one.trace is None or one.seen_at is None:
                ids.append(one.arrival_id)
            else:  # written just now: the ledger knows nothing more of it
                about = one.arrival_id, one.document_id, one.item.path, one.item.signature
                originals.append(Original(*about, one.seen_at, Handover.PENDING, None, one.trace))
        rows = self._arrivals(origin, Arrival.id.in_(ids)) if ids else ()
        return self._carry_out(origin, [*originals, *map(_original, rows)])

    def redo(self, origin: Origin, states: Sequence[Handover]) -> list[Moved]:
        """Move what a killed watcher left, or what could not be moved before."""
        begun = undecided(origin.root)
        ids = sorted(begun)
        moved: list[Moved] = []
        for start in range(0, len(ids), _PAGE):
            rows = self._arrivals(origin, Arrival.id.in_(ids[start : start + _PAGE]))
            moved += self._carry_out(origin, [_original(row) for row in rows], begun)
        in_states = Arrival.handover.in_([str(state) for state in states])
        after = 0
        while rows := self._arrivals(origin, in_states, Arrival.id > after, limit=_PAGE):
            after = rows[-1].id
            rest = [_original(row) for row in rows if row.id not in begun]
            moved += self._carry_out(origin, rest)
        return moved

    def recall(self, origin: Origin) -> list[Moved]:
        """Bring back originals that were written to after they were moved; cheap to ask.

        Each comes in again, as another version of the file.

        Raises:
            SQLAlchemyError: the database cannot be reached.
        """
        lingering = self._lingering_of(origin)
        moved: list[Moved] = []
        for at, route in lingering.changed(origin.root):
            try:
                back = put_back(origin.root, at, route)
            except OSError as error:
                lingering.add(at, route)
                told = {"file": readable(at), "error": error.strerror or str(error)}
                log(EventName.INTAKE_FAILED, level="error", source=origin.name, **told)
                continue
            [row] = self._arrivals(origin, Arrival.id == route.number)
            moved.append(Moved(_original(row), Handover.NONE, back=back))
        if moved:
            with self._database.transaction() as session:
                _write(session, origin, moved)
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
                        *below(directory),
                    )
                    .limit(1)
                )
            ]

    def _lingering_of(self, origin: Origin) -> Lingering:
        """Return what is to be looked after; at first, what was moved shortly before."""
        lingering = self._lingering.get(origin.name)
        if lingering is None:
            lingering = Lingering(self._clock)
            for row in self._recent(origin):
                if row.moved_to is not None:
                    lingering.add(row.moved_to, _original(row).route)
            self._lingering[origin.name] = lingering
        return lingering

    def _recent(self, origin: Origin) -> Iterator[Arrival]:
        """Yield arrivals of a short while ago that were moved, the last first.

        They are looked for from the end: nothing else tells the few from a million before them.
        """
        since = now() - timedelta(seconds=WATCHED)
        query = select(Arrival).order_by(Arrival.id.desc()).limit(_PAGE)
        with self._database.reading() as session:
            rows = session.scalars(query).all()
            while rows and rows[0].seen_at > since - _ASTRAY:
                for row in rows:
                    ours = row.source == origin.name and row.handover == Handover.MOVED
                    if ours and row.seen_at > since:
                        yield row
                rows = session.scalars(query.where(Arrival.id < rows[-1].id)).all()

    def _arrivals(
        self, origin: Origin, *which: ColumnElement[bool], limit: int | None = None
    ) -> Sequence[_Row]:
        query = select(*_COLUMNS).where(Arrival.source == origin.name, *which)
        with self._database.reading() as session:
            return session.execute(query.order_by(Arrival.id).limit(limit)).all()

    def _carry_out(
        self,
        origin: Origin,
        originals: Sequence[Original],
        begun: Mapping[int, Sequence[bytes]] | None = None,
    ) -> list[Moved]:
        begun = begun or {}
        with kept_open():
            moved = [_move(origin.root, one, begun.get(one.arrival_id, ())) for one in originals]
        news = [one for one in moved if _is_news(one)]
        if news:
            with self._database.transaction() as session:
                _write(session, origin, news)
        for one in moved:
            if one.to is not None and not one.sure:
                self._lingering_of(origin).add(one.to, one.original.route)
        return moved


def below(directory: bytes) -> tuple[ColumnElement[bool], ...]:
    """Return what tells the arrivals below a directory, with what PostgreSQL has an index for."""
    first, last = directory + b"/", directory + b"0"  # "0" follows "/"
    head = func.substr(Arrival.path, 1, PATH_HEAD)
    heads = head >= first[:PATH_HEAD], head <= last[:PATH_HEAD]
    return Arrival.path > first, Arrival.path < last, *heads


def _is_news(moved: Moved) -> bool:
    before = moved.original
    if moved.handover is Handover.MOVED:
        return before.state != Handover.MOVED or before.moved_to != moved.to
    return before.state != moved.handover and before.state != Handover.MOVED


def _write(session: Session, origin: Origin, moved: Sequence[Moved]) -> None:
    news = _still_news(session, moved)
    if not news:
        return
    rows = [
        {"number": one.original.arrival_id, "handover": str(one.handover), "moved_to": one.to}
        for one in news
    ]
    session.connection().execute(_UPDATE, rows)
    for one in news:
        if one.handover is Handover.PENDING:
            continue  # it has not gone yet
        name, level, more = _event(one)
        told: dict[str, Any] = {"source": origin.name, "file": readable(one.original.path)}
        record(
            session,
            name,
            document_id=one.original.document_id,
            arrival_id=one.original.arrival_id,
            level=level,
            trace=one.original.trace,
            **told,
            **more,
        )


def _still_news(session: Session, moved: Sequence[Moved]) -> list[Moved]:
    """Leave out what another watcher has written down meanwhile; its rows stay as they are."""
    ids = [one.original.arrival_id for one in moved]
    rows = session.execute(
        select(Arrival.id, Arrival.handover, Arrival.moved_to)
        .where(Arrival.id.in_(ids))
        .order_by(Arrival.id)
        .with_for_update()
    )
    now_known = {row.id: (row.handover, row.moved_to) for row in rows}
    known = (one for one in moved if one.original.arrival_id in now_known)
    return [one for one in known if _is_new_to(one, *now_known[one.original.arrival_id])]


def _is_new_to(moved: Moved, handover: str, moved_to: bytes | None) -> bool:
    if moved.handover is Handover.MOVED:
        return handover != Handover.MOVED or moved_to != moved.to
    return (handover, moved_to) == (moved.original.state, moved.original.moved_to)


def _event(moved: Moved) -> tuple[EventName, str, dict[str, Any]]:
    if moved.handover is Handover.MOVED:
        return EventName.FILE_MOVED, "info", {"to": readable(moved.to or b"")}
    if moved.handover is Handover.FAILED:
        return EventName.FILE_MOVE_FAILED, "warning", {"error": moved.why}
    if moved.back is not None:
        return EventName.FILE_CHANGED, "warning", {"to": readable(moved.back)}
    return EventName.FILE_VANISHED, "warning", {}


def _original(row: Arrival | _Row) -> Original:
    version = Signature(row.inode, row.size, row.mtime_ns)
    state = Handover(row.handover)
    arrived = row.id, row.document_id, row.path, version, row.seen_at
    return Original(*arrived, state, row.moved_to, Trace.parsed(row.traceparent))


def _move(root: bytes, original: Original, undecided: Sequence[bytes]) -> Moved:
    route = original.route
    try:
        carried = carry(root, route, undecided)
    except OSError as error:
        return Moved(original, Handover.FAILED, why=f"{error.strerror or error}")
    if carried.busy:
        return Moved(original, Handover.PENDING)
    if carried.to is not None:
        move_marker(root, original.path, route.directory)
        return Moved(original, Handover.MOVED, carried.to, sure=carried.sure)
    if carried.back is not None and not carried.changed:
        return Moved(original, Handover.PENDING, back=carried.back)
    return Moved(original, Handover.NONE, back=carried.back)


def _folder(moment: datetime, above: bytes) -> bytes:
    date = moment.astimezone(UTC).date().isoformat().encode()
    return b"/".join(part for part in (_DONE, date, above) if part) + b"/"


def move_marker(root: bytes, path: bytes, directory: bytes | None = None) -> None:
    """Move the done marker of a file along with it, if there is one.

    One that cannot be moved stays; the next scan finds it again.

    Args:
        root: the root of the source.
        path: the file the marker speaks of.
        directory: where to, relative to ``root``; today's folder when not given.
    """
    marker = path + ignore.DONE_MARKER
    with suppress(OSError):
        version = look(root, marker)
        if version is not None:
            above, _, name = marker.rpartition(b"/")
            put(root, marker, directory or _folder(now(), above), names(name, version.mtime_ns))
