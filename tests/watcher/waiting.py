"""Waiting for what happens in its own time, with a deadline."""

import time
from collections.abc import Callable


def until(
    condition: Callable[[], object],
    seconds: float = 120.0,
    why: Callable[[], object] = lambda: "",
) -> None:
    """Wait for a condition; fail when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {why()}"
        time.sleep(0.01)
