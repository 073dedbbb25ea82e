"""Logging in and out: what a browser keeps is random, and only its digest is in the database."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from console.access.roles import Role
from console.accounts import passwords
from models.base import now
from models.event import EventName
from models.session import Database
from models.user import User, UserSession
from worker.logs import record

LASTS: Final = timedelta(days=7)
"""A session ends so long after it began, whatever is done in it."""
RESTS: Final = timedelta(hours=12)
"""A session ends so long after it was last used."""
_NOTED_EVERY: Final = timedelta(minutes=5)
_BYTES: Final = 32

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who is logged in."""

    name: str
    role: Role


def log_in(database: Database, name: str, password: str) -> str | None:
    """Check a password and begin a session; return what the browser keeps.

    An unknown or disabled user takes as long as a wrong password, and is answered alike. A password
    that was hashed at an older cost is hashed anew.

    Returns:
        ``None`` where there is no such user, the password is wrong, or the user is disabled.
    """
    with database.reading() as session:
        kept = session.scalar(_active(User.password, name))
    right = passwords.matches(password, kept or passwords.nobodys())
    if kept is None or not right:
        return None
    anew = passwords.hashed(password) if passwords.outdated(kept) else kept
    with database.transaction() as session:
        user_id = session.scalar(_active(User.id, name).where(User.password == kept))
        if user_id is None:  # disabled, or given another password, in this moment
            return None
        if anew != kept:
            session.execute(update(User).where(User.id == user_id).values(password=anew))
        session.execute(delete(UserSession).where(UserSession.expires_at <= now()))
        record(session, EventName.USER_LOGGED_IN, user=name)
        return _begin(session, user_id)


def log_out(session: Session, token: str) -> None:
    """End a session."""
    session.execute(delete(UserSession).where(UserSession.sha256 == digest(token)))


def holder(database: Database, token: str) -> LoggedIn | None:
    """Return who is logged in, ``None`` where the session is unknown or has ended."""
    at = now()
    with database.reading() as session:
        found = session.execute(
            select(User.name, User.role, UserSession.seen_at)
            .join(UserSession, UserSession.user_id == User.id)
            .where(
                UserSession.sha256 == digest(token),
                UserSession.expires_at > at,
                UserSession.seen_at > at - RESTS,
                User.disabled_at.is_(None),
                User.removed_at.is_(None),
            )
        ).one_or_none()
    if found is None:
        return None
    if found.seen_at < at - _NOTED_EVERY:
        _note(database, token)
    return LoggedIn(found.name, Role(found.role))


def digest(token: str) -> str:
    """Return what is kept of what a browser keeps: it has 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _begin(session: Session, user_id: int) -> str:
    token = secrets.token_urlsafe(_BYTES)
    session.add(UserSession(sha256=digest(token), user_id=user_id, expires_at=now() + LASTS))
    return token


def _note(database: Database, token: str) -> None:
    with database.transaction() as session:
        session.execute(
            update(UserSession).where(UserSession.sha256 == digest(token)).values(seen_at=now())
        )


def _active(column: InstrumentedAttribute[Value], name: str) -> Select[Value]:
    return select(column).where(
        User.name == name, User.disabled_at.is_(None), User.removed_at.is_(None)
    )
