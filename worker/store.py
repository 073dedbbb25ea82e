"""Keeping what was recognised: a report and its findings as rows, and the report back from rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.disclosure import publisher
from models.disclosure.evidence import Claim, Source
from models.disclosure.finding import Finding, Reason, Severity
from models.disclosure.form import LAYOUTS, TABLES, Edition, Layout, cell_key
from models.disclosure.report import Cell, Period, Place, Printed, ReadTable, Report, Section
from models.divisions.division import NOWHERE, Located
from models.divisions.gazetteer import division
from models.filing import ApplicationRow, DisclosureRow, ReviewRow, StoredFinding, StoredReport
from worker.errors import Refused, Transient

TableRow = DisclosureRow | ApplicationRow | ReviewRow

_KINDS: Final[Mapping[str, type[TableRow]]] = {
    "disclosure": DisclosureRow,
    "applications": ApplicationRow,
    "review": ReviewRow,
}
_LARGEST: Final = 2**63 - 1
_VERSION_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a report comes from: the document, and the attempt that read it."""

    document_id: int
    attempt_id: int


@dataclass(frozen=True, slots=True)
class Filed:
    """The id under which a report is kept, and which version of its publisher and year it is."""

    report_id: int
    version: int


def store(session: Session, origin: Origin, report: Report, findings: Iterable[Finding]) -> Filed:
    """Keep a report with its findings, as the next version of its publisher and year.

    Raises:
        Refused: a figure is too large to be kept.
        Transient: other workers took the version number again and again.
    """
    findings = tuple(findings)
    rows = {key: list(_rows(table)) for key, table in report.tables.items()}
    filed = _insert(session, _header(origin, report, findings))
    for key, values in rows.items():
        if values:
            session.execute(
                insert(_KINDS[key]), [{"report_id": filed.report_id, **row} for row in values]
            )
    keep_findings(session, origin, findings)
    return filed


def keep_findings(session: Session, origin: Origin, findings: Iterable[Finding]) -> None:
    """Keep the findings of an attempt, whether its report is stored or not."""
    values = [_finding(origin, finding) for finding in findings]
    if values:
        session.execute(insert(StoredFinding), values)


def load(session: Session, report_id: int) -> Report:
    """Rebuild a stored report as it was recognised, every cell with its text and place.

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
    return Report(
        publisher=header.publisher,
        year=header.year,
        edition=None if header.edition is None else Edition(header.edition),
        title=header.title,
        tables={key: _table(told, stored[key]) for key, told in header.layouts.items()},
        sections=tuple(Section(*section) for section in header.sections),
        period=_period(header),
        signature=header.signature,
        signed_on=header.signed_on,
        evidence=tuple(_claim(told) for told in header.evidence or ()),
        located=_located(header.division_code),
    )


def _header(origin: Origin, report: Report, findings: tuple[Finding, ...]) -> dict[str, Any]:
    hard = sum(finding.severity is Severity.HARD for finding in findings)
    return {
        "document_id": origin.document_id,
        "attempt_id": origin.attempt_id,
        "publisher": report.publisher,
        "publisher_key": None if report.publisher is None else publisher.key(report.publisher),
        "division_code": report.division and report.division.code,
        "evidence": [claim.as_dict() for claim in report.evidence],
        "year": report.year,
        "edition": report.edition,
        "title": report.title,
        "layouts": {key: _told(table) for key, table in report.tables.items()},
        "sections": [[section.key, section.heading, section.text] for section in report.sections],
        "period_start": report.period.start if report.period else None,
        "period_end": report.period.end if report.period else None,
        "signature": report.signature,
        "signed_on": report.signed_on,
        "hard": hard,
        "soft": len(findings) - hard,
    }


def _insert(session: Session, values: dict[str, Any]) -> Filed:
    """Insert the header under the next free version.

    Two workers may take the same number at once; the unique constraint tells, and whoever loses
    counts again.
    """
    same, year = values["publisher_key"], values["year"]
    for _ in range(_VERSION_TRIES):
        version = _next_version(session, same, year)
        statement = insert(StoredReport).values(**values, version=version)
        try:
            with session.connection().begin_nested():
                report_id = session.execute(statement.returning(StoredReport.id)).scalar_one()
        except IntegrityError:
            if _next_version(session, same, year) == version:
                raise  # it was not the version
        else:
            return Filed(report_id, version)
    raise Transient(f"no free version for {same}, {year}")


def _next_version(session: Session, publisher_key: str | None, year: int | None) -> int:
    if publisher_key is None or year is None:
        return 1  # nobody knows what it would be a version of
    newest = session.scalar(
        select(func.max(StoredReport.version)).where(
            StoredReport.publisher_key == publisher_key, StoredReport.year == year
        )
    )
    return (newest or 0) + 1


def _told(table: ReadTable) -> dict[str, Any]:
    """Return what a table tells beside its cells, as JSON."""
    return {
        field.name: value if isinstance(value, str) else list(value)
        for field in fields(table)
        if field.name != "cells"
        for value in (getattr(table, field.name),)
    }


def _rows(table: ReadTable) -> Iterable[dict[str, Any]]:
    columns = _columns(table.form)
    for position, row in enumerate(table.rows()):
        cells = {
            column: cell
            for column in columns
            if (cell := table.cells.get(cell_key(table.form.table, row, column))) is not None
        }
        yield {
            "row": row,
            "position": position,
            "printed": {column: str(cell.printed) for column, cell in cells.items()},
            "raw": {column: cell.raw for column, cell in cells.items()},
            "places": {c: cell.place.as_dict() for c, cell in cells.items() if cell.place},
            "notes": {column: cell.note for column, cell in cells.items() if cell.note},
            "chosen": [column for column, cell in cells.items() if cell.chosen],
            **{column: _figure(cells.get(column), row, column) for column in columns},
        }


def _figure(cell: Cell | None, row: str, column: str) -> Any:
    value = None if cell is None else cell.value
    if isinstance(value, int) and abs(value) > _LARGEST:
        message = f"{row}.{column}: a figure of {len(str(abs(value)))} digits cannot be kept"
        raise Refused(Reason.INVALID_VALUE, message)
    return value


def _columns(layout: Layout) -> tuple[str, ...]:
    """Return the columns that any row of the table has, in any edition, in printed order."""
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
        for column in _columns(layout)
        if column in row.printed
    }
    return ReadTable(layout.key, **values)


def _cell(row: TableRow, column: str) -> Cell:
    place = row.places.get(column)
    return Cell(
        value=getattr(row, column),
        raw=row.raw[column],
        printed=Printed(row.printed[column]),
        place=None if place is None else _place(place),
        note=row.notes.get(column, ""),
        chosen=column in row.chosen,
    )


def _place(told: Mapping[str, Any]) -> Place:
    box = told.get("box")
    return Place(**{**told, "box": None if box is None else tuple(box)})


def _claim(told: Mapping[str, Any]) -> Claim:
    place = told.get("place")
    return Claim(
        told["field"],
        told["value"],
        Source(told["source"]),
        told["raw"],
        None if place is None else _place(place),
    )


def _located(code: str | None) -> Located:
    return NOWHERE if code is None else Located(division(code))


def _period(header: StoredReport) -> Period | None:
    if header.period_start is None or header.period_end is None:
        return None
    return Period(header.period_start, header.period_end)


def _finding(origin: Origin, finding: Finding) -> dict[str, Any]:
    return {
        "document_id": origin.document_id,
        "attempt_id": origin.attempt_id,
        "rule": finding.rule,
        "severity": str(finding.severity),
        "scope": finding.scope,
        "message": finding.message,
        "left": _text(finding.left),
        "right": _text(finding.right),
        "difference": _text(finding.difference),
        "cells": list(finding.cells),
        "blanks": list(finding.blanks),
        "evidence": finding.evidence,
    }


def _text(value: float | str | None) -> str | None:
    return None if value is None else str(value)
