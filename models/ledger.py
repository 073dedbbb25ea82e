"""The ledger: arrivals, documents and attempts.

The database is the truth; messages on the queue are only hints. A document's state changes only
by the functions of ``models.transitions``.
"""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Json, now
from models.disclosure.hints import NONE, Hints
from models.partial import hashed, partial

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Table


class State(StrEnum):
    """Where a document is; it is in exactly one of these."""

    RECEIVED = "received"
    QUEUED = "queued"
    PROCESSING = "processing"
    STORED = "stored"
    UNPACKED = "unpacked"
    DEAD = "dead"
    DISCARDED = "discarded"


FINAL: Final = (State.STORED, State.UNPACKED, State.DEAD, State.DISCARDED)
"""The states that only an operator brings a document out of, if anybody does."""


class ArrivalState(StrEnum):
    """What became of an arrival; ``accepted`` brought a new document.

    A ``sidecar`` only says something about another arrival: where it is from, or that it is done.
    """

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    SIDECAR = "sidecar"


PATH_HEAD: Final = 1000
"""Of so many bytes of a path PostgreSQL's index keeps the order; what differs after them has none.
A question about a range of paths has to ask about the beginning too."""


class Handover(StrEnum):
    """What became of the original file of an arrival at a ``drop`` source.

    ``deleted``: it was moved, and deleted long after that.
    """

    NONE = "none"
    PENDING = "pending"
    MOVED = "moved"
    FAILED = "failed"
    DELETED = "deleted"


class AttemptOutcome(StrEnum):
    """How an attempt ended; one that never ended has none."""

    STORED = "stored"
    UNPACKED = "unpacked"
    DEAD = "dead"
    RETRY = "retry"
    RELEASED = "released"
    HANDED_OVER = "handed_over"
    LOST = "lost"


class Document(Base):
    """One content, by SHA-256; its bytes are in the archive.

    ``unfinished`` counts the attempts since the last operator decision that never ended.
    ``attempt_id`` is the attempt that holds the claim while the state is ``processing``.
    ``queue`` tells what it costs; ``lane`` is the line it waits in, see ``worker.waiting``.
    ``traceparent`` is that of the arrival that brought it, see ``models.trace``.
    """

    __tablename__ = "documents"
    __table_args__ = (
        Index(None, "state", "lease_expires_at"),
        Index(None, "state", "updated_at"),
        partial(
            "ix_documents_waiting",
            "queue",
            "lane",
            "updated_at",
            "id",
            where="state = 'received'",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int]
    name: Mapped[str]
    state: Mapped[str] = mapped_column(String(16), default=State.RECEIVED)
    queue: Mapped[str] = mapped_column(String(16), default="fast")
    lane: Mapped[str] = mapped_column(String(64), default="", server_default="")
    attempts: Mapped[int] = mapped_column(default=0)
    unfinished: Mapped[int] = mapped_column(default=0)
    retries: Mapped[int] = mapped_column(default=0)
    attempt_id: Mapped[int | None]
    lease_expires_at: Mapped[datetime | None]
    traceparent: Mapped[str | None] = mapped_column(String(55))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Arrival(Base):
    """One file seen once at one source.

    ``path`` holds the raw bytes relative to the source's root (``os.fsencode``); ``name`` is the
    readable form. (source, path, inode, size, mtime_ns) is one version of one file. What did not
    come as a file has its URL or name as ``path`` and a part of its SHA-256 as ``inode``. What came
    inside an archive has the document of the archive as ``container_id``, ``!/`` between the
    path of the archive and its own, and a digest of the archive and its place in it as ``inode``.
    ``hints`` holds what the source said of publisher, title and year; ``traceparent`` is the span
    of the arrival, see ``models.trace``.
    """

    __tablename__ = "arrivals"
    __table_args__ = (
        # An index of PostgreSQL takes no more than 2,704 bytes; a path may have 4,095.
        UniqueConstraint("source", "path", "inode", "size", "mtime_ns").ddl_if(dialect="sqlite"),
        Index(
            "uq_arrivals_version",
            "source",
            text(f"substr(path, 1, {PATH_HEAD})"),
            text("sha256(path)"),
            "inode",
            "size",
            "mtime_ns",
            unique=True,
        ).ddl_if(dialect="postgresql"),
        hashed(None, "path"),
        Index(None, "document_id"),
        Index(None, "container_id"),
        Index(None, "handover"),
        Index(None, "state"),
        Index(None, "traceparent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    path: Mapped[bytes]
    name: Mapped[str]
    inode: Mapped[int]
    size: Mapped[int]
    mtime_ns: Mapped[int]
    url: Mapped[str | None]
    fetched_at: Mapped[datetime | None]
    hints: Mapped[dict[str, Any] | None] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(16))
    why: Mapped[str | None]
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    container_id: Mapped[int | None]  # no foreign key: SQLite would have to write the table anew
    handover: Mapped[str] = mapped_column(String(16), default=Handover.NONE)
    moved_to: Mapped[bytes | None]
    traceparent: Mapped[str | None] = mapped_column(String(55))
    seen_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def said(self) -> Hints:
        """What the source said about it."""
        return Hints(self.url, self.fetched_at, **(self.hints or {}))


class Attempt(Base):
    """One try to process a document, written down before it starts.

    ``span_id`` is its span in the trace of the document.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        Index("ix_attempts_ended_at", "ended_at", "outcome"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int]
    message_id: Mapped[str | None] = mapped_column(String(64))
    worker: Mapped[str] = mapped_column(String(128))
    parser_version: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    stage: Mapped[str | None] = mapped_column(String(32))
    error: Mapped[str | None]
    traceback: Mapped[str | None]
    duration_ms: Mapped[float | None]
    span_id: Mapped[str | None] = mapped_column(String(16))


class SourceStatus(Base):
    """What a watcher last knew about one of its sources; one row a source."""

    __tablename__ = "source_status"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    path: Mapped[bytes]
    mode: Mapped[str] = mapped_column(String(16))
    unsettled: Mapped[int] = mapped_column(default=0)
    last_event_at: Mapped[datetime | None]
    last_scan_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime]
    problem: Mapped[str | None]


DOCUMENTS: Final = cast("Table", Document.__table__)
ARRIVALS: Final = cast("Table", Arrival.__table__)
ATTEMPTS: Final = cast("Table", Attempt.__table__)
SOURCES: Final = cast("Table", SourceStatus.__table__)
"""The tables themselves, for questions that need nothing of the ORM."""


_OF_ONE: Final = 20


def hints(session: Session, document_ids: "Collection[int]") -> dict[int, Hints]:
    """Return what the first arrivals of documents said; what one leaves out the next may say."""
    place = func.row_number().over(partition_by=Arrival.document_id, order_by=Arrival.id)
    of = Arrival.document_id.in_(document_ids)
    first = select(Arrival.id, place.label("place")).where(of).subquery()
    query = select(Arrival.document_id, Arrival.url, Arrival.fetched_at, Arrival.hints)
    query = query.join(first, first.c.id == Arrival.id).where(first.c.place <= _OF_ONE)
    found = dict.fromkeys(document_ids, NONE)
    for document_id, url, fetched_at, said in session.connection().execute(
        query.order_by(Arrival.id)
    ):
        found[document_id] = found[document_id].filled(Hints(url, fetched_at, **(said or {})))
    return found


def outermost(session: Session, document_id: int, most: int) -> tuple[int, int | None]:
    """Follow a document out of the archives that hold it, by the shortest way.

    Args:
        session: an open transaction or reader.
        document_id: where to begin.
        most: the most archives that are looked through.

    Returns:
        How many archives it is in, and the document that came as a file; ``None`` for the latter
        where it is in more than ``most``.
    """
    level: Collection[int] = (document_id,)
    for depth in range(most + 1):
        rows = session.execute(
            select(Arrival.document_id, Arrival.container_id)
            .where(Arrival.document_id.in_(level))
            .order_by(Arrival.id)
        ).all()
        for found, container_id in rows:
            if container_id is None:
                return depth, found
        level = {container_id for _, container_id in rows if container_id is not None}
    return most + 1, None


def expanded(session: Session, document_id: int, depth: int) -> int:
    """Return how many bytes an archive, and those in it ``depth`` deep, were expanded to so far."""
    level: Collection[int] = (document_id,)
    total = 0
    for _ in range(depth + 1):
        members = (Arrival.container_id.in_(level), Arrival.document_id.is_not(None))
        total += int(session.scalar(select(func.sum(Arrival.size)).where(*members)) or 0)
        inner = select(Arrival.document_id).where(*members)
        unpacked = select(Document.id).where(
            Document.id.in_(inner), Document.state == State.UNPACKED
        )
        level = set(session.scalars(unpacked))
    return total
