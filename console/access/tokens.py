"""Tokens of the JSON API: who holds one, and what they may do."""

from sqlalchemy.orm import Session

from console.access.principal import Principal
from console.access.roles import Role
from models import token


def principal(session: Session, given: str) -> Principal | None:
    """Return who holds a token, ``None`` where it is unknown, revoked, or good for pushing only."""
    found = token.valid(session, given)
    if found is None or found.role not in list(Role):
        return None
    return Principal(found.name, Role(found.role), "token")
