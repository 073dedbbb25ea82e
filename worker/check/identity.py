"""``DATE.YEAR`` and ``REPORT.IDENTITY``: do title, period, file name and signature agree?"""

from collections.abc import Iterator
from datetime import date

from models.disclosure.finding import Finding, Severity
from models.disclosure.report import Report


def identity(report: Report, years_in_name: tuple[int, ...] = ()) -> Iterator[Finding]:
    """Yield soft findings about publisher, year and dates.

    Args:
        report: the report as recognised.
        years_in_name: the years that the file's own name states.
    """
    for what, value in (("publisher", report.publisher), ("year", report.year)):
        if value is None:
            message = f"未能识别 not found: {'发布机关' if what == 'publisher' else '年度'} {what}"
            yield Finding("REPORT.IDENTITY", Severity.SOFT, what, message)
    for what in report.hinted:
        value = report.publisher if what == "publisher" else report.year
        message = f"{value}: 文中未见，据来源所称 not in the text, told by its source"
        yield Finding("REPORT.IDENTITY", Severity.SOFT, f"{what}_hinted", message)
    if report.year is not None:
        yield from _years(report, report.year, years_in_name)
        yield from _signature(report, report.year)


def _years(report: Report, year: int, years_in_name: tuple[int, ...]) -> Iterator[Finding]:
    if report.period is not None and year not in (
        report.period.start.year,
        report.period.end.year,
    ):
        message = f"标题 {year} 年, 统计期限 {report.period.start} – {report.period.end}"
        yield _finding("period", message, year, report.period.end.year)
    # A file is often named by the year it was published in, one later than its own.
    if years_in_name and year not in years_in_name and year + 1 not in years_in_name:
        message = f"标题 {year} 年, 文件名 {years_in_name[0]} 年 (file name)"
        yield _finding("file_name", message, year, years_in_name[0])


def _signature(report: Report, year: int) -> Iterator[Finding]:
    end = report.period.end if report.period is not None else date(year, 12, 31)
    if report.signed_on is not None and report.signed_on <= end:
        message = f"落款 {report.signed_on} 早于统计期限结束 {end} (signed before the period ends)"
        yield _finding("signature", message, str(report.signed_on), str(end))


def _finding(scope: str, message: str, left: int | str, right: int | str) -> Finding:
    return Finding("DATE.YEAR", Severity.SOFT, scope, message, left=left, right=right)
