"""A report in a terminal: header, statutory tables with failing cells marked, findings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from console.cli.findings_view import finding_lines, summary
from console.cli.form_view import LEGEND, form_lines
from console.marks import marks_of
from models.disclosure.finding import Finding
from models.disclosure.report import Report

if TYPE_CHECKING:
    from rich.console import Console

WIDEST: Final = 120
"""Columns: the tables gain nothing from more."""


def print_report(console: "Console", report: Report, findings: Sequence[Finding]) -> None:
    """Print the header of a report, its tables and its findings."""
    width = min(console.width, WIDEST)
    lines = [_header(report), Text(""), *form_lines(report, marks_of(findings), width)]
    if findings:
        lines += [Text(LEGEND, style="dim"), Text("")]
    print_lines(console, lines)
    print_findings(console, report, findings)


def print_findings(console: "Console", report: Report | None, findings: Sequence[Finding]) -> None:
    """Print findings, each with its equation written out."""
    title = f"发现 Findings: {summary(findings)}" if findings else "无发现 No findings"
    print_lines(console, [Text(title, style="bold"), *finding_lines(findings, report)])


def print_lines(console: "Console", lines: Sequence[Text]) -> None:
    """Print lines as they are; what is too long runs on at the edge of the terminal."""
    for line in lines:
        console.print(line, soft_wrap=True)


def facts(pairs: Sequence[tuple[str, object]]) -> Text:
    """Return one line of names and values; what is not known is left out."""
    known = [f"{name} {value}" for name, value in pairs if value not in (None, "")]
    return Text("   ".join(known))


def _division(report: Report) -> str | None:
    one = report.division
    return None if one is None else f"{''.join(one.path)} {one.code}"


def _header(report: Report) -> Text:
    period = f"{report.period.start} – {report.period.end}" if report.period else None
    title = Text(report.title or "（无标题 untitled）", style="bold")
    line = facts(
        [
            ("机关 publisher", report.publisher),
            ("行政区划 division", _division(report)),
            ("年度 year", report.year),
            ("版式 edition", report.edition),
            ("统计期限 period", period),
            ("落款 signed", report.signed_on),
        ]
    )
    return Text("\n").join([title, line])
