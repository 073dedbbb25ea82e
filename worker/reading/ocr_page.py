"""One upright page by OCR: its cells and lines become ink that the PDF code puts together.

Every glyph carries how sure it is. A blank cell holds one sure space; ink in a cell that nothing
can be made of is ``?`` and not sure at all, so that it is never taken for a blank.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from worker.reading.ocr_decode import Read, anything, figures, is_figure
from worker.reading.ocr_model import Recogniser, Steps
from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_cells import regions
from worker.reading.pdf_ink import Box as PointBox
from worker.reading.pdf_ink import Ink
from worker.reading.pdf_rulings import lattices
from worker.reading.scan_glyph import ReadGlyph, glyph
from worker.reading.scan_lines import (
    Box,
    TextBox,
    clean,
    lines_in,
    lines_outside,
    paper_of,
    pictured,
    type_size,
)
from worker.reading.scan_marks import (
    clusters,
    digits_in,
    laid_over,
    leaning,
    looks_figured,
    mark,
    parted,
)
from worker.reading.scan_picture import Picture
from worker.reading.scan_rules import Mask, Ruled, ruled

_UNREAD: Final = "?"
_INSET: Final = 0.5
_DOUBTFUL: Final = 0.3
_LEAST_FAINT: Final = 0.4
_WITHIN: Final = 0.15
_LEANING: Final = 0.2
_MARK_SURE: Final = 0.99


@dataclass(slots=True)
class _Spot:
    """A line of text to be recognised, in a cell or not; ``alone`` in it."""

    line: TextBox
    cell: Box | None
    alone: bool = True


@dataclass(slots=True)
class _Page:
    """A page taken apart: its rules and ink, the size of its type in pixels, what lies over it."""

    found: Ruled
    scale: float
    size: float
    over: list[Box]
    model: Recogniser


def ink_of(picture: Picture, number: int, model: Recogniser) -> Ink:
    """Return what stands on a page.

    Args:
        picture: the page, upright.
        number: of the page, from 1.
        model: recognises lines.
    """
    found = ruled(picture)
    height, width = picture.grey.shape
    scale = picture.scale
    ink = Ink(number, width / scale, height / scale, [], found.across, found.down, pictures=True)
    drawn = lattices(ink, Allowance())
    tables = [_pixels(lattice.box, scale) for lattice in drawn]
    size = type_size(found.ink, scale)
    page = _Page(found, scale, size, laid_over(found, tables, size), model)
    spots = [_Spot(line, None) for line in lines_outside(found.ink, tables, size)]
    for cell in (_inside(cell.box, scale) for one in drawn for cell in regions(one, number)):
        lines = lines_in(found.ink, cell, size)
        spots += [_Spot(line, cell, len(lines) == 1) for line in lines]
        if not lines:
            ink.glyphs.append(_blank(page, cell))
    for spot, steps in zip(spots, _recognised(picture, page, spots), strict=True):
        ink.glyphs += _glyphs(page, spot, steps)
    return ink


def _inside(box: tuple[float, float, float, float], scale: float) -> Box:
    left, top, right, bottom = box
    return (
        round((left + _INSET) * scale),
        round((top + _INSET) * scale),
        round((right - _INSET) * scale) + 1,
        round((bottom - _INSET) * scale) + 1,
    )


def _pixels(box: tuple[float, float, float, float], scale: float) -> Box:
    left, top, right, bottom = (round(value * scale) for value in box)
    return left - 1, top - 1, right + 2, bottom + 2


def _recognised(picture: Picture, page: _Page, spots: Sequence[_Spot]) -> list[Steps]:
    """Return what the model says of each line; in cells colour is left out."""
    dark = clean(picture.dark, page.found, paper_of(picture.dark, page.scale))
    grey = dark
    if picture.grey is not picture.dark:
        grey = clean(picture.grey, page.found, paper_of(picture.grey, page.scale))
    return page.model(
        [pictured(grey if spot.cell is None else dark, spot.line, page.size) for spot in spots]
    )


def _glyphs(page: _Page, spot: _Spot, steps: Steps) -> list[ReadGlyph]:
    if spot.cell is None:
        # Should it be a figure after all: no line tells of which column.
        read, most = anything(steps, page.model.characters), _DOUBTFUL
    else:
        read, most = _in_cell(page, spot, steps), _under(page.over, spot.cell)
    read = replace(read, sure=tuple(min(sure, most) for sure in read.sure))
    return _spread(read, spot.line, page.scale, page.size)


def _in_cell(page: _Page, spot: _Spot, steps: Steps) -> Read:
    """Read a line in a cell: a mark by its shape, a figure among figures, else any text."""
    if shape := mark(page.found.ink, spot.line, page.size):
        return Read(shape, (_MARK_SURE,) * len(shape), (), 0)
    read = anything(steps, page.model.characters)
    shaped = looks_figured(spot.line, page.size)
    if _may_be_figure(read) if shaped else _is_figure(read):
        figure = figures(steps, page.model.characters)
        agreed = shaped and _agrees(page, spot, figure)
        most = 1.0 if agreed else _DOUBTFUL
        read = replace(figure, sure=tuple(min(sure, most) for sure in figure.sure))
    return read if read.text.strip() else Read(_UNREAD, (0.0,), (), 0)


def _under(over: Sequence[Box], cell: Box) -> float:
    """Return how sure a cell can be at most: not at all in rows that something is laid over."""
    return (
        _DOUBTFUL if any(top < cell[3] and cell[1] < bottom for _, top, _, bottom in over) else 1.0
    )


def _may_be_figure(read: Read) -> bool:
    return not read.text or is_figure(read.text) or read.least < 0.5


def _is_figure(read: Read) -> bool:
    return bool(read.text) and is_figure(read.text)


def _agrees(page: _Page, spot: _Spot, read: Read) -> bool:
    """Tell whether shape and reading agree on one figure, of so many characters."""
    found = clusters(spot.line)
    digits = sum(character.isdigit() for character in read.text)
    counted = digits == digits_in(found) and len(read.text) == len(found)
    return (
        counted
        and spot.alone
        and not parted(found, page.size)
        and not _leans(read, page.found.ink, found)
    )


def _leans(read: Read, ink: Mask, found: Sequence[Box]) -> bool:
    """Tell whether what is read as a one leans as a slash does."""
    ones = (part for part, figure in zip(found, read.text, strict=True) if figure == "1")
    return any(leaning(ink, part)[0] > _LEANING for part in ones)


def _spread(read: Read, line: TextBox, scale: float, size: float) -> list[ReadGlyph]:
    """Place the characters of a line side by side, where the steps say."""
    left, top, right, bottom = line.box
    high = max(bottom - top, 0.9 * size)
    middle = (top + bottom) / 2
    top_, bottom_ = middle - high / 2, middle + high / 2
    edges = _edges(read, left, right)
    return [
        glyph(c, (a / scale, top_ / scale, b / scale, bottom_ / scale), sure)
        for c, a, b, sure in zip(read.text, edges, edges[1:], read.sure, strict=False)
    ]


def _edges(read: Read, left: int, right: int) -> list[float]:
    count = len(read.text)
    if not read.at:
        return [left + (right - left) * at / max(1, count) for at in range(count + 1)]
    # The picture of a line has room on both sides: steps are told of the whole.
    total = max(1, read.steps)
    middles = [(at + 0.5) / total for at in read.at]
    first, last = middles[0], middles[-1]
    span = (last - first) or 1.0
    share = 0.5 / count
    placed = [share + (m - first) / span * (1 - 2 * share) for m in middles]
    between = [(one + other) / 2 for one, other in pairwise(placed)]
    return [left + (right - left) * at for at in (0.0, *between, 1.0)]


def _blank(page: _Page, cell: Box) -> ReadGlyph:
    """Return what stands in a cell without ink: a space, or that faint ink cannot be read.

    The space is not sure where lines were erased inside the cell, or something lies over it.
    """
    left, top, right, bottom = cell
    inset = round(_WITHIN * page.size)
    inner = left + inset, top + inset, right - inset, bottom - inset
    faint = any(
        line.height > _LEAST_FAINT * page.size
        for line in lines_in(page.found.faint, inner, page.size)
    )
    erased = page.found.lines[inner[1] : inner[3], inner[0] : inner[2]].any()
    sure = 0.0 if faint or erased else _under(page.over, cell)
    middle, half = (top + bottom) / 2, min(bottom - top, page.size) / 2
    box = (left, middle - half, right, middle + half)
    return glyph(_UNREAD if faint else " ", _scaled(box, page.scale), sure)


def _scaled(box: tuple[float, float, float, float], scale: float) -> PointBox:
    left, top, right, bottom = box
    return left / scale, top / scale, right / scale, bottom / scale
