"""Glyphs that say how sure their reading is, and how sure a cell made of such glyphs is."""

from collections.abc import Iterable

from worker.reading.pdf_ink import Box, Glyph


class ReadGlyph(Glyph):
    """A glyph read by OCR; ``confidence`` from 0 to 1."""

    confidence: float = 1.0


def glyph(text: str, box: Box, confidence: float) -> ReadGlyph:
    """Return a glyph in a box (points)."""
    left, top, right, bottom = box
    made = ReadGlyph(text, left, top, right, bottom, (top + bottom) / 2)
    made.confidence = confidence
    return made


def confidence_of(lines: Iterable[Iterable[Glyph]]) -> float | None:
    """Return how sure the least sure glyph is; ``None`` where none was read by OCR."""
    return min(
        (g.confidence for line in lines for g in line if isinstance(g, ReadGlyph)), default=None
    )
