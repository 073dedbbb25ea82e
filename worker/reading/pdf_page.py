"""From pdfium's pages to ink: characters with their loose boxes, ruling lines from path objects.

Strokes and thin filled rectangles alike are ruling lines: Word-made files use either. The caller
holds the lock: pdfium is not thread-safe.
"""

import ctypes
import sys
from collections import Counter
from collections.abc import Iterable
from math import hypot
from typing import Any, Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from worker.reading import radicals
from worker.reading.pdf_ink import Box, Glyph, Ink
from worker.reading.pdf_pen import Allowance, Pen, Turn

_SAMPLES: Final = 40
_FLAT: Final = 0.4
_ASCENT: Final = 0.88
_DESCENT: Final = 0.12
_CONTROLS: Final = frozenset(map(chr, (*range(0x20), 0x7F, 0xAD, 0xFEFF)))
_NO_CHARACTER: Final = frozenset("\ufffe\uffff")
_SPACES: Final = frozenset(" \u00a0\u2002\u2003\u2009\u3000")
_HIGH_SURROGATES: Final = frozenset(map(chr, range(0xD800, 0xDC00)))
_LOW_SURROGATES: Final = frozenset(map(chr, range(0xDC00, 0xE000)))
_ODD: Final = (
    _CONTROLS
    | _NO_CHARACTER
    | _SPACES
    | _HIGH_SURROGATES
    | _LOW_SURROGATES
    | radicals.READ.keys()
    | {""}
)


def ink_of(document: Any, index: int, allowance: Allowance) -> Ink | None:
    """Return what stands on a page, or ``None`` when pdfium cannot load it.

    Args:
        document: pdfium's handle of the open document.
        index: of the page, from 0.
        allowance: what the file may still hold; taken from.

    Raises:
        Refused: ``too_large``.
    """
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:
        return None
    try:
        text = pdfium.FPDFText_LoadPage(page)
        if not text:
            return None
        try:
            return _ink(page, text, index, allowance)
        finally:
            pdfium.FPDFText_ClosePage(text)
    finally:
        pdfium.FPDF_ClosePage(page)


def _ink(page: Any, text: Any, index: int, allowance: Allowance) -> Ink:
    count = max(0, pdfium.FPDFText_CountChars(text))
    allowance.take(characters=count)
    turn = Turn(_quarter(text, count), _page_box(page))
    glyphs, numbers = _glyphs(text, count, turn)
    if any(bottom - top < _FLAT * (right - left) for _, left, top, right, bottom, _ in glyphs):
        placed = zip(numbers, glyphs, strict=True)
        glyphs = [_heightened(text, at, glyph, turn) for at, glyph in placed]
    ink = Ink(index + 1, *turn.size, glyphs, [], [])
    Pen(ink, turn, allowance).draw(page)
    return ink


def _page_box(page: Any) -> Box:
    rect = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, rect)
    return rect.left, rect.bottom, rect.right, rect.top


def _quarter(text: Any, count: int) -> int:
    """Return which way most of the text runs: pages are turned by their flag, or only drawn so."""
    matrix = pdfium.FS_MATRIX()
    seen: Counter[int] = Counter()
    for at in range(0, count, max(1, count // _SAMPLES)):
        if pdfium.FPDFText_IsGenerated(text, at):
            continue
        if pdfium.FPDFText_GetMatrix(text, at, matrix) and (matrix.a or matrix.b):
            if abs(matrix.a) >= abs(matrix.b):
                seen[0 if matrix.a > 0 else 2] += 1
            else:
                seen[1 if matrix.b > 0 else 3] += 1
    return seen.most_common(1)[0][0] if seen else 0


def _glyphs(text: Any, count: int, turn: Turn) -> tuple[list[Glyph], list[int]]:
    """Return the characters on the page, and their numbers.

    A page has thousands: this loop is a quarter of the time that the reader takes.
    """
    glyphs: list[Glyph] = []
    numbers: list[int] = []
    rect = pdfium.FS_RECTF()
    reference = ctypes.byref(rect)
    get_box, new = pdfium.FPDFText_GetLooseCharBox, tuple.__new__
    width, height = turn.size
    upright, start, head = turn.quarter == 0, turn.box[0], turn.box[3]
    for at, letter in enumerate(_letters(text, count)):
        if letter in _ODD and not (letter := _plain(letter, text, at)):
            continue
        if not get_box(text, at, reference):
            continue
        if upright:
            left, top = rect.left - start, head - rect.top
            right, bottom = rect.right - start, head - rect.bottom
        else:
            left, top, right, bottom = turn(rect.left, rect.bottom, rect.right, rect.top)
        middle = (top + bottom) / 2
        if left + right >= 0 <= middle <= height and left + right <= 2 * width:
            glyphs.append(new(Glyph, (letter, left, top, right, bottom, middle)))
            numbers.append(at)
    return glyphs, numbers


def _letters(text: Any, count: int) -> Iterable[str]:
    """Return what pdfium takes each character for, one by one."""
    units = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(text, 0, count, units)
    whole = bytes(units).decode("utf-16-le", "surrogatepass")
    if written == count + 1 == len(whole):
        return whole[:-1]
    # Some characters have no text or take two units: numbers and text do not agree.
    codes = (pdfium.FPDFText_GetUnicode(text, at) for at in range(count))
    return (chr(code) if code <= sys.maxunicode else "" for code in codes)


def _plain(letter: str, text: Any, at: int) -> str:
    """Return a character out of the ordinary as it should be read; nothing if it is none."""
    if letter in _SPACES:
        return "" if pdfium.FPDFText_IsGenerated(text, at) else letter
    if letter in _NO_CHARACTER:
        return "\ufffd"
    if letter in _LOW_SURROGATES and at:
        high = pdfium.FPDFText_GetUnicode(text, at - 1)
        return chr(0x10000 + ((high & 0x3FF) << 10) + (ord(letter) & 0x3FF))
    if letter in radicals.READ:
        return radicals.READ[letter]
    return ""


def _heightened(text: Any, at: int, glyph: Glyph, turn: Turn) -> Glyph:
    """Give a glyph the height of its font where the font does not state it.

    Without ascent and descent even loose boxes are as high as the strokes, and a comma would
    stand on a line of its own.
    """
    x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium.FS_MATRIX()
    pdfium.FPDFText_GetCharOrigin(text, at, x, y)
    pdfium.FPDFText_GetMatrix(text, at, matrix)
    size = pdfium.FPDFText_GetFontSize(text, at) * hypot(matrix.c, matrix.d)
    if not size:
        return glyph
    base = turn(x.value, y.value, x.value, y.value)[1]
    top, bottom = base - _ASCENT * size, base + _DESCENT * size
    return glyph._replace(top=top, bottom=bottom, middle=(top + bottom) / 2)
