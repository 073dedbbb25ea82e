"""The push source at work: uvicorn over :mod:`watcher.push`, until it is told to stop."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from models.event import EventName
from models.session import Database
from watcher.intake import Intake
from watcher.patience import patient
from watcher.push import Door
from worker.archive import Archive
from worker.inbox import Inbox
from worker.logs import log
from worker.send import Sender
from worker.settings import Settings
from worker.source import Source

_GRACE: Final = 3


class PushServer:
    """Listens from construction on, and answers while ``run`` runs.

    Args:
        settings: limits.
        source: where to listen; port 0 means any free one.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(self, settings: Settings, source: Source) -> None:
        family = socket.AF_INET6 if ":" in source.host else socket.AF_INET
        self._socket = socket.create_server((source.host, source.port), family=family)
        self._settings = settings
        self._source = source
        self._server: uvicorn.Server | None = None
        self._stopped = False

    @property
    def address(self) -> str:
        """The URL of the root."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def stop(self) -> None:
        """Let ``run`` end; requests that are under way have three seconds."""
        self._stopped = True
        if self._server is not None:
            self._server.should_exit = True

    def run(self) -> None:
        """Answer until ``stop`` is called, from a signal handler or another thread."""
        settings = self._settings
        database = Database.at(settings.database)
        inbox = Inbox(settings)
        sender = Sender(database, inbox, settings.max_outstanding)
        with Intake(settings, database, Archive.of(settings), sender) as intake:
            door = Door(self._source, settings.max_bytes, database, intake)
            self._server = _Server(
                uvicorn.Config(
                    door.application(),
                    lifespan="off",
                    ws="none",
                    loop="asyncio",
                    http=patient(self._source),
                    log_config=None,
                    log_level="error",  # a stranger's nonsense is answered, and fills no log
                    access_log=False,
                    proxy_headers=bool(self._source.proxies),
                    forwarded_allow_ips=list(self._source.proxies),
                    server_header=False,
                    limit_concurrency=self._source.connections,
                    timeout_graceful_shutdown=_GRACE,
                )
            )
            self._server.should_exit = self._stopped
            log(EventName.PUSH_LISTENING, source=self._source.name, address=self.address)
            try:
                self._server.run(sockets=[self._socket])
            finally:
                self._socket.close()
                inbox.close()
                database.close()


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
