"""From pdfium's text of a page to glyphs: characters with boxes as high as their font."""

import ctypes
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import compress
from math import hypot
from operator import sub
from typing import Any, Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from worker.reading import pdf_calls as calls
from worker.reading import radicals
from worker.reading.pdf_calls import Numbers
from worker.reading.pdf_ink import UNKNOWN, Glyph
from worker.reading.pdf_pen import Turn
from worker.reading.pdf_text import TextPage

_SAMPLES: Final = 40
_SMALLEST, _USUAL, _LARGEST, _NO_SIZE = 3.0, 10.5, 72.0, 0.01
_FLAT: Final = 0.4
_ASCENT: Final = 0.88
_DESCENT: Final = 0.12
_CONTROLS: Final = frozenset(map(chr, (*range(0x20), 0x7F, 0xAD, 0xFEFF)))
_NO_CHARACTER: Final = frozenset("\ufffe\uffff")
_HIGH_SURROGATES: Final = frozenset(map(chr, range(0xD800, 0xDC00)))
_LOW_SURROGATES: Final = frozenset(map(chr, range(0xDC00, 0xE000)))
_DIGITS: Final = frozenset("0123456789")
_ODD: Final = (
    _CONTROLS | _NO_CHARACTER | _HIGH_SURROGATES | _LOW_SURROGATES | radicals.READ.keys() | {""}
)


def posture(text: TextPage) -> tuple[int, float]:
    """Return which way most of the text runs, and what makes points of the page's unit.

    Pages are turned by their flag, or only drawn so; pdfium knows nothing of ``UserUnit``, and
    sheets are printed much smaller or larger: text between 3 and 72 points is taken as it is.
    """
    seen: Counter[int] = Counter()
    sizes: list[float] = []
    sample = range(0, text.count, max(1, text.count // _SAMPLES))
    written = [at for at in sample if text.owners[at]]
    for (a, b, c, d, _, _), size in zip(
        calls.character_matrices(text.address, written),
        calls.character_sizes(text.address, written),
        strict=True,
    ):
        if a or b:
            sizes.append(size * hypot(c, d))
            if abs(a) >= abs(b):
                seen[0 if a > 0 else 2] += 1
            else:
                seen[1 if b > 0 else 3] += 1
    if not sizes:
        return 0, 1.0
    size = sorted(sizes)[len(sizes) // 2]
    usual = _SMALLEST <= size <= _LARGEST or size < _NO_SIZE
    return seen.most_common(1)[0][0], 1.0 if usual else _USUAL / size


def glyphs_of(text: TextPage, turn: Turn) -> list[Glyph]:
    """Return the characters on the page, in pdfium's order."""
    numbers, letters = _letters(text)
    if not numbers:
        return []
    if _any_untold(text, letters, numbers):
        letters = [_told(text, at, one) for at, one in zip(numbers, letters, strict=True)]
    boxes = _boxes(text, numbers)
    glyphs = _placed(letters, boxes, turn)
    _, lefts, tops, rights, bottoms, _ = zip(*glyphs, strict=True)
    if min(map(sub, bottoms, tops)) < _FLAT * max(map(sub, rights, lefts)) and any(
        glyph.bottom - glyph.top < _FLAT * (glyph.right - glyph.left) for glyph in glyphs
    ):
        glyphs = _heightened(text, numbers, glyphs, turn)
    width, height = turn.size
    if min(lefts) >= 0 and min(tops) >= 0 and max(rights) <= width and max(bottoms) <= height:
        return glyphs
    return [
        glyph
        for glyph in glyphs
        if glyph.left + glyph.right >= 0 <= glyph.middle <= height
        and glyph.left + glyph.right <= 2 * width
    ]


def _placed(letters: Sequence[str], boxes: Sequence[Numbers], turn: Turn) -> list[Glyph]:
    """Return the characters where they stand on the upright page; a page has thousands."""
    new = tuple.__new__
    if turn.quarter == 0 and turn.scale == 1.0:
        start, head = turn.box[0], turn.box[3]
        return [
            new(Glyph, (one, le - start, head - to, ri - start, head - bo, head - (to + bo) / 2))
            for one, (le, to, ri, bo) in zip(letters, boxes, strict=True)
        ]
    turned = (turn(left, bottom, right, top) for left, top, right, bottom in boxes)
    return [
        new(Glyph, (one, left, top, right, bottom, (top + bottom) / 2))
        for one, (left, top, right, bottom) in zip(letters, turned, strict=True)
    ]


def _boxes(text: TextPage, numbers: Sequence[int]) -> list[Numbers]:
    """Return the loose box of each character, where it is drawn."""
    found = calls.loose_boxes(text.address, numbers)
    if text.moved:
        for at, number in enumerate(numbers):
            if (owner := text.owners[number]) in text.moved:
                across, up = text.moved[owner]
                left, top, right, bottom = found[at]
                found[at] = left - across, top - up, right - across, bottom - up
    return found


def _letters(text: TextPage) -> tuple[Sequence[int], Sequence[str]]:
    """Return the numbers of the characters that are printed, and how each is read."""
    numbers = list(compress(range(text.count), text.owners))
    letters = list(compress(_codes(text), text.owners))
    if odd := _ODD.intersection(letters):
        found = [
            (at, letter)
            for at, code in zip(numbers, letters, strict=True)
            if (letter := _plain(code, text.handle, at) if code in odd else code)
        ]
        return [at for at, _ in found], [letter for _, letter in found]
    return numbers, letters


def _codes(text: TextPage) -> Sequence[str]:
    """Return what pdfium takes each character for, one by one."""
    count = text.count
    units = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(text.handle, 0, count, units)
    whole = bytes(units).decode("utf-16-le", "surrogatepass")
    if written == count + 1 == len(whole):
        return whole[:-1]
    # Some characters have no text or take two units: numbers and text do not agree.
    codes = (pdfium.FPDFText_GetUnicode(text.handle, at) for at in range(count))
    return [chr(code) if code <= sys.maxunicode else "" for code in codes]


def _plain(letter: str, text: Any, at: int) -> str:
    """Return a character out of the ordinary as it should be read; nothing if it is none."""
    if pdfium.FPDFText_HasUnicodeMapError(text, at) == 1:
        return UNKNOWN
    if letter in _NO_CHARACTER:
        return UNKNOWN
    if letter in _LOW_SURROGATES and at:
        high = pdfium.FPDFText_GetUnicode(text, at - 1)
        return chr(0x10000 + ((high & 0x3FF) << 10) + (ord(letter) & 0x3FF))
    if letter in radicals.READ:
        return radicals.READ[letter]
    return ""


def _any_untold(text: TextPage, letters: Sequence[str], numbers: Sequence[int]) -> bool:
    """Tell whether a font on the page does not say which characters its glyphs are.

    Every digit is asked for, of other characters one of each: a font has many.
    """
    one_of_each = dict(zip(letters, numbers, strict=True)).values()
    digits = [at for letter, at in zip(letters, numbers, strict=True) if letter in _DIGITS]
    return calls.any_map_error(text.address, [*one_of_each, *digits])


def _told(text: TextPage, at: int, letter: str) -> str:
    """Where a font does not say its characters, pdfium gives the numbers of its glyphs."""
    return UNKNOWN if calls.any_map_error(text.address, [at]) else letter


def _heightened(
    text: TextPage, numbers: Sequence[int], glyphs: Sequence[Glyph], turn: Turn
) -> list[Glyph]:
    """Give glyphs the height of their font where the font does not state it.

    Without ascent and descent even loose boxes are as high as the strokes, and a comma would
    stand on a line of its own.
    """
    found = []
    for at, glyph, (x, y), (_, _, c, d, _, _), size in zip(
        numbers,
        glyphs,
        calls.origins(text.address, numbers),
        calls.character_matrices(text.address, numbers),
        calls.character_sizes(text.address, numbers),
        strict=True,
    ):
        if not (high := size * hypot(c, d) * turn.scale):
            found.append(glyph)
            continue
        across, up = text.moved.get(text.owners[at] or 0, (0.0, 0.0)) if text.moved else (0.0, 0.0)
        base = turn(x - across, y - up, x - across, y - up)[1]
        top, bottom = base - _ASCENT * high, base + _DESCENT * high
        middle = (top + bottom) / 2
        found.append(Glyph(glyph.text, glyph.left, top, glyph.right, bottom, middle))
    return found
