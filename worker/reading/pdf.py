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
    from worker.reading.pdf_layer import Layer

MEDIA_TYPE: Final = "application/pdf"

_PDFIUM: Final = threading.Lock()
"""pdfium is not thread-safe."""
_END: Final = b"%%EOF"
_OBJECT: Final = re.compile(rb"\d+\s+\d+\s+obj\b")


def read(data: bytes) -> Pages:
    """Read a PDF by its text layer; warnings name the pages that have none.

    Raises:
        Refused: ``truncated``, ``encrypted`` (a password is needed to open it), ``too_large``
            (pages, characters, drawn objects or crossings of lines), ``empty``, or
            ``unreadable``: broken, or without a text layer, which the message says.
    """
    return pages(inks(data))


def layers(data: bytes) -> "tuple[Layer, ...]":
    """Tell of each page whether it has a text layer.

    Raises:
        Refused: as ``read`` does, but for ``empty`` and a text layer that is not there.
    """
    from worker.reading.pdf_layer import layer_of

    return tuple(layer_of(ink) for ink in inks(data))


def inks(data: bytes) -> "list[Ink]":
    """Return what stands on each page, those without text included.

    Raises:
        Refused: as ``read`` does, but for ``empty`` and a text layer that is not there.
    """
    if _is_cut(data):
        raise Refused(Reason.TRUNCATED, f"the PDF ends before its end mark ({len(data)} bytes)")
    with _PDFIUM:
        return list(_inks(data))


def pages(inks: "Sequence[Ink]") -> Pages:
    """Return inks as pages; those without a text layer are left out, and named in warnings.

    Raises:
        Refused: ``too_large``, ``empty`` or ``unreadable``: no page has text to speak of.
    """
    from worker.reading.pdf_allowance import Allowance
    from worker.reading.pdf_flow import blocks
    from worker.reading.pdf_layer import readable

    kept, warnings = readable(inks)
    return Pages(tuple(blocks(kept, Allowance())), MEDIA_TYPE, warnings=warnings)


def _is_cut(data: bytes) -> bool:
    """Tell whether the file lacks its end; an earlier end may stand before a later revision."""
    end = data.rfind(_END)
    return end < 0 or _OBJECT.search(data, end) is not None


def _inks(data: bytes) -> Iterator["Ink"]:
    from worker.reading.pdf_allowance import Allowance
    from worker.reading.pdf_page import ink_of

    allowance = Allowance()
    with _opened(data) as (document, count):
        for index in range(count):
            ink = ink_of(document, index, allowance)
            if ink is None:
                raise Refused(Reason.UNREADABLE, f"page {index + 1} of {count} cannot be loaded")
            yield ink


@contextmanager
def opened(data: bytes) -> Iterator[tuple[Any, int]]:
    """Open a document, and let nobody else use pdfium meanwhile: yield its handle and its pages.

    Raises:
        Refused: ``encrypted``, ``too_large`` or ``unreadable``.
    """
    with _PDFIUM, _opened(data) as found:
        yield found


@contextmanager
def _opened(data: bytes) -> Iterator[tuple[Any, int]]:
    """Open a document; one that only asks for an owner's password opens without."""
    import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
    from pypdfium2 import PdfDocument, PdfiumError

    from worker.reading.pdf_allowance import MOST_PAGES

    try:
        document = PdfDocument(data)
    except PdfiumError as error:
        if error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise Refused(Reason.ENCRYPTED, "the PDF asks for a password to be opened") from error
        raise Refused(Reason.UNREADABLE, f"pdfium cannot open the PDF: {error}") from error
    try:
        if len(document) > MOST_PAGES:
            raise Refused(
                Reason.TOO_LARGE, f"{len(document):,} pages; at most {MOST_PAGES:,} are read"
            )
        yield document.raw, len(document)
    finally:
        document.close()
