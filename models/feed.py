"""How far a crawler's feed has been read, and which of the files it named are still to come."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Json, now


class FeedCheckpoint(Base):
    """One feed file, read up to ``offset`` bytes and ``number`` lines or records.

    ``proof`` is what must still hold of what was read: the SHA-256 of those bytes for lines, the
    offset and id of the last record for WARC. ``inode``, ``size`` and ``mtime_ns`` are those of
    the file when it was last read: while they stay, nothing needs to be proved.
    """

    __tablename__ = "feed_checkpoints"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    path: Mapped[bytes] = mapped_column(primary_key=True)
    inode: Mapped[int]
    size: Mapped[int]
    mtime_ns: Mapped[int]
    offset: Mapped[int] = mapped_column("read_to")
    number: Mapped[int]
    proof: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class FeedWaiting(Base):
    """A file that a feed line named and that was not there, or not as the line said.

    ``path`` is relative to the files root; ``checksum`` the MD5 that the line gave.
    """

    __tablename__ = "feed_waiting"
    __table_args__ = (Index(None, "source", "tried_at"),)

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    path: Mapped[bytes] = mapped_column(primary_key=True)
    checksum: Mapped[str | None] = mapped_column(String(32))
    url: Mapped[str | None]
    fetched_at: Mapped[datetime | None]
    hints: Mapped[dict[str, Any] | None] = mapped_column(Json)
    feed: Mapped[str]
    line: Mapped[int]
    why: Mapped[str]
    since: Mapped[datetime] = mapped_column(default=now)
    tried_at: Mapped[datetime] = mapped_column(default=now)
