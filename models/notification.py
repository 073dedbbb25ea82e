"""What was told to whom about new dead letters; it survives a restart."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, PrimaryKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Json, now
from models.partial import partial


class Channel(Base):
    """Where is told to: ``webhook`` or ``apprise``.

    Dead letters up to ``floor`` are not told of any more. ``due_at`` is when it may next be asked
    whether there are new ones: whoever moves it on is the one who looks.
    """

    __tablename__ = "notification_channels"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    floor: Mapped[int]
    due_at: Mapped[datetime]


class Notification(Base):
    """One message about several dead letters; sent until it is taken, and so perhaps twice.

    ``uuid`` is what tells a receiver that it has the message already.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("uuid"),
        partial(
            "ix_notifications_unsent",
            "channel",
            "due_at",
            where="sent_at IS NULL AND given_up_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36))
    channel: Mapped[str] = mapped_column(String(16))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]


class Told(Base):
    """A dead letter that stands in a message to a channel."""

    __tablename__ = "notified_letters"
    __table_args__ = (PrimaryKeyConstraint("channel", "dead_letter_id"),)

    channel: Mapped[str] = mapped_column(String(16))
    dead_letter_id: Mapped[int] = mapped_column(ForeignKey("dead_letters.id"))
    notification_id: Mapped[int] = mapped_column(ForeignKey("notifications.id"))
