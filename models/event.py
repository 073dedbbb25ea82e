"""The timeline: one row for each event of the log that belongs to a document or an arrival."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Json, now


class EventName(StrEnum):
    """The registry of event names; stable, dotted, the same in the log and in the timeline."""

    SERVICE_STARTED = "service.started"
    SERVICE_STOPPED = "service.stopped"
    PART_STARTED = "part.started"
    PART_DIED = "part.died"
    PART_STOPPED = "part.stopped"
    SOURCE_WATCHING = "source.watching"
    SOURCE_SCANNING_ONLY = "source.scanning_only"
    SOURCE_OVERFLOWED = "source.overflowed"
    SOURCE_LOST = "source.lost"
    SOURCE_RECOVERED = "source.recovered"
    SOURCE_SCANNED = "source.scanned"
    FILE_DETECTED = "file.detected"
    FILE_SETTLED = "file.settled"
    FILE_UNSETTLED = "file.unsettled"
    FILE_CHANGED = "file.changed"
    FILE_IGNORED = "file.ignored"
    FILE_VANISHED = "file.vanished"
    FILE_MOVED = "file.moved"
    FILE_MOVE_FAILED = "file.move_failed"
    INTAKE_FAILED = "intake.failed"
    ARRIVAL_COMPLETED = "arrival.completed"
    FEED_RESTARTED = "feed.restarted"
    FEED_LINE_BAD = "feed.line_bad"
    FEED_STALLED = "feed.stalled"
    FEED_FILE_WAITING = "feed.file_waiting"
    FEED_FILE_REFUSED = "feed.file_refused"
    PUSH_LISTENING = "push.listening"
    PUSH_REFUSED = "push.refused"
    TOKEN_CREATED = "token.created"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    CONSOLE_LISTENING = "console.listening"
    CONSOLE_FAILED = "console.failed"
    CONSOLE_READINESS = "console.readiness"
    USER_ADDED = "user.added"
    USER_PASSWORD_CHANGED = "user.password_changed"  # noqa: S105
    USER_ROLE_CHANGED = "user.role_changed"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    USER_REMOVED = "user.removed"
    USER_LOGGED_IN = "user.logged_in"
    USER_REFUSED = "user.refused"
    DOCUMENT_RECEIVED = "document.received"
    DOCUMENT_DUPLICATE = "document.duplicate"
    DOCUMENT_QUEUED = "document.queued"
    DOCUMENT_SEND_FAILED = "document.send_failed"
    DOCUMENT_RESENT = "document.resent"
    DOCUMENT_LEASE_EXPIRED = "document.lease_expired"
    DOCUMENT_UNPACKED = "document.unpacked"
    DOCUMENT_DEAD = "document.dead"
    DOCUMENT_DISCARDED = "document.discarded"
    DOCUMENT_RETRIED = "document.retried"
    DOCUMENT_CORRECTED = "document.corrected"
    DOCUMENT_ACCEPTED = "document.accepted"
    DOCUMENT_COMMENTED = "document.commented"
    DOCUMENT_REWEIGHED = "document.reweighed"
    ATTEMPT_STARTED = "attempt.started"
    ATTEMPT_SKIPPED = "attempt.skipped"
    ATTEMPT_RETRYING = "attempt.retrying"
    ATTEMPT_HANDED_OVER = "attempt.handed_over"
    ATTEMPT_RELEASED = "attempt.released"
    ATTEMPT_NOT_RELEASED = "attempt.not_released"
    ATTEMPT_SUPERSEDED = "attempt.superseded"
    STAGE_FINISHED = "stage.finished"
    REPORT_STORED = "report.stored"
    REPORT_SUPERSEDED = "report.superseded"
    REPORT_RESTORED = "report.restored"
    REPORT_REASSESSED = "report.reassessed"
    REPORT_IMBALANCED = "report.imbalanced"
    REPORT_REFUSED = "report.refused"
    NOTIFICATION_SENT = "notification.sent"
    NOTIFICATION_FAILED = "notification.failed"
    NOTIFICATION_GIVEN_UP = "notification.given_up"
    TRACES_EXPORTED = "traces.exported"
    TRACES_NOT_EXPORTED = "traces.not_exported"
    STORE_PRUNED = "store.pruned"
    DATABASE_MIGRATED = "database.migrated"
    VERIFY_REPAIRED = "verify.repaired"
    BROKER_STARTED = "broker.started"
    BROKER_UNREACHABLE = "broker.unreachable"


class Event(Base):
    """One line of history. ``name`` is a member of :class:`EventName`.

    Ids are plain numbers without foreign keys: history outlives what it speaks of.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "document_id", "id"),
        Index(None, "arrival_id"),
        Index(None, "name", "id"),
        Index(None, "level", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    name: Mapped[str] = mapped_column(String(48))
    level: Mapped[str] = mapped_column(String(8), default="info")
    document_id: Mapped[int | None]
    arrival_id: Mapped[int | None]
    attempt_id: Mapped[int | None]
    data: Mapped[dict[str, Any]] = mapped_column(Json)
