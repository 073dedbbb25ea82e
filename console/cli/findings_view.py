"""Findings in a terminal: the rule, what it was applied to, and the equation with its numbers."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.text import Text

from console import form_labels
from console.equation import equation, in_words, sides_of
from console.marks import SIGNS
from models.disclosure.finding import Finding, Severity
from models.disclosure.report import Report

STYLES: Final = {Severity.HARD: "bold red", Severity.SOFT: "yellow"}


def finding_lines(findings: Iterable[Finding], report: Report | None) -> list[Text]:
    """Return the lines that tell of findings; equations need the report for their numbers."""
    lines: list[Text] = []
    for finding in findings:
        style = STYLES[finding.severity]
        line = Text().append(f"{SIGNS[finding.severity]} {finding.rule}", style=style)
        place = form_labels.scope(finding.rule, finding.scope)
        sides = sides_of(finding) if report is not None else None
        if sides is None or report is None:
            line.append(f" {place}: {finding.message}")
            lines.append(line)
        else:
            line.append(f" {place}: {equation(finding, report)}")
            words = "    " + in_words(finding, sides, report)
            lines += [line, Text(words, style="dim")]
        if finding.evidence:
            lines.append(Text(f"    “{finding.evidence}”", style="dim"))
    return lines


def summary(findings: Sequence[Finding]) -> str:
    """Return how many findings there are of each severity."""
    hard = sum(finding.severity is Severity.HARD for finding in findings)
    return f"{hard} 项硬性 hard, {len(findings) - hard} 项提示 soft"
