"""Who can reach the console: this machine alone, or others, who then have to log in."""

from typing import Final

from console.accounts import users
from models.session import Database
from worker.settings import Settings

LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine for itself."""


class Exposed(Exception):  # noqa: N818 - it is what was found
    """The console would be open to others, and there is no user to log in."""


def demand_user(settings: Settings, database: Database) -> None:
    """Make sure that nobody who reaches the console from elsewhere is let in without a password.

    Raises:
        Exposed: they would be.
    """
    if settings.console_host in (*LOCAL, "") and not settings.console_url:
        return
    with database.reading() as session:
        if not users.any_active(session):
            raise Exposed("others could reach the console, and there is no user")
