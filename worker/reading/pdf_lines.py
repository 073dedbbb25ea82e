"""Characters become lines: sorted by where they stand, not by when they were drawn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from typing import Final

from worker.reading.pdf_ink import Box, Glyph

Line = list[Glyph]
"""Glyphs side by side, left to right."""

_INSET: Final = 0.15
"""The share of a line's height by which the middle of its glyphs must lie inside it."""
_WORD_GAP: Final = 0.25
_GAP: Final = 0.45
_SPACED_GAP: Final = 1.2
_FIGURE_GAP: Final = 0.45
_PAIR, _FAR = 2, 1.0
_LEAST_GAP: Final = 1.5
_LEAST_EM: Final = 0.1
"""In points; some fonts give a character no width, or no height."""
_DOUBLE: Final = 0.3
_HUGE: Final = 3.5
_REMEMBERED: Final = 50
_VERTICAL: Final = 0.6
_HEIGHT: Final = 1.25
"""Fonts are about this much higher than their size."""
_FIGURE_MARKS: Final = frozenset("0123456789０１２３４５６７８９.,．，+-－＋/／—–―")
_LATIN: Final = re.compile(r"[A-Za-z0-9]{2}")
_LEFT = attrgetter("left")
_MIDDLE = attrgetter("middle")


@dataclass(slots=True)
class TextLine:
    """A line of text outside tables."""

    glyphs: Line
    text: str
    page: int
    box: Box
    parts: list[Line] = field(default_factory=list)

    @property
    def top(self) -> float:
        """Where it begins on its page."""
        return self.box[1]

    @property
    def height(self) -> float:
        """How high it is."""
        return self.box[3] - self.box[1]

    @property
    def parted(self) -> bool:
        """Whether it looks like a row of a table: three pieces, or two far from each other."""
        if len(self.parts) != _PAIR:
            return len(self.parts) > _PAIR
        one, other = self.parts[0][-1], self.parts[1][0]
        return other.left - one.right > _FAR * max(em(one), em(other))


def lines(glyphs: Sequence[Glyph]) -> list[Line]:
    """Return the lines of text, top to bottom; glyphs printed twice for weight are taken once."""
    found: list[Line] = []
    top = bottom = 0.0
    for glyph in sorted(glyphs, key=_MIDDLE):
        if found and top <= glyph.middle <= bottom:
            found[-1].append(glyph)
            continue
        inset = (glyph.bottom - glyph.top) * _INSET
        top, bottom = glyph.top + inset, glyph.bottom - inset
        found.append([glyph])
    return [_once(sorted(line, key=_LEFT)) for line in found]


def by_size(glyphs: Sequence[Glyph]) -> tuple[Sequence[Glyph], ...]:
    """Part a watermark, in letters much larger than the text, from the text it stands behind."""
    if not glyphs:
        return ()
    heights = sorted([glyph.bottom - glyph.top for glyph in glyphs])
    largest = _HUGE * heights[len(heights) // 2]
    if heights[-1] <= largest:
        return (glyphs,)
    return (
        [glyph for glyph in glyphs if glyph.bottom - glyph.top <= largest],
        [glyph for glyph in glyphs if glyph.bottom - glyph.top > largest],
    )


def cell_lines(glyphs: Sequence[Glyph]) -> list[Line]:
    """Return the lines of one cell; text set downwards or sideways keeps the order it has."""
    if len(glyphs) == 1:
        return [[glyphs[0]]]
    found = lines(glyphs)
    if len(found) > 1 and any(len(line) > 1 for line in found) and _is_vertical(glyphs):
        return [[glyph] for glyph in _unique(glyphs)]
    return found


def _unique(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Drop glyphs that were printed twice, wherever the second stands in the order."""
    seen: dict[str, list[Glyph]] = {}
    found: list[Glyph] = []
    for glyph in glyphs:
        near = _DOUBLE * (glyph.right - glyph.left)
        same = seen.setdefault(glyph.text, [])
        if not any(
            abs(one.left - glyph.left) <= near and abs(one.middle - glyph.middle) <= near
            for one in same[-_REMEMBERED:]
        ):
            found.append(glyph)
            same.append(glyph)
    return found


def text_of(line: Sequence[Glyph]) -> str:
    """Return the text of a line, with a space where words of Latin letters stand apart."""
    text = "".join([glyph.text for glyph in line])
    if _LATIN.search(text):
        parts = [line[0].text]
        for one, other in pairwise(line):
            gap = other.left - one.right
            if gap > 0 and gap > _WORD_GAP * em(one) and _LATIN.match(one.text + other.text):
                parts.append(" ")
            parts.append(other.text)
        text = "".join(parts)
    return text.strip()


def joined(texts: Sequence[str]) -> str:
    """Join lines that were broken by the width: words part by a space, Chinese does not."""
    whole = ""
    for text in texts:
        part = whole and whole[-1].isascii() and whole[-1].isalpha() and text[:1].isascii()
        whole += f" {text}" if part and text[:1].isalpha() else text
    return whole


def pieces(line: Line) -> list[Line]:
    """Cut a line where text stands apart; a space that is printed parts less than mere room."""
    found: list[Line] = []
    last: Glyph | None = None
    spaced = False
    for glyph in line:
        if glyph.text.isspace():
            spaced = True
            continue
        if last is None or (
            glyph.left - last.right > _LEAST_GAP and _apart(last, glyph, spaced=spaced)
        ):
            found.append([])
        found[-1].append(glyph)
        last, spaced = glyph, False
    return found


def text_line(glyphs: Line, page: int) -> TextLine | None:
    """Return glyphs side by side as a line, or ``None`` when they are only spaces."""
    text = text_of(glyphs)
    return TextLine(glyphs, text, page, extent(glyphs), pieces(glyphs)) if text else None


def em(glyph: Glyph) -> float:
    """Return the size of the glyph's font: Chinese characters are as wide as it."""
    if glyph.text.isascii() or glyph.right - glyph.left < _LEAST_EM:
        return max((glyph.bottom - glyph.top) / _HEIGHT, _LEAST_EM)
    return glyph.right - glyph.left


def extent(glyphs: Sequence[Glyph]) -> Box:
    """Return the box around glyphs, rounded to a tenth of a point."""
    _, lefts, tops, rights, bottoms, _ = zip(*glyphs, strict=True)
    return (
        round(min(lefts), 1),
        round(min(tops), 1),
        round(max(rights), 1),
        round(max(bottoms), 1),
    )


def _once(line: Line) -> Line:
    """Drop glyphs that were printed twice, a little apart, to look bold."""
    if len(line) == 1:
        return line
    kept = line[:1]
    for glyph in line[1:]:
        last = kept[-1]
        shift = glyph.left - last.left
        if glyph.text != last.text or shift > _DOUBLE * (last.right - last.left):
            kept.append(glyph)
    return kept


def _is_vertical(glyphs: Sequence[Glyph]) -> bool:
    """Most steps from one glyph to the next drawn keep their place across and change the height."""
    steps = down = 0
    for one, other in pairwise(glyphs):
        width = max(one.right - one.left, other.right - other.left)
        across = abs(one.left + one.right - other.left - other.right) / 2
        steps += 1
        down += across < width / 2 < abs(one.middle - other.middle) * 2
    return down > _VERTICAL * steps


def _apart(one: Glyph, other: Glyph, *, spaced: bool) -> bool:
    gap = (other.left - one.right) / max(em(one), em(other))
    if one.text in _FIGURE_MARKS and other.text in _FIGURE_MARKS:
        return gap > _FIGURE_GAP
    return gap > (_SPACED_GAP if spaced else _GAP)
