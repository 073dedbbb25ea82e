"""Who speaks: a user with a session, or the holder of a token."""

from dataclasses import dataclass
from typing import Literal

from console.access.roles import Role


@dataclass(frozen=True, slots=True)
class Principal:
    """Who has shown that it is they, and the role they have."""

    name: str
    role: Role
    kind: Literal["user", "token"] = "user"

    def may(self, needed: Role) -> bool:
        """Tell whether they may do what needs a role."""
        return self.role.covers(needed)

    @property
    def operator(self) -> str:
        """The name in the audit trail; a token is told from a user of that name."""
        return self.name if self.kind == "user" else f"token:{self.name}"
