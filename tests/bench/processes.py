"""Child processes of a benchmark, and the CPU time they have used."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.fault.running import children_of

ROOT: Final = Path(__file__).parents[2]
_STOP_WITHIN: Final = 30.0
_PROC: Final = Path("/proc")


@contextmanager
def child(
    module: str, *arguments: str, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``python -m module arguments`` for as long as the block runs; what it says goes to a log."""
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


def until(condition: Callable[[], object], seconds: float, log: Path) -> None:
    """Wait for a condition, looking every 5 ms.

    Raises:
        TimeoutError: it did not come true in time; the message ends with the log.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            told = log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
            raise TimeoutError(f"waited {seconds} s in vain\n{told}")
        time.sleep(0.005)


def cpu_seconds(processes: Sequence[int]) -> float | None:
    """Return what processes and their children have used so far; ``None`` without ``/proc``."""
    if not (_PROC / "self" / "stat").exists():
        return None
    everyone = {*processes, *(inner for outer in processes for inner in children_of(outer))}
    return sum(map(_used, everyone))


def _used(process: int) -> float:
    fields = (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])  # proc(5): utime and stime, in clock ticks
    return (user + system) / os.sysconf("SC_CLK_TCK")
