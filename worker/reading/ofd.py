"""OFD, the Chinese standard of fixed layout (GB/T 33190-2016), by its text objects.

What is drawn becomes the same ink as that of a PDF, and the same code makes tables and lines of
it. Left out: annotations, signatures and their seals, attachments, and text set aslant, which is
a watermark. Places give the page and the box on it in points from the top left; pages are counted
through all documents that the file holds.
"""

import re
from collections.abc import Sequence
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import package
from worker.reading.ofd_book import Book
from worker.reading.ofd_page import ink_of
from worker.reading.pages import Pages
from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_flow import blocks
from worker.reading.pdf_ink import Ink

MEDIA_TYPE: Final = package.OFD

_MOST_PAGES: Final = 2_000
_OCR: Final = "the OCR extra, gouji[ocr], reads such files"
_MOST_CHARACTERS: Final = 2_000_000
_MOST_OBJECTS: Final = 500_000
_LEAST_TEXT: Final = 16
_MOST_UNKNOWN: Final = 0.2
_MOST_NAMED: Final = 20
_UNKNOWN: Final = re.compile("[\ufffd\ue000-\uf8ff]")


def read(data: bytes) -> Pages:
    """Read an OFD by its text.

    Raises:
        Refused: ``truncated``, ``encrypted``, ``too_large`` (pages, characters or drawn objects),
            ``empty``, or ``unreadable``: broken, or without text, which the message says.
    """
    allowance = Allowance(characters=_MOST_CHARACTERS, objects=_MOST_OBJECTS)
    inks = _inks(data, allowance)
    warnings = _text_layer(inks)
    return Pages(tuple(blocks(inks, allowance)), MEDIA_TYPE, warnings=warnings)


def _inks(data: bytes, allowance: Allowance) -> list[Ink]:
    inks: list[Ink] = []
    for leaf in Book(data).leaves():
        if len(inks) == _MOST_PAGES:
            raise Refused(Reason.TOO_LARGE, f"the OFD has more than {_MOST_PAGES:,} pages")
        inks.append(ink_of(leaf, len(inks) + 1, allowance))
    return inks


def _text_layer(inks: Sequence[Ink]) -> tuple[str, ...]:
    """Return warnings about pages without text; refuse a file that has none to speak of."""
    texts = ["".join([glyph.text for glyph in ink.glyphs]).strip() for ink in inks]
    total = sum(map(len, texts))
    drawn = [ink.page for ink, text in zip(inks, texts, strict=True) if ink.pictures and not text]
    if not total and not drawn:
        raise Refused(Reason.EMPTY, "there is nothing on the pages of the OFD")
    if total < _LEAST_TEXT * len(inks) and drawn:
        raise Refused(
            Reason.UNREADABLE, f"the OFD has no text layer (pictures or outlines): {_OCR}"
        )
    if sum(len(_UNKNOWN.findall(text)) for text in texts) > _MOST_UNKNOWN * total:
        raise Refused(
            Reason.UNREADABLE, f"the text layer of the OFD does not say its characters: {_OCR}"
        )
    if not drawn:
        return ()
    more = ", …" if len(drawn) > _MOST_NAMED else ""
    pages = ", ".join(map(str, drawn[:_MOST_NAMED])) + more
    return (f"no text layer on page {pages}: {_OCR}",)
