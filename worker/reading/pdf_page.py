"""From pdfium's pages to ink: characters with their loose boxes, ruling lines from path objects.

Strokes and thin filled rectangles alike are ruling lines: Word-made files use either. The caller
holds the lock: pdfium is not thread-safe.
"""

import ctypes
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from math import hypot
from typing import Any, Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_ghosts import address
from worker.reading.pdf_ink import UNKNOWN, Box, Glyph, Ink
from worker.reading.pdf_pen import Pen, Turn

_SAMPLES: Final = 40
_SMALLEST, _USUAL, _LARGEST, _NO_SIZE = 3.0, 10.5, 72.0, 0.01
_FLAT: Final = 0.4
_ASCENT: Final = 0.88
_DESCENT: Final = 0.12
_CONTROLS: Final = frozenset(map(chr, (*range(0x20), 0x7F, 0xAD, 0xFEFF)))
_NO_CHARACTER: Final = frozenset("\ufffe\uffff")
_SPACES: Final = frozenset(" \u00a0\u2002\u2003\u2009\u3000")
_HIGH_SURROGATES: Final = frozenset(map(chr, range(0xD800, 0xDC00)))
_LOW_SURROGATES: Final = frozenset(map(chr, range(0xDC00, 0xE000)))
_SIMPLIFIED_RADICALS: Final = dict(
    zip(
        "⺠⻅⻆⻉⻋⻓⻔⻘⻚⻛⻜⻝⻢⻣⻥⻦⻨⻩⻬⻮⻰⼾",
        "民见角贝车长门青页风飞食马骨鱼鸟麦黄齐齿龙户",
        strict=True,
    )
)
_RADICALS_READ: Final = {
    letter: _SIMPLIFIED_RADICALS.get(letter) or unicodedata.normalize("NFKC", letter)
    for letter in map(chr, range(0x2E80, 0x2FD6))
}
"""Radicals that stand for whole characters: what a font's map gives where both share a glyph."""
_FIRST_HAN: Final = "\u2e80"
_EVERY: Final = 16
"""Of Chinese characters one in so many is asked whether its font says what it is."""
_ODD: Final = (
    _CONTROLS
    | _NO_CHARACTER
    | _SPACES
    | _HIGH_SURROGATES
    | _LOW_SURROGATES
    | _RADICALS_READ.keys()
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
    page = _loaded(document, index)
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


def _loaded(document: Any, index: int) -> Any:
    """Load a page; what was filled into its form, stamped or typed on it becomes part of it."""
    page = pdfium.FPDF_LoadPage(document, index)
    if not page or not pdfium.FPDFPage_GetAnnotCount(page):
        return page
    if pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) != pdfium.FLATTEN_SUCCESS:
        return page
    pdfium.FPDF_ClosePage(page)
    return pdfium.FPDF_LoadPage(document, index)


def _ink(page: Any, text: Any, index: int, allowance: Allowance) -> Ink:
    count = max(0, pdfium.FPDFText_CountChars(text))
    allowance.take(characters=count)
    quarter, scale = _posture(text, count)
    turn = Turn(quarter, _page_box(page), scale)
    glyphs, numbers = _glyphs(text, count, turn)
    if _any_untold(text, glyphs, numbers):
        glyphs = [_told(text, at, glyph) for at, glyph in zip(numbers, glyphs, strict=True)]
    if any(bottom - top < _FLAT * (right - left) for _, left, top, right, bottom, _ in glyphs):
        placed = zip(numbers, glyphs, strict=True)
        glyphs = [_heightened(text, at, glyph, turn) for at, glyph in placed]
    ink = Ink(index + 1, *turn.size, glyphs, [], [], scale)
    pen = Pen(ink, turn, allowance)
    pen.draw(page)
    if ghosts := pen.ghosts:
        shown = _shown(text, numbers, ghosts)
        ink.glyphs = [glyph for glyph, kept in zip(glyphs, shown, strict=True) if kept]
    return ink


def _any_untold(text: Any, glyphs: list[Glyph], numbers: list[int]) -> bool:
    """Tell whether a font on the page does not say which characters its glyphs are."""
    ask = pdfium.FPDFText_HasUnicodeMapError
    return any(
        ask(text, number) == 1
        for at, (glyph, number) in enumerate(zip(glyphs, numbers, strict=True))
        if glyph[0] < _FIRST_HAN or not at % _EVERY
    )


def _told(text: Any, at: int, glyph: Glyph) -> Glyph:
    """Where a font does not say which character a glyph is, pdfium gives the number of the glyph."""
    untold = pdfium.FPDFText_HasUnicodeMapError(text, at) == 1
    return glyph._replace(text=UNKNOWN) if untold else glyph


def _shown(text: Any, numbers: list[int], ghosts: frozenset[int]) -> list[bool]:
    """Tell of each character whether it can be seen; a page of which nothing can is all shown.

    The text under a scanned page is invisible as a whole: it is the page's text layer.
    """
    get_object = pdfium.FPDFText_GetTextObject
    shown = [address(get_object(text, at)) not in ghosts for at in numbers]
    return shown if sum(shown) * 2 > len(shown) else [True] * len(shown)


def _page_box(page: Any) -> Box:
    rect = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, rect)
    return rect.left, rect.bottom, rect.right, rect.top


def _posture(text: Any, count: int) -> tuple[int, float]:
    """Return which way most of the text runs, and what makes points of the page's unit.

    Pages are turned by their flag, or only drawn so; pdfium knows nothing of ``UserUnit``, and
    sheets are printed much smaller or larger: text between 3 and 72 points is taken as it is.
    """
    matrix = pdfium.FS_MATRIX()
    seen: Counter[int] = Counter()
    sizes: list[float] = []
    for at in range(0, count, max(1, count // _SAMPLES)):
        if pdfium.FPDFText_IsGenerated(text, at):
            continue
        if pdfium.FPDFText_GetMatrix(text, at, matrix) and (matrix.a or matrix.b):
            sizes.append(pdfium.FPDFText_GetFontSize(text, at) * hypot(matrix.c, matrix.d))
            if abs(matrix.a) >= abs(matrix.b):
                seen[0 if matrix.a > 0 else 2] += 1
            else:
                seen[1 if matrix.b > 0 else 3] += 1
    if not sizes:
        return 0, 1.0
    size = sorted(sizes)[len(sizes) // 2]
    usual = _SMALLEST <= size <= _LARGEST or size < _NO_SIZE
    return seen.most_common(1)[0][0], 1.0 if usual else _USUAL / size


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
    upright = turn.quarter == 0 and turn.scale == 1.0
    start, head = turn.box[0], turn.box[3]
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
    if pdfium.FPDFText_HasUnicodeMapError(text, at) == 1:
        return UNKNOWN
    if letter in _SPACES:
        return "" if pdfium.FPDFText_IsGenerated(text, at) else letter
    if letter in _NO_CHARACTER:
        return UNKNOWN
    if letter in _LOW_SURROGATES and at:
        high = pdfium.FPDFText_GetUnicode(text, at - 1)
        return chr(0x10000 + ((high & 0x3FF) << 10) + (ord(letter) & 0x3FF))
    if letter in _RADICALS_READ:
        return _RADICALS_READ[letter]
    return ""


def _heightened(text: Any, at: int, glyph: Glyph, turn: Turn) -> Glyph:
    """Give a glyph the height of its font where the font does not state it.

    Without ascent and descent even loose boxes are as high as the strokes, and a comma would
    stand on a line of its own.
    """
    x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium.FS_MATRIX()
    pdfium.FPDFText_GetCharOrigin(text, at, x, y)
    pdfium.FPDFText_GetMatrix(text, at, matrix)
    size = pdfium.FPDFText_GetFontSize(text, at) * hypot(matrix.c, matrix.d) * turn.scale
    if not size:
        return glyph
    base = turn(x.value, y.value, x.value, y.value)[1]
    top, bottom = base - _ASCENT * size, base + _DESCENT * size
    return glyph._replace(top=top, bottom=bottom, middle=(top + bottom) / 2)
