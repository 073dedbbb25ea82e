"""What another extraction of the same file may say: figures that cannot stand elsewhere.

It is likely to have lost the cells of a table, so that only labels and the order of figures tell
where they belong. A row counts that has a figure or a mark in every column, none of them put there
by its room or by what adds up; and a table, when most of its rows are such and say what the first
extraction says. Then the two are sure to speak of the same rows.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from models.disclosure.report import Cell, Printed, ReadTable, Report

_TABLES: Final = ("applications", "review")
_COMPLETE: Final = (Printed.NUMBER, Printed.SLASH, Printed.DASH)
_MOST: Final = 0.5


def trusted(first: Report, second: Report) -> dict[str, int]:
    """Return the figures of a second extraction that may count as evidence, by cell.

    Args:
        first: the report as recognised.
        second: the same one, recognised in another extraction of its file.
    """
    found: dict[str, int] = {}
    for key in _TABLES:
        one, other = first.tables.get(key), second.tables.get(key)
        if one is not None and other is not None and one.layout == other.layout:
            found |= _of_table(one, other)
    return found


def _of_table(first: ReadTable, second: ReadTable) -> dict[str, int]:
    rows = dict(_complete(second))
    same = sum(_same(first, row) for row in rows.values())
    if same <= _MOST * len(first.form.rows):
        return {}
    return {
        address: int(cell.value)
        for row in rows.values()
        for address, cell in row.items()
        if cell.value is not None
    }


def _complete(table: ReadTable) -> Iterator[tuple[str, Mapping[str, Cell]]]:
    doubtful = {*table.missing, *table.unplaced, *table.chosen}
    for key, addresses in table.form.addresses.items():
        cells = {address: table.cells[address] for address in addresses if address in table.cells}
        whole = len(cells) == len(addresses) and key not in doubtful
        if whole and all(cell.printed in _COMPLETE for cell in cells.values()):
            yield key, cells


def _same(table: ReadTable, row: Mapping[str, Cell]) -> bool:
    read = table.cells
    return all(at in read and read[at].value == cell.value for at, cell in row.items())
