"""Who may push documents or use the API: names, and the SHA-256 of the token each was given."""

import hashlib
import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now

_PREFIX: Final = "gouji_"
_BYTES: Final = 32
_LOOKS_ONLY: Final = "viewer"


class PushToken(Base):
    """A token; it has 256 random bits, so that a plain digest of it tells nobody anything.

    ``role`` is what its holder may do with the JSON API; one without pushes documents and does
    nothing else.
    """

    __tablename__ = "push_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]
    role: Mapped[str | None] = mapped_column(String(16))


class NameTaken(ValueError):  # noqa: N818 - it is what was found
    """A token of that name exists, or existed: names stand in the timeline and are not reused."""


def issue(session: Session, name: str, role: str | None = None) -> str:
    """Make a token and return it; it can never be shown again.

    Args:
        session: an open transaction.
        name: whose it is.
        role: what its holder may do with the API; without one it pushes documents only.

    Raises:
        NameTaken: there is, or was, one of that name.
    """
    if session.scalar(select(PushToken.id).where(PushToken.name == name)) is not None:
        raise NameTaken(name)
    token = _PREFIX + secrets.token_urlsafe(_BYTES)
    session.add(PushToken(name=name, sha256=_digest(token), role=role))
    return token


def holder(session: Session, token: str) -> str | None:
    """Return the name of whoever may push with a token.

    ``None`` where it is unknown or revoked, or its holder may only look.
    """
    found = valid(session, token)
    return None if found is None or found.role == _LOOKS_ONLY else found.name


def valid(session: Session, token: str) -> PushToken | None:
    """Return a token that counts, ``None`` where it is unknown or revoked."""
    return session.scalars(
        select(PushToken).where(PushToken.sha256 == _digest(token), PushToken.revoked_at.is_(None))
    ).one_or_none()


def revoke(session: Session, name: str) -> bool:
    """Let a token count no longer; tell whether there was one that did."""
    found = session.scalars(
        select(PushToken).where(PushToken.name == name, PushToken.revoked_at.is_(None))
    ).one_or_none()
    if found is not None:
        found.revoked_at = now()
    return found is not None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
