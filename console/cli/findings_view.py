"""Findings in a terminal: the rule, what it was applied to, and the equation with its numbers."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.text import Text

from console import labels
from models.disclosure.finding import Finding, Severity
from models.disclosure.report import Cell, Printed, Report

SIGNS: Final = {Severity.HARD: "!", Severity.SOFT: "?"}
STYLES: Final = {Severity.HARD: "bold red", Severity.SOFT: "yellow"}

_RIGHT_TERMS: Final = {"T3.FLOW": 2, "T3.OUTCOMES": 1, "T3.APPLICANTS": 1, "T4.RESULTS": 1}
"""How many of the cells of a balance edit, the last ones, stand on the right of its equation."""

_COLUMN_WISE: Final = ("T3.FLOW", "T3.OUTCOMES")
_MANY: Final = 7
_WORDS: Final = {Printed.BLANK: "空", Printed.ABSENT: "缺"}


def finding_lines(findings: Iterable[Finding], report: Report | None) -> list[Text]:
    """Return the lines that tell of findings; equations need the report for their numbers."""
    lines: list[Text] = []
    for finding in findings:
        style = STYLES[finding.severity]
        line = Text().append(f"{SIGNS[finding.severity]} {finding.rule}", style=style)
        place = labels.scope(finding.rule, finding.scope)
        sides = _sides(finding) if report is not None else None
        if sides is None or report is None:
            line.append(f" {place}: {finding.message}")
            lines.append(line)
        else:
            line.append(f" {place}: {equation(finding, report)}")
            words = "    " + _in_words(finding, sides, report)
            lines += [line, Text(words, style="dim")]
        if finding.evidence:
            lines.append(Text(f"    “{finding.evidence}”", style="dim"))
    return lines


def equation(finding: Finding, report: Report) -> str:
    """Return a balance edit with its numbers: ``12 + 1 ≠ 12 + 0 (13 ≠ 12, 差 1)``.

    What is blank or not in the file counted as 0 and is written as 空 or 缺; a slash or dash as
    it is printed. Of many addends those that are 0 are only counted.
    """
    sides = _sides(finding)
    if sides is None:
        return finding.message
    left, right = (" + ".join(_figures(side, report)) for side in sides)
    sums = f"{finding.left} ≠ {finding.right}, 差 {finding.difference}"
    return f"{left} ≠ {right} ({sums})"


def _sides(finding: Finding) -> tuple[Sequence[str], Sequence[str]] | None:
    count = _RIGHT_TERMS.get(finding.rule)
    if count is None or finding.left is None or len(finding.cells) <= count:
        return None
    return finding.cells[:-count], finding.cells[-count:]


def _figures(side: Sequence[str], report: Report) -> list[str]:
    shown, zeros = _worth_showing(side, report)
    texts = [_figure(report.cell(address)) for address in shown]
    return [*texts, f"0 × {zeros}"] if zeros else texts


def _in_words(finding: Finding, sides: tuple[Sequence[str], Sequence[str]], report: Report) -> str:
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
    row = labels.row_of(address)
    if finding.rule in _COLUMN_WISE:
        name = labels.brief(row)
    else:
        column = address.rsplit(".", 1)[1]
        name = next((c.label for c in row.columns if c.key == column), column)
    return f"{name} {_figure(report.cell(address))}"


def _figure(cell: Cell) -> str:
    if cell.printed is Printed.NUMBER and cell.value is not None:
        return str(cell.value)
    return _WORDS.get(cell.printed) or cell.raw.strip() or "空"


def summary(findings: Sequence[Finding]) -> str:
    """Return how many findings there are of each severity."""
    hard = sum(finding.severity is Severity.HARD for finding in findings)
    return f"{hard} 项硬性 hard, {len(findings) - hard} 项提示 soft"
