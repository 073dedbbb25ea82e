"""Reports as rows: a table as the values of its rows, and a stored report back from its rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from models.correction import Correction
from models.disclosure.correction import Value, amended, corrected, typed
from models.disclosure.difference import figure
from models.disclosure.finding import Reason
from models.disclosure.form import LAYOUTS, TABLES, Edition, cell_key
from models.disclosure.report import (
    ABSENT,
    Cell,
    Period,
    Place,
    Printed,
    ReadTable,
    Report,
    Section,
)
from models.divisions.division import NOWHERE, Located
from models.divisions.gazetteer import division
from models.filing import ApplicationRow, DisclosureRow, ReviewRow, StoredReport
from worker.errors import Refused
from worker.inspected import claim

TableRow = DisclosureRow | ApplicationRow | ReviewRow

KINDS: Final[Mapping[str, type[TableRow]]] = {
    "disclosure": DisclosureRow,
    "applications": ApplicationRow,
    "review": ReviewRow,
}
"""The class of the rows of each table."""

_LARGEST: Final = 2**63 - 1
_OF_CELLS: Final = ("printed", "raw", "places", "notes", "confidence")
_TOLD: Final = frozenset({"position", "places", "notes", "confidence", "chosen"})
_FIGURES: Final = {
    key: select(*(column for column in table.c if column.name not in _TOLD))
    for key, kind in KINDS.items()
    for table in (cast("Table", kind.__table__),)
}
"""What of the rows of each table are figures, and what says how they are printed."""


def told(table: ReadTable) -> dict[str, Any]:
    """Return what a table tells beside its cells, as JSON."""
    return {
        field.name: value if isinstance(value, str) else list(value)
        for field in fields(table)
        if field.name != "cells"
        for value in (getattr(table, field.name),)
    }


def rows(table: ReadTable) -> Iterable[dict[str, Any]]:
    """Yield the values of each row that is in the file, in printed order.

    Raises:
        Refused: a figure is too large to be kept.
    """
    for position, row in enumerate(table.rows()):
        yield {"row": row, "position": position} | _values(table, row)


def _values(table: ReadTable, row: str) -> dict[str, Any]:
    """Return the columns of a row that its cells fill; one pass: there are hundreds of cells."""
    told: dict[str, dict[str, Any]] = {name: {} for name in _OF_CELLS}
    printed, raw, places, notes, confidence = told.values()
    figures, chosen = {}, []
    for column, address in _addresses(table.layout, row):
        cell = table.cells.get(address)
        figures[column] = None if cell is None else _kept(cell.value, address)
        if cell is None:
            continue
        printed[column], raw[column] = cell.printed.value, cell.raw
        if cell.place is not None:
            places[column] = cell.place.as_dict()
        if cell.note:
            notes[column] = cell.note
        if cell.confidence is not None:
            confidence[column] = cell.confidence
        if cell.chosen:
            chosen.append(column)
    return {**told, "confidence": confidence or None, "chosen": chosen, **figures}


@cache
def _addresses(layout: str, row: str) -> tuple[tuple[str, str], ...]:
    """Return the columns of a table, each with the address of its cell in a row."""
    table = LAYOUTS[layout].table
    return tuple((column, cell_key(table, row, column)) for column in _columns(layout))


def load(session: Session, report_id: int) -> Report:
    """Rebuild a stored report, every cell with its text and place.

    Cells that an operator has corrected have their corrected value, and the cell as published.

    Raises:
        KeyError: there is no such report.
    """
    header = session.get(StoredReport, report_id)
    if header is None:
        raise KeyError(report_id)
    stored: Mapping[str, Iterable[TableRow]] = {
        "disclosure": header.disclosure,
        "applications": header.applications,
        "review": header.review,
    }
    read = Report(
        publisher=header.publisher,
        year=header.year,
        edition=None if header.edition is None else Edition(header.edition),
        title=header.title,
        tables={
            key: _table(header.layouts[key], stored[key]) for key in TABLES if key in header.layouts
        },
        sections=tuple(Section(*section) for section in header.sections),
        period=_period(header),
        signature=header.signature,
        signed_on=header.signed_on,
        evidence=tuple(claim(told) for told in header.evidence or ()),
        located=_located(header.division_code),
    )
    return amended(read, corrected_values(session, [report_id]).get(report_id, {}))


def corrected_values(session: Session, report_ids: Sequence[int]) -> dict[int, dict[str, Value]]:
    """Return the values of the corrected cells of reports, by address."""
    query = select(Correction.report_id, Correction.cell, Correction.value)
    found: dict[int, dict[str, Value]] = {}
    for report_id, address, value in session.execute(
        query.where(Correction.report_id.in_(report_ids)).order_by(Correction.cell)
    ):
        found.setdefault(report_id, {})[address] = typed(address, value or "")
    return found


def figures(session: Session, report_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return what the cells of stored reports say, by address; a tenth of the work of ``load``.

    Raises:
        KeyError, ValueError: a row is none that :func:`rows` gives.
    """
    found: dict[int, dict[str, str]] = {report_id: {} for report_id in report_ids}
    for key, query in _FIGURES.items():
        chosen = query.where(query.selected_columns.report_id.in_(report_ids))
        for row in session.connection().execute(chosen).mappings():
            raw, said = row["raw"], found[row["report_id"]]
            for column, how in row["printed"].items():
                if how != Printed.ABSENT:
                    cell = Cell(row[column], raw[column], Printed(how))
                    said[cell_key(key, row["row"], column)] = figure(cell)
    for report_id, values in corrected_values(session, report_ids).items():
        for address, value in values.items():
            found[report_id][address] = figure(corrected(ABSENT, value))
    return found


def _kept(value: int | Decimal | None, address: str) -> int | Decimal | None:
    if isinstance(value, int) and abs(value) > _LARGEST:
        _, _, column = address.partition(".")
        message = f"{column}: a figure of {len(str(abs(value)))} digits cannot be kept"
        raise Refused(Reason.INVALID_VALUE, message)
    return value


@cache
def _columns(key: str) -> tuple[str, ...]:
    """Return the columns that any row of the table has, in any edition, in printed order."""
    layout = LAYOUTS[key]
    rows = TABLES[layout.table].layouts
    return tuple(
        dict.fromkeys(
            column.key for known in (layout, *rows) for row in known.rows for column in row.columns
        )
    )


def _table(told: Mapping[str, Any], rows: Iterable[TableRow]) -> ReadTable:
    layout = LAYOUTS[told["layout"]]
    values: dict[str, Any] = {
        field.name: tuple(told[field.name])
        for field in fields(ReadTable)
        if field.name in told and field.name != "layout"
    }
    values["cells"] = {
        cell_key(layout.table, row.row, column): _cell(row, column)
        for row in rows
        for column in _columns(layout.key)
        if column in row.printed
    }
    return ReadTable(layout.key, **values)


def _cell(row: TableRow, column: str) -> Cell:
    place = row.places.get(column)
    return Cell(
        value=getattr(row, column),
        raw=row.raw[column],
        printed=Printed(row.printed[column]),
        place=None if place is None else Place.from_dict(place),
        note=row.notes.get(column, ""),
        confidence=(row.confidence or {}).get(column),
        chosen=column in row.chosen,
    )


def _located(code: str | None) -> Located:
    return NOWHERE if code is None else Located(division(code))


def _period(header: StoredReport) -> Period | None:
    if header.period_start is None or header.period_end is None:
        return None
    return Period(header.period_start, header.period_end)
