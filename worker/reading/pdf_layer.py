"""What a page says by itself: whether it has a text layer, and one that can be believed."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading.ocr import missing, scanned
from worker.reading.pdf_ink import UNKNOWN, Ink

_OCR: Final = "the OCR extra, gouji[ocr], reads such files"
_LEAST_TEXT: Final = 16
_MOST_UNKNOWN: Final = 0.05
_MOST_PRIVATE: Final = 0.2
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
"""Bullets have such codes too; only where they abound they stand for text."""
_MOST_OF_A_PAGE: Final = 0.5
_LISTED: Final = 20


class Layer(StrEnum):
    """The text layer of a page.

    ``TEXT``: there is one. ``PICTURE``: something is drawn, but no text is written: a scan.
    ``GARBLED``: text is written in codes that say no characters. ``BLANK``: nothing is there.
    """

    TEXT = "text"
    PICTURE = "picture"
    GARBLED = "garbled"
    BLANK = "blank"


def layer_of(ink: Ink) -> Layer:
    """Return what a page has for a text layer; only ``PICTURE`` and ``GARBLED`` ask for OCR."""
    text = _text(ink)
    if not text:
        return Layer.PICTURE if ink.pictures else Layer.BLANK
    if len(text) < _LEAST_TEXT and ink.photograph > _MOST_OF_A_PAGE:
        return Layer.PICTURE  # A page mark, or the name of the program that scanned it.
    unknown, private = text.count(UNKNOWN), len(_PRIVATE.findall(text))
    if unknown > _MOST_UNKNOWN * len(text) or unknown + private > _MOST_PRIVATE * len(text):
        return Layer.GARBLED
    return Layer.TEXT


def readable(inks: Sequence[Ink]) -> tuple[list[Ink], tuple[str, ...]]:
    """Return the pages that have text, and warnings that name those that should and have not.

    Raises:
        Refused: ``empty``: nothing is there.
        Scanned: no page has text to speak of, or some have none and OCR is there to read them.
    """
    layers = [layer_of(ink) for ink in inks]
    kept = [ink for ink, layer in zip(inks, layers, strict=True) if layer is Layer.TEXT]
    if not kept and not {Layer.PICTURE, Layer.GARBLED} & set(layers):
        raise Refused(Reason.EMPTY, "there is nothing on the pages of the PDF")
    if Layer.GARBLED in layers and len(kept) <= layers.count(Layer.GARBLED) / 2:
        raise scanned("a PDF whose text layer does not say its characters")
    drawn = len(inks) - layers.count(Layer.BLANK)
    if Layer.PICTURE in layers and sum(len(_text(ink)) for ink in kept) < _LEAST_TEXT * drawn:
        raise scanned("a PDF without a text layer")
    if {Layer.PICTURE, Layer.GARBLED} & set(layers) and missing() is None:
        raise scanned("a page of the PDF")
    return kept, tuple(_warnings(layers))


def _text(ink: Ink) -> str:
    return "".join("".join([glyph.text for glyph in ink.glyphs]).split())


def _warnings(layers: Sequence[Layer]) -> Iterable[str]:
    for layer, what in (
        (Layer.PICTURE, "no text layer"),
        (Layer.GARBLED, "a text layer that does not say its characters"),
    ):
        pages = [str(at) for at, found in enumerate(layers, 1) if found is layer]
        if pages:
            listed = ", ".join(pages[:_LISTED]) + (", …" if len(pages) > _LISTED else "")
            yield f"{what} on page {listed}: {_OCR}"
