"""Dates as reports print them: years, the statistics period, the day of the signature."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from models.disclosure.report import Period

_DIGITS: Final = {character: str(at) for at, character in enumerate("〇一二三四五六七八九")} | {
    "○": "0",
    "零": "0",
    "O": "0",
}
_CHINESE_YEAR: Final = re.compile(r"(二[〇○零O][一二三四五六七八九〇○零O]{2})年")
_CHINESE_DAY: Final = re.compile(
    r"(?P<month>[一二三四五六七八九十]{1,2})月(?P<day>[一二三四五六七八九十]{1,3})日"
)
YEAR: Final = re.compile(r"(?<!\d)(20[0-3]\d)年")
_DATE: Final = (
    r"(?P<year{0}>20[0-3]\d)[年./\-](?P<month{0}>\d{{1,2}})[月./\-](?P<day{0}>\d{{1,2}})日?"
)
_PERIOD: Final = re.compile(
    _DATE.format(1)
    + r"(?:零时)?(?:起|开始)?[,，、]?(?:至|到|[-—–－~～]+)"
    + r"(?:(?P<year2>20[0-3]\d)年)?(?P<month2>\d{1,2})月(?P<day2>\d{1,2})日"
)
_DAY: Final = re.compile(_DATE.format(""))
_LEAST_PERIOD_DAYS: Final = 27


def folded(text: str) -> str:
    """Return the text without white space, with Chinese numerals of dates as digits."""
    plain = "".join(text.split())
    if "年" in plain:
        plain = _CHINESE_YEAR.sub(lambda found: _year(found[1]) + "年", plain)
    if "日" not in plain:
        return plain
    return _CHINESE_DAY.sub(
        lambda found: f"{_number(found['month'])}月{_number(found['day'])}日", plain
    )


def _year(text: str) -> str:
    return "2" + "".join(_DIGITS[character] for character in text[1:])


def _number(text: str) -> int:
    """Read a numeral below 100: 三, 十, 十二, 二十, 三十一."""
    tens, ten, units = text.rpartition("十")
    value = int(_DIGITS[units]) if units in _DIGITS else 0
    if not ten:
        return value
    return value + 10 * (int(_DIGITS[tens]) if tens in _DIGITS else 1)


def years(text: str) -> Iterator[int]:
    """Yield the years named in folded text."""
    return (int(found[1]) for found in YEAR.finditer(text))


def period(text: str) -> Period | None:
    """Return the first span of days in folded text that is long enough for a reporting period."""
    for found in _PERIOD.finditer(text):
        first, second = found["year1"], found["year2"] or found["year1"]
        start = _day(first, found["month1"], found["day1"])
        end = _day(second, found["month2"], found["day2"])
        if start and end and (end - start).days >= _LEAST_PERIOD_DAYS:
            return Period(start, end)
    return None


def day(text: str) -> tuple[date, int] | None:
    """Return the date that folded text ends with, and where it begins."""
    last = None
    for last in _DAY.finditer(text):  # noqa: B007 - the last match is wanted
        pass
    if last is None or last.end() < len(text.rstrip(")）.。")):
        return None
    found = _day(last["year"], last["month"], last["day"])
    return (found, last.start()) if found else None


def _day(year: str, month: str, day_of_month: str) -> date | None:
    try:
        return date(int(year), int(month), int(day_of_month))
    except ValueError:
        return None
