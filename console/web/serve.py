"""The console at work: :mod:`console.web.app` on its address, until it is told to stop."""

from typing import Final

from console.web.app import application
from console.web.exposure import demand_user
from models.event import EventName
from models.session import Database
from watcher.listener import Listener
from worker.logs import log
from worker.settings import Settings
from worker.signs import Signs

_CONNECTIONS: Final = 200


class ConsoleServer:
    """Listens from construction on, and answers while ``run`` runs.

    Args:
        settings: where to listen; port 0 means any free one.
        database: the database, migrated.
        signs: told as long as requests are answered.

    Raises:
        Exposed: others could reach it, and nobody could log in.
        OSError: the address cannot be had.
    """

    def __init__(self, settings: Settings, database: Database, signs: Signs | None = None) -> None:
        demand_user(settings, database)
        self._listener = Listener(settings.console_host or "127.0.0.1", settings.console_port)
        self._settings = settings
        self._database = database
        self._signs = signs

    @property
    def address(self) -> str:
        """The URL of the first page."""
        return self._listener.address

    def stop(self) -> None:
        """Let ``run`` end; whoever listens to events is hung up on after three seconds."""
        self._listener.stop()

    def run(self) -> None:
        """Answer until ``stop`` is called, from a signal handler or another thread."""
        log(EventName.CONSOLE_LISTENING, address=self.address)
        pages = application(self._settings, self._database)
        self._listener.serve(pages, connections=_CONNECTIONS, signs=self._signs)
