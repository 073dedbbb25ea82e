"""How fast one core reads, recognises and checks text reports.

The floor is what nobody can avoid who wants figures from the same bytes: a digest, decoding, and
lines split into cells. Both are measured in CPU time of the thread, document by document in turn,
so that neither other load nor a change of clock speed falls on one of them alone. Every round has
random reports that the process has not seen, as a worker does; what is cached between documents
(the wording of labels) is as warm as it is there.
"""

import gc
import hashlib
import random
import re
import time
from collections.abc import Sequence
from typing import Any, Final

from tests.bench import documents
from tests.bench.measured import Line, Measured, Size, compared, middle, single
from worker.garbage import YOUNG
from worker.inspection import inspect

TITLE: Final = "recognise + check of a text report"
_STAGES: Final = ("read", "recognise", "check")
_CELL: Final = re.compile(r"\t|\||[ \u3000]{2,}")
_SEED: Final = 2


def run(size: Size) -> Measured:
    """Measure; Python looks for garbage as seldom as in a worker."""
    rng = random.Random(_SEED)
    usual = gc.get_threshold()
    gc.set_threshold(YOUNG)
    try:
        _round(documents.seeds())  # whatever is made at the first call
        found = [
            _round(documents.seeds() + documents.rendered(rng, size.reports))
            for _ in range(size.rounds)
        ]
    finally:
        gc.set_threshold(*usual)
    figures = {name: middle([one[name] for one in found]) for name in found[0]}
    return Measured(TITLE, tuple(_lines(figures)), figures)


def _round(items: Sequence[bytes]) -> dict[str, float]:
    spent = dict.fromkeys(_STAGES, 0.0)
    ours = floor = 0.0
    for data in items:
        started = time.thread_time()
        _inspect(data, spent)
        between = time.thread_time()
        plain_pass(data)
        ours, floor = ours + between - started, floor + time.thread_time() - between
    count = len(items)
    return {
        "per_second_per_core": count / ours,
        "floor_per_second_per_core": count / floor,
        "ratio": floor / ours,
        **{f"{stage}_ms": spent[stage] * 1000 / count for stage in _STAGES},
        "bytes": sum(map(len, items)) / count,
    }


def _inspect(data: bytes, spent: dict[str, float]) -> None:
    last = time.thread_time()

    def passed(stage: str, _milliseconds: float) -> None:
        nonlocal last
        moment = time.thread_time()
        spent[stage] += moment - last
        last = moment

    found = inspect(data, "report.txt", passed)
    assert found.outcome == "stored", found.message


def plain_pass(data: bytes) -> int:
    """Do what nobody can avoid; return the number of cells."""
    hashlib.sha256(data).hexdigest()
    return sum(len(_CELL.split(line)) for line in data.decode("utf-8").splitlines())


def _lines(figures: dict[str, Any]) -> list[Line]:
    ours, floor = figures["per_second_per_core"], figures["floor_per_second_per_core"]
    return [
        compared("documents", "/s a core", ours, floor, figures["ratio"]),
        *(single(f"of it {stage}", figures[f"{stage}_ms"], "ms") for stage in _STAGES),
    ]
