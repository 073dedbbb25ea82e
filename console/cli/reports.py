"""``gouji reports``: list stored reports, show one with its tables and findings."""

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from console.cli import output
from console.cli.errors import NotFound
from console.cli.invocation import Invocation, pass_invocation
from console.cli.parameters import WORDS, YEAR, Identifier

if TYPE_CHECKING:
    from console.queries.filings import ReportRow
    from models.disclosure.finding import Finding
    from models.disclosure.report import Report

SCHEMA: Final = "gouji.report/1"
_REPORT: Final = Identifier("report", "gouji reports list")

_HEADS: Final = (
    "编号 ID",
    "机关 Publisher",
    "年度 Year",
    "版式 Edition",
    "版次 Version",
    "提示 Soft",
    "入库 Stored",
    "文件 File",
)


def _code(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Take 41, 4103, 410304; 410300 is 4103."""
    if value is None:
        return None
    if re.fullmatch(r"(?:[0-9]{2}){1,3}", value) is None:
        raise click.BadParameter("two, four or six digits of a GB/T 2260 code")
    return value[:2] + value[2:].removesuffix("00").removesuffix("00")


@click.group("reports")
def command() -> None:
    """入库报告 List and show stored reports."""


@command.command("list")
@click.option("--publisher", type=WORDS, help="机关名含 Part of the publisher's name.")
@click.option("--year", type=YEAR, help="年度 The year reported on.")
@click.option("--edition", type=click.Choice(["2019", "2021"]), help="版式 Edition of the form.")
@click.option(
    "--division",
    metavar="CODE",
    callback=_code,
    help="行政区划代码前缀 Where the publisher belongs: how its GB/T 2260 code begins (41, 4103).",
)
@output.limit_options
@output.json_option
@pass_invocation
def list_reports(
    invocation: Invocation, /, as_json: bool, limit: int, everything: bool, **wanted: Any
) -> None:
    """报告一览 List stored reports, the latest first."""
    from console.queries import filings

    criteria = filings.ReportFilter(**wanted)
    with invocation.database() as database, database.reading() as session:
        rows = filings.reports(session, criteria, limit=None if everything else limit)
        total = filings.count(session, criteria)
    if as_json:
        output.emit([asdict(row) for row in rows])
    else:
        _print_rows(rows)
    output.cut_off(len(rows), total)
    if rows:
        output.hint(f"gouji reports show {rows[0].id}", "查看表格 shows its tables")
    elif any(value is not None for value in wanted.values()):
        output.hint("gouji reports list", "去掉条件看全部 lists them without a filter")
    else:
        output.hint("gouji ingest PATH", "送入报告 brings reports in")


@command.command("show")
@click.argument("report_id", metavar="ID", type=_REPORT)
@output.json_option
@pass_invocation
def show(invocation: Invocation, report_id: int, as_json: bool) -> None:
    """查看报告 Show the three tables of a report as published, and its findings."""
    from console.queries import filings
    from worker import store

    with invocation.database() as database, database.reading() as session:
        row = filings.report(session, report_id)
        if row is None:
            raise NotFound(f"there is no report {report_id}", hint="gouji reports list")
        report = _in_order(store.load(session, report_id))
        findings = filings.findings(session, filings.attempt_of(session, report_id))
    if as_json:
        output.emit(_as_dict(row, report, findings))
    else:
        _print(row, report, findings)
    output.hint(f"gouji events --document {row.document_id}", "处理经过 tells its story")


def _in_order(report: "Report") -> "Report":
    """Put the tables in the order of the form: the database keeps JSON keys sorted."""
    from dataclasses import replace

    from models.disclosure.form import TABLES

    return replace(report, tables={k: report.tables[k] for k in TABLES if k in report.tables})


def _as_dict(row: "ReportRow", report: "Report", findings: "list[Finding]") -> dict[str, Any]:
    from worker.inspection import File, Inspection, as_json

    file = File(row.name, row.sha256, row.size, None)
    told = as_json(Inspection(file, "stored", report=report, findings=tuple(findings)))
    return {
        "schema": SCHEMA,
        "id": row.id,
        "version": row.version,
        "stored_at": row.stored_at,
        "document": {"id": row.document_id, "sha256": row.sha256, "name": row.name},
        **{name: told[name] for name in ("report", "tables", "cells", "findings")},
    }


def _print_rows(rows: "list[ReportRow]") -> None:
    from console.cli.listing import print_list

    print_list(
        _HEADS,
        [
            (
                row.id,
                row.publisher,
                row.year,
                row.edition,
                row.version,
                row.findings["soft"],
                row.stored_at,
                row.name,
            )
            for row in rows
        ],
        folding=("机关 Publisher", "文件 File"),
    )


def _print(row: "ReportRow", report: "Report", findings: "list[Finding]") -> None:
    from console.cli.listing import moment
    from console.cli.report_view import facts, print_lines, print_report

    console = output.console()
    line = facts(
        [
            ("报告 report", row.id),
            ("版次 version", row.version),
            ("文档 document", row.document_id),
            ("文件 file", row.name),
            ("入库 stored", moment(row.stored_at)),
        ]
    )
    print_lines(console, [line])
    print_report(console, report, findings)
