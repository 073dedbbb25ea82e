"""Corrected cells on top of a report as published: nothing that was read is ever overwritten.

Values and how they are written: a whole number of a count, a decimal of an amount, ``None`` for a
cell that is to be blank.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from models.disclosure.form import LAYOUTS, TABLES, Kind, column_of
from models.disclosure.report import ABSENT, Cell, Printed, ReadTable, Report

Value = int | Decimal | None

_BLANKS: Final = frozenset({"", "blank", "空", "空白"})
_MOST_DIGITS: Final = 15
_MOST_PLACES: Final = 8
_NEAREST: Final = 3
_FULL_WIDTH: Final = {code + 0xFEE0: chr(code) for code in b"-.0123456789"}
"""As a Chinese input method types figures."""


class Unfit(ValueError):  # noqa: N818 - it says what is wrong
    """There is no such cell in the report, or it cannot hold such a value."""


def typed(address: str, text: str) -> Value:
    """Return the value that was typed for a cell; nothing, ``blank`` or ``空`` make it blank.

    Full-width figures are figures.

    Raises:
        Unfit: there is no such cell in the form, or the text is not a value of its kind.
    """
    kind = _kind(address)
    plain = text.strip().translate(_FULL_WIDTH)
    if plain.lower() in _BLANKS:
        return None
    unsigned = plain.removeprefix("-") if kind is Kind.CHANGE else plain
    whole, point, places = unsigned.partition(".")
    digits = whole.isascii() and whole.isdecimal()
    if kind is Kind.AMOUNT and digits and point:
        digits = places.isascii() and places.isdecimal() and len(places) <= _MOST_PLACES
    elif point:
        digits = False
    if not digits:
        raise Unfit(f"{address}: {text!r} is not {_WANTED[kind]}")
    if len(whole.lstrip("0")) > _MOST_DIGITS:
        raise Unfit(f"{address}: more than {_MOST_DIGITS} digits")
    return Decimal(plain) if kind is Kind.AMOUNT else int(plain)


_WANTED: Final = {
    Kind.COUNT: "a whole number from 0",
    Kind.AMOUNT: "a decimal from 0, in 万元",
    Kind.CHANGE: "a whole number",
}


def written(value: Value) -> str | None:
    """Return a value as it is kept and told: without an exponent."""
    return None if value is None else format(value, "f" if isinstance(value, Decimal) else "d")


def _kind(address: str) -> Kind:
    try:
        return column_of(address).kind
    except (KeyError, ValueError):
        known = dict.fromkeys(cell for layout in LAYOUTS.values() for cell in layout.cells)
        raise Unfit(f"{address}: the form has no such cell{_nearest(address, known)}") from None


def _nearest(address: str, known: Iterable[str]) -> str:
    near = get_close_matches(address, known, n=_NEAREST)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def amended(report: Report, values: Mapping[str, Value]) -> Report:
    """Return a report with other values in some cells, each with the cell as it was read.

    A row that is not in the file comes in with the cells that are set, and so does a table: as the
    report's edition prints it. A value that a cell has already changes nothing.

    Raises:
        Unfit: the layout of the table has no such cell; or the table is not in the file, and
            nobody knows the edition.
    """
    tables = dict(report.tables)
    for address, value in values.items():
        key = address.partition(".")[0]
        table = tables.get(key) or _unread(report, key, values)
        if address not in table.form.cells:
            near = _nearest(address, table.form.cells)
            raise Unfit(f"{address}: this report has no such cell{near}")
        tables[key] = _with(table, address, value)
    in_order = {key: tables[key] for key in TABLES if key in tables}
    return replace(report, tables=in_order) if values else report


def _unread(report: Report, key: str, wanted: Iterable[str]) -> ReadTable:
    """Return a table that is not in the file, in a layout that has what is set in it."""
    mine = [address for address in wanted if address.startswith(f"{key}.")]
    if key not in TABLES:
        raise Unfit(f"{key}: the form has no such table")
    if report.edition is None:
        raise Unfit(f"{mine[0]}: the table is not in the file; say which year the report is on")
    return ReadTable.unread(key, report.edition, mine)


def _with(table: ReadTable, address: str, value: Value) -> ReadTable:
    read = table.cells.get(address, ABSENT)
    read = read.published or read
    if says(read, value):
        return table
    cell = corrected(read, value)
    row = address.split(".")[1]
    return replace(
        table,
        cells=_in_order(table, {**table.cells, address: cell}),
        missing=tuple(key for key in table.missing if key != row),
    )


def corrected(read: Cell, value: Value) -> Cell:
    """Return a cell with another value; what OCR doubted or was converted, somebody has seen."""
    how = Printed.BLANK if value is None else Printed.NUMBER
    return read._replace(
        value=value, printed=how, note="", confidence=None, chosen=False, published=read
    )


def says(cell: Cell, value: Value) -> bool:
    """Tell whether a cell says this already."""
    if value is None:
        return cell.printed is Printed.BLANK
    return cell.printed is Printed.NUMBER and cell.value == value


def _in_order(table: ReadTable, cells: Mapping[str, Cell]) -> dict[str, Cell]:
    if len(cells) == len(table.cells):
        return dict(cells)
    return {address: cells[address] for address in table.form.cells if address in cells}


def corrections(report: Report) -> dict[str, Cell]:
    """Return the cells of a report that were corrected, as they are now, in printed order."""
    return {address: cell for address, cell in report.cells() if cell.published is not None}
