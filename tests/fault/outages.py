"""Queue servers, databases and disks that fail for a while."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, cast

from tests.fault.disks import full, mounted
from tests.fault.fault import Fault
from tests.fault.stacks import Postgres, Stack
from tests.fault.trial import Trial
from worker.inbox import Inbox

_SILENCE: Final = 20.0
_LOCK: Final = 35.0
"""Seconds: longer than a writer waits for another on SQLite."""
_BRIEF: Final = 8.0
_DISK: Final = 60
"""Megabytes."""

_State = Callable[[Trial], AbstractContextManager[None]]


def faults() -> Iterator[Fault]:
    """Yield them all."""
    yield from (_failing_at(point, "ENOSPC") for point in ("archive.copied", "archive.kept"))
    yield from (_failing_at("intake.opened", error) for error in ("EIO", "EACCES"))
    yield _failing_at("work.fetched", "EIO")
    yield from _brokers()
    yield from _databases()
    yield from _disks()


def _brokers() -> Iterator[Fault]:
    yield _once("broker killed", lambda trial: trial.stack.kill_broker(trial.running))
    yield _once("broker restarted empty", lambda trial: trial.stack.empty_broker(trial.running))
    yield _once("broker flushed", lambda trial: trial.stack.flush_broker(trial.running))
    yield _lasting("broker silent", lambda one: one.stack.silent_broker(one.running), _SILENCE)
    yield _lasting("broker full", lambda one: one.stack.full_broker(one.running), _BRIEF)
    yield Fault("the same messages ten times", _ten_times)


def _databases() -> Iterator[Fault]:
    yield _lasting("database locked", lambda one: one.stack.locked_database(one.running), _LOCK)
    yield _once("database killed", _killed_database, _is_postgres)
    yield _once("every connection to the database cut", _cut_connections, _is_postgres)
    yield _lasting("database silent", _silent_database, _SILENCE, _is_postgres)
    yield _lasting("database read-only", _read_only_database, _BRIEF, _is_postgres)
    yield _lasting("disk of the database full", _full_database, _BRIEF, _is_postgres)


def _killed_database(trial: Trial) -> None:
    _postgres(trial).kill_database()


def _cut_connections(trial: Trial) -> None:
    _postgres(trial).cut_connections(trial.running)


def _silent_database(trial: Trial) -> AbstractContextManager[None]:
    return _postgres(trial).silent_database()


def _read_only_database(trial: Trial) -> AbstractContextManager[None]:
    return _postgres(trial).read_only_database(trial.running)


def _disks() -> Iterator[Fault]:
    for name, folder in (("the archive", "archive"), ("the logs", "logs"), ("everything", "")):
        yield Fault(f"disk of {name} full for {_BRIEF:.0f} s", _filled(folder), _own_disk(folder))


def _is_postgres(stack: Stack) -> bool:
    return isinstance(stack, Postgres)


def _postgres(trial: Trial) -> Postgres:
    return cast("Postgres", trial.stack)


def _failing_at(point: str, error: str) -> Fault:
    return Fault(f"{error} at {point}", lambda trial: trial.strike(point, error))


def _once(
    name: str,
    act: Callable[[Trial], None],
    possible: Callable[[Stack], bool] = lambda _stack: True,
) -> Fault:
    def inject(trial: Trial) -> None:
        trial.wait_for_parts()
        trial.note()
        act(trial)
        trial.progress()

    return Fault(name, inject, possible=possible)


def _lasting(
    name: str,
    state: _State,
    seconds: float,
    possible: Callable[[Stack], bool] = lambda _stack: True,
) -> Fault:
    def inject(trial: Trial) -> None:
        trial.wait_for_parts()
        trial.note()
        with state(trial):
            time.sleep(seconds)
        trial.progress()

    return Fault(f"{name} for {seconds:.0f} s", inject, possible=possible)


def _ten_times(trial: Trial) -> None:
    """Messages of documents that wait, are worked on and are done come ten times at once."""
    trial.note()
    last = trial.running.finished()
    inbox = Inbox(trial.running.settings)
    inbox.send([(n, "fast") for n in range(max(1, last - 5), last + 15)] * 10)
    inbox.close()


def _own_disk(folder: str) -> _State:
    @contextmanager
    def around(trial: Trial) -> Iterator[None]:
        with mounted(trial.running.data / folder, _DISK):
            yield

    return around


def _filled(folder: str) -> Callable[[Trial], None]:
    def inject(trial: Trial) -> None:
        trial.wait_for_parts()
        trial.note()
        with full(trial.running.data / folder):
            time.sleep(_BRIEF)
        trial.progress()

    return inject


@contextmanager
def _full_database(trial: Trial) -> Iterator[None]:
    with full(_postgres(trial).database.directory):
        yield
    _postgres(trial).revive_database()
