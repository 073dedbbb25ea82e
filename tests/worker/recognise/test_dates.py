from datetime import date

import pytest

from models.disclosure.report import Period
from worker.recognise import dates


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("统计期限自 2022 年 1 月 1 日起，至 2022 年 12 月 31 日止", (2022, 1, 1), (2022, 12, 31)),
        ("2023年1月1日至12月31日", (2023, 1, 1), (2023, 12, 31)),
        ("二〇二三年一月一日至二〇二三年十二月三十一日", (2023, 1, 1), (2023, 12, 31)),
        ("2023年1月1日—2023年12月31日", (2023, 1, 1), (2023, 12, 31)),
    ],
)
def test_period(text: str, start: tuple[int, int, int], end: tuple[int, int, int]) -> None:
    assert dates.period(dates.folded(text)) == Period(date(*start), date(*end))


@pytest.mark.parametrize(
    "text", ["2023年1月1日", "2023年5月1日至5月7日", "2023年2月30日至2023年12月31日"]
)
def test_no_period(text: str) -> None:
    assert dates.period(dates.folded(text)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023 年 1 月 10 日", date(2023, 1, 10)),
        ("二〇二四年一月二十三日", date(2024, 1, 23)),
        ("二○二四年十月十日", date(2024, 10, 10)),
        ("2024-01-15", date(2024, 1, 15)),
        ("某某局2024年1月15日", date(2024, 1, 15)),
    ],
)
def test_day(text: str, expected: date) -> None:
    found = dates.day(dates.folded(text))
    assert found is not None
    assert found[0] == expected


@pytest.mark.parametrize("text", ["2024年1月15日以前提交", "2024年13月1日", "无"])
def test_no_day(text: str) -> None:
    assert dates.day(dates.folded(text)) is None
