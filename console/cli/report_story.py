"""A stored report with its findings and versions, for people."""

from rich.text import Text

from console import form_labels
from console.cli import output
from console.cli.commenting import print_comments
from console.cli.dead_view import print_decisions
from console.cli.listing import moment, print_list
from console.cli.report_view import facts, print_lines, print_report
from console.marks import said
from console.queries.filings import ReportRow
from console.queries.versions import RestorationRow, VersionRow
from console.report_story import Story
from models.disclosure.correction import corrections
from models.disclosure.report import ABSENT, Report


def print_story(told: Story) -> None:
    """Print it: header, tables, findings, and the versions where there are others."""
    row = told.row
    line = facts(
        [
            ("报告 report", row.id),
            ("版次 version", row.version),
            ("文档 document", row.document_id),
            ("文件 file", row.name),
            ("入库 stored", moment(row.stored_at)),
        ]
    )
    state = Text(f"   {stands(row) or '非现行 superseded'}", style="" if row.standing else "bold")
    print_lines(output.console(), [line + state if len(told.versions) > 1 else line])
    print_report(output.console(), told.report, told.findings)
    _print_corrections(told.report)
    print_decisions([told.decision] if told.decision else [])
    print_comments(told.comments)
    if len(told.versions) > 1:
        _print_versions(told.versions)
    if told.restorations:
        _print_restorations(told.restorations)


def _print_corrections(report: Report) -> None:
    changed = corrections(report)
    if not changed:
        return
    _title("更正 Corrected")
    print_list(
        ("项目 Cell", "原载 As published", "更正为 Corrected"),
        [
            (form_labels.cell(address), said(cell.published or ABSENT), said(cell))
            for address, cell in changed.items()
        ],
        folding=("项目 Cell",),
    )


def stands(row: ReportRow | VersionRow) -> str:
    """Return whether a report stands or what it is a copy of; empty for an earlier version."""
    if row.same_as is not None:
        return f"同 same as {row.same_as}"
    return "现行 stands" if row.standing else ""


def _print_versions(found: list[VersionRow]) -> None:
    _title("各版 Versions")
    print_list(
        ("版次 Version", "报告 Report", "现行 Stands", "入库 Stored", "文件 File"),
        [(one.version, one.id, stands(one), one.stored_at, one.name) for one in found],
        folding=("文件 File",),
    )


def _print_restorations(found: list[RestorationRow]) -> None:
    _title("放回 Put back")
    print_list(
        ("时间 When", "操作人 Who", "报告 Report", "替下 Instead", "理由 Why"),
        [(p.decided_at, p.operator, p.report_id, p.replaced_id, p.note) for p in found],
        folding=("理由 Why",),
    )


def _title(text: str) -> None:
    print_lines(output.console(), [Text(""), Text(text, style="bold")])
