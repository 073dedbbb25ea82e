"""The balance edits (勾稽关系): sums that must hold inside tables 三 and 四."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from models.disclosure.finding import Finding, Severity
from models.disclosure.report import ABSENT, Cell, Printed, Report
from worker.check.edits import Edit, edits

_NUMBER: Final = Printed.NUMBER


def totals(report: Report) -> Iterator[Finding]:
    """Yield a finding for each balance edit that does not hold or cannot be assessed."""
    for key in ("applications", "review"):
        table = report.tables.get(key)
        if table is not None:
            numbers = _numbers(table.cells)
            for edit in edits(table.layout):
                if edit.row not in table.missing and not _holds(numbers, edit):
                    yield from _apply(table.cells, edit)


def _numbers(cells: Mapping[str, Cell]) -> dict[str, int]:
    return {
        key: int(cell.value)
        for key, cell in cells.items()
        if cell.printed is _NUMBER and cell.value is not None
    }


def _holds(numbers: Mapping[str, int], edit: Edit) -> bool:
    """Tell whether both sides are printed in full and are equal, as most are."""
    try:
        number = numbers.__getitem__
        return sum(map(number, edit.left)) == sum(map(number, edit.right))
    except KeyError:
        return False


def _apply(found: Mapping[str, Cell], edit: Edit) -> Iterator[Finding]:
    """Compare two sums; blank, slash, dash and absent addends count as 0 and are listed."""
    left = [found.get(key, ABSENT) for key in edit.left]
    right = [found.get(key, ABSENT) for key in edit.right]
    terms = edit.terms
    printed = {key: cell.printed for key, cell in zip(terms, left + right, strict=True)}
    if Printed.NUMBER not in printed.values():
        return
    unreadable = tuple(key for key in terms if printed[key] is Printed.UNREADABLE)
    if unreadable or printed[edit.total] is not Printed.NUMBER:
        why = "含无法识别的数字 an unreadable figure" if unreadable else "合计未填 no total printed"
        message = f"无法核对 not assessable: {why}"
        blanks = unreadable or (edit.total,)
        yield Finding(edit.rule, Severity.SOFT, edit.scope, message, terms, blanks=blanks)
        return
    left_sum, right_sum = _sum(left), _sum(right)
    if left_sum == right_sum:
        return
    if _prints_no_total(found, edit):
        message = "无法核对 not assessable: 各行总计均未填 no total of any row printed"
        yield Finding(edit.rule, Severity.SOFT, edit.scope, message, terms, blanks=edit.left)
    else:
        blanks = tuple(key for key in terms if printed[key] is not Printed.NUMBER)
        message = f"{left_sum} ≠ {right_sum} (差 {left_sum - right_sum})"
        yield Finding(
            edit.rule,
            Severity.HARD,
            edit.scope,
            message,
            terms,
            left_sum,
            right_sum,
            left_sum - right_sum,
            blanks,
        )


def _prints_no_total(found: Mapping[str, Cell], edit: Edit) -> bool:
    """Tell whether rows have figures, and none the total that the edit adds up."""
    parts = [found.get(key, ABSENT) for key in edit.parts]
    return any(part.value or part.printed is Printed.UNREADABLE for part in parts) and all(
        found.get(key, ABSENT).printed is not _NUMBER for key in edit.left
    )


def _sum(cells: Sequence[Cell]) -> int:
    return sum([int(cell.value or 0) for cell in cells])
