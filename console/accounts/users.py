"""Users: added, given a password, disabled, removed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from console.access.roles import Role
from console.accounts import passwords
from models.base import now
from models.event import EventName
from models.user import User, UserSession
from worker.logs import record


class NameTaken(ValueError):  # noqa: N818 - it is what was found
    """A user of that name exists, or existed: names stand in the audit trail."""


class UnknownUser(LookupError):  # noqa: N818 - it is what was found
    """There is no user of that name."""


class UnusableName(ValueError):  # noqa: N818 - it says what is wrong
    """A name is empty, too long, or has spaces or control characters at its ends or in it."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user as lists show it."""

    name: str
    role: str
    created_at: datetime
    disabled_at: datetime | None


_LONGEST_NAME = 64


def any_there(session: Session) -> bool:
    """Tell whether there is any user, disabled or not: then everybody has to log in."""
    return bool(session.scalar(select(exists().where(User.removed_at.is_(None)))))


def any_active(session: Session) -> bool:
    """Tell whether anybody can log in."""
    wanted = exists().where(User.removed_at.is_(None), User.disabled_at.is_(None))
    return bool(session.scalar(select(wanted)))


def rows(session: Session) -> list[UserRow]:
    """Return the users, by name."""
    query = select(User).where(User.removed_at.is_(None)).order_by(User.name)
    return [
        UserRow(one.name, one.role, one.created_at, one.disabled_at)
        for one in session.scalars(query)
    ]


def add(session: Session, name: str, password: str, role: Role, *, by: str) -> None:
    """Add a user.

    Raises:
        NameTaken: there is, or was, one of that name.
        UnusableName: nobody could type the name, or tell it from another.
        PasswordTooWeak: the password is too short.
    """
    if not name.isprintable() or " " in name or not 0 < len(name) <= _LONGEST_NAME:
        raise UnusableName(f"a name has up to {_LONGEST_NAME} visible characters and no spaces")
    if session.scalar(select(User.id).where(User.name == name)) is not None:
        raise NameTaken(name)
    session.add(User(name=name, password=passwords.hashed(password), role=role))
    record(session, EventName.USER_ADDED, user=name, role=str(role), operator=by)


def change_password(session: Session, name: str, password: str, *, by: str) -> None:
    """Give a user another password; wherever they are logged in, they no longer are.

    Raises:
        UnknownUser: there is none of that name.
        PasswordTooWeak: the password is too short.
    """
    user = _user(session, name)
    user.password = passwords.hashed(password)
    _log_out(session, user)
    record(session, EventName.USER_PASSWORD_CHANGED, user=name, operator=by)


def change_role(session: Session, name: str, role: Role, *, by: str) -> None:
    """Give a user another role.

    Raises:
        UnknownUser: there is none of that name.
    """
    user = _user(session, name)
    user.role = role
    record(session, EventName.USER_ROLE_CHANGED, user=name, role=str(role), operator=by)


def disable(session: Session, name: str, *, by: str) -> None:
    """Let a user log in no more, until they are enabled again.

    Raises:
        UnknownUser: there is none of that name.
    """
    user = _user(session, name)
    user.disabled_at = user.disabled_at or now()
    _log_out(session, user)
    record(session, EventName.USER_DISABLED, user=name, operator=by)


def enable(session: Session, name: str, *, by: str) -> None:
    """Let a user log in again.

    Raises:
        UnknownUser: there is none of that name.
    """
    user = _user(session, name)
    user.disabled_at = None
    record(session, EventName.USER_ENABLED, user=name, operator=by)


def remove(session: Session, name: str, *, by: str) -> None:
    """Remove a user for good; what they decided keeps their name.

    Raises:
        UnknownUser: there is none of that name.
    """
    user = _user(session, name)
    user.removed_at = now()
    user.password = ""
    _log_out(session, user)
    record(session, EventName.USER_REMOVED, user=name, operator=by)


def _user(session: Session, name: str) -> User:
    query = select(User).where(User.name == name, User.removed_at.is_(None))
    found = session.scalars(query.with_for_update()).one_or_none()
    if found is None:
        raise UnknownUser(name)
    return found


def _log_out(session: Session, user: User) -> None:
    session.execute(delete(UserSession).where(UserSession.user_id == user.id))
