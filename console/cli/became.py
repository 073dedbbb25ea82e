"""What dead letters became, and what they would replace, in a terminal."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import click

from console.cli import output

if TYPE_CHECKING:
    from console.queries.standing import Met
    from models.session import Database

_MOST: Final = 20


def tell_reports(database: "Database", reports: Mapping[int, int]) -> None:
    """Print which reports letters were stored as, and in place of which; the first of many."""
    from console.queries import filings, versions

    with database.reading() as session:
        for letter_id, report_id in list(reports.items())[:_MOST]:
            row = filings.report(session, report_id)
            before = None if row is None else versions.before(session, row)
            line = f"死信 dead letter {letter_id} → 报告 report {report_id}"
            if row is not None and row.same_as is not None:
                line += f"，与报告 {row.same_as} 相同 a copy of report {row.same_as}"
            elif row is not None and before is not None and row.standing:
                line += f"（版次 version {row.version}），替下 in place of 报告 report {before}"
            elif row is not None and not row.standing:
                line += f"（版次 version {row.version}），未成为现行 not the one that stands"
            click.echo(line)
    if len(reports) > _MOST:
        click.echo(f"… 另有 {len(reports) - _MOST} 件 more (--json)")
    for report_id in list(reports.values())[:1]:
        output.hint(f"gouji reports show {report_id}", "看入库报告 shows what was stored")


def met_lines(found: "Met | None") -> list[str]:
    """Return what storing a dead letter's report would come to, in Chinese and in English."""
    if found is None:
        return []
    if found.same_as is not None:
        return [
            f"与报告 {found.same_as} 数字相同，入库后为其副本",
            f"it has the same figures as report {found.same_as} and would be a copy of it",
        ]
    held = ("，勾稽相符", ", which balances,") if found.balanced else ("", "")
    stands = (
        f"已有现行报告 {found.report_id}（第 {found.version} 版{held[0]}），"
        f"{found.cells} 个单元格不同；本件入库后为第 {found.next_version} 版"
    )
    told = (
        f"report {found.report_id} (v{found.version}){held[1]} stands for this publisher and year; "
        f"cells that differ: {found.cells}; storing this makes it version {found.next_version}"
    )
    if found.replaces:
        return [f"{stands}，并成为现行", f"{told} and it will stand"]
    return [
        f"{stands}；因文件较早，现行报告不变",
        f"{told}, which will not stand: its file is older",
    ]
