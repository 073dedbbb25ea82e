"""How much memory each process of ``gouji up`` has: at rest, and after a little work.

At rest is a moment after every part has begun and a first report has been stored; a little work is
``drops`` more. The figures are the kernel's: the most that a process has had in memory so far
(``VmHWM``), and its own share of what is there now (``Pss``: a page that several have counts in
parts), whose sum is what everything together takes. The floor is a Python that does nothing.
"""

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.bench import documents
from tests.bench.cpu import below
from tests.bench.measured import Line, Measured, Size, compared, middle, single
from tests.fault.running import Running

TITLE: Final = "memory of gouji up"
_WITHIN: Final = 300.0
_SEED: Final = 4


def run(size: Size) -> Measured:
    """Measure; figures are megabytes (10^6 bytes)."""
    rng = random.Random(_SEED)
    found = [_round(rng, size) for _ in range(size.rounds)]
    figures: dict[str, Any] = {key: middle([one[key] for one in found]) for key in found[0]}
    most = max(value for key, value in figures.items() if key.endswith("_loaded_most_mb"))
    figures["ratio"] = most / figures["floor_most_mb"]
    return Measured(TITLE, tuple(_lines(figures)), figures)


def _round(rng: random.Random, size: Size) -> dict[str, float]:
    files = documents.distinct(rng, 1 + size.drops)
    with tempfile.TemporaryDirectory(prefix="gouji-") as name:
        running = Running(Path(name), SETTLE=str(size.settle))
        try:
            running.start()
            _store(running, files[:1], already=0)
            rest = _memory(running, "rest")
            _store(running, files[1:], already=1)
            return {**rest, **_memory(running, "loaded"), "floor_most_mb": _floor()}
        finally:
            running.stop()
            running.end()


def _store(running: Running, files: list[bytes], *, already: int) -> None:
    for number, data in enumerate(files, already):
        (running.inbox / f"report-{number}.txt").write_bytes(data)
    running.wait_until_at_rest(already + len(files), _WITHIN)


def _memory(running: Running, when: str) -> dict[str, float]:
    figures: dict[str, float] = {}
    total = 0.0
    for name, pid in _processes(running):
        try:
            most = _field(Path(f"/proc/{pid}/status").read_text("utf-8"), "VmHWM")
            own = _field(Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8"), "Pss")
        except (FileNotFoundError, ProcessLookupError, StopIteration):  # it has just ended
            continue
        key = f"{name}_{when}_most_mb"
        figures[key] = max(most, figures.get(key, 0.0))
        total += own
    return {**figures, f"all_{when}_mb": total}


def _processes(running: Running) -> Iterator[tuple[str, int]]:
    """Yield each process by the part it belongs to; what a part has forked has its own name."""
    yield "up", running.pid
    for part, pid in running.parts().items():
        yield part, pid
        for child in below(pid):
            yield f"{part}_child", child


def _field(text: str, name: str) -> float:
    """Return a field of what ``/proc`` says, which is in kB, as megabytes."""
    found = (line.split()[1] for line in text.splitlines() if line.startswith(f"{name}:"))
    return int(next(found)) * 1.024e-3


def _floor() -> float:
    told = "import sys; sys.stdout.write(open('/proc/self/status').read())"
    status = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True)
    return _field(status.stdout.decode(), "VmHWM")


def _lines(figures: dict[str, Any]) -> list[Line]:
    floor = figures["floor_most_mb"]
    loaded = [key for key in figures if key.endswith("_loaded_most_mb")]
    return [
        single("all of it, at rest", figures["all_rest_mb"], "MB"),
        single("all of it, after a little work", figures["all_loaded_mb"], "MB"),
        *(
            compared(
                key.removesuffix("_loaded_most_mb").replace("_", ", "),
                "MB",
                figures[key],
                floor,
                figures[key] / floor,
            )
            for key in loaded
        ),
    ]
