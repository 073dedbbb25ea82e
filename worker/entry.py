"""New contents into the ledger: one document for each SHA-256, and the event of each arrival."""

from collections.abc import Collection, Sequence
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
        self._known: dict[str, Document] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            chosen: Sequence[str] = wanted[start : start + _AT_ONCE]
            rows = session.scalars(select(Document).where(Document.sha256.in_(chosen)))
            self._known |= {row.sha256: row for row in rows}

    def get(self, sha256: str) -> Document | None:
        """Return the document of a content, ``None`` where it is new."""
        return self._known.get(sha256)

    def enter(self, content: Content, trace: Trace) -> tuple[Document, ArrivalState]:
        """Return the document of a content, made where it is new, and what its arrival is then.

        ``trace`` is the span of that arrival.

        A document that was made has an id only after the session's next flush, which raises
        ``IntegrityError`` where another process made it meanwhile.
        """
        sha256, size = content.stored
        document = self._known.get(sha256)
        if document is not None:
            return document, ArrivalState.DUPLICATE
        name, queue, lane = content.name, content.queue, self._lane
        document = transitions.enter(self._session, sha256, size, name, queue, lane)
        document.traceparent = str(trace)
        self._known[sha256] = document
        return document, ArrivalState.ACCEPTED


def told(arrival: Arrival) -> dict[str, Any]:
    """Return what the events of an arrival say of it."""
    said: dict[str, Any] = {"document_id": arrival.document_id, "arrival_id": arrival.id}
    said |= {"source": arrival.source, "file": arrival.name}
    if arrival.container_id is not None:
        said["container"] = arrival.container_id
    return said | ({"url": arrival.url} if arrival.url else {})


def announce(session: Session, arrival: Arrival, document: Document, **more: Any) -> None:
    """Write the event that a document was received, or that an arrival brought nothing new."""
    accepted = arrival.state == ArrivalState.ACCEPTED
    name = EventName.DOCUMENT_RECEIVED if accepted else EventName.DOCUMENT_DUPLICATE
    record(session, name, **told(arrival), sha256=document.sha256, bytes=document.size, **more)
