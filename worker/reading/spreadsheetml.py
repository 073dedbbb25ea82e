"""Workbooks in one XML file (SpreadsheetML 2003), which mostly bear the name of an XLS."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import nested
from worker.reading.package import Element
from worker.reading.worksheet import Sheet, printed

_SS: Final = "{urn:schemas-microsoft-com:office:spreadsheet}"
_WORKSHEET, _TABLE, _ROW, _CELL, _DATA = (
    _SS + name for name in ("Worksheet", "Table", "Row", "Cell", "Data")
)
_VISIBLE: Final = "{*}WorksheetOptions/{*}Visible"
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_MOST_SHEETS: Final = 200


def sheets(root: Element) -> Iterator[Sheet]:
    """Yield the sheets that are shown.

    Raises:
        Refused: ``too_large``.
    """
    found = [element for element in root if element.tag == _WORKSHEET]
    for element in found[:_MOST_SHEETS]:
        visible = element.find(_VISIBLE)
        if visible is None or not (visible.text or "").strip().endswith("Hidden"):
            yield _sheet(element)


def _sheet(element: Element) -> Sheet:
    sheet = Sheet(element.get(_SS + "Name", ""))
    table = element.find(_TABLE)
    at = 0
    for row in () if table is None else table:
        if row.tag == _ROW:
            at = _number(row, "Index", at + 1, _LAST_ROW)
            _take(sheet, row, at - 1)
            at += _number(row, "Span", 0, _LAST_ROW)
        if len(sheet.cells) > nested.MOST_CELLS:
            raise Refused(Reason.TOO_LARGE, f"sheet {sheet.name} holds too many cells")
    return sheet


def _take(sheet: Sheet, row: Element, at: int) -> None:
    column = 0
    for cell in row:
        if cell.tag != _CELL:
            continue
        column = _number(cell, "Index", column + 1, _LAST_COLUMN)
        across = _number(cell, "MergeAcross", 0, _LAST_COLUMN)
        down = _number(cell, "MergeDown", 0, _LAST_ROW)
        if across or down:
            sheet.merges.append((at, column - 1, down + 1, across + 1))
        if text := _text(cell.find(_DATA)):
            sheet.cells[at, column - 1] = text
        column += across


def _text(data: Element | None) -> str:
    """Return a value as the sheet shows it, formatting inside it left out."""
    if data is None:
        return ""
    text = "".join(data.itertext())
    kind = data.get(_SS + "Type")
    with suppress(ValueError):
        if kind == "Number":
            return printed(float(text))
        if kind == "DateTime":
            return printed(datetime.fromisoformat(text.strip()))
    return printed(text)


def _number(element: Element, name: str, default: int, most: int) -> int:
    said = element.get(_SS + name, "")
    return min(int(said), most) if said.isdecimal() and len(said) < 12 else default
