"""The console at work: uvicorn over :mod:`console.web.app`, until it is told to stop."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from console.web.app import application
from console.web.exposure import demand_user
from models.event import EventName
from models.session import Database
from worker.logs import log
from worker.settings import Settings

_GRACE: Final = 3
_CONNECTIONS: Final = 200


class ConsoleServer:
    """Listens from construction on, and answers while ``run`` runs.

    Args:
        settings: where to listen; port 0 means any free one.
        database: the database, migrated.

    Raises:
        Exposed: others could reach it, and nobody could log in.
        OSError: the address cannot be had.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        demand_user(settings, database)
        host = settings.console_host or "127.0.0.1"
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, settings.console_port), family=family)
        self._settings = settings
        self._database = database
        self._server: uvicorn.Server | None = None
        self._stopped = False

    @property
    def address(self) -> str:
        """The URL of the first page."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def stop(self) -> None:
        """Let ``run`` end; whoever listens to events is hung up on after three seconds."""
        self._stopped = True
        if self._server is not None:
            self._server.should_exit = True

    def run(self) -> None:
        """Answer until ``stop`` is called, from a signal handler or another thread."""
        self._server = _Server(
            uvicorn.Config(
                application(self._settings, self._database),
                lifespan="off",
                ws="none",
                loop="asyncio",
                http="h11",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=_CONNECTIONS,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._server.should_exit = self._stopped
        log(EventName.CONSOLE_LISTENING, address=self.address)
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
