"""The keeper: forks the child that reads, waits for its end, and forks the next.

Run as ``python -P -m worker.isolation.keeper``. It reads no file itself, so nothing that a file
does can harm it but ending its process; it ends when its parent is gone, however that went.
"""

import importlib
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Final, cast

import orjson

from worker import garbage
from worker.isolation import child
from worker.isolation.apart import go_apart, kill, sweep
from worker.isolation.death import Death
from worker.isolation.limits import Limits

_LONGEST_LAST_WORDS: Final = 4000
_STILLBORN: Final = 70


class Keeper:
    """Has one child at a time."""

    def __init__(self, requests: int, replies: int, deaths: int) -> None:
        self._requests = socket.socket(fileno=requests)
        self._replies = replies
        self._deaths = deaths
        self._wakes, wake = os.pipe()
        for end in (self._wakes, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def keep(self, format_: child.Format, limits: Limits) -> None:
        """Have children one after the other for as long as the parent is there."""
        garbage.spare()  # what is here now stays shared with every child
        while self._has_parent():
            last_words = os.pipe()
            for end in last_words:
                os.set_blocking(end, False)
            keeper = os.getpid()
            pid = os.fork()
            if pid == 0:
                self._be_born(format_, limits, last_words, keeper)
            os.close(last_words[1])
            code, peak = self._wait(pid)
            kill(os.killpg, pid)  # not the number itself: that may soon be another's
            sweep()
            if code == _STILLBORN:
                return  # the next would fare no better
            self._tell(Death(code, peak, _heard(last_words[0])))

    def _be_born(
        self, format_: child.Format, limits: Limits, last_words: tuple[int, int], keeper: int
    ) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._deaths)
        pipes = child.Pipes(self._requests, self._replies, last_words)
        try:
            child.live(format_, limits, pipes, keeper)
        finally:
            os._exit(_STILLBORN)

    def _has_parent(self) -> bool:
        poll = select.poll()
        poll.register(self._deaths, 0)  # the other end is closed: that is always told
        return not poll.poll(0)

    def _wait(self, pid: int) -> tuple[int, int]:
        """Wait until the child has ended, and end it when the parent is gone.

        Returns:
            its exit code, and the most memory it had.
        """
        poll = select.poll()
        poll.register(self._deaths, 0)
        poll.register(self._wakes, select.POLLIN)
        while True:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status), child.peak(usage)
            if any(end == self._deaths for end, _ in poll.poll()):
                kill(os.killpg, pid)
                kill(os.kill, pid)  # it may not have come to lead a group yet
            with suppress(BlockingIOError):
                os.read(self._wakes, 512)

    def _tell(self, death: Death) -> None:
        with suppress(BrokenPipeError):
            os.write(self._deaths, death.as_line())


def _heard(last_words: int) -> str:
    with open(last_words, "rb", buffering=0) as pipe:
        said = pipe.read(1 << 16) or b""
    return said[-_LONGEST_LAST_WORDS:].decode("utf-8", "replace")


def main(entry: str, told: str, *ends: str) -> None:
    """Keep children that read with the module ``entry``, limits as JSON, on inherited pipes."""
    go_apart()
    format_ = cast("child.Format", importlib.import_module(entry))
    Keeper(*map(int, ends)).keep(format_, Limits(**orjson.loads(told)))


if __name__ == "__main__":
    main(*sys.argv[1:])
