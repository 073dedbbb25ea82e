"""The balance edits (勾稽关系): sums that must hold inside tables 三 and 四."""

from collections.abc import Iterator, Sequence
from typing import Final

from models.disclosure.finding import Finding, Severity
from models.disclosure.form import APPLICANTS, OUTCOME_ROWS, RESULTS, TOTAL, cell_key
from models.disclosure.report import Printed, ReadTable, Report

_FLOW_IN: Final = ("new_requests", "carried_in")
_FLOW_OUT: Final = ("processed_total", "carried_out")


def totals(report: Report) -> Iterator[Finding]:
    """Yield a finding for each balance edit that does not hold or cannot be assessed."""
    applications = report.tables.get("applications")
    if applications is not None:
        yield from _columns(report, applications)
        yield from _rows(report, applications, "T3.APPLICANTS", [c.key for c in APPLICANTS])
    review = report.tables.get("review")
    if review is not None:
        yield from _rows(report, review, "T4.RESULTS", [c.key for c in RESULTS])


def _columns(report: Report, table: ReadTable) -> Iterator[Finding]:
    outcomes = [row for row in table.form.row_keys if row in OUTCOME_ROWS]
    for column in (c.key for c in APPLICANTS):
        left = [cell_key("applications", row, column) for row in _FLOW_IN]
        right = [cell_key("applications", row, column) for row in _FLOW_OUT]
        total = right[0]
        yield from _edit(report, "T3.FLOW", column, left, right, total)
        addends = [cell_key("applications", row, column) for row in outcomes]
        yield from _edit(report, "T3.OUTCOMES", column, addends, [total], total)


def _rows(report: Report, table: ReadTable, rule: str, columns: Sequence[str]) -> Iterator[Finding]:
    for row in table.rows():
        *addends, total = [cell_key(table.form.table, row, column) for column in columns]
        assert total.endswith(f".{TOTAL.key}")  # noqa: S101 - the form puts 总计 last
        yield from _edit(report, rule, row, addends, [total], total)


def _edit(
    report: Report,
    rule: str,
    scope: str,
    left: Sequence[str],
    right: Sequence[str],
    total: str,
) -> Iterator[Finding]:
    """Compare two sums; blank, slash, dash and absent addends count as 0 and are listed."""
    terms = (*left, *right)
    printed = {key: report.cell(key).printed for key in terms}
    if all(how is not Printed.NUMBER for how in printed.values()):
        return
    unreadable = tuple(key for key in terms if printed[key] is Printed.UNREADABLE)
    if unreadable or printed[total] is not Printed.NUMBER:
        why = "含无法识别的数字 an unreadable figure" if unreadable else "合计未填 no total printed"
        message = f"无法核对 not assessable: {why}"
        yield Finding(rule, Severity.SOFT, scope, message, terms, blanks=unreadable or (total,))
        return
    left_sum, right_sum = _sum(report, left), _sum(report, right)
    if left_sum != right_sum:
        blanks = tuple(key for key in terms if printed[key] is not Printed.NUMBER)
        message = f"{left_sum} ≠ {right_sum} (差 {left_sum - right_sum})"
        yield Finding(
            rule,
            Severity.HARD,
            scope,
            message,
            terms,
            left_sum,
            right_sum,
            left_sum - right_sum,
            blanks,
        )


def _sum(report: Report, keys: Sequence[str]) -> int:
    return sum(int(report.cell(key).value or 0) for key in keys)
