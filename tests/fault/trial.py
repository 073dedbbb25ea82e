"""One run of gouji on a stack while files come in and something is broken; what came of it."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from console.verification.look import Patience, Wishes
from console.verification.rule import Severity
from console.verification.verify import verify
from models.ledger import FINAL, Arrival, ArrivalState, Document, Handover, State
from tests.fault.accounts import Accounts, given_up, settle
from tests.fault.material import Dropped, write
from tests.fault.running import QUICK, Running, until
from tests.fault.stacks import Stack
from tests.fault.traffic import End, Traffic
from worker import faults
from worker.archive import Archive
from worker.dead_letter import retry

LEASE: Final = float(QUICK["LEASE"])
"""Seconds."""

_EVERY: Final = 0.04
"""Seconds between two files."""
_NO_PATIENCE: Final = Patience(under_way=0.0)
_A_LOT: Final = 50
"""So many files may wait before no more are dropped."""
_POISONED: Final = "work.fetched"
_DEAD_WITHIN: Final = 3 * (LEASE + 100.0)
"""Seconds for three attempts: the lease of each must end, and somebody must see that."""
_STARTS_WITHIN: Final = 300.0
_WITHIN: Final = 300.0
_AT_REST_WITHIN: Final = 300.0
_KILLS_A_RUN: Final = 3
"""What is killed again and again is started with growing delays; a new run starts at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of some faults; ``recovery`` is in seconds, from their end until all was at rest.

    ``in_flight`` is the most documents that were under way when one was injected.
    """

    faults: str
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

    def __init__(self, directory: Path, stack: Stack, seed: int = 1) -> None:
        self.stack = stack
        self.faults, self.aside = directory / "faults", directory / "aside"
        self.clock = directory / "clock"
        for folder in (self.faults, self.aside, directory / "inbox"):
            folder.mkdir(parents=True)
        self.running = Running(directory, FAULTS=str(self.faults), **stack.prepare())
        self.traffic = Traffic(seed)
        self.injected = 0
        self._flights: list[int] = []
        self._kills = 0
        self._healed = time.monotonic()
        self._dropping = threading.Lock()

    # --- what comes in --------------------------------------------------------------------------

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Start it, and drop files one after another for as long as the block runs."""
        stop = threading.Event()
        thread = threading.Thread(target=self._flow, args=(stop,), name="traffic")
        self.running.start()
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            self._healed = time.monotonic()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Drop nothing for as long as the block runs."""
        with self._dropping:  # what is being written now is whole then
            yield

    def drop(self, amount: int) -> None:
        """Drop so many files at once."""
        for file in self.traffic.take(amount):
            self._drop(file)

    def bring(self, name: str, data: bytes, end: End) -> None:
        """Drop a file whose end is known."""
        self._drop(self.traffic.certain(name, data, end))

    def _flow(self, stop: threading.Event) -> None:
        while not stop.wait(_EVERY):
            with self._dropping:
                if self._dropped % _A_LOT or self._behind() < _A_LOT:
                    self.drop(1)

    def _behind(self) -> int:
        """Return how many files have not come to their end; none while nobody can say."""
        try:
            return self._dropped - self.running.finished()
        except SQLAlchemyError:
            return 0

    def _drop(self, file: Dropped) -> None:
        """Drop a file as careful people do: whole, by a rename."""
        aside = Dropped(b"." + file.name, file.data)
        write(aside, self.running.inbox)
        hidden = self.running.inbox / os.fsdecode(aside.name)
        hidden.rename(self.running.inbox / os.fsdecode(file.name))

    # --- what is done to it ---------------------------------------------------------------------

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
        with self.striking(point, action):
            pass

    @contextmanager
    def striking(self, point: str, action: str = "kill") -> Iterator[None]:
        """Let somebody fail at a fault point, and wait at the end until that has happened."""
        if action == "kill":
            self._spare_delays()
        faults.arm(self.faults, point, action)
        yield
        armed = self.faults / point
        until(lambda: not armed.exists(), _WITHIN, lambda: f"{point}: {self.running.story()}")
        self.note()

    def poison(self, name: str) -> None:
        """Drop a file that kills whoever has read it, every time, and wait until it is dead."""
        faults.arm(self.faults, _POISONED, "kill", name)
        file = self.traffic.poison(name)
        self._drop(file)

        def dead() -> bool:
            state, attempts = self._attempts(file) or ("", 0)
            return state == State.DEAD and attempts >= 3  # one may have failed for another reason

        until(dead, _DEAD_WITHIN, self.running.story)
        self.note(3)
        (self.faults / _POISONED).unlink()

    def _spare_delays(self) -> None:
        if self._kills == _KILLS_A_RUN:
            self.running.kill()
            self.note()
            self.running.start()
            self._kills = 0
        self._kills += 1

    # --- what is waited for ---------------------------------------------------------------------

    def wait_for_parts(self) -> None:
        """Wait until everything runs."""
        self.signal_part("watch", 0)
        self.signal_worker(0)

    def signal_part(self, name: str, number: int) -> int:
        """Send a signal to a part, and return its process; one that is being started is awaited."""
        return self._signal(lambda: self.running.parts()[name], number)

    def signal_worker(self, number: int, choose: Callable[[Sequence[int]], int] = min) -> int:
        """Send a signal to a worker process, and return it; those being started are awaited."""
        return self._signal(lambda: choose(self.running.worker_processes()), number)

    def _signal(self, find: Callable[[], int], number: int) -> int:
        sent: list[int] = []

        def send() -> bool:
            gone_or_to_come = LookupError, ValueError, ProcessLookupError
            with suppress(*gone_or_to_come):
                pid = find()
                os.kill(pid, number)
                sent.append(pid)
            return bool(sent)

        until(send, _STARTS_WITHIN, self.running.story)
        return sent[0]

    def progress(self) -> None:
        """Wait until some more documents have come to their end."""
        before: list[int] = []

        def further() -> bool:
            before.append(self.running.finished())
            return before[-1] > before[0] + 3

        until(further, _WITHIN, self.running.story)

    def wait_until_taken(self) -> None:
        """Wait until every file that was dropped is in the ledger, and moved away."""
        until(lambda: self._taken() >= self._dropped, _WITHIN, self.running.story)

    def close(self, names: str) -> Row:
        """Wait until all is at rest, end it and return what came of it."""
        wanted = self.traffic.expected
        self.running.wait_until_at_rest(self._dropped, _AT_REST_WITHIN)
        self._retry_given_up()
        recovery = round(time.monotonic() - self._healed, 1)
        accounts = settle(self.running.database, Archive(self.running.settings.archive), wanted)
        accounts.wrong += self._discrepancies()
        self.running.stop()
        flight = max(self._flights, default=0)
        documents = len(wanted.documents)
        return Row(names, self.stack.name, self.injected, documents, flight, accounts, recovery)

    def _retry_given_up(self) -> None:
        """Do as an operator does with what was given up because faults hit it three times."""
        letters = given_up(self.running.database, self.traffic.expected)
        if letters:
            with self.running.database.transaction() as session:
                retry(session, letters, note="被杀三次 killed three times", operator="trial")
            self.running.wait_until_at_rest(self._dropped, _AT_REST_WITHIN)

    def _discrepancies(self) -> list[str]:
        """Return what ``gouji verify`` finds, now that nothing is under way any more."""
        found = verify(self.running.settings, Wishes(patience=_NO_PATIENCE)).discrepancies
        return [f"{one.code} {dict(one.about)}" for one in found if one.severity is Severity.ERROR]

    @property
    def _dropped(self) -> int:
        return sum(b"!/" not in name for name in self.traffic.expected.arrivals)

    def _taken(self) -> int:
        taken = select(func.count()).where(
            Arrival.container_id.is_(None),
            Arrival.state != ArrivalState.IGNORED,
            Arrival.handover != Handover.PENDING,
        )
        with self.running.database.reading() as session:
            return session.scalar(taken) or 0

    def _attempts(self, file: Dropped) -> tuple[str, int] | None:
        query = select(Document.state, Document.attempts).where(Document.sha256 == file.sha256)
        with self.running.database.reading() as session:
            found = session.execute(query).one_or_none()
        return None if found is None else (found[0], found[1])
