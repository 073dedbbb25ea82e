"""Tables of Word without anything intricate, read in one pass over what matters of them.

Nearly every table is one, and of the elements in it only one in three or four matters: the
parser passes over the others without making an object of them.
"""

from dataclasses import dataclass, field
from typing import Final

from worker.reading import nested
from worker.reading.nested import Box, Flow, Table
from worker.reading.package import Element

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_P, _T, _TR, _TC = (W + name for name in ("p", "t", "tr", "tc"))
_SPAN, _DOWN, _BEFORE = (W + name for name in ("gridSpan", "vMerge", "gridBefore"))
_VAL, _TABS = W + "val", W + "tabs"
MARKS: Final = {
    W + "tab": "\t",
    W + "ptab": "\t",
    W + "br": "\n",
    W + "cr": "\n",
    W + "noBreakHyphen": "-",
}
_PARTS: Final = (_T, _P, _TC, _TR, _SPAN, _DOWN, _BEFORE, *MARKS)
_WIDEST: Final = 256


@dataclass(slots=True)
class _Cell:
    """A cell as the file lists it; ``down`` is ``restart`` or ``continue`` where it is merged."""

    lines: list[str] = field(default_factory=list)
    columns: int = 1
    down: str = ""


@dataclass(slots=True)
class _Row:
    before: int = 0
    cells: list[_Cell] = field(default_factory=list)


def said(element: Element) -> str:
    """Return what an element of a run says: its text, or what a break or a tab prints."""
    if element.tag == _T:
        return element.text or ""
    parent = element.getparent()
    # Properties list where the tabs of a paragraph stand.
    return "" if parent is not None and parent.tag == _TABS else MARKS[element.tag]


def clamped(text: str | None, default: int) -> int:
    """Return a number of columns, never more than any table has."""
    return min(int(text), _WIDEST) if text and text.isdecimal() and len(text) < 11 else default


def read(element: Element) -> Table:
    """Return a table that holds but paragraphs of plain runs; see ``docx`` for any other.

    Raises:
        IndexError: paragraphs stand outside of cells, or cells outside of rows.
    """
    table = Table()
    above: dict[int, Box] = {}
    for row in _rows(element):
        boxes = [Box(columns=row.before, skipped=True)] if row.before else []
        above = _place(row, boxes, above)
        table.rows.append(boxes)
    return table


def _rows(element: Element) -> list[_Row]:
    rows: list[_Row] = []
    cell = _Cell()
    for part in element.iter(*_PARTS):
        tag = part.tag
        if tag == _T:
            cell.lines[-1] += part.text or ""
        elif tag == _P:
            cell.lines.append("")
        elif tag == _TC:
            cell = _Cell()
            rows[-1].cells.append(cell)
        elif tag == _TR:
            rows.append(_Row())
        elif tag == _SPAN:
            cell.columns = clamped(part.get(_VAL), 1) or 1
        elif tag == _DOWN:
            cell.down = part.get(_VAL) or "continue"
        elif tag == _BEFORE:
            rows[-1].before = clamped(part.get(_VAL), 0)
        else:
            cell.lines[-1] += said(part)
    return rows


def _place(row: _Row, boxes: list[Box], above: dict[int, Box]) -> dict[int, Box]:
    """Add the cells of a row; return those that may go on in the next, by column."""
    merged: dict[int, Box] = {}
    column = row.before
    for cell in row.cells:
        if cell.down == "continue" and column in above:
            above[column].rows += 1
            merged[column] = above[column]
        else:
            boxes.append(Box(_flow(cell.lines), 1, cell.columns))
            if cell.down:
                merged[column] = boxes[-1]
        column += cell.columns
    return merged


def _flow(lines: list[str]) -> Flow:
    if len(lines) == 1 and lines[0].isprintable() and "\u2011" not in lines[0]:
        return [*lines]
    return [line for text in lines for line in nested.lines(text)]
