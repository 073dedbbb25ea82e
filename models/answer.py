"""What requests were answered that carried an idempotency key."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Json, now


class Answer(Base):
    """The answer to a request, written in the transaction of its effect.

    ``request`` is the SHA-256 of what was asked: the same key with another request is refused.
    Source: IETF draft "The Idempotency-Key HTTP Header Field", section 2.
    """

    __tablename__ = "answers"

    key: Mapped[str] = mapped_column("idempotency_key", String(128), primary_key=True)
    request: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]] = mapped_column(Json)
    answered_at: Mapped[datetime] = mapped_column(default=now)
