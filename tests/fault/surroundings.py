"""What happens around gouji: to the inbox, to the clock, by those who bring files."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from models.event import EventName
from tests.fault.disks import bound
from tests.fault.fault import Fault
from tests.fault.running import until
from tests.fault.trial import Trial
from tests.tools import need

_EVENTS: Final = Path("/proc/sys/fs/inotify/max_queued_events")
_BURST: Final = 400
_TOLD_WITHIN: Final = 120.0
"""Seconds; a watcher that has nothing else to do tells it after three."""
_TWO_HOURS: Final = 7_200
_A_DAY: Final = 86_400


def faults() -> Iterator[Fault]:
    """Yield them all."""
    yield Fault("inbox deleted and made again", _inbox_deleted)
    yield Fault("inbox unmounted and mounted again", _inbox_remounted, _inbox_mounted)
    yield Fault("overflow of file events", _burst)
    yield Fault("a file that is written for long", _slow_writer)
    yield Fault("clock two hours ahead, then a day behind", _clock, _own_clock)
    yield Fault("inbox read-only", _inbox_read_only, _inbox_mounted, by_hand=True)


def _inbox_deleted(trial: Trial) -> None:
    """What lies in a directory that is deleted is gone; what is in it afterwards is not."""
    with trial.holding():
        trial.wait_until_taken()
        trial.note()
        shutil.rmtree(trial.running.inbox)
        time.sleep(2)
        trial.running.inbox.mkdir(exist_ok=True)  # a watcher that starts just then makes it too
    trial.progress()


@contextmanager
def _inbox_mounted(trial: Trial) -> Iterator[None]:
    with bound(trial.aside, trial.running.inbox):
        yield


def _inbox_remounted(trial: Trial) -> None:
    """An empty root is no deletion; what lies on the disk is found when it is back."""
    with trial.holding():
        trial.note()
        subprocess.run(["umount", "--lazy", trial.running.inbox], check=True)
        time.sleep(3)
        subprocess.run(["mount", "--bind", trial.aside, trial.running.inbox], check=True)
    trial.progress()


def _inbox_read_only(trial: Trial) -> None:
    """What cannot be moved away is taken in all the same, once, and moved when that is possible."""
    inbox = os.fspath(trial.running.inbox)
    trial.drop(40)
    with trial.holding():
        trial.note()
        for mode in ("ro", "rw"):
            subprocess.run(["mount", "-o", f"remount,bind,{mode}", inbox], check=True)
            time.sleep(4)
    trial.progress()


def _burst(trial: Trial) -> None:
    """While the watcher stands still more happens than the kernel keeps, and then files come.

    The limit of the kernel itself is that of every watcher of the machine, and is left as it is.
    """
    trial.wait_for_parts()
    trial.note()
    watcher = trial.signal_part("watch", signal.SIGSTOP)
    try:
        _too_many_events(trial.running.inbox)
        trial.drop(_BURST)
    finally:
        os.kill(watcher, signal.SIGCONT)
    trial.progress()


def _too_many_events(inbox: Path) -> None:
    """Rename a file that nobody reads to and fro; each time is two events."""
    here, there = inbox / ".to", inbox / ".fro"
    here.touch()
    for _ in range(int(_EVENTS.read_text()) // 2 + 1):
        here.rename(there)
        here, there = there, here
    here.unlink()


def _slow_writer(trial: Trial) -> None:
    """It is told of after a while, holds nobody up, and comes in whole."""
    trial.note()
    [file] = trial.traffic.take(1)
    log = trial.running.data / "logs" / "watch.log"

    def told() -> int:
        return log.read_text("utf-8", "replace").count(f'"{EventName.FILE_UNSETTLED}"')

    before = told()
    with (trial.running.inbox / os.fsdecode(file.name)).open("wb") as out:

        def goes_on() -> bool:
            out.write(file.data[:1])
            out.seek(0)
            out.flush()
            return told() > before

        until(goes_on, _TOLD_WITHIN, trial.running.story)
        out.write(file.data)
    trial.progress()


@contextmanager
def _own_clock(trial: Trial) -> Iterator[None]:
    library = trial.clock.with_suffix(".so")
    source = Path(__file__).with_name("clock.c")
    compiler = need("cc", "gcc", "clang")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    trial.clock.write_text("0")
    trial.running.environment |= {
        "LD_PRELOAD": os.fspath(library),
        "CLOCK_OFFSET": os.fspath(trial.clock),
    }
    yield


def _clock(trial: Trial) -> None:
    for offset in (_TWO_HOURS, -_A_DAY):
        trial.note()
        trial.clock.write_text(str(offset))
        trial.signal_worker(signal.SIGKILL)
        trial.progress()
