"""A balance edit with its numbers: the equation, and the same in the words of the form."""

from collections.abc import Sequence
from typing import Final

from console import form_labels
from console.marks import said
from models.disclosure.finding import Finding
from models.disclosure.report import Printed, Report

Sides = tuple[Sequence[str], Sequence[str]]
"""The cells on the left of an equation, and those on its right."""

_RIGHT_TERMS: Final = {"T3.FLOW": 2, "T3.OUTCOMES": 1, "T3.APPLICANTS": 1, "T4.RESULTS": 1}
"""How many of the cells of a balance edit, the last ones, stand on the right of its equation."""

_COLUMN_WISE: Final = ("T3.FLOW", "T3.OUTCOMES")
_MANY: Final = 7


def equation(finding: Finding, report: Report) -> str:
    """Return a balance edit with its numbers: ``12 + 1 ≠ 12 + 0 (13 ≠ 12, 差 1)``.

    What is blank or not in the file counted as 0 and is written as 空 or 缺; a slash or dash as
    it is printed. Of many addends those that are 0 are only counted.
    """
    sides = sides_of(finding)
    if sides is None:
        return finding.message
    left, right = (" + ".join(_figures(side, report)) for side in sides)
    sums = f"{finding.left} ≠ {finding.right}, 差 {finding.difference}"
    return f"{left} ≠ {right} ({sums})"


def sides_of(finding: Finding) -> Sides | None:
    """Return the sides of a balance edit, ``None`` for a finding that is no equation."""
    count = _RIGHT_TERMS.get(finding.rule)
    if count is None or finding.left is None or len(finding.cells) <= count:
        return None
    return finding.cells[:-count], finding.cells[-count:]


def _figures(side: Sequence[str], report: Report) -> list[str]:
    shown, zeros = _worth_showing(side, report)
    texts = [said(report.cell(address)) for address in shown]
    return [*texts, f"0 × {zeros}"] if zeros else texts


def in_words(finding: Finding, sides: Sides, report: Report) -> str:
    """Return an equation with its rows or columns named: ``新收 12 + 结转 1 ≠ 总计 12``."""
    words = []
    for side in sides:
        shown, zeros = _worth_showing(side, report)
        terms = [_named(finding, address, report) for address in shown]
        words.append(" + ".join([*terms, f"其余 {zeros} 项 0"] if zeros else terms))
    return " ≠ ".join(words)


def _worth_showing(side: Sequence[str], report: Report) -> tuple[Sequence[str], int]:
    if len(side) <= _MANY:
        return side, 0
    shown = [
        a for a in side if (cell := report.cell(a)).value or cell.printed is not Printed.NUMBER
    ]
    return shown, len(side) - len(shown)


def _named(finding: Finding, address: str, report: Report) -> str:
    row = form_labels.row_of(address)
    if finding.rule in _COLUMN_WISE:
        name = form_labels.brief(row)
    else:
        column = address.rsplit(".", 1)[1]
        name = next((c.label for c in row.columns if c.key == column), column)
    return f"{name} {said(report.cell(address))}"
