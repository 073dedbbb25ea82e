"""The pages of a PDF as people see them, as grey PNG: to hold a report beside its original."""

import zlib
from collections.abc import Iterator
from contextlib import closing
from struct import pack
from typing import Any, Final

from models.disclosure.finding import Reason
from worker.errors import Refused

MOST: Final = 30
"""Pages that are drawn of one file: a report has ten."""
_WIDTH: Final = 1100
_TALLEST: Final = 4000
"""Pixels."""
_FINEST: Final = 3.0
"""Pixels to a point: a stamp is not blown up to a poster."""


def pages(data: bytes) -> Iterator[bytes]:
    """Yield the first pages, each as PNG, 1,100 pixels wide at most.

    Raises:
        Refused: ``encrypted``, or ``unreadable``: it cannot be opened, or a page cannot be drawn.
    """
    import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        with closing(PdfDocument(data)) as document:
            for number in range(min(len(document), MOST)):
                with closing(document[number]) as page:
                    yield _drawn(page)
    except PdfiumError as error:
        asks = error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        reason = Reason.ENCRYPTED if asks else Reason.UNREADABLE
        raise Refused(reason, f"pdfium cannot draw it: {error}") from error


def _drawn(page: Any) -> bytes:
    width, height = page.get_size()
    scale = min(_WIDTH / max(width, 1.0), _TALLEST / max(height, 1.0), _FINEST)
    with closing(page.render(scale=scale, grayscale=True, may_draw_forms=False)) as bitmap:
        kept = bytes(bitmap.buffer)
        rows = (
            kept[start : start + bitmap.width]
            for start in range(0, bitmap.stride * bitmap.height, bitmap.stride)
        )
        return _png(bitmap.width, bitmap.height, rows)


def _png(width: int, height: int, rows: Iterator[bytes]) -> bytes:
    """Return grey rows as PNG; Pillow would be 7 MB for these lines. Source: RFC 2083."""
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 6)
    header = pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, held) for kind, held in chunks)


def _chunk(kind: bytes, held: bytes) -> bytes:
    return pack(">I", len(held)) + kind + held + pack(">I", zlib.crc32(kind + held))
