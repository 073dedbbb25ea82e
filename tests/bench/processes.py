"""Child processes of a benchmark."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


@contextmanager
def child(
    module: str, *arguments: str, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``python -m module arguments`` while the block runs; what it says goes to a log.

    It is killed with all it started: nothing it has is of use afterwards, and draining takes long.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
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
