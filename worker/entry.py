"""New contents into the ledger: one document for each SHA-256, and the event of each arrival."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import transitions
from models.event import EventName
from models.ledger import Arrival, ArrivalState, Document
from models.trace import Trace
from worker.archive import Stored
from worker.logs import record

_AT_ONCE: Final = 500
_KNOWN: Final = select(Document.id, Document.sha256, Document.size, Document.traceparent)
_SLOW: Final = (b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""How PDF and legacy Office files begin; they are slow to read and have a queue of their own."""
_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"GIF8")
"""How pictures of pages begin: only OCR reads them, for seconds a page."""


class Content(NamedTuple):
    """Bytes that are in the archive, the name of their file, and the queue they are for."""

    stored: Stored
    name: str
    queue: str


def queue_of(head: bytes) -> str:
    """Return the queue for a document that begins like this."""
    if head.startswith(_PICTURES):
        return "ocr"
    return "slow" if head.startswith(_SLOW) else "fast"


class Entered(NamedTuple):
    """A document as the ledger has it, as far as its arrivals speak of it."""

    id: int
    sha256: str
    size: int
    traceparent: str | None


class Documents:
    """The documents of some contents, whoever brought them first; looked up once.

    Args:
        session: an open transaction.
        digests: the SHA-256 of every content that may be entered.
        source: where they come from; a new document waits in the lane of its source.
    """

    def __init__(self, session: Session, digests: Collection[str], source: str) -> None:
        self._session = session
        self._lane = source
        wanted = list(digests)
        self._known: dict[str, Entered] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            chosen: Sequence[str] = wanted[start : start + _AT_ONCE]
            rows = session.connection().execute(_KNOWN.where(Document.sha256.in_(chosen)))
            self._known |= {row.sha256: Entered(*row) for row in rows}

    def get(self, sha256: str) -> Entered | None:
        """Return the document of a content, ``None`` where it is new."""
        return self._known.get(sha256)

    def enter(
        self, arriving: Sequence[tuple[Content, Trace]]
    ) -> list[tuple[Entered, ArrivalState]]:
        """Return the document of each content, made where it is new, and what its arrival is then.

        Args:
            arriving: contents, each with the span of the arrival that brings it.

        Raises:
            IntegrityError: another process made one of them meanwhile.
        """
        fresh: dict[str, transitions.Fresh] = {}
        states: list[ArrivalState] = []
        for (stored, name, queue), trace in arriving:
            known = stored.sha256 in self._known or stored.sha256 in fresh
            states.append(ArrivalState.DUPLICATE if known else ArrivalState.ACCEPTED)
            if not known:
                new = transitions.Fresh(*stored, name, queue, self._lane, str(trace))
                fresh[stored.sha256] = new
        ids = transitions.enter(self._session, list(fresh.values()))
        for sha256, one in fresh.items():
            self._known[sha256] = Entered(ids[sha256], sha256, one.size, one.traceparent)
        documents = (self._known[content.stored.sha256] for content, _ in arriving)
        return list(zip(documents, states, strict=True))


class Arrived(NamedTuple):
    """An arrival that was just written, as far as its events and its span speak of it."""

    id: int
    source: str
    name: str
    size: int
    url: str | None
    state: str
    document_id: int | None
    trace: Trace
    seen_at: datetime
    container_id: int | None = None

    @property
    def traceparent(self) -> str:
        """The header of its span."""
        return str(self.trace)


def told(arrival: Arrival | Arrived) -> dict[str, Any]:
    """Return what the events of an arrival say of it."""
    said: dict[str, Any] = {"document_id": arrival.document_id, "arrival_id": arrival.id}
    said |= {"source": arrival.source, "file": arrival.name}
    if arrival.container_id is not None:
        said["container"] = arrival.container_id
    return said | ({"url": arrival.url} if arrival.url else {})


def announce(session: Session, arrival: Arrival | Arrived, document: Entered, **more: Any) -> None:
    """Write the event that a document was received, or that an arrival brought nothing new."""
    accepted = arrival.state == ArrivalState.ACCEPTED
    name = EventName.DOCUMENT_RECEIVED if accepted else EventName.DOCUMENT_DUPLICATE
    more |= {"sha256": document.sha256, "bytes": document.size}
    record(session, name, **told(arrival), **more)
