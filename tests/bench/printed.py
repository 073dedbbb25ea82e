"""How fast one core reads PDF reports, and how many of their cells come out right.

The floor is pdfium's own text of every page, which says nothing of cells. Where pdfplumber is
installed, its tables of the same files are recognised too, for cells and for time. All of them in
CPU time of the thread, file by file in turn. The files are drawn in every style there is, and
printed by LibreOffice where that is installed.
"""

import ctypes
import gc
import io
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from models.disclosure.report import Report
from tests.bench.measured import Line, Measured, Size, compared, middle, single
from tests.reports.cells import TruthReport
from tests.reports.truth import random_report
from tests.worker.reading.pdf_drawn import STYLES, Drawing
from tests.worker.reading.pdf_files import print_all, random_printing
from worker.errors import Refused
from worker.reading import pdf
from worker.reading.pages import Grid, GridCell, GridRow, Pages, Shape
from worker.recognise.recognise import recognise

TITLE: Final = "reading a PDF report"
_SEED: Final = 3

File = tuple[bytes, TruthReport]


def run(size: Size) -> Measured:
    """Measure."""
    rng = random.Random(_SEED)
    _round(_drawn(rng, 2))  # whatever is made at the first call
    found = [_round(_files(rng, size.reports)) for _ in range(size.rounds)]
    figures = {name: middle([one[name] for one in found]) for name in found[0]}
    return Measured(TITLE, tuple(_lines(figures)), figures)


def _files(rng: random.Random, count: int) -> list[File]:
    if shutil.which("soffice") is None:
        return _drawn(rng, count)
    with tempfile.TemporaryDirectory() as folder:
        printed = print_all([random_printing(rng) for _ in range(count // 2)], Path(folder))
    return [*_drawn(rng, count - count // 2), *((one.data, one.truth) for one in printed)]


def _drawn(rng: random.Random, count: int) -> list[File]:
    truths = [random_report(rng, messy=True) for _ in range(count)]
    return [
        (Drawing(style=STYLES[at % len(STYLES)], cut=at % 2 == 0).report(truth, rng), truth)
        for at, truth in enumerate(truths)
    ]


def _round(files: Sequence[File]) -> dict[str, float]:
    readers: dict[str, Callable[[bytes], Pages]] = {"reader": pdf.read}
    if find_spec("pdfplumber") is not None:
        readers["pdfplumber"] = by_pdfplumber
    spent = dict.fromkeys((*readers, "floor"), 0.0)
    right = dict.fromkeys(readers, 0)
    for data, truth in files:
        for name, read in readers.items():
            gc.collect()  # what another has left behind is not for this one to clear away
            started = time.thread_time()
            pages = read(data)
            spent[name] += time.thread_time() - started
            right[name] += cells_right(pages, truth)
        gc.collect()
        started = time.thread_time()
        bare_text(data)
        spent["floor"] += time.thread_time() - started
    figures = {
        "bytes": sum(len(data) for data, _ in files) / len(files),
        "cells": sum(len(truth.cells) for _, truth in files),
        "ratio": spent["floor"] / spent["reader"],
        **{f"{name}_ms": took * 1000 / len(files) for name, took in spent.items()},
        **{f"{name}_cells_right": count for name, count in right.items()},
    }
    if "pdfplumber" in spent:
        figures["times_faster_than_pdfplumber"] = spent["pdfplumber"] / spent["reader"]
    return figures


def cells_right(pages: Pages, truth: TruthReport) -> int:
    """Return how many of the report's cells are recognised as they are printed."""
    try:
        read = dict(_cells(recognise(pages)))
    except Refused:
        return 0
    return sum(
        address in read and read[address] == (cell.value, cell.printed)
        for address, cell in truth.cells.items()
    )


def _cells(report: Report) -> list[tuple[str, tuple[object, object]]]:
    return [(address, (cell.value, cell.printed)) for address, cell in report.cells()]


def bare_text(data: bytes) -> int:
    """Have pdfium's bare calls say the text of every page; return the number of characters."""
    import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
    from pypdfium2 import PdfDocument

    document = PdfDocument(data)
    try:
        return sum(len(_page_text(pdfium, document.raw, at)) for at in range(len(document)))
    finally:
        document.close()


def _page_text(pdfium: Any, document: Any, index: int) -> str:
    page = pdfium.FPDF_LoadPage(document, index)
    text = pdfium.FPDFText_LoadPage(page)
    count = pdfium.FPDFText_CountChars(text)
    units = (ctypes.c_ushort * (count + 1))()
    pdfium.FPDFText_GetText(text, 0, count, units)
    pdfium.FPDFText_ClosePage(text)
    pdfium.FPDF_ClosePage(page)
    return bytes(units).decode("utf-16-le", "replace")


def by_pdfplumber(data: bytes) -> Pages:
    """Return the tables that pdfplumber finds."""
    pdfplumber = import_module("pdfplumber")
    with pdfplumber.open(io.BytesIO(data)) as document:
        tables = [table for page in document.pages for table in page.extract_tables()]
    return Pages(tuple(_grid(table) for table in tables), pdf.MEDIA_TYPE)


def _grid(table: Sequence[Sequence[str | None]]) -> Grid:
    """Return a table as a grid; what a merged cell covers is ``None`` and no cell."""
    return Grid(
        tuple(
            GridRow(
                tuple(
                    GridCell(text.replace("\n", ""), at, at, at + 1)
                    for at, text in enumerate(row)
                    if text is not None
                )
            )
            for row in table
        ),
        Shape.CELLS,
    )


def _lines(figures: dict[str, float]) -> list[Line]:
    lines = [
        compared(
            "files",
            "/s a core",
            1000 / figures["reader_ms"],
            1000 / figures["floor_ms"],
            figures["ratio"],
        ),
        single("cells right", 100 * figures["reader_cells_right"] / figures["cells"], "%"),
    ]
    if "pdfplumber_ms" in figures:
        right = 100 * figures["pdfplumber_cells_right"] / figures["cells"]
        lines.append(
            single("times faster than pdfplumber", figures["times_faster_than_pdfplumber"], "")
        )
        lines.append(single("cells right by pdfplumber", right, "%"))
    return lines
