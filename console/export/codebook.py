"""The codebook: every cell of both editions of the form, made from the form itself."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import cache
from typing import Final

from console import form_labels
from models.disclosure import english
from models.disclosure.form import RESULTS_GROUP, TABLES, Column, Kind, Layout, Row
from models.disclosure.report import Printed
from models.disclosure.sources import NOTICES, clause
from worker.check.carryover import APPLICATION_ROWS, DOCUMENT_ROWS
from worker.check.edits import edits
from worker.check.narrative import CELLS as SPOKEN_OF
from worker.check.rules import RULES

_UNITS: Final = {
    Kind.COUNT: "个数 count",
    Kind.CHANGE: "个数 count",
    Kind.AMOUNT: "万元 10,000 CNY",
}
_EVERY_CELL: Final = ("CELL.VALUE", "CELL.CONFIDENCE", "TABLE.COMPLETE")
_STOCK: Final = ("made", "repealed", "in_force")
_PRINTED: Final = " ".join(Printed)


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell. Fields with several values have spaces between them, in a fixed order."""

    cell: str
    table_key: str
    row_key: str
    column_key: str
    label_zh: str
    label_en: str
    label_zh_2019: str | None
    value_type: str
    unit: str
    editions: str
    notice: str
    clause: str
    printed: str
    edits: str


@cache
def entries() -> tuple[Entry, ...]:
    """Return an entry for every cell, table by table, those of the newest layout first."""
    found: dict[str, list[tuple[Layout, Row, Column]]] = {}
    for table in TABLES.values():
        for layout in table.layouts:
            for row in layout.rows:
                for column in row.columns:
                    address = f"{table.key}.{row.key}.{column.key}"
                    found.setdefault(address, []).append((layout, row, column))
    return tuple(_entry(address, printed) for address, printed in found.items())


def rows() -> list[tuple[str | None, ...]]:
    """Return the entries as rows of a table."""
    return [astuple(entry) for entry in entries()]


def _entry(address: str, printed: list[tuple[Layout, Row, Column]]) -> Entry:
    layout, row, column = printed[0]
    table = layout.table
    oldest = _chinese(*printed[-1][1:])
    editions = sorted({edition for one, _, _ in printed for edition in one.editions})
    return Entry(
        address,
        table,
        row.key,
        column.key,
        _chinese(row, column),
        _english(table, row, column),
        oldest if oldest != _chinese(row, column) else None,
        str(column.kind),
        _UNITS[column.kind],
        " ".join(editions),
        " ".join(NOTICES[edition] for edition in editions),
        clause(table, row.key),
        _PRINTED,
        " ".join(_rules(address, printed)),
    )


def _chinese(row: Row, column: Column) -> str:
    return f"{form_labels.full(row)} · {column.label}"


def _english(table: str, row: Row, column: Column) -> str:
    group = english.GROUPS.get(row.group, "")
    label = english.ROWS[f"{table}.{row.key}"]
    stands_in = f"{group}: " if group and row.group != RESULTS_GROUP else ""
    return f"{stands_in}{label} · {english.COLUMNS[f'{table}.{column.key}']}"


def _rules(address: str, printed: list[tuple[Layout, Row, Column]]) -> Iterator[str]:
    """Yield the rules that a cell takes part in, in the order in which they are listed."""
    found = {
        edit.rule for layout, _, _ in printed for edit in edits(layout.key) if address in edit.terms
    }
    table, row, column = address.split(".")
    if table == "applications" and row in APPLICATION_ROWS:
        found.add("YEAR.CARRIED")
    if table == "disclosure" and row in DOCUMENT_ROWS and column in _STOCK:
        found.add("YEAR.STOCK")
    if address in SPOKEN_OF:
        found.add("TEXT.COUNTS")
    return (rule for rule in RULES if rule in found or rule in _EVERY_CELL)
