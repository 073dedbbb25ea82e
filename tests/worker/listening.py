"""Somebody who hears signs of life, as systemd does."""

import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Listener:
    """A datagram socket; what came is in ``heard``, in order."""

    def __init__(self, ear: socket.socket, address: str) -> None:
        self.address = address
        self.heard: list[str] = []
        self._ear = ear

    def wait_for(self, wanted: str, within: float = 60.0) -> None:
        """Wait until something was said, once more than now if it was said before."""
        deadline = time.monotonic() + within
        before = self.heard.count(wanted)
        while self.heard.count(wanted) == before:
            self._ear.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                self.heard.append(self._ear.recv(4096).decode())
            except TimeoutError:
                raise AssertionError(f"{wanted} was not heard; {self.heard}") from None

    def silent(self, seconds: float, within: float = 90.0) -> None:
        """Wait until nothing was said for some seconds."""
        deadline = time.monotonic() + within
        self._ear.settimeout(seconds)
        while time.monotonic() < deadline:
            try:
                self.heard.append(self._ear.recv(4096).decode())
            except TimeoutError:
                return
        raise AssertionError(f"it does not fall silent; {self.heard[-3:]}")

    def rest(self) -> list[str]:
        """Return all that was said so far."""
        self._ear.setblocking(False)
        while True:
            try:
                self.heard.append(self._ear.recv(4096).decode())
            except BlockingIOError:
                return self.heard


@contextmanager
def listening(*, abstract: bool = False) -> Iterator[Listener]:
    """Listen at an address of the file system, or at an abstract one."""
    # not tmp_path: the address of a unix socket is short
    with (
        tempfile.TemporaryDirectory(prefix="gouji-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear,
    ):
        path = str(Path(folder) / "notify")
        ear.bind(f"\0{path}" if abstract else path)
        yield Listener(ear, f"@{path}" if abstract else path)
