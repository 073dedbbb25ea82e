"""Completeness and validity: is every table there, every row, and every cell a figure?"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from models.disclosure.finding import Finding, Severity
from models.disclosure.form import TABLES, cell_key
from models.disclosure.report import Printed, ReadTable, Report

_RULE: Final = "TABLE.COMPLETE"
_FIGURE: Final = re.compile(r"[1-9]\d*")
_NUMBER: Final = Printed.NUMBER
_BLANK: Final = Printed.BLANK
_UNREADABLE: Final = Printed.UNREADABLE
_A_ROW: Final = 4
_LISTED: Final = 6
_SHOWN: Final = 80  # messages go to the log
LEAST_CONFIDENCE: Final = 0.9
"""OCR less sure than this is worth a look: on scans of random reports 99 % of right cells have 0.96
and more, and where shape and reading disagree it is at most 0.3."""


def complete(report: Report) -> Iterator[Finding]:
    """Yield findings about tables, rows and cells that are not there or cannot be read."""
    for key, table in TABLES.items():
        read = report.tables.get(key)
        if read is None:
            message = f"未找到表格 table not found: {table.title}"
            yield Finding(_RULE, Severity.HARD, key, message)
            continue
        if all(cell.printed is not _NUMBER for cell in read.cells.values()):
            message = f"表中没有任何数字 no figure in the table: {table.title}"
            yield Finding(_RULE, Severity.HARD, key, message)
        yield from _rows(key, read)
        yield from _unset(key, read)
        yield from _blanks(key, read)
        yield from _doubts(key, read)
    yield from _values(report)


def _rows(key: str, read: ReadTable) -> Iterator[Finding]:
    labels = {row.key: row.label for row in read.form.rows}
    if read.missing:
        hard = len(read.missing) * 2 > len(labels)
        names = "、".join(labels[row] for row in read.missing)
        cells = tuple(
            cell_key(key, row.key, column.key)
            for row in read.form.rows
            if row.key in read.missing
            for column in row.columns
        )
        message = f"缺少 {len(read.missing)} 行 rows not in the file: {names}"
        yield Finding(_RULE, Severity.HARD if hard else Severity.SOFT, key, message, cells)
    for line in read.unaligned:
        figures = line.split()
        hard = line in read.lost or (
            len(figures) >= _A_ROW and _FIGURE.search(" ".join(figures[1:])) is not None
        )
        message = f"有数字的行无法对应 a line with figures fits no row: {line[:_SHOWN]}"
        yield Finding(_RULE, Severity.HARD if hard else Severity.SOFT, key, message)
    for row in read.chosen:
        message = f"{labels[row]}: 数字的列位由勾稽关系选定 the edits chose the columns of this row"
        yield Finding(_RULE, Severity.SOFT, row, message, _cells(key, read, row))
    for row in read.unplaced:
        message = f"{labels[row]}: 数字无法对应到列 figures cannot be told to columns"
        yield Finding(_RULE, Severity.SOFT, row, message, _cells(key, read, row))


def _unset(key: str, read: ReadTable) -> Iterator[Finding]:
    """Yield what an operator has left open in the rows of a table that is not in the file."""
    if not read.is_filled_in:
        return
    known = [
        address
        for row in read.form.row_keys
        if row not in read.missing
        for address in read.form.addresses[row]
    ]
    absent = tuple(address for address in known if address not in read.cells)
    if absent:
        hard = len(absent) * 2 > len(known)
        message = f"{len(absent)} 个单元格未补填 cells not filled in: {_named(absent)}"
        yield Finding(_RULE, Severity.HARD if hard else Severity.SOFT, key, message, absent)


def _named(cells: Sequence[str]) -> str:
    """Return the first of some cells, without their table."""
    more = "…" if len(cells) > _LISTED else ""
    return "、".join(cell.partition(".")[2] for cell in cells[:_LISTED]) + more


def _cells(key: str, read: ReadTable, row: str) -> tuple[str, ...]:
    return tuple(cell for cell in read.cells if cell.startswith(f"{key}.{row}."))


def _blanks(key: str, read: ReadTable) -> Iterator[Finding]:
    blank = tuple(cell for cell, found in read.cells.items() if found.printed is _BLANK)
    if blank:
        message = f"{len(blank)} 个空白单元格 blank cells: {_named(blank)}"
        yield Finding(_RULE, Severity.SOFT, key, message, blank, blanks=blank)


def _doubts(key: str, read: ReadTable) -> Iterator[Finding]:
    doubtful = tuple(
        cell
        for cell, found in read.cells.items()
        if found.confidence is not None and found.confidence < LEAST_CONFIDENCE
    )
    if doubtful:
        named = "、".join(
            f"{cell.partition('.')[2]} = {read.cells[cell].raw!r}" for cell in doubtful[:_LISTED]
        )
        more = "…" if len(doubtful) > _LISTED else ""
        message = (
            f"{len(doubtful)} 个单元格识别存疑 cells read by OCR without certainty: {named}{more}"
        )
        yield Finding("CELL.CONFIDENCE", Severity.SOFT, key, message, doubtful)


def _values(report: Report) -> Iterator[Finding]:
    for key, cell in report.cells():
        if cell.printed is _UNREADABLE:
            message = f"不是有效数字 not a figure of its kind: {cell.raw[:_SHOWN]!r}"
            yield Finding("CELL.VALUE", Severity.HARD, key, message, (key,), evidence=cell.raw)
        elif cell.note and "→" in cell.note:
            shown = f"{cell.raw[:_SHOWN]!r} = {cell.value}"
            message = f"单位已换算 unit converted ({cell.note}): {shown} 万元"
            yield Finding("CELL.VALUE", Severity.SOFT, key, message, (key,), evidence=cell.raw)
