"""Another route through a PDF: pdfium's own text, page by page in its order, as lines of text.

Where characters stand, ruling lines and the joining of what a page cuts play no part in it: a
figure that :mod:`worker.reading.pdf` put together wrongly is likely to come out otherwise here.
Blank cells are lost. What may be believed of it, ``worker.check.localise.second`` says.
"""

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import aligned, pdf
from worker.reading.pages import Pages
from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_drawn import drawn_on
from worker.reading.pdf_page import loaded
from worker.reading.pdf_text import TextPage


def read(data: bytes) -> Pages:
    """Read a PDF by its text alone, as a text file with its lines would be read.

    Raises:
        Refused: ``encrypted``, ``too_large``, ``unreadable``, or ``empty``.
    """
    with pdf.opened(data) as (document, count):
        texts = list(_texts(document, count))
    blocks = tuple(aligned.blocks("\f".join(texts)))
    if not blocks:
        raise Refused(Reason.EMPTY, "no page has text of its own")
    return Pages(blocks, pdf.MEDIA_TYPE)


def _texts(document: Any, count: int) -> Iterator[str]:
    allowance = Allowance()
    for index in range(count):
        page = loaded(document, index)
        if not page:
            raise Refused(Reason.UNREADABLE, f"page {index + 1} of {count} cannot be loaded")
        try:
            yield _text(page, allowance)
        finally:
            pdfium.FPDF_ClosePage(page)


def _text(page: Any, allowance: Allowance) -> str:
    """Return what can be seen of a page's text; nothing where pdfium itself leaves out some."""
    text = TextPage(page)
    try:
        if not text.handle:
            return ""
        allowance.take(characters=text.count)
        text.look(drawn_on(page, allowance))
        return "" if text.moved else _written(text)
    finally:
        text.close()


def _written(text: TextPage) -> str:
    units = (ctypes.c_ushort * (2 * text.count + 1))()  # a character has two at most
    written = pdfium.FPDFText_GetText(text.handle, 0, text.count, units) if text.count else 0
    return bytes(units)[: 2 * max(0, written - 1)].decode("utf-16-le", "replace")
