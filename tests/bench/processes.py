"""Child processes of a benchmark."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_STOP_WITHIN: Final = 30.0


@contextmanager
def child(
    module: str, *arguments: str, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``python -m module arguments`` while the block runs; what it says goes to a log."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_WITHIN)
        finally:
            process.kill()
            process.wait()


def until(
    condition: Callable[[], object], seconds: float, log: Path, *, every: float = 0.005
) -> None:
    """Wait for a condition, looking ``every`` so many seconds.

    Raises:
        TimeoutError: it did not come true in time; the message ends with the log.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            told = log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
            raise TimeoutError(f"waited {seconds} s in vain\n{told}")
        time.sleep(every)
