"""Signs of life for whatever runs a part: systemd's notification socket, and a file for probes.

Source: sd_notify(3) and sd_watchdog_enabled(3) of systemd: datagrams of assignments, sent to the
socket that ``NOTIFY_SOCKET`` names.
"""

import os
import socket
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from worker.errors import SettingsError
from worker.settings import Settings

EVERY: Final = 5.0
"""Seconds between two signs at most, as long as the part works."""

_MICROSECONDS: Final = 1_000_000
_SEND_WITHIN: Final = 1.0


class Signs:
    """Tells that a part is ready, that it goes on working, and that it is about to end.

    Whoever should hear it may be away: nothing is told then, and the part goes on.

    Args:
        address: of the datagram socket; ``None`` where nobody listens.
        file: touched as long as the part works; ``None`` for none.
        watchdog: seconds after which the listener takes silence for death; ``None``: never.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        address: str | None = None,
        file: Path | None = None,
        watchdog: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._file = file
        self._watched = watchdog is not None
        self._every = EVERY if watchdog is None else min(EVERY, watchdog / 2)
        self._clock = clock
        self._told_at: float | None = None
        self._ended = False
        if file is not None:
            file.unlink(missing_ok=True)  # of a process that was killed here before

    @classmethod
    def of(
        cls,
        settings: Settings,
        environ: MutableMapping[str, str] | None = None,
        *,
        alone: bool = True,
    ) -> "Signs":
        """Return the signs of this process, and take what names the listener out of ``environ``.

        What this process starts must not speak in its place.

        Args:
            settings: name the file.
            environ: the environment, ``os.environ`` by default.
            alone: whether it runs by itself; a part of ``gouji up``, which speaks for all of its
                parts, tells nobody.

        Raises:
            SettingsError: the directory of ``alive_file`` is not there.
        """
        if not alone:
            return cls()
        environ = os.environ if environ is None else environ
        address = environ.pop("NOTIFY_SOCKET", "")
        microseconds, pid = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
        watched = microseconds.isdigit() and pid in ("", str(os.getpid()))
        file = Path(settings.alive_file) if settings.alive_file else None
        if file is not None and not file.parent.is_dir():
            raise SettingsError(f"alive_file: {file.parent}: there is no such directory")
        return cls(
            address if address.startswith(("/", "@")) else None,
            file,
            int(microseconds) / _MICROSECONDS if watched else None,
        )

    @property
    def heard(self) -> bool:
        """Whether there is anybody to be told."""
        return self._address is not None or self._file is not None

    def alive(self) -> None:
        """Tell that the part works; the first time, that it is ready. To be called often."""
        moment = self._clock()
        if self._ended or (self._told_at is not None and moment < self._told_at + self._every):
            return
        if self._file is not None:
            with suppress(OSError):  # a full disk: the probe says it, the work may go on
                self._file.touch()
        if self._told_at is None:
            self._send("READY=1")
        elif self._watched:
            self._send("WATCHDOG=1")
        self._told_at = moment

    def stopping(self) -> None:
        """Tell, once, that the part is about to end."""
        if self._ended:
            return
        self._ended = True
        if self._file is not None:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if self._address is not None:
            send(self._address, text)


def send(address: str, text: str) -> None:
    """Send a datagram to a unix socket; nobody there is no error. ``@`` begins an abstract name."""
    target = f"\0{address[1:]}" if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.settimeout(_SEND_WITHIN)
        out.sendto(text.encode(), target)
