"""What each witness says of publisher and year: the document, its name, its source, its URL."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from models.disclosure.evidence import Claim, Source
from models.disclosure.hints import Hints
from models.disclosure.report import Period, Place
from worker.recognise import dates, heading, opening
from worker.recognise.labels import normalised, simplified
from worker.recognise.records import Strip

_OPENING_LINES: Final = 20
_LAST_MONTH: Final = 6
_FIRST_ROW: Final = "本年新收政府信息公开申请数量"
_LAST_ROW: Final = "结转下年度继续办理"
_RARE: Final = "收"
"""A character of the first row, of which no other becomes one: lines without it are not that."""
_SEVERAL: Final = 2
_PUBLISHED: Final = re.compile(
    r"(?<!\d)(?P<year>20[12]\d)[-/]?(?P<month>0[1-9]|1[0-2]|(?<=[-/])[1-9](?=[-/]))"
    r"(?:[-/]?(?P<day>[0-2]\d|3[01]|(?<=[-/])[1-9]))?(?!\d)"
)


def printed(
    lines: Sequence[Strip],
    title: heading.Title | None,
    foot: heading.Foot,
    period: Period | None,
) -> Iterator[Claim]:
    """Yield what the document itself says: title, opening sentence, period, signature.

    Article 50 of the Regulation gives the months in which reports are signed: a date of the first
    half of a year speaks of the year before.
    """
    if title is not None:
        yield from _of_title(title, Source.TITLE, _place(lines, title.first))
        yield from _of_second_report(lines, title)
    titled = title is not None and title.publisher is not None
    yield from _of_opening(lines, period, named=titled or foot.signature is not None)
    if foot.signature is not None:
        place = _place(lines, foot.first)
        yield Claim("publisher", foot.signature, Source.SIGNATURE, foot.signature, place)
    if foot.signed_on is not None and foot.signed_on.month <= _LAST_MONTH:
        day = foot.signed_on
        yield Claim("year", day.year - 1, Source.SIGNATURE, f"{day}", _place(lines, foot.first))


def _of_opening(lines: Sequence[Strip], period: Period | None, *, named: bool) -> Iterator[Claim]:
    """Yield what the opening sentences say: who compiled it only where nobody is ``named``."""
    texts = [dates.folded(line.text) for line in lines[:_OPENING_LINES]]
    text = heading.without_pinyin("".join(texts))
    said = opening.introduced(text) or (None if named else opening.compiled(text))
    if said is not None:
        at = next((at for at, text in enumerate(texts) if said.raw in text), None)
        yield Claim("publisher", said.name, Source.TEXT, said.raw, _place(lines, at))
    if period is not None:
        yield Claim("year", period.end.year, Source.TEXT, f"{period.start}/{period.end}")
    elif (stated := opening.year(text)) is not None:
        yield Claim("year", stated[0], Source.TEXT, stated[1])


def outside(name: str, hints: Hints) -> Iterator[Claim]:
    """Yield what the file's own name, its source and its URL say."""
    if hints.title is not None and (linked := heading.title([hints.title])) is not None:
        yield from _of_title(linked, Source.PAGE_TITLE, None)
    if hints.publisher is not None:
        yield Claim("publisher", hints.publisher, Source.HINT, hints.publisher)
    if hints.year is not None:
        yield Claim("year", hints.year, Source.HINT, str(hints.year))
    if (titled := heading.titled(name)) is not None and titled.publisher:
        yield Claim("publisher", titled.publisher, Source.FILE_NAME, titled.text)
    for year in dict.fromkeys(heading.named(name)):
        yield Claim("year", year, Source.FILE_NAME, str(year))
    if hints.url is not None and (found := published(hints.url)) is not None:
        day, raw = found
        if day.month <= _LAST_MONTH:
            yield Claim("year", day.year - 1, Source.URL, raw)


def published(url: str) -> tuple[date, str] | None:
    """Return the day (or the first of the month) a page was published, by its path, and how.

    Content systems write it as ``/2024/0115/``, ``/202401/t20240115_1.html``, ``/art/2024/1/15/``.
    """
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    found = max(_PUBLISHED.finditer(path), key=lambda one: len(one[0]), default=None)
    if found is None:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"] or 1)), found[0]
    except ValueError:
        return None


def _of_title(title: heading.Title, source: Source, place: Place | None) -> Iterator[Claim]:
    if title.publisher is not None:
        yield Claim("publisher", title.publisher, source, title.text, place)
    if title.year is not None:
        yield Claim("year", title.year, source, title.text, place)


def _of_second_report(lines: Sequence[Strip], title: heading.Title) -> Iterator[Claim]:
    """Yield further titles where table 三 begins and ends more than once: several reports."""
    firsts = [label for line in lines if _RARE in line.text for label in _rows(line)]
    if firsts.count(_FIRST_ROW) < _SEVERAL:
        return
    if [label for line in lines for label in _rows(line)].count(_LAST_ROW) < _SEVERAL:
        return
    for other in heading.later_titles([line.text for line in lines], title.last + 1):
        yield from _of_title(other, Source.TITLE, _place(lines, other.first))


def _rows(line: Strip) -> Iterator[str]:
    """Yield which of the outer rows of table 三 a line is, if any."""
    first = next((piece.text for piece in line.pieces if not piece.is_value), "")
    label = normalised(simplified(first))[1]
    yield from (row for row in (_FIRST_ROW, _LAST_ROW) if label.startswith(row))


def _place(lines: Sequence[Strip], at: int | None) -> Place | None:
    if at is None or not lines[at].pieces:
        return None
    return lines[at].pieces[0].place
