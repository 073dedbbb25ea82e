"""Lines of text outside ruled tables: paragraphs put together, borderless tables as spaced rows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Final

from models.disclosure.report import Place
from worker.reading.pages import Block, Paragraph
from worker.reading.pdf_ink import Box
from worker.reading.pdf_lines import TextLine, em, joined
from worker.reading.pdf_spaced import spaced_grid

_ROOM: Final = 2.0
"""A full line leaves less than this many characters free at its end."""
_INDENT: Final = 0.8
_PITCH: Final = 1.25
_SAME_SIZE: Final = 0.15
_NARROW: Final = 0.6
_REACH: Final = 4
"""Lines of wrapped labels that may stand between two rows of a borderless table."""
_BEGINS: Final = re.compile(
    r"[（(]?[一二三四五六七八九十]{1,3}[)）、.．]|[（(]\d{1,2}[)）]|\d{1,2}[、.．](?!\d)|第[一二三四五六七八九十]+[条章部]"
)
_NOTE_ENDS: Final = re.compile(r"[^（(]{0,8}[）)]")
_ENDS: Final = tuple("。；！？：.;!?:")


@dataclass(frozen=True, slots=True)
class Measure:
    """Where the lines of running text begin and end, and how far apart they stand."""

    left: float
    right: float
    pitch: float


def measure_of(found: Sequence[TextLine]) -> Measure:
    """Return the measure of some lines."""
    steps = sorted(
        (below.top - above.top) / above.height
        for above, below in pairwise(found)
        if above.page == below.page and above.height and below.top - above.top > 0
    )
    pitch = steps[len(steps) // 4] if steps else 1.0
    left = min((line.box[0] for line in found), default=0.0)
    return Measure(left, max((line.box[2] for line in found), default=0.0), pitch)


def blocks_of(found: Sequence[TextLine], measure: Measure) -> Iterator[Block]:
    """Yield lines that follow each other as paragraphs and spaced grids."""
    tabular = _tabular(found, measure)
    run: list[TextLine] = []
    in_table = False
    for at, line in enumerate(found):
        if run and (tabular[at] != in_table or not (in_table or _goes_on(run, line, measure))):
            yield _block(run, in_table=in_table)
            run = []
        in_table = tabular[at]
        run.append(line)
    if run:
        yield _block(run, in_table=in_table)


def _tabular(found: Sequence[TextLine], measure: Measure) -> list[bool]:
    """Tell of each line whether it is part of a borderless table: its rows, and what is between."""
    rows = [at for at, line in enumerate(found) if line.parted]
    tabular = [False] * len(found)
    for at in rows:
        tabular[at] = True
    for above, below in pairwise(rows):
        between = found[above + 1 : below]
        if len(between) <= _REACH and all(_is_narrow(line, measure) for line in between):
            tabular[above + 1 : below] = [True] * len(between)
    for at in range(1, len(found)):
        # The last row has no row below it; a note beside its figure may still go on.
        if tabular[at - 1] and not tabular[at] and _NOTE_ENDS.fullmatch(found[at].text):
            tabular[at] = _is_narrow(found[at], measure)
    return tabular


def _is_narrow(line: TextLine, measure: Measure) -> bool:
    return line.box[2] - line.box[0] < _NARROW * (measure.right - measure.left)


def _goes_on(run: Sequence[TextLine], line: TextLine, measure: Measure) -> bool:
    """Tell whether a line goes on with the paragraph: the one above is full, this not indented."""
    last = run[-1]
    size = em(last.glyphs[-1])
    if (
        last.box[2] + _first_word(line) < measure.right - _ROOM * size
        or line.box[0] > measure.left + _INDENT * size
    ):
        return False
    if abs(line.height - last.height) > _SAME_SIZE * last.height:
        return False
    if last.page == line.page:
        near = line.top - last.top < _PITCH * max(measure.pitch, 1.0) * last.height
        return near and not (last.text.endswith(_ENDS) and _BEGINS.match(line.text))
    return line.page == last.page + 1 and not last.text.endswith(_ENDS)


def _first_word(line: TextLine) -> float:
    """Return the width of what cannot be broken at the start of a line: it may not have fitted."""
    word = takewhile(lambda glyph: glyph.text.isascii() and not glyph.text.isspace(), line.glyphs)
    return sum(glyph.right - glyph.left for glyph in word)


def _block(run: Sequence[TextLine], *, in_table: bool) -> Block:
    if in_table:
        return spaced_grid(run)
    text = joined([line.text for line in run])
    return Paragraph(text, Place(page=run[0].page, box=_around(run)))


def _around(run: Sequence[TextLine]) -> Box:
    """Return the box of the lines on the first page."""
    boxes = [line.box for line in run if line.page == run[0].page]
    return (
        min(box[0] for box in boxes),
        boxes[0][1],
        max(box[2] for box in boxes),
        boxes[-1][3],
    )
