"""Dead letters, and what operators decided about them."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, cast

from sqlalchemy import ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Json, now
from models.partial import partial


class Action(StrEnum):
    """What an operator can decide."""

    RETRY = "retry"
    CORRECT = "correct"
    ACCEPT = "accept"
    DISCARD = "discard"


class DeadLetter(Base):
    """A document given up on; open while ``resolution`` is empty, and only one of them may be.

    ``inspection`` is what had been recognised, in the form that ``gouji inspect`` prints
    (schema ``gouji.inspection/1``), or ``None`` when nothing was. ``version`` counts changes, so
    that two operators cannot decide about the same row unaware of each other.
    """

    __tablename__ = "dead_letters"
    __table_args__ = (
        Index(None, "document_id"),
        Index(None, "resolution", "reason"),
        # Counting without reading what was recognised, which is most of a row.
        Index(
            "ix_dead_letters_facets",
            "resolution",
            "reason",
            "year",
            "publisher",
            "parser_version",
            "attempt_id",
            "document_id",
        ),
        Index(None, "resolution", "id"),
        partial(
            "uq_dead_letters_open",
            "document_id",
            unique=True,
            where="resolution IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempts.id"))
    reason: Mapped[str] = mapped_column(String(32))
    stage: Mapped[str] = mapped_column(String(32))
    message: Mapped[str]
    publisher: Mapped[str | None]
    year: Mapped[int | None]
    parser_version: Mapped[str] = mapped_column(String(32))
    inspection: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(default=now)
    resolution: Mapped[str | None] = mapped_column(String(16))
    resolved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Decision(Base):
    """The audit trail: who decided what about which dead letter, when and why.

    ``before`` and ``after`` tell what was changed: cells by address, publisher, year, the state of
    the document, and the report that is stored. ``key`` is the caller's idempotency key;
    ``candidate`` is the candidate that was taken, ``None`` where cells were set by hand.
    """

    __tablename__ = "decisions"
    __table_args__ = (Index(None, "dead_letter_id"), Index(None, "decided_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    dead_letter_id: Mapped[int] = mapped_column(ForeignKey("dead_letters.id"))
    operator: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(16))
    note: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(default=now)
    key: Mapped[str | None] = mapped_column("idempotency_key", String(128))
    candidate: Mapped[str | None] = mapped_column(String(64))
    before: Mapped[dict[str, Any] | None] = mapped_column("changed_from", Json)
    after: Mapped[dict[str, Any] | None] = mapped_column("changed_to", Json)


LETTERS: Final = cast("Table", DeadLetter.__table__)
DECISIONS: Final = cast("Table", Decision.__table__)
"""The tables themselves, for questions that need nothing of the ORM."""
