"""The three statutory tables in a terminal, laid out as the notice prints them.

Source of the layout: 国办公开办函〔2021〕30号 and 〔2019〕60号, annexes.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from console.cli.findings_view import STYLES
from console.cli.grid import Figure, Grid, Span
from console.form_labels import numbered
from console.marks import CLAUSES, ORDINALS, RELATION, SIGNS, Marks, printed
from models.disclosure.form import RESULTS_GROUP, TABLES, Column, Layout, Row, cell_key
from models.disclosure.report import ReadTable, Report

LEGEND: Final = "! 不平衡 fails a hard edit   ? 存疑 worth a look"

_NOT_IN_FILE: Final = "文件中无此行 not in the file"
_SHORT: Final = {
    "natural_person": "自然",
    "business": "企业",
    "research": "科研",
    "public_interest": "公益",
    "legal_services": "法律",
    "other": "其他",
    "total": "总计",
}
_SHORT_BELOW: Final = 90
_LEAST_LABEL: Final = 16


def form_lines(report: Report, marks: Marks, width: int) -> list[Text]:
    """Return the tables of a report as lines of at most ``width`` columns where that can be.

    They fit from about 65 columns; below that lines are longer than the terminal.
    """
    lines: list[Text] = []
    for key, table in TABLES.items():
        lines += [Text(f"{ORDINALS[key]}、{table.title}", style="bold")]
        read = report.tables.get(key)
        if read is None:
            lines += [Text("文件中无此表 not in the file", style="dim"), Text("")]
        else:
            lines += [*table_lines(read, marks, width), Text("")]
    return lines


def table_lines(table: ReadTable, marks: Marks, width: int) -> list[Text]:
    """Return one table as lines, without its title."""
    if table.form.table == "applications":
        return _applications(table, marks, width)
    if table.form.table == "review":
        return _review(table, marks, width)
    return _disclosure(table, marks, width)


# --- Table 二 -----------------------------------------------------------------------------------


def _disclosure(table: ReadTable, marks: Marks, width: int) -> list[Text]:
    lines: list[Text] = []
    for clause, group in groupby(table.form.rows, key=lambda row: CLAUSES[row.key]):
        rows = list(group)
        columns = rows[0].columns
        label = min(24, width // 3)
        room = max(8, (width - label - 1) // len(columns) - 2)
        grid = Grid(label, [min(room, cell_len(column.label)) for column in columns])
        grid.fit([_figures(table, row, marks) for row in rows])
        grid.note(f"第二十条第（{clause}）项")
        grid.head([Span(column.label) for column in columns], label="信息内容")
        for row in rows:
            _row(grid, table, row, marks, row.label)
        lines += grid.lines
    return lines


# --- Table 三 -----------------------------------------------------------------------------------


def _applications(table: ReadTable, marks: Marks, width: int) -> list[Text]:
    columns = table.form.rows[0].columns
    short = width < _SHORT_BELOW
    widths = [6 if column.key == "natural_person" and not short else 4 for column in columns]
    grid = Grid(0, widths)
    grid.fit([_figures(table, row, marks) for row in table.form.rows])
    spent = sum(grid.widths) + 2 * len(grid.widths) + 1
    grid.label_width = max(_LEAST_LABEL, min(width - spent, 60))
    _applications_head(grid, columns, short=short)
    grid.rule()
    group = ""
    for row in table.form.rows:
        _open_group(grid, group, row)
        group = row.group
        indent = _indent(row)
        _row(grid, table, row, marks, indent + numbered(row), hang=len(indent) + 2)
    return grid.lines


def _applications_head(grid: Grid, columns: Sequence[Column], *, short: bool) -> None:
    if short:
        grid.head([Span(_SHORT[column.key]) for column in columns])
        return
    organisations = len(columns) - 2
    grid.head([Span("申请人情况", len(columns))], label="本列数据的勾稽关系为：")
    grid.head([Span(""), Span("法人或其他组织", organisations), Span("")], label=RELATION)
    grid.head([Span(column.label) for column in columns])


def _open_group(grid: Grid, group: str, row: Row) -> None:
    if row.group == group or not row.group:
        return
    if group == "":
        grid.note(RESULTS_GROUP)
    if row.group != RESULTS_GROUP:
        grid.note(f"  {row.group}")


def _indent(row: Row) -> str:
    if not row.group:
        return ""
    return "  " if row.group == RESULTS_GROUP else "      "


# --- Table 四 -----------------------------------------------------------------------------------


def _review(table: ReadTable, marks: Marks, width: int) -> list[Text]:
    figures = [_figures(table, row, marks) for row in table.form.rows]
    columns = [column for row in table.form.rows for column in row.columns]
    grid = Grid(0, [4] * len(columns))
    grid.fit([[figure for row in figures for figure in row]])
    if table.missing or sum(grid.widths) + 2 * len(columns) + 1 > width:
        return _review_down(table, marks)
    of_row = len(table.form.rows[0].columns)
    courts = len(columns) - of_row
    labels = [row.label for row in table.form.rows]
    grid.head([Span(labels[0], of_row), Span("行政诉讼", courts)])
    grid.head([Span("" if n == 0 else label, of_row) for n, label in enumerate(labels)])
    grid.head([Span(column.label) for column in columns])
    grid.rule()
    grid.row("", [figure for row in figures for figure in row])
    return grid.lines


def _review_down(table: ReadTable, marks: Marks) -> list[Text]:
    columns = table.form.rows[0].columns
    grid = Grid(28, [4] * len(columns))
    grid.fit([_figures(table, row, marks) for row in table.form.rows])
    grid.head([Span(column.label) for column in columns])
    grid.rule()
    for row in table.form.rows:
        label = f"{row.group} · {row.label}" if row.group else row.label
        _row(grid, table, row, marks, label)
    return grid.lines


# --- Cells --------------------------------------------------------------------------------------


def _row(
    grid: Grid, table: ReadTable, row: Row, marks: Marks, label: str, *, hang: int = 2
) -> None:
    if row.key in table.missing:
        grid.note(label, _NOT_IN_FILE, style="dim")
    else:
        grid.row(label, _figures(table, row, marks), hang=hang)


def _figures(table: ReadTable, row: Row, marks: Marks) -> list[Figure]:
    if row.key in table.missing:
        return [Figure() for _ in row.columns]
    return [_figure(table, table.form, row, column, marks) for column in row.columns]


def _figure(table: ReadTable, layout: Layout, row: Row, column: Column, marks: Marks) -> Figure:
    address = cell_key(layout.table, row.key, column.key)
    mark = marks.get(address)
    text = printed(table.cells.get(address))
    if mark is None:
        return Figure(text)
    return Figure(text, SIGNS[mark], STYLES[mark])
