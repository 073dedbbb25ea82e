"""PDF with a text layer: pdfium's characters and ruling lines, sorted into cells and lines.

Page marks are left out; tables and rows cut by a page are joined. Places give the page and the
box on it, in points from the top left, the page turned so that its text is upright.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading.pages import Pages

if TYPE_CHECKING:
    from worker.reading.pdf_ink import Ink

MEDIA_TYPE: Final = "application/pdf"

_MOST_PAGES: Final = 2_000
_PDFIUM: Final = threading.Lock()
"""pdfium is not thread-safe."""
_END: Final = b"%%EOF"
_OBJECT: Final = re.compile(rb"\d+\s+\d+\s+obj\b")
_OCR: Final = "the OCR extra, gouji[ocr], reads such files"
_LEAST_TEXT: Final = 16
_MOST_UNKNOWN: Final = 0.2
_UNKNOWN: Final = re.compile("[\ufffd\ue000-\uf8ff]")


def read(data: bytes) -> Pages:
    """Read a PDF by its text layer.

    Raises:
        Refused: ``truncated``, ``encrypted`` (a password is needed to open it), ``too_large``
            (pages, characters or drawn objects), ``empty``, or ``unreadable``: broken, or without
            a text layer, which the message says.
    """
    from worker.reading.pdf_flow import blocks

    if _is_cut(data):
        raise Refused(Reason.TRUNCATED, f"the PDF ends before its end mark ({len(data)} bytes)")
    with _PDFIUM:
        inks = list(_inks(data))
    warnings = _text_layer(inks)
    return Pages(tuple(blocks(inks)), MEDIA_TYPE, warnings=warnings)


def _is_cut(data: bytes) -> bool:
    """Tell whether the file lacks its end; an earlier end may stand before a later revision."""
    end = data.rfind(_END)
    return end < 0 or _OBJECT.search(data, end) is not None


def _inks(data: bytes) -> Iterator["Ink"]:
    from worker.reading.pdf_page import ink_of
    from worker.reading.pdf_pen import Allowance

    allowance = Allowance()
    with _opened(data) as (document, count):
        for index in range(count):
            ink = ink_of(document, index, allowance)
            if ink is None:
                raise Refused(Reason.UNREADABLE, f"page {index + 1} of {count} cannot be loaded")
            yield ink


@contextmanager
def _opened(data: bytes) -> Iterator[tuple[Any, int]]:
    """Open a document; one that only asks for an owner's password opens without."""
    import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(data)
    except PdfiumError as error:
        if error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise Refused(Reason.ENCRYPTED, "the PDF asks for a password to be opened") from error
        raise Refused(Reason.UNREADABLE, f"pdfium cannot open the PDF: {error}") from error
    try:
        if len(document) > _MOST_PAGES:
            raise Refused(
                Reason.TOO_LARGE, f"{len(document):,} pages; at most {_MOST_PAGES:,} are read"
            )
        yield document.raw, len(document)
    finally:
        document.close()


def _text_layer(inks: Sequence["Ink"]) -> tuple[str, ...]:
    """Return warnings about pages without text; refuse a file that has none to speak of."""
    texts = ["".join([glyph.text for glyph in ink.glyphs]).strip() for ink in inks]
    total = sum(map(len, texts))
    scanned = [ink.page for ink, text in zip(inks, texts, strict=True) if ink.pictures and not text]
    if not total and not scanned:
        raise Refused(Reason.EMPTY, "there is nothing on the pages of the PDF")
    if total < _LEAST_TEXT * len(inks) and scanned:
        raise Refused(Reason.UNREADABLE, f"the PDF has no text layer (a scan?): {_OCR}")
    if sum(len(_UNKNOWN.findall(text)) for text in texts) > _MOST_UNKNOWN * total:
        raise Refused(
            Reason.UNREADABLE, f"the text layer of the PDF does not say its characters: {_OCR}"
        )
    if not scanned:
        return ()
    pages = ", ".join(map(str, scanned[:20])) + (", …" if len(scanned) > 20 else "")
    return (f"no text layer on page {pages}: {_OCR}",)
