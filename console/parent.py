"""A child process that cannot outlive the one that started it, not even after ``kill -9``."""

import ctypes
import os
import signal
import sys
import threading
import time
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_LOOK_EVERY: Final = 0.5


def die_with_parent(expected: int | None = None) -> None:
    """Arrange for this process to be killed when its parent is gone.

    Linux does it itself (``prctl(2)``, ``PR_SET_PDEATHSIG``); elsewhere a thread looks every half
    second whether the process was handed to another parent.

    Args:
        expected: the process id of the parent; without it whoever is the parent now. A parent
            that died before this call is noticed only when it is named.
    """
    parent = os.getppid() if expected is None else expected
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_look, args=(parent,), name="parent", daemon=True).start()
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _look(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGKILL)
