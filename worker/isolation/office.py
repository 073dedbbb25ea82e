"""Runs LibreOffice apart, and ends it with all it started; ``conversion`` starts this program.

LibreOffice cannot run inside the child that reads: that has too little address space, may write
no file, and its limits cannot be raised again. So it is a process of its own beside it, with
limits that suit it, without network where the kernel lets an ordinary user leave it.
"""

import os
import resource
import select
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Final

from worker.isolation.apart import go_apart, kill, sweep

_MEMORY: Final = 4_000_000_000
"""Address space: about 1.5 GB of it are libraries."""
_LARGEST_FILE: Final = 200_000_000
_OPEN_FILES: Final = 1024
_NICER: Final = 5
_LOOK_EVERY: Final = 0.05
_GIVEN_UP: Final = 75


def main(seconds: str, *command: str) -> int:
    """Run a command until it ends, or until standard input is closed: then nobody waits.

    Returns:
        its exit code.
    """
    go_apart()
    os.nice(_NICER)
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, int(float(seconds)) + 1),
    ):
        _limit(what, most)
    process = subprocess.Popen(  # noqa: S603 - found on PATH by the parent
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while process.poll() is None:
            if select.select([sys.stdin], [], [], _LOOK_EVERY)[0]:
                return _GIVEN_UP
        return process.returncode
    finally:
        kill(os.killpg, process.pid)
        with suppress(ChildProcessError):
            process.wait()
        sweep()


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(ValueError, OSError):  # macOS knows no limit of address space
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    sys.exit(main(*sys.argv[1:]))
