"""What each witness says of publisher and year."""

import random
from datetime import date

import pytest

from models.disclosure.evidence import PRINTED, Claim, Source, believed
from models.disclosure.hints import NONE, Hints
from models.disclosure.report import Report
from tests.reports.layouts import RENDERERS
from tests.reports.truth import random_report
from worker.reading import choose
from worker.recognise.evidence import published
from worker.recognise.recognise import recognise


def _body() -> str:
    """A report without its title, its opening and its signature."""
    lines = RENDERERS["tabbed"](random_report(random.Random(1)), random.Random(1)).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("一、"))
    return "\n".join(lines[start:-2])


def _read(head: str, foot: str = "", name: str = "x", hints: Hints = NONE) -> Report:
    return recognise(choose.read(f"{head}\n{_body()}\n{foot}".encode()), name, hints)


def _told(report: Report) -> list[tuple[str, str | int, str, int]]:
    return [(claim.field, claim.value, str(claim.source), claim.rank) for claim in report.evidence]


def test_every_witness_is_kept_with_what_it_says_and_where() -> None:
    # Given a report whose title, text, signature, name and source all speak
    hints = Hints(
        url="http://www.luoyang.gov.cn/2024/0115/t20240115_1.html",
        publisher="洛阳市人民政府",
        title="洛阳市公安局2023年政府信息公开工作年度报告",
        year=2024,
    )

    # When it is recognised
    report = _read(
        "洛阳市公安局2023年政府信息公开工作年度报告\n"
        "现将洛阳市公安局2023年1月1日至2023年12月31日情况报告如下。",
        "洛阳市公安局\n2024年1月12日\n",
        "洛阳市公安局2023年政府信息公开年报.pdf",
        hints,
    )

    # Then each has a claim, the best first in rank
    assert _told(report) == [
        ("publisher", "洛阳市公安局", "title", 1),
        ("year", 2023, "title", 1),
        ("publisher", "洛阳市公安局", "text", 3),
        ("year", 2023, "text", 2),
        ("publisher", "洛阳市公安局", "signature", 2),
        ("year", 2023, "signature", 6),
        ("publisher", "洛阳市公安局", "page_title", 4),
        ("year", 2023, "page_title", 3),
        ("publisher", "洛阳市人民政府", "hint", 5),
        ("year", 2024, "hint", 4),
        ("publisher", "洛阳市公安局", "file_name", 6),
        ("year", 2023, "file_name", 5),
        ("year", 2023, "url", 7),
    ]
    lines = [c.place.line or 0 for c in report.evidence if c.place and c.field == "publisher"]
    assert lines[:2] == [1, 2]
    assert lines[2] > 40
    assert report.evidence[0].as_dict() == {
        "field": "publisher",
        "value": "洛阳市公安局",
        "source": "title",
        "raw": "洛阳市公安局2023年政府信息公开工作年度报告",
        "rank": 1,
        "place": {"line": 1, "column": 1},
    }
    assert (report.publisher, report.year, report.hinted) == ("洛阳市公安局", 2023, ())


@pytest.mark.parametrize(
    ("head", "foot", "name", "hints", "publisher", "year", "hinted"),
    [
        (
            "政府信息公开工作年度报告",
            "甲县水利局\n2024年1月5日",
            "x",
            NONE,
            "甲县水利局",
            2023,
            ("year",),
        ),
        ("现公布甲县水利局2022年政府信息公开工作年度报告。", "", "x", NONE, "甲县水利局", 2022, ()),
        ("现将我局2022年政府信息公开工作报告如下。", "", "x", NONE, None, 2022, ()),
        ("现将我局政府信息公开工作报告如下。", "", "x", NONE, None, None, ()),
        ("本报告由甲县水利局办公室编制。", "乙县水利局", "x", NONE, "乙县水利局", None, ()),
        (
            "",
            "",
            "甲县水利局2021年政府信息公开工作年度报告.doc",
            NONE,
            "甲县水利局",
            2021,
            ("publisher", "year"),
        ),
        ("", "", "x", Hints(url="http://a.cn/art/2023/1/9/1.html"), None, 2022, ("year",)),
        ("", "", "x", Hints(url="http://a.cn/art/2023/9/9/1.html"), None, None, ()),
        (
            "",
            "",
            "2021.pdf",
            Hints(url="http://a.cn/202301/t20230109_1.html"),
            None,
            2021,
            ("year",),
        ),
    ],
)
def test_the_best_witness_is_believed(
    head: str,
    foot: str,
    name: str,
    hints: Hints,
    publisher: str | None,
    year: int | None,
    hinted: tuple[str, ...],
) -> None:
    report = _read(head, foot, name, hints)
    assert (report.publisher, report.year, report.hinted) == (publisher, year, hinted)


@pytest.mark.parametrize(
    ("url", "day", "raw"),
    [
        ("http://a.gov.cn/2024/0115/1.html", date(2024, 1, 15), "2024/0115"),
        ("http://a.gov.cn/xxgk/202401/t20240115_335.html", date(2024, 1, 15), "20240115"),
        ("http://a.gov.cn/art/2024/1/15/art_1.html", date(2024, 1, 15), "2024/1/15"),
        ("http://a.gov.cn/2024-01-15/1.html", date(2024, 1, 15), "2024-01-15"),
        ("http://a.gov.cn/2024-01/15/1.html", date(2024, 1, 15), "2024-01/15"),
    ],
)
def test_the_day_of_publication_in_a_url(url: str, day: date, raw: str) -> None:
    assert published(url) == (day, raw)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://a.gov.cn/",
        "http://a.gov.cn/123420240115888.html",
        "http://[",
        "x?2024/01/15",
        "/2024/112/",
        "/2024/1234.html",
    ],
)
def test_a_url_without_a_day(url: str) -> None:
    assert published(url) is None


def test_of_equals_the_first_is_believed() -> None:
    claims = [Claim("year", year, Source.TITLE, "") for year in (2022, 2023)]
    assert believed(claims, "year") == claims[0]
    assert believed(claims, "publisher") is None
    assert Source.HINT not in PRINTED
