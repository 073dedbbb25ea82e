"""Who may use the console: users, their roles, and the sessions in which they are logged in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now


class User(Base):
    """Somebody who logs in, and may do what ``role`` allows.

    ``password`` is what :mod:`console.accounts.passwords` makes of it.

    A user who was removed leaves the row: the name stands in the audit trail and is never given
    to anybody else.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    password: Mapped[str]
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class UserSession(Base):
    """A log-in that counts until it ends; ``sha256`` is that of what the browser keeps."""

    __tablename__ = "user_sessions"
    __table_args__ = (Index(None, "user_id"), Index(None, "expires_at"))

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
