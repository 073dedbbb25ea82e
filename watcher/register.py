"""Files into the ledger: arrivals and documents of one batch, in the caller's transaction.

(source, path, inode, size, mtime_ns) is one arrival and SHA-256 is one document, whatever process
sees them first: what is already there is recognised, and a race ends in an ``IntegrityError``
after which the whole batch is tried again.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models.base import now
from models.disclosure.hints import kept
from models.event import EventName
from models.ledger import ARRIVALS, Arrival, ArrivalState, Handover
from models.trace import Trace
from watcher import ignore
from watcher.filesystem import Signature, readable
from watcher.hints import complete
from watcher.settle import Settled
from worker.archive import Stored
from worker.entry import Arrived, Content, Documents, Entered, announce, told
from worker.logs import record
from worker.spans import tell_arrival

MOST: Final = 500
"""The most files of one batch: it costs the same few syncs and commits as a single one does, and
other sources wait for it."""

_VERSION: Final = (Arrival.path, Arrival.inode, Arrival.size, Arrival.mtime_ns)
_INSERT: Final = insert(ARRIVALS).returning(Arrival.id, *_VERSION)

BATCH_BYTES: Final = 256 << 20
"""The most bytes of one batch, but for a single file that is larger."""


class Outcome(StrEnum):
    """What became of a file that was to be taken in."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    KNOWN = "known"
    IGNORED = "ignored"
    CHANGED = "changed"
    VANISHED = "vanished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where files come from. Paths are relative to ``root``; ``ours`` when they are to be moved."""

    name: str
    root: bytes
    ours: bool


class Copied(NamedTuple):
    """A settled file whose bytes are in the archive, and the queue it is for.

    ``began`` is when it was begun to be copied, in nanoseconds since 1970.
    """

    item: Settled
    stored: Stored
    queue: str
    began: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file; ids where the ledger has it, ``why`` where it was not taken.

    ``trace`` is the span of its arrival where that was written just now.
    ``passing`` tells that it is not the file's fault: the archive failed.
    """

    item: Settled
    outcome: Outcome
    document_id: int | None = None
    arrival_id: int | None = None
    seen_at: datetime | None = None
    queue: str = "fast"
    why: str = ""
    passing: bool = False
    trace: Trace | None = None

    @property
    def file(self) -> str:
        """The readable path."""
        return readable(self.item.path)


class _Fresh(NamedTuple):
    """What is to be written; ``arrival`` is one that used to be ignored, or nothing."""

    entry: Copied
    arrival: Arrival | None
    trace: Trace


def register(session: Session, origin: Origin, copied: Sequence[Copied]) -> list[Taken]:
    """Write arrivals, and documents for contents that are new, inside the batch too.

    Raises:
        IntegrityError: another process registered one of them meanwhile; try again.
    """
    known = _arrivals(session, origin, [entry.item.path for entry in copied])
    documents = Documents(session, {entry.stored.sha256 for entry in copied}, origin.name)
    taken: list[Taken] = []
    fresh: list[_Fresh] = []
    for entry in copied:
        arrival = known.get((entry.item.path, entry.item.signature))
        if arrival is not None and arrival.document_id is not None:
            taken.append(_recognised(entry, arrival, documents))
            if taken[-1].outcome is Outcome.KNOWN:
                complete(session, arrival, entry.item.hints)
            continue
        fresh.append(_Fresh(entry, arrival, _trace(entry.item, arrival)))
    entered = documents.enter([(_content(one.entry), one.trace) for one in fresh])
    return taken + _write(session, origin, fresh, entered)


def recognise(
    session: Session, origin: Origin, items: Sequence[Settled]
) -> set[tuple[bytes, Signature]]:
    """Return the versions that have arrived already; what is newly said of them is added."""
    found = _arrivals(session, origin, [item.path for item in items])
    known = set()
    for item in items:
        version = item.path, item.signature
        arrival = found.get(version)
        if arrival is not None and arrival.document_id is not None:
            complete(session, arrival, item.hints)
            known.add(version)
    return known


def ignore_files(session: Session, origin: Origin, items: Sequence[Settled]) -> list[Taken]:
    """Write arrivals for files that are never read; each version once.

    A done marker whose file is already in the ledger is only said to be known.
    """
    bases = {item.path: base for item in items if (base := ignore.marked(item.path))}
    known = _arrivals(session, origin, [*(item.path for item in items), *bases.values()])
    arrived = {path for path, _ in known}
    taken: list[Taken] = []
    fresh: list[tuple[Settled, dict[str, Any], Trace]] = []
    for item in items:
        arrival = known.get((item.path, item.signature))
        if bases.get(item.path) in arrived:
            taken.append(Taken(item, Outcome.KNOWN, why="done marker"))
        elif arrival is not None:
            taken.append(Taken(item, Outcome.IGNORED, arrival_id=arrival.id, why=item.why or ""))
        else:
            trace = _trace(item, None)
            row = _row(origin, item, ArrivalState.IGNORED, None, trace)
            fresh.append((item, row, trace))
    ids = _inserted(session, [row for _, row, _ in fresh])
    for item, row, trace in fresh:
        arrival_id = ids[item.path, item.signature]
        written = _arrived(arrival_id, row, trace)
        record(session, EventName.FILE_IGNORED, **told(written), trace=trace, why=item.why)
        taken.append(Taken(item, Outcome.IGNORED, arrival_id=arrival_id, why=item.why or ""))
    return taken


def _arrivals(
    session: Session, origin: Origin, paths: Sequence[bytes]
) -> dict[tuple[bytes, Signature], Arrival]:
    rows = session.scalars(
        select(Arrival).where(Arrival.source == origin.name, Arrival.path.in_(paths))
    )
    return {(row.path, Signature(row.inode, row.size, row.mtime_ns)): row for row in rows}


def _recognised(entry: Copied, arrival: Arrival, documents: Documents) -> Taken:
    """A version that the ledger has; only the same bytes make it the same file."""
    document = documents.get(entry.stored.sha256)
    if document is None or document.id != arrival.document_id:
        why = "another content under a known inode, size and time"
        return Taken(entry.item, Outcome.CHANGED, arrival_id=arrival.id, why=why)
    return Taken(entry.item, Outcome.KNOWN, document.id, arrival.id, arrival.seen_at)


def _content(entry: Copied) -> Content:
    base = os.path.basename(entry.item.path)  # noqa: PTH119 - pathlib does not take bytes
    return Content(entry.stored, entry.item.name or readable(base), entry.queue)


def _trace(item: Settled, arrival: Arrival | None) -> Trace:
    """Return the span of an arrival: the one it has, else one under whoever brought it, if told."""
    known = None if arrival is None else Trace.parsed(arrival.traceparent)
    return known or (Trace.begun() if item.trace is None else item.trace.child())


def _row(
    origin: Origin, item: Settled, state: ArrivalState, document: Entered | None, trace: Trace
) -> dict[str, Any]:
    pending = origin.ours and document is not None
    return {
        "source": origin.name,
        "path": item.path,
        "name": readable((b"/" if origin.root == b"/" else b"") + item.path),
        **item.signature._asdict(),
        "url": item.hints.url,
        "fetched_at": item.hints.fetched_at,
        "hints": kept(item.hints),
        "state": str(state),
        "why": item.why,
        "document_id": None if document is None else document.id,
        "handover": str(Handover.PENDING if pending else Handover.NONE),
        "traceparent": str(trace),
        "seen_at": now(),
    }


def _inserted(
    session: Session, rows: Sequence[dict[str, Any]]
) -> dict[tuple[bytes, Signature], int]:
    """Write arrivals, in one statement; return their ids by version."""
    if not rows:
        return {}
    written = session.connection().execute(_INSERT, rows)
    return {(path, Signature(*version)): number for number, path, *version in written}


def _arrived(number: int, row: Mapping[str, Any], trace: Trace) -> Arrived:
    said = {name: row[name] for name in ("source", "name", "size", "url", "state", "document_id")}
    return Arrived(number, **said, trace=trace, seen_at=row["seen_at"])


def _write(
    session: Session,
    origin: Origin,
    fresh: Sequence[_Fresh],
    entered: Sequence[tuple[Entered, ArrivalState]],
) -> list[Taken]:
    rows = [
        _row(origin, one.entry.item, state, document, one.trace)
        for one, (document, state) in zip(fresh, entered, strict=True)
    ]
    pairs = list(zip(fresh, rows, strict=True))
    ids = _inserted(session, [row for one, row in pairs if one.arrival is None])
    taken = []
    for (one, row), (document, _) in zip(pairs, entered, strict=True):
        if one.arrival is None:
            number = ids[one.entry.item.path, one.entry.item.signature]
        else:
            number, row["seen_at"] = one.arrival.id, one.arrival.seen_at
            _promote(one.arrival, row)
        taken.append(_told(session, one, document, _arrived(number, row, one.trace)))
    return taken


def _promote(arrival: Arrival, row: Mapping[str, Any]) -> None:
    """Make an arrival that used to be ignored what it is now."""
    for name in ("state", "why", "document_id", "url", "fetched_at", "hints", "traceparent"):
        setattr(arrival, name, row[name])
    arrival.handover = row["handover"]


def _told(session: Session, one: _Fresh, document: Entered, arrival: Arrived) -> Taken:
    item, waited = one.entry.item, one.entry.item.waited
    about = told(arrival)
    record(session, EventName.FILE_SETTLED, **about, trace=one.trace, waited=round(waited, 3))
    announce(session, arrival, document, trace=one.trace)
    tell_arrival(session, arrival, document, item.trace, began=one.entry.began, waited=waited)
    ids, queue = (document.id, arrival.id), one.entry.queue
    return Taken(item, Outcome(arrival.state), *ids, arrival.seen_at, queue, trace=one.trace)
