"""Leaves: a sheet on which two pages are printed side by side has two of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from models.disclosure.report import Place
from worker.reading.pages import Block, Grid, GridRow, Paragraph
from worker.reading.pdf_ink import Glyph, Ink, Rule
from worker.reading.pdf_lines import lines, text_line

_WIDE: Final = 1.2
_GUTTER: Final = 12.0
"""Half the width of the room between two pages, in points."""
_LEAST_TEXT: Final = 40
_LONG: Final = 0.6


@dataclass(frozen=True, slots=True)
class Leaf:
    """Which page a leaf is on, where it begins there, and its scale."""

    page: int
    left: float = 0.0
    scale: float = 1.0


def leaves(inks: Iterable[Ink]) -> tuple[list[Ink], dict[int, Leaf]]:
    """Return the leaves as pages numbered in reading order, and which leaf is where.

    A page that is missing is missing among the leaves, too.
    """
    found: list[Ink] = []
    where: dict[int, Leaf] = {}
    more = 0
    for ink in inks:
        halves = _halves(ink)
        for at, half in enumerate(halves):
            number = ink.page + more + at
            left = ink.width / 2 if at else 0.0
            where[number] = Leaf(ink.page, left, ink.scale)
            found.append(half if number == half.page else replace(half, page=number))
        more += len(halves) - 1
    return found, where


def placed(blocks: Iterable[Block], where: Mapping[int, Leaf]) -> Iterator[Block]:
    """Yield the blocks with their places on pages instead of leaves."""
    odd = any(leaf != Leaf(number) for number, leaf in where.items())
    yield from (_placed(block, where) for block in blocks) if odd else blocks


def _placed(block: Block, where: Mapping[int, Leaf]) -> Block:
    if isinstance(block, Paragraph):
        return replace(block, place=_on_page(block.place, where))
    rows = (
        GridRow(tuple(cell._replace(place=_on_page(cell.place, where)) for cell in row.cells))
        for row in block.rows
    )
    return Grid(tuple(rows), block.shape)


def _on_page(place: Place | None, where: Mapping[int, Leaf]) -> Place | None:
    if place is None or place.page is None or place.box is None:
        return place
    leaf = where[place.page]
    left, top, right, bottom = place.box
    box = (
        round((left + leaf.left) / leaf.scale, 1),
        round(top / leaf.scale, 1),
        round((right + leaf.left) / leaf.scale, 1),
        round(bottom / leaf.scale, 1),
    )
    return place._replace(page=leaf.page, box=box)


def _halves(ink: Ink) -> tuple[Ink, ...]:
    middle = ink.width / 2
    if ink.width < _WIDE * ink.height or _is_crossed(ink, middle):
        return (ink,)
    halves = _half(ink, 0.0, middle), _half(ink, middle, ink.width)
    return halves if all(_is_page(half) for half in halves) else (ink,)


def _is_crossed(ink: Ink, middle: float) -> bool:
    left, right = middle - _GUTTER, middle + _GUTTER
    return any(rule.start < middle < rule.end for rule in ink.across) or any(
        glyph.left < right and glyph.right > left for glyph in ink.glyphs
    )


def _half(ink: Ink, start: float, end: float) -> Ink:
    return replace(
        ink,
        width=end - start,
        glyphs=[
            Glyph(text, left - start, top, right - start, bottom, middle)
            for text, left, top, right, bottom, middle in ink.glyphs
            if start <= left < end
        ],
        across=[
            Rule(rule.at, rule.start - start, rule.end - start)
            for rule in ink.across
            if start <= (rule.start + rule.end) / 2 < end
        ],
        down=[Rule(rule.at - start, *rule[1:]) for rule in ink.down if start <= rule.at < end],
    )


def _is_page(half: Ink) -> bool:
    """Tell a page from half a table: ruled lines or a line of text go nearly all across it."""
    if len(half.glyphs) < _LEAST_TEXT:
        return False
    if half.across:
        start, end = min(r.start for r in half.across), max(r.end for r in half.across)
        if end - start > _LONG * half.width:
            return True
    return any(_is_long(line, half) for line in lines(half.glyphs))


def _is_long(glyphs: Sequence[Glyph], half: Ink) -> bool:
    line = text_line(list(glyphs), half.page)
    return (
        line is not None and len(line.parts) == 1 and line.box[2] - line.box[0] > _LONG * half.width
    )
