"""From pdfium's pages to ink. The caller holds the lock: pdfium is not thread-safe."""

from typing import Any

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_drawn import drawn_on
from worker.reading.pdf_glyphs import glyphs_of, posture
from worker.reading.pdf_ink import Box, Ink
from worker.reading.pdf_pen import Turn, draw
from worker.reading.pdf_text import TextPage


def ink_of(document: Any, index: int, allowance: Allowance) -> Ink | None:
    """Return what stands on a page, or ``None`` when pdfium cannot load it.

    Args:
        document: pdfium's handle of the open document.
        index: of the page, from 0.
        allowance: what the file may still hold; taken from.

    Raises:
        Refused: ``too_large``.
    """
    page = loaded(document, index)
    if not page:
        return None
    try:
        text = TextPage(page)
        try:
            return _ink(page, text, index, allowance) if text.handle else None
        finally:
            text.close()
    finally:
        pdfium.FPDF_ClosePage(page)


def loaded(document: Any, index: int) -> Any:
    """Load a page; what was filled into its form, stamped or typed on it becomes part of it."""
    page = pdfium.FPDF_LoadPage(document, index)
    if not page or not pdfium.FPDFPage_GetAnnotCount(page):
        return page
    if pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) != pdfium.FLATTEN_SUCCESS:
        return page
    pdfium.FPDF_ClosePage(page)
    return pdfium.FPDF_LoadPage(document, index)


def _ink(page: Any, text: TextPage, index: int, allowance: Allowance) -> Ink:
    allowance.take(characters=text.count)
    contents = drawn_on(page, allowance)
    text.look(contents)
    quarter, scale = posture(text)
    turn = Turn(quarter, _page_box(page), scale)
    ink = Ink(index + 1, *turn.size, glyphs_of(text, turn), [], [], scale)
    draw(contents, ink, turn, allowance)
    return ink


def _page_box(page: Any) -> Box:
    rect = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, rect)
    return rect.left, rect.bottom, rect.right, rect.top
