"""Free notes of operators about documents; nothing that gouji does deletes or changes one."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now


class Comment(Base):
    """A note. It belongs to the document, whatever is read, stored or given up of it afterwards.

    ``dead_letter_id`` or ``report_id`` is what the operator was looking at, if either.
    """

    __tablename__ = "comments"
    __table_args__ = (Index(None, "document_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    dead_letter_id: Mapped[int | None] = mapped_column(ForeignKey("dead_letters.id"))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"))
    operator: Mapped[str] = mapped_column(String(128))
    note: Mapped[str]
    key: Mapped[str | None] = mapped_column("idempotency_key", String(128))
    written_at: Mapped[datetime] = mapped_column(default=now)
