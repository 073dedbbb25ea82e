"""Space-aligned text as ``pdftotext -layout`` gives it, modelled on the samples in tests/data.

Cells are set in columns of characters; labels wrap inside their column and stand in the middle
of their row, merged labels in the middle of all their rows.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.reports.cells import TruthReport
from tests.reports.narrative import document
from tests.reports.statutory import Line, Slot, grids, placed

_PAGE_MARKS = ("— {} —", "-{}-", "—{}—", "- {} -")
_LABEL_WIDTHS = ((6, 8), (7, 10), (12, 26))
"""Least and greatest width in characters of the label columns of table 三, as samples have it."""


@dataclass(slots=True)
class _Setting:
    """The habits of one rendering and the page it has come to."""

    rng: random.Random
    figures: str
    loose: int
    mark: str
    breaks: float
    page: int = 1


@dataclass(slots=True)
class _Block:
    """A drawn row: ``height`` lines from ``top`` and the fragments in them."""

    top: int
    height: int
    fragments: list[tuple[int, int, str]] = field(default_factory=list)
    """(line, column, text), lines counted from the top of the table."""


def spaced(report: TruthReport, rng: random.Random) -> str:
    """Columns aligned by character index, labels wrapped, blanks simply missing.

    Figures stand on the middle line of their row (on a line of their own where the label has an
    even number of lines, or on its upper middle line) or on the top line. Page marks and form
    feeds stand between rows now and then; behind them columns may shift, unless the table has
    blank cells, which only the columns of the header can tell.
    """
    setting = _Setting(
        rng,
        figures=rng.choice(("own line", "own line", "middle", "top")),
        loose=rng.choice((0, 0, 1)),
        mark=rng.choice(_PAGE_MARKS),
        breaks=rng.choice((0.0, 0.04, 0.1)),
    )
    tables = {
        table: _drawn(placed(grid), setting, steady=report.has_blanks(table))
        for table, grid in grids(report).items()
    }
    width = rng.randint(34, 46)
    return document(report, rng, tables, gap=rng.choice(("\n", "\n\n")), paragraph=_folder(width))


def _folder(width: int) -> Callable[[str], str]:
    """Return a setter of paragraphs in lines of about ``width`` that keeps numbers whole."""

    def fold(paragraph: str) -> str:
        lines = [""]
        for word in re.findall(r"\d+|.", paragraph):
            if len(lines[-1] + word) > width:
                lines.append("")
            lines[-1] += word
        return "\n".join(lines)

    return fold


def _cut(text: str, width: int) -> list[str]:
    pieces = (text[at : at + width].strip() for at in range(0, len(text), width))
    return [piece for piece in pieces if piece]


def _drawn(lines: list[Line], setting: _Setting, *, steady: bool) -> str:
    starts = _starts(lines, setting.rng)
    blocks = _stacked_blocks(lines, starts, setting)
    for line, block in zip(lines, blocks, strict=True):
        for at, slot in enumerate(line):
            if slot.kind == "cell" and slot.text:
                covered = blocks[blocks.index(block) :][: slot.cell.rowspan]
                block.fragments += _set(slot, at, starts, covered, setting)
    return "\n".join(_printed(blocks, setting, steady=steady))


def _starts(lines: list[Line], rng: random.Random) -> list[int]:
    """Return where each column starts, and where the last one ends."""
    starts = [rng.choice((0, 0, 2, 6))]
    first = next(line for line in lines if any(slot.figure for slot in line))
    leading = [slot.cell.address for slot in first].index(_first_address(first))
    for at in range(len(first)):
        texts = [line[at].text for line in lines if line[at].figure and line[at].cell.colspan == 1]
        longest = max((len(text) for text in texts), default=0)
        if at >= leading:
            width = max(longest + 2, rng.randint(5, 7))
        elif leading == 3:
            width = rng.randint(*_LABEL_WIDTHS[at])
        else:
            width = rng.randint(9, 16)
        starts.append(starts[-1] + width)
    return starts


def _first_address(line: Line) -> str:
    return next(slot.cell.address for slot in line if slot.figure)


def _stacked_blocks(lines: list[Line], starts: list[int], setting: _Setting) -> list[_Block]:
    """Give every row the height its labels need; merged cells stretch their last row."""
    blocks: list[_Block] = []
    for line in lines:
        top = blocks[-1].top + blocks[-1].height + setting.loose if blocks else 0
        height = max((len(_wrapped(slot, at, starts)) for at, slot in _own(line)), default=1)
        blocks.append(_Block(top, height + (setting.figures == "own line" and not height % 2)))
    for index, line in enumerate(lines):
        for at, slot in enumerate(line):
            if slot.kind == "cell" and slot.cell.rowspan > 1:
                last = index + slot.cell.rowspan - 1
                have = blocks[last].top + blocks[last].height - blocks[index].top
                _stretch(blocks, last, len(_wrapped(slot, at, starts)) - have, setting)
    return blocks


def _stretch(blocks: list[_Block], last: int, missing: int, setting: _Setting) -> None:
    if missing <= 0:
        return
    missing += missing % 2 and setting.figures == "own line"
    blocks[last].height += missing
    for block in blocks[last + 1 :]:
        block.top += missing


def _own(line: Line) -> Iterator[tuple[int, Slot]]:
    return ((at, s) for at, s in enumerate(line) if s.kind == "cell" and s.cell.rowspan == 1)


def _wrapped(slot: Slot, at: int, starts: list[int]) -> list[str]:
    width = starts[at + slot.cell.colspan] - starts[at] - 1
    return [slot.text] if slot.figure else _cut(slot.text, width)


def _set(
    slot: Slot, at: int, starts: list[int], covered: Sequence[_Block], setting: _Setting
) -> Iterator[tuple[int, int, str]]:
    """Yield the fragments of a cell, centred in its columns and over its rows."""
    texts = _wrapped(slot, at, starts)
    top, bottom = covered[0].top, covered[-1].top + covered[-1].height
    spots = _spots(len(texts), bottom - top, split=slot.cell.rowspan == 1)
    if slot.figure and setting.figures == "top":
        spots = [0]
    for spot, text in zip(spots, texts, strict=True):
        room = starts[at + slot.cell.colspan] - starts[at] - 1
        yield top + spot, starts[at] + max(0, room - len(text)) // 2, text


def _spots(count: int, height: int, *, split: bool) -> list[int]:
    """Return the lines of ``count`` fragments in the middle of ``height`` lines.

    Where it may ``split``, an even count in an odd height leaves the very middle free: pdftotext
    puts what is set there, the figures of the row, on a line of its own.
    """
    start = (height - count) // 2
    if split and height % 2 and not count % 2:
        middle = height // 2
        return [*range(middle - count // 2, middle), *range(middle + 1, middle + 1 + count // 2)]
    return list(range(start, start + count))


def _printed(blocks: list[_Block], setting: _Setting, *, steady: bool) -> Iterator[str]:
    pieces = sorted(piece for block in blocks for piece in block.fragments)
    indent = 0
    for number, block in enumerate(blocks):
        if number and setting.rng.random() < setting.breaks:
            yield from _page_break(setting)
            indent = indent if steady else setting.rng.randint(0, 9)
        for line in range(block.top, block.top + block.height + setting.loose):
            yield _line([piece for piece in pieces if piece[0] == line], indent)


def _page_break(setting: _Setting) -> Iterator[str]:
    yield ""
    yield " " * setting.rng.choice((0, 20, 38)) + setting.mark.format(setting.page)
    yield "\f"
    setting.page += 1


def _line(pieces: list[tuple[int, int, str]], indent: int) -> str:
    printed = ""
    for _, column, text in pieces:
        printed = printed.ljust(indent + column) + text
    return printed
