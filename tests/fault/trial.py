"""One run of gouji on a stack while files come in and something is broken; what came of it."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from models.ledger import FINAL, Document, State
from tests.fault.accounts import Accounts, settle
from tests.fault.material import Dropped, write
from tests.fault.running import Running, until
from tests.fault.stacks import Stack
from tests.fault.traffic import Traffic
from worker import faults
from worker.archive import Archive

_EVERY: Final = 0.04
"""Seconds between two files."""
_POISONED: Final = "work.fetched"
_FIRED_WITHIN: Final = 90.0
_AT_REST_WITHIN: Final = 240.0
_KILLS_A_RUN: Final = 3
"""What is killed again and again is started with growing delays; a new run starts at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one fault; ``recovery`` is in seconds, from its end until all was at rest."""

    fault: str
    stack: str
    injected: int
    documents: int
    in_flight: int
    accounts: Accounts
    recovery: float


class Trial:
    """A running gouji, the files it is given, and what is done to it.

    Args:
        directory: an empty one for all of it.
        stack: where it runs.
        seed: of the files.
    """

    def __init__(self, directory: Path, stack: Stack, seed: int = 1, **settings: str) -> None:
        self.stack = stack
        self.faults = directory / "faults"
        self.faults.mkdir(parents=True)
        own = {"FAULTS": str(self.faults)} | stack.prepare() | settings
        self.running = Running(directory, **own)
        self.traffic = Traffic(seed)
        self.injected = 0
        self._flights: list[int] = []
        self._kills = 0
        self._healed = time.monotonic()

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Drop files, one after another, for as long as the block runs."""
        stop = threading.Event()
        thread = threading.Thread(target=self._flow, args=(stop,), name="traffic")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            self._healed = time.monotonic()

    def drop(self, amount: int) -> list[Dropped]:
        """Drop so many files at once; return them."""
        files = list(self.traffic.take(amount))
        for file in files:
            self._drop(file)
        return files

    def note(self, times: int = 1) -> None:
        """Count a fault that is about to be injected, and what is in flight then."""
        self.injected += times
        try:
            with self.running.database.reading() as session:
                under_way = select(func.count()).where(Document.state.not_in(FINAL))
                self._flights.append(session.scalar(under_way) or 0)
        except SQLAlchemyError:
            return  # the database is what is broken

    def strike(self, point: str, action: str = "kill") -> None:
        """Let somebody fail at a fault point, and wait until that has happened."""
        if action == "kill":
            self._spare_delays()
        faults.arm(self.faults, point, action)
        until(
            lambda: not (self.faults / point).exists(),
            _FIRED_WITHIN,
            lambda: f"{point}: {self.running.story()}",
        )
        self.note()

    def poison(self, name: str) -> None:
        """Drop a file that kills whoever has read it, every time, and wait until it is dead."""
        faults.arm(self.faults, _POISONED, "kill", name)
        file = self.traffic.poison(name)
        self._drop(file)
        until(lambda: self._attempts(file) == (State.DEAD, 3), 120, self.running.story)
        self.note(3)
        (self.faults / _POISONED).unlink()

    def _attempts(self, file: Dropped) -> tuple[str, int] | None:
        query = select(Document.state, Document.attempts).where(Document.sha256 == file.sha256)
        with self.running.database.reading() as session:
            found = session.execute(query).one_or_none()
        return None if found is None else (found[0], found[1])

    def _spare_delays(self) -> None:
        if self._kills == _KILLS_A_RUN:
            self.running.kill()
            self.note()
            self.running.start()
            self._kills = 0
        self._kills += 1

    def close(self, fault: str) -> Row:
        """Wait until all is at rest, end it and return what came of it."""
        wanted = self.traffic.expected
        dropped = sum(b"!/" not in name for name in wanted.arrivals)
        self.running.wait_until_at_rest(dropped, _AT_REST_WITHIN)
        recovery = time.monotonic() - self._healed
        self.running.stop()
        archive = Archive(self.running.settings.archive)
        accounts = settle(self.running.database, archive, wanted)
        documents = len(wanted.documents)
        flight = max(self._flights, default=0)
        return Row(
            fault, self.stack.name, self.injected, documents, flight, accounts, round(recovery, 1)
        )

    def _flow(self, stop: threading.Event) -> None:
        for file in self.traffic.take(1_000_000):
            self._drop(file)
            if stop.wait(_EVERY):
                return

    def _drop(self, file: Dropped) -> None:
        """Drop a file as careful people do: whole, by a rename."""
        aside = Dropped(b"." + file.name, file.data)
        write(aside, self.running.inbox)
        folder = os.fsencode(self.running.inbox)
        (self.running.inbox / os.fsdecode(aside.name)).rename(
            os.fsdecode(folder + b"/" + file.name)
        )
