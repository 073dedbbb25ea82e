"""What it costs that a file is read in a child process, which may crash, hang or bloat.

Text reports are read as a worker has them read, by a keeper's child that hands back what it found,
and by the same reader in this process, in turn: the difference is sending, waking and turning the
outcome into JSON and back. CPU time is that of this thread and of the keeper with its child.
"""

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tests.bench import documents
from tests.bench.cpu import below
from tests.bench.measured import Line, Measured, Size, compared, middle, single
from worker.inspection import in_process
from worker.isolation.pool import Isolated

TITLE: Final = "reading a text report in a child process"
_SEED: Final = 7


def run(size: Size) -> Measured:
    """Measure; each round has a child of its own."""
    rng = random.Random(_SEED)
    found = []
    for _ in range(size.rounds):
        files = documents.rendered(rng, size.reports)
        others = frozenset(below(os.getpid()))  # which may end meanwhile
        with closing(Isolated()) as isolated:
            for read in (isolated, in_process):  # whatever is made at the first call
                read(files[0])
            found.append(_round(files, isolated, others))
    figures: dict[str, Any] = {key: middle([one[key] for one in found]) for key in found[0]}
    return Measured(TITLE, tuple(_lines(figures)), figures)


def _round(files: Sequence[bytes], isolated: Isolated, others: frozenset[int]) -> dict[str, float]:
    children = _children(others)
    spent = dict.fromkeys(("ms", "own_cpu_ms", "floor_ms", "floor_cpu_ms"), 0.0)
    before = children()
    for data in files:
        for read, wall, cpu in (
            (isolated, "ms", "own_cpu_ms"),
            (in_process, "floor_ms", "floor_cpu_ms"),
        ):
            began, used = time.perf_counter(), time.thread_time()
            reading = read(data)
            spent[cpu] += 1000 * (time.thread_time() - used)
            spent[wall] += 1000 * (time.perf_counter() - began)
            assert reading.refusal is None, reading.refusal
    spent["child_cpu_ms"] = 1000 * (children() - before)
    each = {key: value / len(files) for key, value in spent.items()}
    each["cpu_ms"] = each["own_cpu_ms"] + each["child_cpu_ms"]
    return each | {"ratio": each["cpu_ms"] / each["floor_cpu_ms"]}


def _children(others: frozenset[int]) -> Callable[[], float]:
    """Return what tells the seconds of CPU that the reading processes, which stay, have used."""
    pids = [pid for pid in below(os.getpid()) if pid not in others]
    told = [Path(f"/proc/{pid}/schedstat") for pid in pids]
    return lambda: sum(int(path.read_text().split()[0]) for path in told) / 1e9


def _lines(figures: dict[str, Any]) -> Iterator[Line]:
    ours, floor = figures["ms"], figures["floor_ms"]
    yield compared("each, and in this process", "ms", ours, floor, ours / floor)
    ours, floor = figures["cpu_ms"], figures["floor_cpu_ms"]
    yield compared("  of CPU", "ms", ours, floor, figures["ratio"])
    yield single("  of it the worker's own", figures["own_cpu_ms"], "ms")
