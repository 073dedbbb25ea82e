"""The signs of life of ``gouji work``: its processes report to their master, who speaks for all.

The master is Dramatiq's and cannot be asked how its processes are; and systemd hears the master
only. So each worker process sends it datagrams, and the master is ready when all of them work.
"""

import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import dramatiq

from worker.settings import CREW
from worker.signs import EVERY, Signs, send

if TYPE_CHECKING:
    from dramatiq.worker import Worker

SILENT_AFTER: Final = 4 * EVERY
"""Seconds after which a process that has said nothing counts as one that does not work."""

_ALIVE: Final = "alive"
_STOPPING: Final = "stopping"
_LONGEST: Final = 64


class Crew:
    """What the master knows of its processes.

    Args:
        signs: tells whoever runs the master.
        processes: how many there are to be.
        clock: monotonic seconds.
    """

    def __init__(
        self, signs: Signs, processes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._signs = signs
        self._processes = processes
        self._clock = clock
        self._heard_at: dict[str, float] = {}

    def hear(self, text: str) -> None:
        """Take in what a process says: ``alive PID`` or ``stopping PID``."""
        what, _, pid = text.partition(" ")
        if what == _STOPPING:  # told to end, or draining since another one died
            self._signs.stopping()
        elif what == _ALIVE and pid:
            moment = self._clock()
            self._heard_at[pid] = moment
            lately = [at for at in self._heard_at.values() if moment - at <= SILENT_AFTER]
            if len(lately) >= self._processes:
                self._signs.alive()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear what processes say that are started meanwhile."""
        if not self._signs.heard:
            yield
            return
        with (
            # a directory for this user alone: nobody else can speak for a worker
            tempfile.TemporaryDirectory(prefix="gouji-crew-") as folder,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear,
        ):
            address = str(Path(folder) / "crew")
            ear.bind(address)
            # Dramatiq forks meanwhile: it takes no lock that a child could find held for ever
            thread = threading.Thread(target=self._listen, args=(ear,), name="crew", daemon=True)
            thread.start()
            os.environ[CREW] = address
            try:
                yield
            finally:
                del os.environ[CREW]
                send(address, "")
                thread.join()
                self._signs.stopping()

    def _listen(self, ear: socket.socket) -> None:
        while said := ear.recv(_LONGEST):
            self.hear(said.decode("ascii", "replace"))


class Reporting(dramatiq.Middleware):
    """Reports to the master as long as the threads of a worker process are there.

    Args:
        address: where the master listens; empty where it does not.
        every: seconds between two reports.
    """

    def __init__(self, address: str, every: float = EVERY) -> None:
        self._address = address
        self._every = every
        self._ended = threading.Event()

    def after_worker_boot(self, _broker: dramatiq.Broker, worker: "Worker") -> None:
        """Called by Dramatiq in each worker process, when it begins to work."""
        if self._address:
            threading.Thread(target=self._run, args=(worker,), name="crew", daemon=True).start()

    def before_worker_shutdown(self, _broker: dramatiq.Broker, _worker: "Worker") -> None:
        """Called by Dramatiq when the process was told to end."""
        self._ended.set()
        if self._address:
            send(self._address, f"{_STOPPING} {os.getpid()}")

    def _run(self, worker: "Worker") -> None:
        while not self._ended.is_set():
            threads = (*worker.consumers.values(), *worker.workers)
            if all(thread.is_alive() for thread in threads):
                send(self._address, f"{_ALIVE} {os.getpid()}")
            self._ended.wait(self._every)
