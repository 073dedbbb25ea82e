"""The list of documents, page by page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.queries import keyset
from console.queries.keyset import Slice
from models.ledger import Document


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as lists show it."""

    id: int
    sha256: str
    name: str
    size: int
    state: str
    queue: str
    attempts: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Documents that match everything given; ``name`` is a part of the file's name."""

    state: str | None = None
    name: str | None = None
    sha256: str | None = None


def page(
    session: Session, wanted: DocumentFilter, *, after: str = "", limit: int = keyset.ROWS
) -> Slice[DocumentRow]:
    """Return documents that match, the latest first, those after the place ``after``."""
    query = select(Document).order_by(Document.id.desc()).limit(limit + 1)
    if wanted.state is not None:
        query = query.where(Document.state == wanted.state)
    if wanted.name is not None:
        query = query.where(Document.name.contains(wanted.name, autoescape=True))
    if wanted.sha256 is not None:
        query = query.where(Document.sha256 == wanted.sha256)
    place = keyset.decode(after, 1)
    if place:
        query = query.where(Document.id < place[0])
    found = [row_of(document) for document in session.scalars(query)]
    more = len(found) > limit
    return Slice(found[:limit], keyset.encode(found[limit - 1].id) if more else "")


def row_of(document: Document) -> DocumentRow:
    """Return a document as lists show it."""
    return DocumentRow(
        document.id,
        document.sha256,
        document.name,
        document.size,
        document.state,
        document.queue,
        document.attempts,
        document.created_at,
        document.updated_at,
    )
