"""The parts that ``gouji up`` keeps running: what a part is, and parts that are child processes."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO, Final, Protocol

from console.journal import Journal
from worker.embedded import ending

_KILL_WAIT: Final = 5.0
_LONGEST_LINE: Final = 1_000_000


class Part(Protocol):
    """Something with a life of its own that is started, looked after and stopped."""

    @property
    def name(self) -> str:
        """The name in logs."""

    def start(self) -> None:
        """Start it; it is not running."""

    def ended(self) -> str | None:
        """Return how it ended (``exit 1``, ``killed by SIGKILL``), ``None`` while it runs."""

    def ask(self) -> bool:
        """Ask it to end and return at once; ``False`` where others need it until they have."""

    def stop(self, grace: float) -> None:
        """End it within ``grace`` seconds, by force if need be; does nothing when it has ended."""


def gouji(*arguments: str) -> tuple[str, ...]:
    """Return the command line of a ``gouji`` command that dies with this process."""
    # -P: a folder named worker or models where the user stands must not be imported
    command = (sys.executable, "-P", "-m", "console.cli.main")
    return (*command, *arguments, "--parent", str(os.getpid()))


class Child:
    """A child process whose output lines go to the journal.

    It runs in a session of its own, so that Ctrl-C reaches the supervisor alone and the order of
    stopping is the supervisor's. ``before_start`` is called before each start, when nothing of
    an earlier one is left.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        journal: Journal,
        *,
        before_start: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self._before_start = before_start
        self._command = tuple(command)
        self._journal = journal
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = False
        self._pump: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The process id, ``None`` before the first start."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process. To be called from the main thread: Linux ties it to that one."""
        self.ended()  # an end that nobody has noticed yet
        self._join()
        self._before_start()
        self._asked = False
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        output = self._process.stdout
        self._pump = threading.Thread(
            target=self._pass_on, args=(output,), name=f"log-{self.name}", daemon=True
        )
        self._pump.start()

    def ended(self) -> str | None:
        """Return how the process ended, ``None`` while it runs."""
        if self._process is None:
            return "not started"
        runs = self._process.returncode is None
        how = ending(self._process.poll())
        if runs and how is not None:
            self._kill_session()
        return how

    def ask(self) -> bool:
        """Ask the process to end, once."""
        if self._process is not None and not self._asked and self.ended() is None:
            self._asked = True
            self._process.terminate()
        return True

    def stop(self, grace: float) -> None:
        """Ask the process to end; after ``grace`` seconds kill it and all it started."""
        process = self._process
        if process is None:
            return
        if self.ended() is None:
            self.ask()
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace)
            self._kill_session()
            # what waits for a disk ends when that answers: the other parts are not kept for it
            with suppress(subprocess.TimeoutExpired):
                process.wait(_KILL_WAIT)
        self._join()

    def _kill_session(self) -> None:
        """Kill what is left of it; at once when it ends, before its number is another's.

        What outlives its master would hold the pipe open, and work unwatched.
        """
        if self._process is not None:
            with suppress(ProcessLookupError):  # the last of them ended in between
                os.killpg(self._process.pid, signal.SIGKILL)

    def _join(self) -> None:
        if self._pump is not None:
            self._pump.join(_KILL_WAIT)
            self._pump = None

    def _pass_on(self, output: IO[bytes]) -> None:
        with output:
            while line := output.readline(_LONGEST_LINE):
                self._journal.line(self.name, line.rstrip(b"\n"))
