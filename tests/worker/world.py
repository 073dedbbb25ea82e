"""Real watcher, sweeper and workers on one ledger, and a queue that keeps no promise.

Workers run in threads that take turns: only one runs at a time, from one fault point to another,
so that the same choices give the same run. Time stands still unless it is let pass: a slow machine
would else see the sweeper do what a fast one does not.
"""

import errno
import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from dramatiq.middleware import Shutdown
from sqlalchemy import select

from models import base
from models.disclosure.finding import Reason
from models.disclosure.hints import NONE, Hints
from models.ledger import Attempt, Document, State
from models.session import Database
from tests.worker.house import imbalanced, stored
from watcher.filesystem import Signature
from watcher.intake import Intake
from watcher.register import Origin
from watcher.settle import Settled
from watcher.sweep import Sweeper
from worker import faults
from worker.archive import Archive
from worker.errors import BrokerUnreachable, Refused, Transient
from worker.inbox import QUEUES, Backlog
from worker.inspection import File, Inspection, Timing
from worker.pipeline import Pipeline
from worker.send import Sender
from worker.settings import Settings
from worker.unpack import Unpacker

ORIGIN: Final = Origin("inbox", b"/", ours=False)
_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_PATIENCE: Final = 120.0
_ZIP: Final = b"PK"


class Killed(BaseException):
    """Ends whoever it meets where it stands, as SIGKILL does."""


@dataclass(slots=True)
class Message:
    """A message as the queue holds it; the same one may come again."""

    id: str
    document_id: int
    retries: int = 0


class Queue:
    """Stands in for the broker: delivers in any order, twice, or never."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.in_hand = 0
        self.away = False
        self._ids = itertools.count()

    def send(self, items: Sequence[tuple[int, str]]) -> None:
        """Take messages, given as (document id, queue name)."""
        self._reach()
        self.messages += [Message(f"m{next(self._ids)}", one) for one, _ in items]

    def backlog(self) -> Backlog:
        """Return how many messages there are by queue; all are on one."""
        self._reach()
        return Backlog(dict.fromkeys(QUEUES, 0) | {"fast": len(self.messages) + self.in_hand})

    def _reach(self) -> None:
        if self.away:
            raise BrokerUnreachable("away")


@dataclass(frozen=True, slots=True)
class Fault:
    """What strikes at a point: an error that is raised, or something that is done."""

    point: str
    strike: Callable[[], None]


def killing() -> None:
    raise Killed


def failing() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def refusing() -> None:
    raise Refused(Reason.ENCRYPTED, "needs a password")


class Worker(threading.Thread):
    """One process with one message; it rests at one point and may be struck at another."""

    def __init__(self, pipeline: Pipeline, message: Message) -> None:
        super().__init__(name=f"worker of {message.id}", daemon=True)
        self.pipeline, self.message = pipeline, message
        self.error: BaseException | None = None
        self.done = False
        self._rest: str | None = None
        self._fault: Fault | None = None
        self._struck: Callable[[], None] | None = None
        self._turn, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self.start()

    def run(self) -> None:
        assert self._turn.acquire(timeout=_PATIENCE)
        try:
            self.pipeline.run(self.message.document_id, self.message.id)
        except BaseException as error:  # noqa: BLE001 - whoever goes on with it looks at it
            self.error = error
        self.done = True
        self._back.release()

    def go_on(
        self,
        rest: str | None = None,
        fault: Fault | None = None,
        struck: Callable[[], None] | None = None,
    ) -> None:
        """Let it work until it has ended, or rests; returns then."""
        self._rest, self._fault, self._struck = rest, fault, struck
        self._turn.release()
        assert self._back.acquire(timeout=_PATIENCE), f"{self.name} hangs"
        if self.done:
            self.join(_PATIENCE)

    def reached(self, point: str) -> None:
        if self._fault is not None and self._fault.point == point:
            fault, self._fault = self._fault, None
            fault.strike()
        if self._rest == point:
            self._back.release()
            assert self._turn.acquire(timeout=_PATIENCE)
            if self._struck is not None:
                self._struck()


class _Still:
    """Stands where ``models.base`` looks at the clock."""

    def __init__(self, moment: Callable[[], datetime]) -> None:
        self._moment = moment

    def now(self, _zone: object) -> datetime:
        return self._moment()


@dataclass
class World:
    """Everything that takes part; ``seen`` are the files that were ever dropped."""

    database: Database
    directory: Path
    queue: Queue = field(default_factory=Queue)
    workers: list[Worker] = field(default_factory=list)
    seen: list[Settled] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.settings = Settings(
            data_dir=self.directory, max_outstanding=4, max_retries=2, lease=300.0
        )
        self.archive = Archive(self.settings.archive)
        self._fault: Fault | None = None
        self._looks, self._looking = 0, threading.Lock()
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(base, "datetime", _Still(self._moment))
        self.restart()
        faults.handle(self._reached)

    def close(self) -> None:
        faults.handle(None)
        self._patch.undo()
        self.intake.close()

    def restart(self) -> None:
        """Start the watcher anew."""
        queue: Any = self.queue
        self.sender = Sender(
            self.database, queue, self.settings.max_outstanding, clock=lambda: self.now
        )
        self.intake = Intake(self.settings, self.database, self.archive, self.sender)
        self.sweeper = Sweeper(self.settings, self.database, self.sender, clock=lambda: self.now)

    def _reached(self, point: str) -> None:
        current = threading.current_thread()
        if isinstance(current, Worker):
            current.reached(point)
        elif self._fault is not None and self._fault.point == point:
            fault, self._fault = self._fault, None
            fault.strike()

    # --- the watcher ------------------------------------------------------------------------------

    def drop(self, contents: Sequence[bytes]) -> list[Settled]:
        """Let files come to rest; every one is another file."""
        first = len(self.seen)
        for number, data in enumerate(contents, first):
            signature = Signature(number, len(data), 1)
            self.seen.append(Settled(b"%d.txt" % number, signature, data=data))
        return self.seen[first:]

    def watch(self, items: Sequence[Settled], fault: Fault | None = None) -> None:
        """Take files in; a watcher that is killed is started anew."""
        self._guarded(lambda: self.intake.take(ORIGIN, items), fault)

    def sweep(self, fault: Fault | None = None) -> None:
        """Let the sweeper do all it ever does."""

        def all_of_it() -> None:
            self.sweeper.refill()
            self.sweeper.resend_lost()
            self.sweeper.resend_expired()

        self._guarded(all_of_it, fault)

    def _guarded(self, step: Callable[[], object], fault: Fault | None) -> None:
        self._fault = fault
        try:
            step()
        except Killed:
            self.intake.close()
            self.restart()
        except OSError:
            pass  # told, and tried again
        self._fault = None

    def documents(self) -> list[int]:
        """Return every document."""
        with self.database.reading() as session:
            return list(session.scalars(select(Document.id).order_by(Document.id)))

    def holder(self, document_id: int) -> str | None:
        """Return the message for which somebody works on a document, ``None`` where nobody does."""
        query = select(Attempt.message_id).join(Document, Document.attempt_id == Attempt.id)
        held = (Document.id == document_id, Document.state == State.PROCESSING)
        with self.database.reading() as session:
            return session.scalar(query.where(*held))

    # --- workers and the queue --------------------------------------------------------------------

    def employ(self, message: Message, rest: str | None = None, fault: Fault | None = None) -> None:
        """Deliver a message to a worker of its own, and let it work until it rests or ends."""
        self.queue.in_hand += 1
        worker = Worker(self._pipeline(), message)
        self.workers.append(worker)
        self.go_on(worker, rest, fault)

    def go_on(
        self,
        worker: Worker,
        rest: str | None = None,
        fault: Fault | None = None,
        struck: Callable[[], None] | None = None,
    ) -> None:
        """Let a worker go on; what becomes of its message is what Dramatiq would do with it."""
        worker.go_on(rest, fault, struck)
        if not worker.done:
            return
        self.workers.remove(worker)
        self.queue.in_hand -= 1
        if isinstance(worker.error, Transient):
            self._again(worker)
        elif isinstance(worker.error, Killed | Shutdown):
            self.queue.messages.append(worker.message)
        elif worker.error is not None:
            raise worker.error

    def _again(self, worker: Worker) -> None:
        message = worker.message
        if message.retries < self.settings.max_retries:
            message.retries += 1
            self.queue.messages.append(message)
        else:
            self.abandon(message, worker.error)

    def abandon(self, message: Message, error: BaseException | None = None) -> None:
        """Let a message die."""
        self._pipeline().abandon(message.document_id, message.id, error)

    def _pipeline(self) -> Pipeline:
        unpacker = Unpacker(self.database, self.archive, send=self.sender.send_received)
        return Pipeline(self.database, self.archive, self.settings, inspect, unpacker, scans=stored)

    def pass_time(self, seconds: float) -> None:
        """Let all clocks go on."""
        self.now += seconds

    def _moment(self) -> datetime:
        """Return the time of the ledger, a little later at each look."""
        with self._looking:
            self._looks += 1
            return _BEGIN + timedelta(seconds=self.now, microseconds=self._looks)


def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
    """Inspect by what a content begins with."""
    if data.startswith(_ZIP):
        return Inspection(File(name, "", len(data), "application/zip"), "unpacked")
    if data.startswith(b"scan"):
        file = File(name, "", len(data), "image/png")
        return Inspection(file, "dead", Reason.UNSUPPORTED_TYPE, "read", "a scan", scanned=True)
    if data.startswith(b"bad"):
        return imbalanced(data, name, timing, hints=hints)
    return stored(data, name, timing, hints=hints)
