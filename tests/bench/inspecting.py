"""How fast one core reads, recognises and checks text reports.

The floor is what nobody can avoid who wants figures from the same bytes: a digest, decoding, and
lines split into cells. Both are measured in CPU time of the thread, document by document in turn,
so that neither other load nor a change of clock speed falls on one of them alone. Every round has
random reports that the process has not seen, as a worker does; what is cached between documents
(the wording of labels) is as warm as it is there.
"""

import hashlib
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from tests.bench import documents
from tests.bench.measured import Line, Measured, compared, middle, single
from worker.inspection import inspect

TITLE: Final = "recognise + check of a text report"
_STAGES: Final = ("read", "recognise", "check")
_CELL: Final = re.compile(r"\t|\||[ \u3000]{2,}")
_SEED: Final = 2


def run(rounds: int, reports: int) -> Measured:
    """Measure.

    Args:
        rounds: how often; each figure is the median over them.
        reports: random reports in each round, beside the five seeds.
    """
    rng = random.Random(_SEED)
    _round(documents.seeds())  # whatever is made at the first call
    found = [_round(documents.seeds() + documents.rendered(rng, reports)) for _ in range(rounds)]
    figures = {name: middle([one[name] for one in found]) for name in found[0]}
    return Measured(TITLE, tuple(_lines(figures)), figures)


def _round(items: Sequence[bytes]) -> dict[str, float]:
    spent: Counter[str] = Counter()
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


def _inspect(data: bytes, spent: Counter[str]) -> None:
    last = time.thread_time()

    def passed(stage: str, _milliseconds: float) -> None:
        nonlocal last
        moment = time.thread_time()
        spent.update({stage: moment - last})  # type: ignore[dict-item]
        last = moment

    found = inspect(data, "report.txt", passed)
    if found.outcome != "stored":
        raise AssertionError(f"a report of the benchmark is refused: {found.message}")


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
