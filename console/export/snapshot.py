"""What is in the database, as rows of an export: one snapshot, a few reports at a time.

Reports come in the order of their ids, cells in that of the form. Nothing is an object of the ORM:
a million cells are read in seconds, and no more than one batch of them is in memory.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Row, RowMapping, Select, func, select

from console.export.fields import CELLS, CORRECTED, FINDINGS, HEADER, REPORTS
from console.queries.report_conditions import conditions
from console.report_filter import ReportFilter
from models.correction import Correction
from models.dead_letter import Decision
from models.disclosure.correction import Value, typed
from models.disclosure.form import LAYOUTS, TABLES, Edition
from models.disclosure.report import Printed
from models.filing import Restoration, StoredFinding, StoredReport
from models.ledger import Document
from worker.rows import KINDS

BATCH: Final = 25
"""Reports at a time: some 5,000 cells. With more it is no faster, and takes more memory."""

Line = tuple[Any, ...]
"""A row of a table: a value for each of its fields."""

_DECISION: Final = (
    select(Decision.action).where(Decision.id == StoredReport.decision_id).scalar_subquery()
)
_HEADERS: Final = select(
    StoredReport.id,
    StoredReport.publisher,
    StoredReport.publisher_key,
    StoredReport.division_code,
    StoredReport.year,
    StoredReport.edition,
    StoredReport.version,
    StoredReport.standing,
    Document.sha256,
    Document.name,
    StoredReport.same_as,
    StoredReport.title,
    StoredReport.period_start,
    StoredReport.period_end,
    StoredReport.signature,
    StoredReport.signed_on,
    _DECISION.label("decision"),
    StoredReport.decision_id,
    StoredReport.hard,
    StoredReport.soft,
    StoredReport.stored_at,
    StoredReport.attempt_id,
    StoredReport.layouts,
).join(Document, Document.id == StoredReport.document_id)
_IDENTITY: Final = 9
"""How many columns of a header stand before every cell."""
_NO_CELL: Final[tuple[Any, ...]] = (None, str(Printed.ABSENT), "", "")


@dataclass(slots=True)
class Batch:
    """Rows of some reports, by table; a table that is not wanted has none."""

    reports: int = 0
    lines: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))


class Snapshot:
    """The reports that are wanted, as they are while a transaction is open.

    Args:
        connection: of a session that reads; see :meth:`models.session.Database.reading`.
        wanted: which reports.
        tables: the names of the tables that are wanted.
    """

    def __init__(self, connection: Connection, wanted: ReportFilter, tables: Sequence[str]) -> None:
        self._connection = connection
        self._conditions = conditions(wanted)
        self._tables = frozenset(tables)

    def count(self) -> int:
        """Return how many reports there are."""
        query = select(func.count()).select_from(StoredReport).where(*self._conditions)
        return self._connection.scalar(query) or 0

    def changed_at(self) -> datetime | None:
        """Return when something that an export shows changed last, ``None`` before anything did.

        It is not a property of the moment: the same database gives the same answer.
        """
        # the last row, not the greatest moment of all: rows hold whole narratives
        latest = select(StoredReport.stored_at).order_by(StoredReport.id.desc()).limit(1)
        moments = (
            self._connection.scalar(latest),
            self._connection.scalar(select(func.max(Restoration.decided_at))),
        )
        return max((moment for moment in moments if moment is not None), default=None)

    def batches(self) -> Iterator[Batch]:
        """Yield all rows, at most :data:`BATCH` reports at a time."""
        after = 0
        while True:
            query = _HEADERS.where(*self._conditions, StoredReport.id > after)
            headers = self._connection.execute(query.order_by(StoredReport.id).limit(BATCH)).all()
            if not headers:
                return
            after = headers[-1].id
            yield self._batch(headers)

    def _batch(self, headers: Sequence[Row[*tuple[Any, ...]]]) -> Batch:
        ids = [header.id for header in headers]
        found = Batch(len(ids))
        if self._tables & {REPORTS.name, CORRECTED.name, CELLS.name}:
            corrections = self._corrections(ids)
            rows = self._rows(ids)
            for header in headers:
                self._report(found, header, rows, corrections.get(header.id, {}))
        if FINDINGS.name in self._tables:
            found.lines[FINDINGS.name] += self._findings(headers)
        return found

    def _report(
        self,
        batch: Batch,
        header: Row[*tuple[Any, ...]],
        rows: Mapping[tuple[int, str], list[RowMapping]],
        corrected: dict[str, tuple[Value, int]],
    ) -> None:
        cells: list[Line] = []
        identity = tuple(header[:_IDENTITY])
        for table in TABLES:
            layout = _layout(header, table, corrected)
            if layout is None:
                continue
            cells += _cells(identity, layout, rows.get((header.id, table), ()), corrected)
            if corrected:
                cells = _with_absent(cells, identity, LAYOUTS[layout].cells, corrected)
        if CELLS.name in self._tables:
            batch.lines[CELLS.name] += cells
        if self._tables & {REPORTS.name, CORRECTED.name}:
            self._wide(batch, header, cells, len(corrected))

    def _wide(
        self, batch: Batch, header: Row[*tuple[Any, ...]], cells: list[Line], corrected: int
    ) -> None:
        head = (*header[:-3], corrected, header.stored_at)
        published = {line[_ADDRESS]: line[_VALUE] for line in cells}
        if REPORTS.name in self._tables:
            batch.lines[REPORTS.name].append((*head, *map(published.get, _WIDE)))
        if corrected and CORRECTED.name in self._tables:
            now = {line[_ADDRESS]: line[_NOW] for line in cells if line[_CORRECTED]}
            batch.lines[CORRECTED.name].append((*head, *map((published | now).get, _WIDE)))

    def _rows(self, ids: list[int]) -> Mapping[tuple[int, str], list[RowMapping]]:
        """Return the stored rows of each table of each report, in printed order."""
        found: dict[tuple[int, str], list[RowMapping]] = defaultdict(list)
        for table, query in _stored_rows().items():
            chosen = query.where(query.selected_columns.report_id.in_(ids))
            for row in self._connection.execute(chosen).mappings():
                found[row["report_id"], table].append(row)
        for rows in found.values():
            rows.sort(key=lambda row: row["position"])
        return found

    def _corrections(self, ids: list[int]) -> dict[int, dict[str, tuple[Value, int]]]:
        """Return the corrected values by report and address, each with its decision."""
        found: dict[int, dict[str, tuple[Value, int]]] = defaultdict(dict)
        query = select(
            Correction.report_id, Correction.cell, Correction.value, Correction.decision_id
        ).where(Correction.report_id.in_(ids))
        for report_id, cell, value, decision_id in self._connection.execute(query):
            found[report_id][cell] = (typed(cell, value or ""), decision_id)
        return found

    def _findings(self, headers: Sequence[Row[*tuple[Any, ...]]]) -> Iterator[Line]:
        reports = {header.attempt_id: header.id for header in headers if header.attempt_id}
        found: dict[int, list[Line]] = defaultdict(list)
        query = _FINDINGS.where(StoredFinding.attempt_id.in_(list(reports)))
        for number, attempt, *rest in self._connection.execute(query):
            report = reports[attempt]
            *start, difference, cells, blanks, message, evidence = rest
            exact = None if difference is None else _number(difference)
            found[report].append((number, report, *start, exact, cells, blanks, message, evidence))
        for header in headers:
            # "hard" sorts before "soft"
            yield from sorted(found[header.id], key=lambda line: (line[3], line[0]))


_FINDINGS: Final = select(
    StoredFinding.id,
    StoredFinding.attempt_id,
    StoredFinding.rule,
    StoredFinding.severity,
    StoredFinding.scope,
    StoredFinding.left,
    StoredFinding.right,
    StoredFinding.difference,
    StoredFinding.cells,
    StoredFinding.blanks,
    StoredFinding.message,
    StoredFinding.evidence,
)
_ADDRESS, _VALUE, _CORRECTED, _NOW = (
    CELLS.names.index(name) for name in ("cell", "value", "corrected", "corrected_value")
)
_WIDE: Final = REPORTS.names[HEADER:]


def _number(text: str) -> Value:
    """Return the figure that a finding tells as text, ``None`` for what is no figure."""
    try:
        return int(text) if "." not in text else Decimal(text)
    except (ValueError, InvalidOperation):
        return None


@cache
def _stored_rows() -> dict[str, Select[*tuple[Any, ...]]]:
    return {table: select(*kind.__table__.columns) for table, kind in KINDS.items()}


@cache
def _columns(key: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the columns of each row of a table, each with its address.

    Those that the layout prints come first, then what other editions print in the same row.
    """
    found: dict[str, dict[str, str]] = defaultdict(dict)
    table = LAYOUTS[key].table
    for layout in (LAYOUTS[key], *TABLES[table].layouts):
        for row in layout.rows:
            for column in row.columns:
                found[row.key][column.key] = f"{table}.{row.key}.{column.key}"
    return {row: tuple(columns.items()) for row, columns in found.items()}


def _cells(
    identity: Line,
    layout: str,
    stored: Sequence[RowMapping],
    corrected: Mapping[str, tuple[Value, int]],
) -> Iterator[Line]:
    """Yield a line for each cell of the rows of one table that are in the file."""
    columns, table = _columns(layout), LAYOUTS[layout].table
    for row in stored:
        key, printed, raw, notes = row["row"], row["printed"], row["raw"], row["notes"]
        places, chosen, sure = row["places"], row["chosen"], row["confidence"] or {}
        for column, address in columns[key]:
            how = printed.get(column)
            if how is None:
                continue
            yield (
                *identity,
                address,
                table,
                key,
                column,
                row[column],
                how,
                raw[column],
                notes.get(column, ""),
                *_correction(corrected.get(address)),
                sure.get(column),
                column in chosen,
                places.get(column),
            )


def _layout(header: Row[*tuple[Any, ...]], table: str, corrected: Iterable[str]) -> str | None:
    """Return the layout of a table; of one that is not in the file, the one it was filled in by."""
    if table in header.layouts:
        return str(header.layouts[table]["layout"])
    cells = [address for address in corrected if address.startswith(f"{table}.")]
    if not cells or header.edition is None:
        return None
    return TABLES[table].printed_in(Edition(header.edition), cells).key


def _correction(found: tuple[Value, int] | None) -> tuple[bool, Value, int | None]:
    return (False, None, None) if found is None else (True, *found)


def _with_absent(
    cells: list[Line],
    identity: Line,
    layout: Sequence[str],
    corrected: Mapping[str, tuple[Value, int]],
) -> list[Line]:
    """Return the cells with those that were corrected though they are not in the file."""
    known = {line[_ADDRESS] for line in cells}
    order = {address: place for place, address in enumerate(layout)}
    added = [
        (*identity, address, *address.split("."), *_NO_CELL, True, *said, None, False, None)
        for address, said in corrected.items()
        if address in order and address not in known
    ]
    if not added:
        return cells
    others = [line for line in cells if line[_ADDRESS] not in order]
    own = [line for line in cells if line[_ADDRESS] in order]
    return others + sorted(own + added, key=lambda line: order[line[_ADDRESS]])
