"""Text on a page that nobody reads: not painted, white on white, or a watermark set aslant."""

from collections.abc import Sequence
from typing import Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from worker.reading import pdf_calls as calls
from worker.reading.pdf_calls import Numbers
from worker.reading.pdf_drawn import RECTANGLE, Drawn
from worker.reading.pdf_ink import Box

_ASLANT: Final = 0.1
_WHITE: Final = 250
_PALE: Final = 230
_INVISIBLE: Final = pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
_MOST_PAIRS: Final = 200_000


def ghosts(contents: Sequence[Drawn]) -> set[int]:
    """Return the text objects of a page that cannot be seen."""
    found: set[int] = set()
    white: list[Box] = []
    waiting: list[int] = []
    for drawn in contents:
        texts = drawn.texts
        found.update(_aslant(drawn))
        modes = calls.render_modes(texts)
        if _INVISIBLE in modes:
            found.update(t for t, mode in zip(texts, modes, strict=True) if mode == _INVISIBLE)
        if pale := [text for text in _lighter(texts, _WHITE) if text not in found]:
            waiting += pale
            white += drawn.boxes(pale)
    if waiting:
        least = min(max(right - left, top - bottom) for left, bottom, right, top in white) / 2
        behind = [box for box in _backdrops(contents) if _is_larger(box, least)]
        if len(white) * len(behind) <= _MOST_PAIRS:
            placed = zip(waiting, white, strict=True)
            found.update(text for text, box in placed if not _stands_on(box, behind))
    return found


def _aslant(drawn: Drawn) -> list[int]:
    return [
        text
        for text, (a, b, *_) in zip(drawn.texts, drawn.matrices(drawn.texts), strict=True)
        if a and b and min(abs(a), abs(b)) > _ASLANT * max(abs(a), abs(b))
    ]


def _lighter(objects: list[int], least: int) -> list[int]:
    """Return the objects filled with a colour all of whose parts are at least so light."""
    colours = calls.fill_colours(objects)
    light = {colour for colour in set(colours) if _darkest(colour) >= least}
    if not light:
        return []
    return [one for one, colour in zip(objects, colours, strict=True) if colour in light]


def _darkest(colour: Numbers) -> float:
    return min(colour[:3])


def _backdrops(contents: Sequence[Drawn]) -> list[Box]:
    """Return where white text shows: on images, and on what is filled dark enough."""
    found: list[Box] = []
    for drawn in contents:
        modes, sizes = calls.draw_modes(drawn.paths), calls.segment_counts(drawn.paths)
        filled = [
            path
            for path, (fill, _), size in zip(drawn.paths, modes, sizes, strict=True)
            if fill and size <= RECTANGLE
        ]
        pale = set(_lighter(filled, _PALE))
        found += drawn.boxes([path for path in filled if path not in pale])
        found += drawn.boxes(drawn.images)
    return found


def _is_larger(box: Box, least: float) -> bool:
    """Tell what text can stand on from a ruling line, or a dot of one."""
    return min(box[2] - box[0], box[3] - box[1]) >= least


def _stands_on(box: Box, behind: Sequence[Box]) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(left <= x <= right and bottom <= y <= top for left, bottom, right, top in behind)
