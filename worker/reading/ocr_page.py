"""One upright page by OCR: its cells and lines become ink that the PDF code puts together.

Every glyph carries how sure it is. A blank cell holds one sure space; ink in a cell that nothing
can be made of is ``?`` and not sure at all, so that it is never taken for a blank.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from worker.reading.ocr_decode import Read, anything, figures, is_figure
from worker.reading.ocr_model import Recogniser, Steps
from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_cells import regions
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
_WITHIN: Final = 0.15
_LEANING: Final = 0.2
_MARK_SURE: Final = 0.99


@dataclass(slots=True)
class _Spot:
    """A line of text to be recognised, in a cell or not; ``alone`` in it."""

    line: TextBox
    cell: Box | None
    alone: bool = True


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
    cells = [_inside(cell.box, scale) for lattice in drawn for cell in regions(lattice, number)]
    size = type_size(found.ink, scale)
    spots, blanks = _in_cells(found, cells, size)
    tables = [_pixels(lattice.box, scale) for lattice in drawn]
    spots += [_Spot(line, None) for line in lines_outside(found.ink, tables, size)]
    for blank in blanks:
        ink.glyphs.append(_space(blank, _blankness(found.lines, blank, size), size, scale))
    for spot, steps in zip(spots, _recognised(picture, found, spots, size, model), strict=True):
        ink.glyphs += _glyphs(found, spot, steps, model, size, scale)
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


def _in_cells(found: Ruled, cells: Sequence[Box], size: float) -> tuple[list[_Spot], list[Box]]:
    """Return the lines in cells, and the cells without ink; faint ink counts."""
    spots: list[_Spot] = []
    blanks: list[Box] = []
    for cell in cells:
        lines = lines_in(found.ink, cell, size)
        spots += [_Spot(line, cell, len(lines) == 1) for line in lines]
        if not lines:
            blanks.append(cell)
    return spots, blanks


def _recognised(
    picture: Picture, found: Ruled, spots: Sequence[_Spot], size: float, model: Recogniser
) -> list[Steps]:
    dark = clean(picture.dark, found, paper_of(picture.dark, picture.scale))
    grey = (
        dark
        if picture.grey is picture.dark
        else clean(picture.grey, found, paper_of(picture.grey, picture.scale))
    )
    return model([pictured(grey if spot.cell is None else dark, spot.line, size) for spot in spots])


def _glyphs(
    found: Ruled, spot: _Spot, steps: Steps, model: Recogniser, size: float, scale: float
) -> list[ReadGlyph]:
    line = spot.line
    if spot.cell is not None and (shape := mark(found.ink, line, size)):
        return _spread(Read(shape, (_MARK_SURE,) * len(shape), (), 0), line, scale, size)
    read = anything(steps, model.characters)
    shaped = looks_figured(line, size)
    if spot.cell is not None and (_may_be_figure(read) if shaped else _is_figure(read)):
        read = _checked(figures(steps, model.characters), found.ink, spot, size, shaped=shaped)
    if not read.text.strip():
        read = Read(_UNREAD, (0.0,), (), 0) if spot.cell is not None else Read("", (), (), 0)
    return _spread(read, line, scale, size)


def _may_be_figure(read: Read) -> bool:
    return not read.text or is_figure(read.text) or read.least < 0.5


def _is_figure(read: Read) -> bool:
    return bool(read.text) and is_figure(read.text)


def _checked(read: Read, ink: Mask, spot: _Spot, size: float, *, shaped: bool) -> Read:
    """Lower how sure a figure is where shape and reading do not agree."""
    found = clusters(spot.line)
    digits = sum(character.isdigit() for character in read.text)
    agreed = shaped and digits == digits_in(found) and len(read.text) == len(found)
    if agreed and spot.alone and not parted(found, size) and not _leans(read, ink, found):
        return read
    return Read(read.text, tuple(min(s, _DOUBTFUL) for s in read.sure), read.at, read.steps)


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


def _blankness(lines: Mask, cell: Box, size: float) -> float:
    """Return how sure it is that a cell is blank: not where lines that were erased cross it."""
    left, top, right, bottom = cell
    inset = round(_WITHIN * size)
    inside = lines[top + inset : bottom - inset, left + inset : right - inset]
    return 0.0 if inside.any() else 1.0


def _space(cell: Box, sure: float, size: float, scale: float) -> ReadGlyph:
    """Return what stands in a cell without ink."""
    left, top, right, bottom = cell
    middle, half = (top + bottom) / 2, min(bottom - top, size) / 2
    box = (left / scale, (middle - half) / scale, right / scale, (middle + half) / scale)
    return glyph(" ", box, sure)
