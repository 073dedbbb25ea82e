"""What a process does that runs what may be hostile: it goes apart, and leaves nothing running."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

_PR_SET_CHILD_SUBREAPER: Final = 36
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_SWEEPS: Final = 1000


def kill(how: Callable[[int, int], None], pid: int) -> None:
    """Kill a process or, by ``os.killpg``, a group; it may be gone already."""
    with suppress(ProcessLookupError, PermissionError):
        how(pid, signal.SIGKILL)


def sweep() -> None:
    """Kill what the child forked and let go of; Linux hands it over to this process."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    for _ in range(_SWEEPS):
        try:
            orphans = [int(pid) for pid in children.read_text().split()]
        except OSError:
            return
        if not orphans:
            return
        for pid in orphans:
            kill(os.kill, pid)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def go_apart() -> None:
    """Leave behind what readers have no use for: a terminal's signals, priority, the network.

    The network is left where the kernel lets an ordinary user do so (user namespaces); elsewhere
    it is merely not used: no reader opens a connection.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # a service manager signals every process; the parent drains and then closes the pipes
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    if sys.platform != "linux":
        return
    with suppress(OSError):  # memory runs out: the file's process goes first, not the worker
        Path("/proc/self/oom_score_adj").write_text("1000")
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
