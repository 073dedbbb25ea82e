"""``gouji reports``: list stored reports, show one, compare versions, put an earlier one back."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from console import labels
from console.cli import output, report_options
from console.cli.errors import NotFound
from console.cli.invocation import Invocation, pass_invocation
from console.cli.parameters import Identifier
from console.report_filter import ReportFilter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from console.queries.filings import ReportRow

_REPORT: Final = Identifier("report", "gouji reports list")

_HEADS: Final = (
    "编号 ID",
    "机关 Publisher",
    "年度 Year",
    "版式 Edition",
    "版次 Version",
    "版数 Versions",
    "提示 Soft",
    "处置 Decision",
    "入库 Stored",
    "文件 File",
)


@click.group("reports")
def command() -> None:
    """入库报告 List, show and compare stored reports; comment; put an earlier version back."""


@command.command("list")
@report_options.filters
@output.limit_options
@output.json_option
@pass_invocation
def list_reports(
    invocation: Invocation, /, as_json: bool, limit: int, everything: bool, **wanted: Any
) -> None:
    """报告一览 List the reports that stand, the latest first."""
    from console.queries import documents, filings

    criteria = ReportFilter(**wanted)
    with invocation.database() as database, database.reading() as session:
        rows = filings.reports(session, criteria, limit=None if everything else limit)
        total = filings.count(session, criteria)
        places = {} if as_json else documents.places(session, [row.document_id for row in rows])
    if as_json:
        output.emit([asdict(row) for row in rows])
    else:
        _print_rows(rows, places, standing=criteria.all_versions)
    output.cut_off(len(rows), total)
    if rows:
        output.hint(f"gouji reports show {rows[0].id}", "查看表格 shows its tables")
    elif criteria.is_narrowed:
        output.hint("gouji reports list", "去掉条件看全部 lists them without a filter")
    else:
        output.hint("gouji ingest PATH", "送入报告 brings reports in")


@command.command("show")
@click.argument("report_id", metavar="ID", type=_REPORT)
@output.json_option
@pass_invocation
def show(invocation: Invocation, report_id: int, as_json: bool) -> None:
    """查看报告 Show one: tables as published, findings, versions."""
    from console import report_story
    from console.cli.report_story import print_story

    with invocation.database() as database, database.reading() as session:
        row = _row(session, report_id)
        story = report_story.story(session, row)
    if as_json:
        output.emit(report_story.as_dict(story))
    else:
        print_story(story)
    if row.versions > 1 or row.same_as is not None:
        output.hint(f"gouji reports diff {report_id}", "看差别 shows what changed")
    output.hint(f"gouji events --document {row.document_id}", "处理经过 tells its story")


@command.command("diff")
@click.argument("report_id", metavar="ID", type=_REPORT)
@click.argument("other_id", metavar="[OTHER]", type=_REPORT, required=False)
@output.json_option
@pass_invocation
def diff(invocation: Invocation, report_id: int, other_id: int | None, as_json: bool) -> None:
    """版次差别 Show which cells changed from OTHER to ID.

    Without OTHER: from the version before it, or from the version it is a copy of.
    """
    from console.cli.report_diff import print_difference
    from console.queries import versions
    from console.report_diff import as_dict
    from models.disclosure.difference import compare
    from worker.rows import load

    with invocation.database() as database, database.reading() as session:
        after = _row(session, report_id)
        before_id = versions.before(session, after) if other_id is None else other_id
        if before_id is None:
            message = (
                f"report {report_id} 是首个版次 is the first version; name one to compare with"
            )
            raise NotFound(message, hint="gouji reports list --all-versions")
        before = _row(session, before_id)
        found = compare(load(session, before.id), load(session, after.id))
    if as_json:
        output.emit(as_dict(before, after, found))
    else:
        print_difference(before, after, found)
    if after.standing and found.cells and other_id is None:
        output.hint(f"gouji reports restore {before.id} --note WHY", "放回 puts it back")


@command.command("restore")
@click.argument("report_id", metavar="ID", type=_REPORT)
@click.option("--note", required=True, metavar="TEXT", help="理由 Why; kept for ever.")
@click.option("--operator", metavar="NAME", help="操作人 Who decides; else the login name.")
@click.option(
    "--instead-of",
    metavar="ID",
    type=_REPORT,
    help="现行报告 The report that stood when you looked; refused if another stands now.",
)
@output.json_option
@pass_invocation
def restore(invocation: Invocation, /, report_id: int, **decided: Any) -> None:
    """放回 Put an earlier version back: it stands until new figures come."""
    from console.cli import report_restore

    report_restore.restore(invocation, report_id, **decided)


@command.command("comment")
@click.argument("report_id", metavar="ID", type=_REPORT)
@click.option("--note", required=True, metavar="TEXT", help="批注 What is to be kept in mind.")
@click.option("--operator", metavar="NAME", help="操作人 Who writes; else the login name.")
@click.option("--key", metavar="KEY", help="幂等键 Given again, it is not written twice.")
@output.json_option
@pass_invocation
def comment(invocation: Invocation, /, report_id: int, **written: Any) -> None:
    """批注 Write a note on a report; it stays with its document."""
    from console.cli import commenting
    from worker.desk.remark import About

    commenting.write(invocation, About("report", report_id), **written)


def _row(session: "Session", report_id: int) -> "ReportRow":
    from console.queries import filings

    row = filings.report(session, report_id)
    if row is None:
        raise NotFound(f"没有这份报告 there is no report {report_id}", hint="gouji reports list")
    return row


def _print_rows(rows: "list[ReportRow]", places: "Mapping[int, str]", *, standing: bool) -> None:
    from console.cli.listing import print_list

    heads = _HEADS if not standing else (*_HEADS, "现行 Stands")
    shown: list[tuple[object, ...]] = [
        (
            row.id,
            row.publisher,
            row.year,
            row.edition,
            row.version,
            row.versions,
            row.findings["soft"],
            row.decision and labels.action(row.decision),
            row.stored_at,
            places.get(row.document_id, row.name),
        )
        for row in rows
    ]
    if standing:
        from console.cli.report_story import stands

        shown = [(*line, stands(row)) for line, row in zip(shown, rows, strict=True)]
    print_list(heads, shown, folding=("机关 Publisher", "文件 File"))
