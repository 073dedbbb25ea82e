"""Tables cut by pages: joined where their columns agree, their cut rows with them."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from worker.reading.pdf_cells import Cell, Table
from worker.reading.pdf_labels import is_label
from worker.reading.pdf_lines import em, joined

_SAME_EDGE: Final = 3.0
_SAME_WIDTH: Final = 5.0
_LONGEST_HEAD: Final = 8
"""Rows of a table's head that are repeated on its next page, at most."""
_TAIL: Final = 200
"""So many characters at its end tell how a cell goes on."""
_PADDING: Final = 1.8
"""Room beside a full line, in characters: the padding on both sides, and a mark moved down."""
_NUMBERED: Final = re.compile(r"[（(]?[一二三四五六七八九十\d]{1,3}[)）、.．]")
_DIGIT: Final = re.compile(r"\d")
_MARK: Final = re.compile(r"[/／\-－—–]+")
_OPENING, _CLOSING = re.compile(r"[（(]"), re.compile(r"[）)]")
_FIGURE_FIRST: Final = re.compile(r"[\d/／\-－—–+＋]+(?![.．、])")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_FIGURE: Final = re.compile(r"[\d０-９.,，．/／+＋\-－—–]+")

Pair = tuple[Cell, Cell]
"""A cell that ends at the foot of a page, and the one under it at the head of the next."""


def join(upper: Table, lower: Table) -> bool:
    """Put the lower part under the upper one, and tell so; leave both where they are two tables."""
    edges = None if upper.ragged or lower.ragged else _edges(upper, lower)
    if edges is None:
        return False
    for table in (upper, lower):
        _spread(table, edges)
    _drop_repeated_head(upper, lower)
    pairs = _pairs(upper, lower)
    _stack(upper, lower, pairs, cut=_is_cut(upper, lower, pairs))
    return True


def _edges(upper: Table, lower: Table) -> list[float] | None:
    """Return the columns of both, when those of one are among those of the other."""
    shift = upper.xs[0] - lower.xs[0]
    moved = [at + shift for at in lower.xs]
    if abs(moved[-1] - upper.xs[-1]) > _SAME_WIDTH:
        return None
    few, many = sorted((moved, upper.xs), key=len)
    inside = all(abs(many[_nearest(many, at)] - at) <= _SAME_EDGE for at in few[:-1])
    return many if inside else None


def _spread(table: Table, edges: list[float]) -> None:
    """Say the columns of a table by other edges, more of them."""
    shift = edges[0] - table.xs[0]
    at = [_nearest(edges, x + shift) for x in table.xs]
    table.xs = edges
    if at != list(range(len(edges))):
        for cell in table.cells:
            end = at[cell.column + cell.column_span]
            cell.column = at[cell.column]
            cell.column_span = end - cell.column


def _nearest(edges: Sequence[float], at: float) -> int:
    right = min(bisect_left(edges, at), len(edges) - 1)
    left = max(right - 1, 0)
    return left if at - edges[left] <= edges[right] - at else right


def _drop_repeated_head(upper: Table, lower: Table) -> None:
    """Leave out rows at the top that repeat the head of the table."""
    repeated = 0
    for one, other in zip(_head(upper), _head(lower), strict=False):
        last = repeated + 1 == lower.rows
        if last or one != other or one[0] != repeated or not any(text for *_, text in one[1]):
            break
        repeated += 1
    head = [cell for cell in lower.cells if cell.row < repeated]
    if head and all(cell.row + cell.row_span <= repeated for cell in head):
        lower.cells = [cell for cell in lower.cells if cell.row >= repeated]
        lower.rows -= repeated
        for cell in lower.cells:
            cell.row -= repeated


def _head(table: Table) -> Iterator[tuple[int, list[tuple[int, int, int, str]]]]:
    """Yield the first rows: their number, and what stands in them."""
    for row, cells in groupby(table.cells, key=attrgetter("row")):
        if row == _LONGEST_HEAD:
            return
        yield row, [(cell.column, cell.column_span, cell.row_span, cell.text) for cell in cells]


def _pairs(upper: Table, lower: Table) -> list[Pair]:
    bottom = {(cell.column, cell.column_span): cell for cell in upper.ends}
    top = [cell for cell in lower.cells if cell.row == 0]
    return [
        (bottom[cell.column, cell.column_span], cell)
        for cell in top
        if (cell.column, cell.column_span) in bottom
    ]


def _is_cut(upper: Table, lower: Table, pairs: list[Pair]) -> bool:
    """Tell whether the page cut a row in two: no line is drawn, or its text plainly goes on."""
    if len(pairs) < sum(cell.row == 0 for cell in lower.cells):
        return False
    if all(cell.open_below for cell in upper.ends) or all(cell.open_above for _, cell in pairs):
        # Some programs draw the line between two rows on one of the pages only.
        return not any(one.text and _is_next(one, other) for one, other in pairs)
    return _is_unlabelled(pairs) or _text_goes_on([pair for pair in pairs if pair[1].text])


def _text_goes_on(texted: list[Pair]) -> bool:
    """Tell whether all that stands below goes on with what is above, or was set wholly below."""
    if any(is_label(other.text) and not _is_label(one, other) for one, other in texted):
        return False
    labelled = any(_is_cut_label(*pair) for pair in texted)
    going_on, rest = _parted(texted)
    if labelled or any(_is_label(one, other) for one, other in going_on):
        return not any(_is_next(*pair) for pair in rest)
    if not any(_DIGIT.search(one.text[-_TAIL:]) for one, _ in going_on):
        # Labels without numbers: what is below may as well be the next row, and blank.
        return False
    return not any(one.text or _NUMBERED.match(other.text) for one, other in rest)


def _parted(pairs: list[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Part the pairs whose text goes on from the rest."""
    going_on: list[Pair] = []
    rest: list[Pair] = []
    for pair in pairs:
        (going_on if _goes_on(*pair) or _is_cut_label(*pair) else rest).append(pair)
    return going_on, rest


def _is_unlabelled(pairs: list[Pair]) -> bool:
    """Tell whether what is below has no label: it is the rest of a row, not one of its own."""
    own = [pair for pair in pairs if max(pair[0].row_span, pair[1].row_span) == 1]
    above = [_is_words(one.text) for one, _ in own]
    if not any(other.text for _, other in own) or any(above[1:]) or own[0][1].text:
        return False  # More words beside the first are the head of a table.
    if above[0]:
        return not any(_is_next(*pair) for pair in pairs)
    return any(one.text for one, _ in own) and not any(
        one.text and other.text and not _goes_on(one, other) for one, other in own
    )


def _is_words(text: str) -> bool:
    """Tell words, numbered or not, from figures with or without a note."""
    return bool(_CHINESE.search(text)) and not _FIGURE_FIRST.match(text)


def _is_label(one: Cell, other: Cell) -> bool:
    return is_label(one.text + other.text)


def _is_cut_label(one: Cell, other: Cell) -> bool:
    """Tell whether a page cut a label in two: the whole is one, however short its first line."""
    if not one.text or not other.text or not _is_label(one, other):
        return False
    return not (is_label(one.text) and is_label(other.text))


def _goes_on(one: Cell, other: Cell) -> bool:
    """Tell whether the last line above is full, and what follows neither numbered nor other."""
    if not one.text or not other.text or _NUMBERED.match(other.text) or _MARK.fullmatch(one.text):
        return False
    above = one.text[-_TAIL:]
    if len(_OPENING.findall(above)) > len(_CLOSING.findall(above)):
        return True
    if one.text[-1].isdigit() and _OPENING.match(other.text):
        return True
    if (_DIGIT.match(other.text) or _MARK.fullmatch(other.text)) and not _DIGIT.search(above):
        return False
    last, first = one.lines[-1], other.lines[0][0]
    room = one.box[2] - one.box[0] - (last[-1].right - last[0].left)
    return room < first.right - first.left + _PADDING * em(first)


def _is_next(one: Cell, other: Cell) -> bool:
    """Tell whether the lower cell begins anew: numbered, or a figure under words or a figure."""
    if _NUMBERED.match(other.text):
        return True
    if not one.text or not _FIGURE.fullmatch(other.text[:_TAIL]):
        return False
    above = one.text[-_TAIL:]
    if _is_words(above) and not _DIGIT.search(above):
        return True
    return _FIGURE.fullmatch(above) is not None and not _goes_on(one, other)


def _stack(upper: Table, lower: Table, pairs: list[Pair], *, cut: bool) -> None:
    offset = upper.rows - cut
    went_on: dict[int, Cell] = {}
    for one, other in pairs:
        if cut or _is_one(one, other):
            one.row_span += other.row_span - cut
            one.lines += other.lines
            one.text = joined([one.text, other.text])
            one.open_below = other.open_below
            went_on[id(other)] = one
    for cell in lower.cells:
        if id(cell) not in went_on:
            cell.row += offset
            upper.cells.append(cell)
    upper.rows = offset + lower.rows
    upper.ends = [went_on.get(id(cell), cell) for cell in lower.ends]
    upper.last_page = lower.last_page


def _is_one(one: Cell, other: Cell) -> bool:
    """Tell whether a cell merged over rows goes on over the page."""
    if max(one.row_span, other.row_span) == 1 or _NUMBERED.match(other.text):
        return False
    if is_label(other.text) or (_FIGURE.fullmatch(one.text[-_TAIL:]) and other.text):
        return False
    return one.open_below or other.open_above or _goes_on(one, other)
