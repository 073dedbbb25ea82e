"""The roles: what a user or the holder of a token may do."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """Each may do what those before it may.

    A *viewer* sees everything and changes nothing. An *operator* decides about dead letters,
    comments, and puts versions of reports back. An *admin* also manages users and tokens.
    """

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Tell whether this role is enough where another one is needed."""
        return _ORDER[self] >= _ORDER[needed]


_ORDER: Final = {role: place for place, role in enumerate(Role)}
