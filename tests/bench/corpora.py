"""Files of every format that is read, with the report in each; none needs LibreOffice to be there.

What only LibreOffice makes (DOC, RTF, ODT, XLS, ODS) was made by it once and lies in
``tests/data/office``; everything else is made anew from random reports.
"""

import random
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.bench import parsing
from tests.reports.cells import TruthReport
from tests.reports.layouts import RENDERERS, random_document
from tests.reports.truth import random_report
from tests.worker.reading import html_pages, ofd_files, office_files, pdf_parts
from tests.worker.reading.pdf_drawn import STYLES, Drawing

_OFFICE: Final = Path(__file__).parents[1] / "data" / "office"
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


class Corpus(NamedTuple):
    """Files of one format, its bare parse, and what takes the cells out of that."""

    files: list[Sample]
    bare: Callable[[bytes], Any]
    cells: Callable[[Any], Any] | None = None


def corpora(rng: random.Random, count: int) -> dict[str, Corpus]:
    """Return ``count`` files of each format, as few as there are of those that lie in a folder."""
    pages = parsing.page, parsing.page_cells
    return {
        "HTML, nothing but cells": Corpus(
            list(_pages(rng, count, "plain", "bare", dressed=False)), *pages
        ),
        "HTML, a portal": Corpus(list(_pages(rng, count, "word", "portal", dressed=False)), *pages),
        "HTML, a portal, pasted from Word": Corpus(
            list(_pages(rng, count, "word", "portal", dressed=True)), *pages
        ),
        "DOCX, python-docx": Corpus(list(_word(rng, count)), parsing.docx, parsing.docx_cells),
        "plain text, every layout": Corpus(list(_texts(rng, count)), parsing.text),
        "MHTML": Corpus(list(_saved(rng, count)), parsing.mhtml),
        "XLSX, openpyxl": Corpus(list(_workbooks(rng, count)), parsing.sheets),
        "OFD": Corpus(list(_ofd(rng, count)), parsing.ofd),
        "XLS, LibreOffice": Corpus(_kept("xls"), parsing.sheets),
        "ODS, LibreOffice": Corpus(_kept("ods"), parsing.sheets),
        "DOC, LibreOffice": Corpus(_kept("doc"), parsing.doc),
        "ODT, LibreOffice": Corpus(_kept("odt"), parsing.odt),
        "RTF, LibreOffice": Corpus(_kept("rtf"), parsing.rtf),
    }


def _kept(suffix: str) -> list[Sample]:
    paths = sorted(_OFFICE.glob(f"*.{suffix}"))
    truths = office_files.reports(len(paths))
    return [Sample(path.read_bytes(), truth) for path, truth in zip(paths, truths, strict=True)]


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


def _texts(rng: random.Random, count: int) -> Iterator[Sample]:
    for layout in islice(cycle(RENDERERS), max(count, len(RENDERERS))):
        truth, _, text = random_document(rng, renderer=layout)
        yield Sample(text.encode(), truth)


def _saved(rng: random.Random, count: int) -> Iterator[Sample]:
    for at, page in enumerate(_pages(rng, count, "word", "bare", dressed=False)):
        encoding = ("quoted-printable", "base64")[at % 2]
        yield page._replace(data=html_pages.saved(page.data, "utf-8", encoding).as_bytes())


def _workbooks(rng: random.Random, count: int) -> Iterator[Sample]:
    for at in range(count):
        truth = random_report(rng, messy=dict.fromkeys(office_files.MESS, 0.1))
        data = office_files.workbook(truth, sheets=at % 2 == 0, numbers=at % 3 != 0)
        yield Sample(data, truth)


def _ofd(rng: random.Random, count: int) -> Iterator[Sample]:
    for at in range(count):
        truth = random_report(rng, messy=True)
        drawing = Drawing(style=STYLES[at % len(STYLES)], flagged=False, cut=at % 2 == 0)
        sheets = pdf_parts.sheets(drawing.report(truth, rng))
        yield Sample(ofd_files.ofd(sheets, ofd_files.random_dialect(rng)), truth)
