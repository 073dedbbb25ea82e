"""A listening address, and uvicorn on it until it is told to stop: the push door, the console."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

from worker.signs import Signs

_GRACE: Final = 3
"""Seconds that requests have which are under way when it is told to stop."""


class Listener:
    """Listens from construction on, and answers while ``serve`` runs.

    Args:
        host: a name or address of this machine.
        port: 0 means any free one.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family)
        bound, free = self._socket.getsockname()[:2]
        self.address: Final = (
            f"http://[{bound}]:{free}" if ":" in bound else f"http://{bound}:{free}"
        )
        """The URL of the root."""
        self._server: uvicorn.Server | None = None
        self._stopped = False

    def stop(self) -> None:
        """Let ``serve`` end, from a signal handler or another thread."""
        self._stopped = True
        if self._server is not None:
            self._server.should_exit = True

    def serve(
        self, application: Any, *, connections: int, signs: Signs | None = None, **options: Any
    ) -> None:
        """Answer until ``stop`` is called; then nobody listens any more.

        Args:
            application: of ASGI.
            connections: how many are taken at once.
            signs: told as long as requests are answered.
            options: what else is to be said to uvicorn.
        """
        ours = {
            "lifespan": "off",
            "ws": "none",
            "loop": "asyncio",
            "http": "h11",
            "log_config": None,
            "log_level": "error",  # a stranger's nonsense is answered, and fills no log
            "access_log": False,
            "proxy_headers": False,
            "server_header": False,
            "limit_concurrency": connections,
            "timeout_graceful_shutdown": _GRACE,
        }
        self._server = _Server(uvicorn.Config(application, **(ours | options)), signs or Signs())
        self._server.should_exit = self._stopped
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it, and gives signs of life from its loop."""

    def __init__(self, config: uvicorn.Config, signs: Signs) -> None:
        super().__init__(config)
        self._signs = signs

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second, from when it answers."""
        self._signs.alive()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn when it is to end."""
        self._signs.stopping()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
