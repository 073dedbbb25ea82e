"""The three statutory tables as the notice prints them: rows of cells that span one another.

Source of the layout: 国办公开办函〔2021〕30号 and 〔2019〕60号, annexes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from math import lcm
from typing import Final

from console.form_labels import numbered
from console.marks import CLAUSES, ORDINALS, RELATION, Marks, printed, said
from models.disclosure.finding import Severity
from models.disclosure.form import (
    LAYOUTS,
    ORGANISATIONS,
    RESULTS_GROUP,
    TABLES,
    Column,
    Edition,
    Layout,
    Row,
    cell_key,
)
from models.disclosure.report import ReadTable, Report

_FIRST_COLUMN: Final = "信息内容"
_APPLICANTS: Final = "申请人情况"
_ORGANISATIONS: Final = "法人或其他组织"
_COURTS: Final = "行政诉讼"
_LABELS: Final = 3
"""Columns that the labels of table 三 take: of （三）不予公开 1.属于国家秘密 the last two."""


@dataclass(frozen=True, slots=True)
class Box:
    """One cell of a printed table: a heading, a label, or a figure of the cell ``address``.

    ``mark`` is ``hard`` or ``soft`` where a finding is about it; ``was`` is the figure as published
    where an operator has corrected it, and ``read`` what stands in its field before anybody types.
    ``missing`` says that its row is not in the file.
    """

    text: str
    heading: str = ""
    columns: int = 1
    rows: int = 1
    address: str = ""
    label: str = ""
    mark: str = ""
    was: str | None = None
    read: str = ""
    note: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its key, its title with its number, its rows.

    ``absent`` says that it is not in the file: it has no rows then, but where it may be filled in.
    """

    key: str
    title: str
    rows: tuple[tuple[Box, ...], ...] = ()
    across: bool = False
    absent: bool = False


@dataclass(frozen=True, slots=True)
class _Source:
    """What figures are taken from."""

    table: ReadTable
    marks: Marks

    @property
    def form(self) -> Layout:
        return self.table.form

    def boxes(self, row: Row, span: int = 1) -> list[Box]:
        return [self._box(row, column, span) for column in row.columns]

    def _box(self, row: Row, column: Column, span: int) -> Box:
        address = cell_key(self.form.table, row.key, column.key)
        cell = self.table.cells.get(address)
        mark = self.marks.get(address)
        published = getattr(cell, "published", None)
        return Box(
            printed(cell) if cell is None or published is None else said(cell),
            columns=span,
            address=address,
            label=f"{row.group} {row.label} · {column.label}".strip(),
            mark="" if mark is None else str(mark),
            was=None if published is None else said(published),
            read=printed(published or cell),
            note=cell.note if cell is not None else "",
            missing=row.key in self.table.missing,
        )


def sheets(
    report: Report | None, marks: Mapping[str, Severity], *, to_fill_in: bool = False
) -> list[Sheet]:
    """Return the three tables of a report, laid out as they are printed.

    Args:
        report: what was read; ``None`` if nothing was.
        marks: which cells a finding is about.
        to_fill_in: print a table that is not in the file too, empty, if the edition is known.
    """
    tables = {} if report is None else dict(report.tables)
    edition = report.edition if report is not None and to_fill_in else None
    return [_sheet(key, tables.get(key), marks, edition) for key in TABLES]


def _sheet(key: str, table: ReadTable | None, marks: Marks, edition: Edition | None) -> Sheet:
    title = f"{ORDINALS[key]}、{TABLES[key].title}"
    absent = table is None
    if table is None and edition is not None:
        table = ReadTable.unread(key, edition)
    if table is None:
        return Sheet(key, title, absent=True)
    source = _Source(table, marks)
    printing = {"disclosure": _disclosure, "applications": _applications, "review": _review}[key]
    rows = tuple(map(tuple, printing(source)))
    return Sheet(key, title, rows, LAYOUTS[table.layout].across, absent)


# --- Table 二 -----------------------------------------------------------------------------------


def _disclosure(source: _Source) -> Iterator[list[Box]]:
    rows = source.form.rows
    width = lcm(*(len(row.columns) for row in rows))
    for clause, group in groupby(rows, key=lambda row: CLAUSES[row.key]):
        yield [Box(f"第二十条第（{clause}）项", "colgroup", columns=width + 1)]
        for columns, alike in groupby(group, key=lambda row: row.columns):
            span = width // len(columns)
            yield [
                Box(_FIRST_COLUMN, "col"),
                *(Box(column.label, "col", columns=span) for column in columns),
            ]
            for row in alike:
                yield [Box(row.label, "row"), *source.boxes(row, span)]


# --- Table 三 -----------------------------------------------------------------------------------


def _applications(source: _Source) -> Iterator[list[Box]]:
    rows = source.form.rows
    columns = rows[0].columns
    relation = f"（本列数据的勾稽关系为：{RELATION.strip('（）')}）"
    yield [
        Box(relation, "col", columns=_LABELS, rows=3),
        Box(_APPLICANTS, "colgroup", columns=len(columns)),
    ]
    yield [
        Box(columns[0].label, "col", rows=2),
        Box(_ORGANISATIONS, "colgroup", columns=len(ORGANISATIONS)),
        Box(columns[-1].label, "col", rows=2),
    ]
    yield [Box(column.label, "col") for column in ORGANISATIONS]
    results = sum(bool(row.group) for row in rows)
    sizes = {group: len(list(some)) for group, some in groupby(rows, key=lambda row: row.group)}
    opened: set[str] = set()
    for row in rows:
        yield [*_labels(row, opened, results, sizes), *source.boxes(row)]


def _labels(row: Row, opened: set[str], results: int, sizes: Mapping[str, int]) -> Iterable[Box]:
    """Return the labels that stand before a row; those of a group stand before its first row."""
    if not row.group:
        yield Box(numbered(row), "row", columns=_LABELS)
        return
    if RESULTS_GROUP not in opened:
        opened.add(RESULTS_GROUP)
        yield Box(RESULTS_GROUP, "rowgroup", rows=results)
    if row.group == RESULTS_GROUP:
        yield Box(numbered(row), "row", columns=_LABELS - 1)
        return
    if row.group not in opened:
        opened.add(row.group)
        yield Box(row.group, "rowgroup", rows=sizes[row.group])
    yield Box(numbered(row), "row")


# --- Table 四 -----------------------------------------------------------------------------------


def _review(source: _Source) -> Iterator[list[Box]]:
    rows = source.form.rows
    of_row = len(rows[0].columns)
    first, *courts = rows
    yield [
        Box(first.label, "colgroup", columns=of_row, rows=2),
        Box(_COURTS, "colgroup", columns=of_row * len(courts)),
    ]
    yield [Box(row.label, "colgroup", columns=of_row) for row in courts]
    yield [Box(column.label, "col") for row in rows for column in row.columns]
    yield [box for row in rows for box in source.boxes(row)]


def standing(report: Report | None, address: str) -> str:
    """Return what stands in the field of a cell before anybody types."""
    return "" if report is None else printed(report.cell(address))
