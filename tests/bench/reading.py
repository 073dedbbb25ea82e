"""How fast a file of each format becomes cells, against the bare parse of the same bytes.

The bare parse is that of the format's library (:mod:`tests.bench.parsing`). By lxml it makes a tree
in C and no Python object for any cell; what it costs to take the cells out of that tree, text and
spans only, is measured beside it for HTML and DOCX (``cells``): nobody who wants them in Python
pays less. Everything is CPU time of the thread, one file after the other in turn.
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.bench.corpora import Corpus, Sample, corpora
from tests.bench.measured import Line, Measured, Size, compared, middle, single
from worker.inspection import inspect
from worker.reading import choose

TITLE: Final = "reading against a bare parse"
_SEED: Final = 3


def run(size: Size) -> Measured:
    """Measure."""
    made = corpora(random.Random(_SEED), max(2, size.reports // 10))
    figures = {name: _corpus(corpus, size.rounds) for name, corpus in made.items()}
    lines = (line for name, found in figures.items() for line in _lines(name, found))
    return Measured(TITLE, tuple(lines), figures)


def _lines(name: str, found: dict[str, Any]) -> Iterator[Line]:
    ours, floor = found["ms"], found["floor_ms"]
    yield compared(name, "ms", ours, floor, ours / floor)
    if "cells_ms" in found:
        yield single("  bare parse and cells taken out", found["cells_ms"], "ms")
    yield Line("  cells right", f"{found['right']} of {found['printed']}")


def _corpus(corpus: Corpus, rounds: int) -> dict[str, Any]:
    files, bare, cells = corpus
    steps: dict[str, Callable[[bytes], Any]] = {"ms": choose.read, "floor_ms": bare}
    if cells is not None:
        steps["cells_ms"] = lambda data: cells(bare(data))
    spent: dict[str, list[float]] = {what: [] for what in steps}
    for data in [file.data for file in files] * (4 * rounds + 1):
        for what, step in steps.items():
            started = time.thread_time()
            step(data)
            spent[what].append((time.thread_time() - started) * 1000)
    right, printed = map(sum, zip(*map(_right, files), strict=True))
    size = sum(len(file.data) for file in files) / len(files)
    times = {what: middle(values[len(files) :]) for what, values in spent.items()}
    return {**times, "right": right, "printed": printed, "bytes": size}


def _right(file: Sample) -> tuple[int, int]:
    report = inspect(file.data, "report").report
    read = {} if report is None else {key: cell.value for key, cell in report.cells()}
    cells = file.truth.cells
    return sum(read.get(key, "") == cell.value for key, cell in cells.items()), len(cells)
