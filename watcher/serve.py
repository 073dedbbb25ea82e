"""The push source at work: :mod:`watcher.push` on its address, until it is told to stop."""

from models.event import EventName
from models.session import Database
from watcher.intake import Intake
from watcher.listener import Listener
from watcher.patience import patient
from watcher.push import Door
from worker.archive import Archive
from worker.inbox import Inbox
from worker.logs import log
from worker.send import Sender
from worker.settings import Settings
from worker.signs import Signs
from worker.source import Source


class PushServer:
    """Listens from construction on, and answers while ``run`` runs.

    Args:
        settings: limits.
        source: where to listen; port 0 means any free one.
        signs: told as long as requests are answered.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(self, settings: Settings, source: Source, signs: Signs | None = None) -> None:
        self._listener = Listener(source.host, source.port)
        self._settings = settings
        self._source = source
        self._signs = signs

    @property
    def address(self) -> str:
        """The URL of the root."""
        return self._listener.address

    def stop(self) -> None:
        """Let ``run`` end; requests that are under way have three seconds."""
        self._listener.stop()

    def run(self) -> None:
        """Answer until ``stop`` is called, from a signal handler or another thread."""
        settings, source = self._settings, self._source
        database = Database.at(settings.database)
        inbox = Inbox(settings)
        sender = Sender(database, inbox, settings.max_outstanding)
        with Intake(settings, database, Archive.of(settings), sender) as intake:
            door = Door(source, settings.max_bytes, database, intake)
            log(EventName.PUSH_LISTENING, source=source.name, address=self.address)
            try:
                self._listener.serve(
                    door.application(),
                    connections=source.connections,
                    signs=self._signs,
                    http=patient(source),
                    proxy_headers=bool(source.proxies),
                    forwarded_allow_ips=list(source.proxies),
                )
            finally:
                inbox.close()
                database.close()
