"""Writing a comment: it belongs to the document, whatever becomes of that."""

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.comment import Comment
from models.dead_letter import DeadLetter
from models.event import EventName
from models.filing import StoredReport
from models.ledger import Document
from worker.deciding import NoteMissing
from worker.desk.errors import UnknownSubject
from worker.desk.order import Given
from worker.logs import record

Kind = Literal["dead_letter", "document", "report"]
_COLUMNS: Final = {
    "dead_letter": (DeadLetter.id, DeadLetter.document_id),
    "document": (Document.id, Document.id),
    "report": (StoredReport.id, StoredReport.document_id),
}


@dataclass(frozen=True, slots=True)
class About:
    """What a comment is about."""

    kind: Kind
    id: int


def remark(session: Session, about: About, given: Given) -> Comment:
    """Write a comment and its event.

    Raises:
        NoteMissing: it is blank.
        UnknownSubject: there is nothing with such an id.
    """
    if not given.note.strip():
        raise NoteMissing("a comment needs some words")
    key, document = _COLUMNS[about.kind]
    document_id = session.scalar(select(document).where(key == about.id))
    if document_id is None:
        raise UnknownSubject(f"there is no {about.kind.replace('_', ' ')} {about.id}")
    comment = Comment(
        document_id=document_id,
        dead_letter_id=about.id if about.kind == "dead_letter" else None,
        report_id=about.id if about.kind == "report" else None,
        operator=given.operator,
        note=given.note,
        key=given.key,
    )
    session.add(comment)
    session.flush()
    record(
        session,
        EventName.DOCUMENT_COMMENTED,
        document_id=document_id,
        comment_id=comment.id,
        operator=given.operator,
        note=given.note,
    )
    return comment
