"""``DATE.YEAR`` and ``REPORT.IDENTITY``: do title, period, file name and signature agree?"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from models.disclosure.evidence import Source, believed
from models.disclosure.finding import Finding, Severity
from models.disclosure.report import Report

_FIRST_YEAR: Final = 2019
"""Reports on years before have another form, without the statutory tables."""
_SOURCES: Final = (Source.PAGE_TITLE, Source.HINT, Source.URL)


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
    yield from _hinted(report)
    if report.year is not None:
        if report.tables and report.year < _FIRST_YEAR:
            message = f"{report.year} 年尚无此表 the form did not exist for that year"
            yield _finding("edition", message, report.year, _FIRST_YEAR)
        yield from _years(report, report.year, years_in_name)
        yield from _told(report, report.year)
        yield from _signature(report, report.year)


def _hinted(report: Report) -> Iterator[Finding]:
    for what in report.hinted:
        claim = believed(report.evidence, what)
        value = report.publisher if what == "publisher" else report.year
        if claim is None or claim.source in _SOURCES:
            message = f"{value}: 文中未见，据来源所称 not in the text, told by its source"
            yield Finding("REPORT.IDENTITY", Severity.SOFT, f"{what}_hinted", message)
        else:
            message = f"{value}: 文中未写明，据 {claim.raw} 推断 not stated, concluded from it"
            yield Finding("REPORT.IDENTITY", Severity.SOFT, f"{what}_concluded", message)


def _told(report: Report, year: int) -> Iterator[Finding]:
    """Compare with further titles and with the source, which may give the year of publication.

    The URL is dated by its publication; only one before the reporting year contradicts.
    """
    for claim in report.evidence:
        if claim.field != "year":
            continue
        said = int(claim.value)
        if claim.source is Source.TITLE and said != year:
            yield _finding("title", f"{year} 年, 又见标题 another title: {claim.raw}", year, said)
        elif claim.source is Source.URL and said + 1 < year:
            message = f"{year} 年, 网址日期 {claim.raw} (published before the year began)"
            yield _finding("url", message, year, said + 1)
        elif claim.source is Source.PAGE_TITLE and said != year:
            yield _finding("page_title", f"{year} 年, 网页标题 {claim.raw}", year, said)
        elif claim.source is Source.HINT and said not in (year, year + 1):
            yield _finding(
                "hint", f"{year} 年, 来源所称 {said} 年 (told by its source)", year, said
            )


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
