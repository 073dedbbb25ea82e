"""Pages of ink become blocks: tables joined over pages, text around them as lines or paragraphs."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final

from worker.reading.pages import Block
from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_cells import Places, Table, grid_of, table_of
from worker.reading.pdf_ink import Glyph, Ink
from worker.reading.pdf_joins import join
from worker.reading.pdf_leaves import leaves, placed
from worker.reading.pdf_lines import TextLine, by_size, lines, text_line
from worker.reading.pdf_prose import blocks_of, measure_of
from worker.reading.pdf_rulings import Lattice, lattices
from worker.reading.pdf_running import Item, Sheet, without_running

_MANY: Final = 16
_BAND: Final = 32.0
"""The height of the bands of a page by which its tables are found."""


def blocks(inks: Iterable[Ink], allowance: Allowance) -> Iterator[Block]:
    """Yield the blocks of a document in reading order, page marks and running lines left out.

    Raises:
        Refused: ``too_large``: more is drawn than the allowance has left.
    """
    sheets, where = leaves(inks)
    yield from placed(_blocks([_sheet(ink, allowance) for ink in sheets]), where)


def _blocks(sheets: Sequence[Sheet]) -> Iterator[Block]:
    items = without_running(sheets)
    measure = measure_of([item for item in items if isinstance(item, TextLine)])
    text: list[TextLine] = []
    for item in _joined(items):
        if isinstance(item, TextLine):
            text.append(item)
            continue
        yield from blocks_of(text, measure)
        text = []
        yield grid_of(item)
    yield from blocks_of(text, measure)


def _joined(items: Sequence[Item]) -> Iterator[Item]:
    """Join tables that follow each other over a page break."""
    last: Table | None = None
    for item in items:
        if isinstance(item, TextLine):
            if last is not None:
                yield last
                last = None
            yield item
        elif last is None or item.page != last.last_page + 1 or not join(last, item):
            if last is not None:
                yield last
            last = item
    if last is not None:
        yield last


def _sheet(ink: Ink, allowance: Allowance) -> Sheet:
    found = lattices(ink, allowance)
    inside, outside = _sorted(ink, found)
    items: list[Item] = []
    tallest = max([glyph.bottom - glyph.top for glyph in ink.glyphs], default=0.0)
    for lattice, places in zip(found, inside, strict=True):
        table = table_of(lattice, places, ink.page, tallest)
        if table is None:
            outside += [glyph for glyphs in places.values() for glyph in glyphs]
        else:
            items.append(table)
    for glyphs in by_size(outside):
        items += [line for row in lines(glyphs) if (line := text_line(row, ink.page))]
    return Sheet(ink.page, ink.height, sorted(items, key=lambda item: item.top))


def _sorted(ink: Ink, found: Sequence[Lattice]) -> tuple[list[Places], list[Glyph]]:
    """Sort the glyphs of a page into the places of the smallest lattice around them, or none."""
    inside: list[Places] = [{} for _ in found]
    outside: list[Glyph] = []
    bands = _banded(found, inside)
    apart = _are_apart(found)
    near = far = high = low = 0.0  # The place of the glyph before: most others stand there, too.
    put = outside.append
    for glyph in ink.glyphs:
        _, left, _, right, _, y = glyph
        x = (left + right) / 2
        if near <= x < far and high <= y < low:
            put(glyph)
            continue
        for start, top, end, bottom, lattice, places in bands.get(y // _BAND, ()):
            if start <= x < end and top <= y < bottom:
                row, column = bisect_right(lattice.ys, y), bisect_right(lattice.xs, x)
                if apart:
                    near, far = lattice.xs[column - 1], lattice.xs[column]
                    high, low = lattice.ys[row - 1], lattice.ys[row]
                put = places.setdefault((row - 1, column - 1), []).append
                put(glyph)
                break
        else:
            outside.append(glyph)
    return inside, outside


def _are_apart(found: Sequence[Lattice]) -> bool:
    """Tell whether no lattice stands inside another; of many that is not asked."""
    if len(found) > _MANY:
        return False
    boxes = [lattice.box for lattice in found]
    return not any(
        one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
        for one, other in combinations(boxes, 2)
    )


def _banded(
    found: Sequence[Lattice], inside: Sequence[Places]
) -> dict[float, list[tuple[float, float, float, float, Lattice, Places]]]:
    """Return the lattices, smallest first, by the bands of the page they reach into."""
    bands: dict[float, list[tuple[float, float, float, float, Lattice, Places]]] = {}
    for lattice, places in zip(found, inside, strict=True):
        top, bottom = lattice.box[1] // _BAND, lattice.box[3] // _BAND
        for band in range(int(top), int(bottom) + 1):
            bands.setdefault(band, []).append((*lattice.box, lattice, places))
    return bands
