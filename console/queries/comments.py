"""Comments on documents."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.comment import Comment


@dataclass(frozen=True, slots=True)
class CommentRow:
    """A note; ``dead_letter_id`` or ``report_id`` is what its author was looking at, if either."""

    id: int
    document_id: int
    dead_letter_id: int | None
    report_id: int | None
    operator: str
    note: str
    written_at: datetime


def comments(session: Session, document_id: int) -> list[CommentRow]:
    """Return every comment on a document, first to last."""
    query = select(Comment).where(Comment.document_id == document_id).order_by(Comment.id)
    return [_row(found) for found in session.scalars(query)]


def one(session: Session, comment_id: int) -> CommentRow:
    """Return one comment, which must be there."""
    return _row(session.get_one(Comment, comment_id))


def _row(found: Comment) -> CommentRow:
    return CommentRow(
        found.id,
        found.document_id,
        found.dead_letter_id,
        found.report_id,
        found.operator,
        found.note,
        found.written_at,
    )
