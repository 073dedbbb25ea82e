"""Processes that are killed, stopped and ended, at a named point or anywhere."""

import os
import random
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from sqlalchemy import func, select

from models.ledger import Attempt, AttemptOutcome
from tests.fault.fault import Fault
from tests.fault.material import empty_scan
from tests.fault.running import until
from tests.fault.trial import LEASE, Trial
from tests.processes import is_alive
from worker.reading import ocr

_WATCHING: Final = (
    "intake.opened",
    "archive.copied",
    "archive.synced",
    "archive.kept",
    "intake.archived",
    "intake.entered",
    "intake.committed",
    "send.sent",
    "send.marked",
    "intake.sent",
    "move.staged",
    "move.put",
    "intake.moved",
)
_WORKING: Final = (
    "claim.entered",
    "claim.committed",
    "work.fetched",
    "work.inspected",
    "store.entered",
    "store.committed",
    "bury.entered",
    "bury.committed",
    "unpack.unpacked",
    "unpack.archived",
    "unpack.entered",
    "unpack.committed",
)
_UNREAD: Final = ("dead", "unreadable")
_RETRYING: Final = ("retry.entered", "retry.committed")
_TRIES: Final = 5
_ENDS_WITHIN: Final = 120.0


def faults() -> Iterator[Fault]:
    """Yield them all."""
    yield from (_killed_at(point) for point in (*_WATCHING, *_WORKING))
    yield from (_killed_retrying(point) for point in _RETRYING)
    yield Fault("SIGKILL at sweep.sent", _killed_sweeping)
    yield from (_killed_releasing(point) for point in ("release.entered", "release.committed"))
    for point in ("handover.entered", "handover.committed"):
        yield _killed_handing_over(point)
    yield from (_killing(part) for part in ("watch", "work"))
    yield Fault("SIGKILL of a worker process", _killing_a_process)
    yield Fault("SIGKILL of everything", _killing_all)
    yield Fault("SIGTERM under load", _ending)
    yield Fault("SIGSTOP of a worker beyond its lease", _stopping)
    yield from (_stopped_at(point) for point in ("store.entered", "claim.committed"))
    yield Fault("a poison file", _poisoned)


def _killed_at(point: str) -> Fault:
    return Fault(f"SIGKILL at {point}", lambda trial: trial.strike(point))


def _killed_retrying(point: str) -> Fault:
    def inject(trial: Trial) -> None:
        with trial.striking(point):  # before there is anything that could pass it
            trial.strike("work.fetched", "EIO")

    return Fault(f"SIGKILL at {point}", inject)


def _killed_sweeping(trial: Trial) -> None:
    """What the queue has lost is sent again, by a watcher that is killed before it notes that."""
    with trial.striking("sweep.sent"):  # before there is anything that could pass it
        trial.drop(60)
        armed = trial.faults / "sweep.sent"
        until(lambda: _forgotten(trial) and not armed.exists(), _ENDS_WITHIN, trial.running.story)


def _forgotten(trial: Trial) -> bool:
    """Let the queue forget what it has now; perhaps that is nothing yet."""
    trial.stack.flush_broker(trial.running)
    time.sleep(1.0)  # a sweep is due
    return True


def _killed_releasing(point: str) -> Fault:
    """A stuck worker is asked to end, gives back what it holds, and is killed at that."""

    def inject(trial: Trial) -> None:
        with trial.striking(point):
            for _ in range(_TRIES):  # it may be stuck in a process that has given back all it held
                trial.wait_for_parts()
                master = trial.signal_part("work", 0)
                trial.strike("work.fetched", "hang")
                with suppress(ProcessLookupError):
                    os.kill(master, signal.SIGTERM)
                until(partial(_over, trial, point, master), _ENDS_WITHIN, trial.running.story)
                if not (trial.faults / point).exists():
                    break

    return Fault(f"SIGKILL at {point}", inject, by_hand=True)


def _over(trial: Trial, point: str, master: int) -> bool:
    """Tell whether a point was passed, or the workers that were to pass it are gone."""
    return not (trial.faults / point).exists() or not is_alive(master)


def _killed_handing_over(point: str) -> Fault:
    """A scan comes, which only those who do OCR can read."""

    def inject(trial: Trial) -> None:
        with trial.striking(point):
            trial.bring(f"scan-{trial.injected}.pdf", empty_scan(trial.injected), _UNREAD)

    return Fault(
        f"SIGKILL at {point}", inject, possible=lambda _stack: not ocr.missing(), by_hand=True
    )


def _killing(part: str) -> Fault:
    def inject(trial: Trial) -> None:
        trial.wait_for_parts()
        trial.note()
        trial.signal_part(part, signal.SIGKILL)
        trial.progress()

    return Fault(f"SIGKILL of {part}", inject)


def _killing_a_process(trial: Trial) -> None:
    trial.wait_for_parts()
    trial.note()
    trial.signal_worker(signal.SIGKILL, random.choice)
    trial.progress()


def _killing_all(trial: Trial) -> None:
    left = [*trial.running.parts().values(), *trial.running.worker_processes()]
    trial.note()
    trial.running.kill()
    until(lambda: not any(map(is_alive, left)), _ENDS_WITHIN, lambda: list(map(is_alive, left)))
    trial.running.start()
    trial.progress()


def _ending(trial: Trial) -> None:
    """It ends by itself, and no attempt of its workers is lost."""
    trial.wait_for_parts()
    host = socket.gethostname()
    workers = [f"{host}:{pid}" for pid in trial.running.worker_processes()]
    trial.note()
    assert trial.running.stop() == 0
    trial.running.start()
    trial.progress()
    assert _lost(trial, workers) == 0


def _lost(trial: Trial, workers: Sequence[str]) -> int:
    mine = Attempt.worker.in_(workers), Attempt.outcome == AttemptOutcome.LOST
    with trial.running.database.reading() as session:
        return session.scalar(select(func.count()).where(*mine)) or 0


def _stopping(trial: Trial) -> None:
    """A process sleeps for longer than its lease, then goes on as if nothing had been."""
    trial.wait_for_parts()
    trial.note()
    pid = trial.signal_worker(signal.SIGSTOP)
    time.sleep(LEASE * 1.3)
    os.kill(pid, signal.SIGCONT)
    trial.progress()


def _stopped_at(point: str) -> Fault:
    """Whoever reaches a point sleeps there for longer than the lease."""

    def inject(trial: Trial) -> None:
        trial.strike(point, "stop")
        time.sleep(LEASE * 1.3)
        for pid in [*trial.running.parts().values(), *trial.running.worker_processes()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        trial.progress()

    return Fault(f"SIGSTOP at {point} beyond the lease", inject)


def _poisoned(trial: Trial) -> None:
    """A file kills its worker each time it is read: three attempts, then it is a dead letter."""
    trial.poison(f"毒-{trial.injected}.txt")
