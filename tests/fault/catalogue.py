"""Every fault that is injected: how, and on which stacks it can be."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from tests.fault.running import is_alive, until
from tests.fault.stacks import STACKS, Embedded
from tests.fault.trial import Trial
from worker.inbox import Inbox

_LEASE: Final = 10.0
"""Seconds; see ``tests.fault.running``."""

Inject = Callable[[Trial, int], None]
"""Injects a fault so many times into a run that takes in files."""

ANYWHERE: Final = tuple(stack.name for stack in STACKS)
_ON_POSTGRESQL: Final = tuple(name for name in ANYWHERE if name != Embedded.name)

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


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to break something, ``times`` times where nobody says otherwise."""

    name: str
    inject: Inject
    stacks: tuple[str, ...] = ANYWHERE
    times: int = 2

    def __str__(self) -> str:
        return self.name


def _killed_at(point: str) -> Fault:
    def inject(trial: Trial, times: int) -> None:
        for _ in range(times):
            trial.strike(point)

    return Fault(f"SIGKILL at {point}", inject)


def _killed_retrying(point: str) -> Fault:
    def inject(trial: Trial, times: int) -> None:
        for _ in range(times):
            trial.strike("work.fetched", "EIO")
            trial.strike(point)

    return Fault(f"SIGKILL at {point}", inject)


def _killed_sweeping(trial: Trial, times: int) -> None:
    for _ in range(times):
        trial.drop(60)
        trial.strike("claim.committed", "EIO")
        trial.stack.flush_broker(trial.running)
        trial.strike("sweep.sent")


def _failing_at(point: str, error: str) -> Fault:
    def inject(trial: Trial, times: int) -> None:
        for _ in range(times):
            trial.strike(point, error)

    return Fault(f"{error} at {point}", inject)


def _killing(part: str) -> Fault:
    def inject(trial: Trial, times: int) -> None:
        for _ in range(times):
            _wait_for(trial, part)
            trial.note()
            os.kill(trial.running.parts()[part], signal.SIGKILL)
            _pause(trial)

    return Fault(f"SIGKILL of {part}", inject)


def _wait_for(trial: Trial, part: str) -> None:
    running = trial.running
    until(lambda: part in running.parts() and running.worker_processes(), 60, running.story)


def _pause(trial: Trial) -> None:
    """Let some work be done between two faults."""
    before = trial.running.finished()
    until(lambda: trial.running.finished() > before + 5, 60, trial.running.story)


def _killing_a_process(trial: Trial, times: int) -> None:
    for _ in range(times):
        _wait_for(trial, "work")
        trial.note()
        os.kill(random.Random(0).choice(trial.running.worker_processes()), signal.SIGKILL)
        _pause(trial)


def _killing_all(trial: Trial, times: int) -> None:
    for _ in range(times):
        _pause(trial)
        left = [*trial.running.parts().values(), *trial.running.worker_processes()]
        trial.note()
        trial.running.kill()
        until(lambda: not any(map(is_alive, left)), 15, lambda: list(map(is_alive, left)))
        trial.running.start()


def _ending(trial: Trial, times: int) -> None:
    """SIGTERM drains; the exit comes within the grace time."""
    for _ in range(times):
        _pause(trial)
        trial.note()
        began = time.monotonic()
        assert trial.running.stop() == 0
        assert time.monotonic() - began < trial.running.settings.grace + 5
        trial.running.start()


def _stopping(trial: Trial, times: int) -> None:
    """A process sleeps for longer than its lease, then goes on as if nothing had been."""
    for _ in range(times):
        _wait_for(trial, "work")
        trial.note()
        pids = trial.running.worker_processes()[:1]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(_LEASE * 1.3)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        _pause(trial)


def _stopped_at(point: str) -> Fault:
    """Whoever reaches a point sleeps there for longer than the lease."""

    def inject(trial: Trial, times: int) -> None:
        for _ in range(times):
            trial.strike(point, "stop")
            time.sleep(_LEASE * 1.3)
            for pid in [*trial.running.parts().values(), *trial.running.worker_processes()]:
                os.kill(pid, signal.SIGCONT)
            _pause(trial)

    return Fault(f"SIGSTOP at {point} beyond the lease", inject, times=1)


def _broker(name: str, act: Callable[[Trial], None], times: int = 2) -> Fault:
    def inject(trial: Trial, count: int) -> None:
        for _ in range(count):
            _wait_for(trial, "work")
            trial.note()
            act(trial)
            _pause(trial)

    return Fault(name, inject, times=times)


def _during(
    name: str,
    state: Callable[[Trial], AbstractContextManager[None]],
    seconds: float,
    stacks: tuple[str, ...] = ANYWHERE,
) -> Fault:
    """Something lasts for some seconds."""

    def inject(trial: Trial, times: int) -> None:
        for _ in range(times):
            _wait_for(trial, "work")
            trial.note()
            with state(trial):
                time.sleep(seconds)
            _pause(trial)

    return Fault(f"{name} for {seconds:.0f} s", inject, stacks, times=1)


def _ten_times(trial: Trial, times: int) -> None:
    """The same messages come ten times at once."""
    inbox = Inbox(trial.running.settings)
    for _ in range(times):
        _pause(trial)
        trial.note()
        last = trial.running.finished()
        inbox.send([(n, "fast") for n in range(max(1, last - 5), last + 15)] * 10)
    inbox.close()


def _poisoned(trial: Trial, times: int) -> None:
    """A file kills its worker each time it is read: three attempts, then it is a dead letter."""
    for number in range(times):
        trial.poison(f"毒-{number}.txt")


def _catalogue() -> Iterator[Fault]:
    yield from (_killed_at(point) for point in (*_WATCHING, *_WORKING))
    yield from (_killed_retrying(point) for point in ("retry.entered", "retry.committed"))
    yield Fault("SIGKILL at sweep.sent", _killed_sweeping, times=1)
    yield from (_failing_at(point, "ENOSPC") for point in ("archive.copied", "archive.kept"))
    yield from (_failing_at(point, "EIO") for point in ("intake.opened", "work.fetched"))
    yield from (_killing(part) for part in ("watch", "work"))
    yield Fault("SIGKILL of a worker process", _killing_a_process)
    yield Fault("SIGKILL of everything", _killing_all)
    yield Fault("SIGTERM under load", _ending)
    yield Fault("SIGSTOP of a worker beyond the lease", _stopping, times=1)
    yield from (_stopped_at(point) for point in ("store.entered", "claim.committed"))
    yield _broker("broker killed", lambda trial: trial.stack.kill_broker(trial.running))
    yield _broker("broker restarted empty", lambda trial: trial.stack.empty_broker(trial.running))
    yield _broker("broker flushed", lambda trial: trial.stack.flush_broker(trial.running))
    yield _during("broker silent", lambda trial: trial.stack.silent_broker(trial.running), 20)
    yield _during("broker full", lambda trial: trial.stack.full_broker(trial.running), 10)
    yield _during("database locked", lambda trial: trial.stack.locked_database(trial.running), 35)
    yield Fault("the same messages ten times", _ten_times)
    yield Fault("a poison file", _poisoned, times=1)


CATALOGUE: Final = tuple(_catalogue())


def run(fault: Fault, trial: Trial, times: int | None = None) -> None:
    """Start a run, and inject a fault while files come in."""
    trial.running.start()
    with trial.flowing():
        _pause(trial)
        fault.inject(trial, times or fault.times)
