"""Pages of text and grids become a report of the statutory form."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from models.disclosure import kinship
from models.disclosure.evidence import PRINTED, Claim, Source, believed
from models.disclosure.finding import Reason
from models.disclosure.form import DISCLOSURE, Edition
from models.disclosure.hints import NONE, Hints
from models.disclosure.report import Period, Report
from models.divisions.division import NOWHERE, Located
from worker.errors import Refused
from worker.reading.pages import Pages
from worker.recognise import dates, evidence, heading
from worker.recognise.divisions import locate
from worker.recognise.mentions import Mentions
from worker.recognise.records import records, strips
from worker.recognise.sections import sections
from worker.recognise.tables import Found, read_all
from worker.recognise.words import cells_of_words

_STATISTICS_SHEET: Final = re.compile(r"政府信息公开(?:工作)?情况统计表")
_FIRST_EDITION_YEAR: Final = 2019
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
    lines = cells_of_words(strips(pages))
    found = records(lines)
    if len(found) > MOST_RECORDS:
        most = f"{MOST_RECORDS:,} rows of figures"
        raise Refused(Reason.TOO_LARGE, f"the file holds more than {most}")
    texts = [line.text for line in lines]
    title = heading.title(texts)
    tables = read_all(lines, found)
    foot = heading.foot(texts)
    period = _period(texts, tables)
    claims = (*evidence.printed(lines, title, foot, period), *evidence.outside(name, hints))
    publisher, year = kinship.publisher(claims), believed(claims, "year")
    told = None if year is None else int(year.value)
    _refuse_others(title, tables, texts, told)
    start = 0 if title is None else title.last + 1
    stop = len(lines) if foot.first is None else foot.first
    return Report(
        publisher=None if publisher is None else str(publisher.value),
        year=told,
        edition=_edition(tables, told),
        title=None if title is None else title.text,
        tables={key: found.table for key, found in tables.items()},
        sections=sections(lines, tables, start, stop),
        period=period,
        signature=foot.signature,
        signed_on=foot.signed_on,
        hinted=tuple(claim.field for claim in (publisher, year) if claim and not _stated(claim)),
        evidence=claims,
        located=_located(publisher, claims, name, hints, texts),
    )


def _stated(claim: Claim) -> bool:
    """Tell whether a claim is what the document says; the date of a signature states no year."""
    concluded = claim.field == "year" and claim.source is Source.SIGNATURE
    return claim.source in PRINTED and not concluded


def _located(
    publisher: Claim | None,
    claims: Sequence[Claim],
    name: str,
    hints: Hints,
    texts: Sequence[str],
) -> Located:
    """Locate the publisher; counties of one name are told apart by what is nearest to it."""
    if publisher is None:
        return NOWHERE
    near = "；".join(c.raw for c in claims if c.field == "publisher" and c.source in PRINTED)
    said = "；".join(filter(None, (hints.title, hints.publisher, name)))
    witnesses = (
        Mentions(near),
        Mentions(said, hints.url or ""),
        Mentions("\n".join(texts)),
    )
    return locate(str(publisher.value), witnesses)


def _period(texts: Sequence[str], tables: Mapping[str, Found]) -> Period | None:
    stop = min((found.first for found in tables.values()), default=len(texts))
    return dates.period(dates.folded("".join(texts[:stop])))


def _edition(tables: Mapping[str, Found], year: int | None) -> Edition | None:
    """Table 二 tells the editions apart; table 三 alone does not, so the year decides then."""
    if (found := tables.get("disclosure")) is not None:
        by_layout = {layout.key: layout.editions[0] for layout in DISCLOSURE.layouts}
        return by_layout[found.table.layout]
    return None if year is None else Edition.of(year)


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
