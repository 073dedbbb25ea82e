"""How fast a file becomes cells, against the bare parse of the same bytes by lxml.

The bare parse makes a tree in C and no Python object for any cell; what it costs to take the cells
out of that tree, text and spans only, is measured beside it (``cells``): nobody who wants them in
Python pays less. Everything is CPU time of the thread, one file after the other in turn.
"""

import io
import random
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from lxml import etree, html  # type: ignore[import-untyped]

from tests.bench.measured import Line, Measured, Size, compared, middle, single
from tests.reports.cells import TruthReport
from tests.reports.truth import random_report
from tests.worker.reading import html_pages, office_files
from worker.inspection import inspect
from worker.reading import choose
from worker.reading.charset import decode

TITLE: Final = "reading against a bare parse"
_SEED: Final = 3
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STYLE: Final = (
    ' style="border-top:none;border-left:none;border-bottom:solid windowtext 1.0pt;border-right:'
    "solid windowtext 1.0pt;mso-border-top-alt:solid windowtext .5pt;mso-border-left-alt:solid"
    ' windowtext .5pt;mso-border-alt:solid windowtext .5pt;padding:0cm 5.4pt 0cm 5.4pt"'
)
_HEAD: Final = (
    "<style>" + ".nav li a{display:block;color:#333}\n" * 300 + "</style>"
    "<script>" + "function f(){if(a<b){return document.getElementById('x');}}\n" * 300 + "</script>"
)


class Sample(NamedTuple):
    """A file, and the report in it."""

    data: bytes
    truth: TruthReport


def run(size: Size) -> Measured:
    """Measure."""
    corpora = samples(random.Random(_SEED), max(2, size.reports // 10))
    lines: list[Line] = []
    figures: dict[str, Any] = {}
    for name, files in corpora.items():
        found = _corpus(name, files, size.rounds)
        figures[name] = found
        ours, floor, ratio = found["ms"], found["floor_ms"], found["ms"] / found["floor_ms"]
        lines.append(compared(name, "ms", ours, floor, ratio))
        lines.append(single("  bare parse and cells taken out", found["cells_ms"], "ms"))
        lines.append(Line("  cells right", f"{found['right']} of {found['printed']}"))
    return Measured(TITLE, tuple(lines), figures)


def samples(rng: random.Random, count: int) -> Mapping[str, list[Sample]]:
    """Return the files of each corpus: HTML plain and as sites publish it, DOCX."""
    return {
        "HTML, nothing but cells": list(_pages(rng, count, "plain", "bare", dressed=False)),
        "HTML, a portal": list(_pages(rng, count, "word", "portal", dressed=False)),
        "HTML, a portal, pasted from Word": list(
            _pages(rng, count, "word", "portal", dressed=True)
        ),
        "DOCX, python-docx": list(_word(rng, count)),
    }


def _pages(
    rng: random.Random, count: int, table: str, shell: str, *, dressed: bool
) -> Iterator[Sample]:
    for _ in range(count):
        truth = random_report(rng, messy=True)
        text = html_pages.page(truth, rng, table, shell)
        if dressed:
            text = text.replace(' style="width:51.8pt;border:solid windowtext 1.0pt"', _STYLE)
            text = text.replace("</head>", f"{_HEAD}</head>")
        yield Sample(text.encode(), truth)


def _word(rng: random.Random, count: int) -> Iterator[Sample]:
    for _ in range(count):
        truth = random_report(rng, messy=True)
        yield Sample(office_files.word(truth), truth)


def _corpus(name: str, files: list[Sample], rounds: int) -> dict[str, Any]:
    bare, cells = (_page, _page_cells) if name.startswith("HTML") else (_docx, _docx_cells)
    spent: dict[str, list[float]] = {"ms": [], "floor_ms": [], "cells_ms": []}
    steps: tuple[tuple[str, Callable[[bytes], Any]], ...] = (
        ("ms", choose.read),
        ("floor_ms", bare),
        ("cells_ms", lambda data: cells(bare(data))),
    )
    for data in [file.data for file in files] * (4 * rounds + 1):
        for what, step in steps:
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


def _page(data: bytes) -> Any:
    return html.document_fromstring(decode(data)[0])


def _page_cells(tree: Any) -> list[tuple[str, str | None, str | None]]:
    cells = tree.iter("td", "th")
    return [(cell.text_content(), cell.get("rowspan"), cell.get("colspan")) for cell in cells]


def _docx(data: bytes) -> Any:
    return etree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml"))


def _docx_cells(tree: Any) -> list[tuple[str, str | None]]:
    return [
        ("".join(cell.itertext(_W + "t")), (cell.find(f"{_W}tcPr/{_W}gridSpan")))
        for cell in tree.iter(_W + "tc")
    ]
