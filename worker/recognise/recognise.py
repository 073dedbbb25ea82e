"""Pages of text and grids become a report of the statutory form."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from models.disclosure.finding import Reason
from models.disclosure.form import DISCLOSURE, Edition
from models.disclosure.hints import NONE, Hints
from models.disclosure.report import Period, Report
from worker.errors import Refused
from worker.reading.pages import Pages
from worker.recognise import dates, heading
from worker.recognise.records import records, strips
from worker.recognise.sections import sections
from worker.recognise.tables import Found, read_all

_STATISTICS_SHEET: Final = re.compile(r"政府信息公开(?:工作)?情况统计表")
_FIRST_EDITION_YEAR: Final = 2019
_CURRENT_EDITION_YEAR: Final = 2021
MOST_RECORDS: Final = 20_000
"""Rows of figures; a report has 40. Aligning takes some 0.2 ms for each."""


def recognise(pages: Pages, name: str = "", hints: Hints = NONE) -> Report:
    """Recognise a report.

    Args:
        pages: what a reader made of the file.
        name: the file's own name, a weak witness of publisher and year.
        hints: what its source said, used where title and text say nothing; the title of the page
            that led to it counts for more than its year and publisher.

    Raises:
        Refused: ``unsupported_edition`` for reports on years before 2019, ``not_a_report`` when
            neither a title nor any statutory table is found, ``too_large`` for more rows of
            figures than ``MOST_RECORDS``.
    """
    lines = strips(pages)
    found = records(lines)
    if len(found) > MOST_RECORDS:
        most = f"{MOST_RECORDS:,} rows of figures"
        raise Refused(Reason.TOO_LARGE, f"the file holds more than {most}")
    texts = [line.text for line in lines]
    title = heading.title(texts)
    tables = read_all(lines, found)
    foot = heading.foot(texts)
    printed = _year(title, texts, tables)
    linked = None if hints.title is None else heading.title([hints.title])
    hinted_year = (linked and linked.year) or hints.year
    year = printed or hinted_year or next(heading.named(name), None)
    _refuse_others(title, tables, texts, year)
    start = 0 if title is None else title.last + 1
    stop = len(lines) if foot.first is None else foot.first
    parts = sections(lines, tables, start, stop)
    period = _period(texts, tables)
    publisher = _publisher(title, foot, texts)
    told = publisher or (linked and linked.publisher) or hints.publisher
    return Report(
        publisher=told,
        year=year if year is not None or period is None else period.end.year,
        edition=_edition(tables, year),
        title=None if title is None else title.text,
        tables={key: found.table for key, found in tables.items()},
        sections=parts,
        period=period,
        signature=foot.signature,
        signed_on=foot.signed_on,
        hinted=(*_hinted("publisher", publisher, told), *_hinted("year", printed, hinted_year)),
    )


def _hinted(what: str, printed: object, used: object) -> tuple[str, ...]:
    return (what,) if printed is None and used is not None else ()


def _publisher(title: heading.Title | None, foot: heading.Foot, texts: Sequence[str]) -> str | None:
    if title is not None and title.publisher:
        return title.publisher
    return foot.signature or heading.introduced(dates.folded("".join(texts[:20])))


def _period(texts: Sequence[str], tables: Mapping[str, Found]) -> Period | None:
    stop = min((found.first for found in tables.values()), default=len(texts))
    return dates.period(dates.folded("".join(texts[:stop])))


def _year(
    title: heading.Title | None,
    texts: Sequence[str],
    tables: Mapping[str, Found],
) -> int | None:
    if title is not None and title.year:
        return title.year
    if (period := _period(texts, tables)) is not None:
        return period.end.year
    return None


def _edition(tables: Mapping[str, Found], year: int | None) -> Edition | None:
    """Table 二 tells the editions apart; table 三 alone does not, so the year decides then."""
    if (found := tables.get("disclosure")) is not None:
        by_layout = {layout.key: layout.editions[0] for layout in DISCLOSURE.layouts}
        return by_layout[found.table.layout]
    if year is None:
        return None
    return Edition.CURRENT if year >= _CURRENT_EDITION_YEAR else Edition.TRIAL


def _refuse_others(
    title: heading.Title | None,
    tables: Mapping[str, Found],
    texts: Sequence[str],
    year: int | None,
) -> None:
    if "applications" in tables or "disclosure" in tables:
        return
    old = year is not None and year < _FIRST_EDITION_YEAR
    sheet = any(_STATISTICS_SHEET.search(dates.folded(text)) for text in texts)
    if sheet or (old and title is not None):
        raise Refused(
            Reason.UNSUPPORTED_EDITION,
            "the report follows the form in use before 2019 (政府信息公开情况统计表)",
        )
    if title is None:
        raise Refused(Reason.NOT_A_REPORT, "neither a title nor a statutory table was found")
