"""Files into the ledger: arrivals and documents of one batch, in the caller's transaction.

(source, path, inode, size, mtime_ns) is one arrival and SHA-256 is one document, whatever process
sees them first: what is already there is recognised, and a race ends in an ``IntegrityError``
after which the whole batch is tried again.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.disclosure.hints import kept
from models.event import EventName
from models.ledger import Arrival, ArrivalState, Document, Handover
from models.trace import Trace
from watcher import ignore
from watcher.filesystem import Signature, readable
from watcher.hints import complete
from watcher.settle import Settled
from worker.archive import Stored
from worker.entry import Content, Documents, announce, told
from worker.logs import record
from worker.spans import tell_arrival

MOST: Final = 200
"""The most files of one batch: few enough for the variables of one statement."""

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

    @property
    def file(self) -> str:
        """The readable path."""
        return readable(self.item.path)


class _Fresh(NamedTuple):
    """What is to be written; ``arrival`` is one that used to be ignored, or nothing."""

    entry: Copied
    state: ArrivalState
    document: Document
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
        trace = _trace(entry.item, arrival)
        document, state = documents.enter(_content(entry), trace)
        fresh.append(_Fresh(entry, state, document, arrival, trace))
    return taken + _write(session, origin, fresh)


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
    fresh: list[tuple[Settled, Arrival]] = []
    for item in items:
        arrival = known.get((item.path, item.signature))
        if bases.get(item.path) in arrived:
            taken.append(Taken(item, Outcome.KNOWN, why="done marker"))
        elif arrival is not None:
            taken.append(Taken(item, Outcome.IGNORED, arrival_id=arrival.id, why=item.why or ""))
        else:
            trace = _trace(item, None)
            fresh.append((item, _arrival(origin, item, ArrivalState.IGNORED, None, trace)))
    session.add_all(arrival for _, arrival in fresh)
    session.flush()
    for item, arrival in fresh:
        record(session, EventName.FILE_IGNORED, **told(arrival), why=item.why)
        taken.append(Taken(item, Outcome.IGNORED, arrival_id=arrival.id, why=item.why or ""))
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


def _arrival(
    origin: Origin, item: Settled, state: ArrivalState, document: Document | None, trace: Trace
) -> Arrival:
    pending = origin.ours and document is not None
    return Arrival(
        source=origin.name,
        path=item.path,
        name=readable((b"/" if origin.root == b"/" else b"") + item.path),
        inode=item.signature.inode,
        size=item.signature.size,
        mtime_ns=item.signature.mtime_ns,
        url=item.hints.url,
        fetched_at=item.hints.fetched_at,
        hints=kept(item.hints),
        state=state,
        why=item.why,
        document_id=None if document is None else document.id,
        handover=Handover.PENDING if pending else Handover.NONE,
        traceparent=str(trace),
    )


def _write(session: Session, origin: Origin, fresh: Sequence[_Fresh]) -> list[Taken]:
    session.flush()  # the documents have their ids now
    arrivals = [
        _promoted(origin, one)
        or _arrival(origin, one.entry.item, one.state, one.document, one.trace)
        for one in fresh
    ]
    session.add_all(arrivals)
    session.flush()
    return [_told(session, one, arrival) for one, arrival in zip(fresh, arrivals, strict=True)]


def _promoted(origin: Origin, one: _Fresh) -> Arrival | None:
    if one.arrival is not None:
        one.arrival.state, one.arrival.why = one.state, None
        one.arrival.document_id = one.document.id
        hints = one.entry.item.hints
        one.arrival.url, one.arrival.fetched_at = hints.url, hints.fetched_at
        one.arrival.hints = kept(hints)
        one.arrival.traceparent = str(one.trace)
        one.arrival.handover = Handover.PENDING if origin.ours else Handover.NONE
    return one.arrival


def _told(session: Session, one: _Fresh, arrival: Arrival) -> Taken:
    document, item = one.document, one.entry.item
    record(session, EventName.FILE_SETTLED, **told(arrival), waited=round(item.waited, 3))
    announce(session, arrival, document)
    began, waited = one.entry.began, item.waited
    tell_arrival(session, arrival, document, item.trace, began=began, waited=waited)
    outcome, queue = Outcome(one.state), one.entry.queue
    return Taken(item, outcome, document.id, arrival.id, arrival.seen_at, queue)
