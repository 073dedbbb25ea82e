"""What the pages say: figures as printed, facets with counts, files of strangers as text."""

import csv
import io
import re

import orjson
import pytest
from sqlalchemy import select, update

from console.web.guard import SANDBOX
from models.base import now
from models.filing import StoredReport
from models.ledger import Attempt
from tests.console.cli.conftest import BALANCED, SEEDS
from tests.console.web.conftest import Console


def test_the_form_is_laid_out_as_the_notice_prints_it(stocked: Console) -> None:
    # Given
    page = stocked.browser().get("/reports/1")

    # Then labels and spans are those of the annex
    for text in (
        '<th scope="col" colspan="3" rowspan="3">（本列数据的勾稽关系为：第一项加第二项之和',
        '<th scope="colgroup" colspan="7">申请人情况</th>',
        '<th scope="rowgroup" rowspan="22">三、本年度办理结果</th>',
        '<th scope="rowgroup" rowspan="8">（三）不予公开</th>',
        '<th scope="row" colspan="3">四、结转下年度继续办理</th>',
        '<th scope="colgroup" colspan="10">行政诉讼</th>',
        "第二十条第（八）项",
    ):
        assert text in page, text


def test_every_row_of_a_statutory_table_is_as_wide_as_the_others(stocked: Console) -> None:
    # Given both editions, and each table of them
    from console.web import form_table
    from models.disclosure.form import LAYOUTS, TABLES
    from models.disclosure.report import ReadTable, Report

    for layout in LAYOUTS.values():
        report = Report(None, None, None, None, {layout.table: ReadTable(layout.key)})
        [sheet] = [one for one in form_table.sheets(report, {}) if one.rows]

        # When the cells are put on a grid, as a browser does
        taken: dict[tuple[int, int], str] = {}
        for line, row in enumerate(sheet.rows):
            place = 0
            for box in row:
                while (line, place) in taken:
                    place += 1
                for down in range(box.rows):
                    for right in range(box.columns):
                        assert (line + down, place + right) not in taken, layout.key
                        taken[line + down, place + right] = box.text
                place += box.columns

        # Then it is a full rectangle, with a place for every cell of the layout
        height, width = len(sheet.rows), 1 + max(place for _, place in taken)
        assert len(taken) == height * width, layout.key
        addresses = [box.address for row in sheet.rows for box in row if box.address]
        assert sorted(addresses) == sorted(layout.cells)
    assert len(TABLES) == 3


def test_failing_cells_are_marked_with_a_sign_and_the_equation_has_its_numbers(
    stocked: Console,
) -> None:
    stocked.add_users()
    page = stocked.browser("viewer").get("/dead/1")
    assert (
        '<td class="figure hard">12<b class="sign" aria-label="fails a hard edit">!</b></td>'
        in page
    )
    assert "12 + 0 ≠ 9" in page
    assert "T3.FLOW" in page


def test_facets_count_what_the_others_leave(console: Console) -> None:
    # Given five reports on two years
    for path in sorted(SEEDS.glob("*.txt")):
        console.bring(path.read_bytes(), path.name)
    browser = console.browser()

    # When one year is chosen
    page = browser.get("/reports?year=2022")

    # Then its reports are shown, and the other year still says how many it would be
    assert page.count('<td class="num"><a href="/reports/') == 2
    assert '<a href="/reports">2022</a>' in page.replace(' aria-current="true"', "")
    assert '<a href="/reports?year=2023">2023</a> <span>3</span>' in page


def test_the_list_is_had_as_csv_and_json_with_the_same_filter(console: Console) -> None:
    # Given
    for path in sorted(SEEDS.glob("*.txt")):
        console.bring(path.read_bytes(), f"=cmd|{path.name}")
    browser = console.browser()

    # When
    rows = list(csv.DictReader(io.StringIO(browser.get("/reports.csv?year=2023").lstrip("\ufeff"))))
    told = orjson.loads(browser.get("/reports.json?year=2023"))

    # Then both have the reports of that year, and nothing that a spreadsheet would run
    assert {row["year"] for row in rows} == {"2023"}
    assert [int(row["id"]) for row in rows] == [one["id"] for one in told]
    assert all(row["name"].startswith("'=cmd|") for row in rows)
    assert browser.get("/reports.json?year=1999") == "[]\n"


@pytest.mark.parametrize("sort", ["stored", "publisher", "year", "soft"])
def test_pages_of_a_list_hold_every_row_once(
    console: Console, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given more reports than a page has
    from console import report_filter
    from console.queries import report_pages

    for path in sorted(SEEDS.glob("*.txt")):
        console.bring(path.read_bytes(), path.name)

    # When one goes from page to page
    seen, after = [], ""
    with console.database.reading() as session:
        wanted = report_filter.ReportFilter()
        for _ in range(9):
            found = report_pages.page(session, wanted, sort=sort, after=after, limit=2)
            seen += [row.id for row in found.rows]
            after = found.after
            if not after:
                break
        whole = report_pages.page(session, wanted, sort=sort, limit=50)

    # Then nothing is missing or there twice, in the order of the whole
    assert seen == [row.id for row in whole.rows]
    assert sorted(seen) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "address",
    [
        "/reports?after=AAAA&sort=year",
        "/reports?after=%00&year=99999999999999999999&division=%27",
        "/reports?publisher=%25_%5C%00&edition=x&soft=2",
        "/dead?reason=x&rule=y&q=%00&year=-1&after=WyJ4Il0",
        "/dead?by=nothing",
        "/events?document=99999999999999999999&since=x&until=0000&before=-1&level=x",
        "/events?since=0001-01-01T00:00&until=9999-12-31T23:59",
        "/audit?after=WyJ4IiwieSIsMV0&action=x&operator=%00",
        "/logs?document=x&since=9999-12-31T23:59%2B23:59",
    ],
)
def test_whatever_stands_in_an_address_is_answered(stocked: Console, address: str) -> None:
    stocked.browser().get(address)


@pytest.mark.parametrize(
    "address",
    ["/reports/9", "/reports/99999999999999999999", "/dead/9", "/documents/9", "/rules/X", "/x"],
)
def test_what_is_not_there_is_told_as_a_page(stocked: Console, address: str) -> None:
    answer = stocked.browser().client.get(address)
    assert answer.status_code == 404
    assert "<h1>Not found</h1>" in answer.text


@pytest.mark.parametrize("address", ["/x", "/dead/9", "/reports/99"])
def test_what_is_not_there_is_told_in_chinese_to_who_reads_chinese(
    stocked: Console, address: str
) -> None:
    answer = stocked.browser().client.get(address, headers={"accept-language": "zh-CN"})
    main = answer.text.partition("<h1>")[2]
    assert "找不到" in main
    assert "Not Found" not in main
    assert "there is no" not in main.lower()


def test_an_original_is_handed_out_so_that_no_browser_runs_it(stocked: Console) -> None:
    # Given a page of a stranger, with a script and a name like one
    browser = stocked.browser()

    # When it is asked for, and looked at beside the form
    answer = browser.client.get("/documents/3/original")
    page = browser.get("/dead/2/original")

    # Then it is a file to be saved, in a sandbox all the same, and shown is what it says
    assert answer.content == b"<html><script>alert(1)</script>nothing of a report</html>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert (
        answer.headers["content-disposition"]
        == "attachment; filename*=UTF-8''%3Cb%3Ex%3C%2Fb%3E.html"
    )
    assert answer.headers["content-security-policy"] == SANDBOX
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ">nothing of a report</pre>" in page
    assert "alert(1)" not in page
    assert "<b>x</b>" not in page


def test_an_original_that_is_gone_is_told(stocked: Console) -> None:
    with stocked.database.reading() as session:
        from models.ledger import Document

        digest = session.get_one(Document, 1).sha256
    stocked.home.archive.delete(digest, older_than=-1)
    browser = stocked.browser()
    assert browser.client.get("/documents/1/original").status_code == 404
    assert 'class="alert"' in browser.get("/reports/1/original")


def test_versions_are_told_with_what_changed(console: Console) -> None:
    # Given a report that was published again with another figure
    console.bring(BALANCED.read_bytes(), "一.txt")
    text = BALANCED.read_text("utf-8").replace("行政许可\t4221", "行政许可\t4222")
    title = "濮阳经济技术开发区2022年政府信息公开"
    console.bring(text.replace(f"{title}工作年度报告", f"{title}年度报告").encode(), "二.txt")

    # Then
    page = console.browser().get("/reports/2/versions")
    assert "<del>4221</del>" in page
    assert "<ins>4222</ins>" in page
    assert "<li>title: <del>" in page

    # And in Chinese all of it is Chinese
    page = console.browser().get("/reports/2/versions", **{"accept-language": "zh-CN"})
    assert "<li>标题: <del>" in page


def test_the_overview_says_what_is_wrong(stocked: Console) -> None:
    with stocked.database.transaction() as session:
        session.execute(update(Attempt).values(ended_at=now()))  # an hour may have begun between
    page = stocked.browser().get("/")
    assert "The queue does not answer" in page
    assert "Dead letters wait for a decision" in page
    assert "at most 3 in an hour</title>" in page


def test_the_log_of_a_document_is_found(stocked: Console) -> None:
    # Given
    folder = stocked.home.settings.data_dir / "logs"
    folder.mkdir()
    lines = [
        {
            "event": "report.stored",
            "level": "info",
            "timestamp": "2026-01-01T00:00:00+00:00",
            "document_id": number,
        }
        for number in (1, 2)
    ]
    (folder / "work.log").write_bytes(b"\n".join(map(orjson.dumps, lines)) + b"\nno json <b>\n")

    # Then
    browser = stocked.browser()
    assert "2026-01-01" in browser.get("/reports/1/logs")
    assert "no json &lt;b&gt;" in browser.get("/logs")
    assert "no json" not in browser.get("/logs?document=2")


def test_the_coverage_adds_up_and_leads_to_reports_nobody_knows_the_year_of(
    console: Console,
) -> None:
    # Given a report, and the same without a year anywhere
    console.bring(BALANCED.read_bytes(), "有.txt")
    text = BALANCED.read_text("utf-8")
    nameless = re.sub(r"(?:20\d\d年?度?|二〇二\S年)", "", text.replace("4221", "4222"))
    console.bring(nameless.encode(), "无.txt")
    with console.database.reading() as session:
        assert set(session.scalars(select(StoredReport.year))) == {2022, None}
    browser = console.browser()

    # Then the table has a column for it, and as many reports as its heading says
    page = browser.get("/")
    table = page[page.index('class="list coverage"') :].partition("</table>")[0]
    assert sum(map(int, re.findall(r'<td class="num[^>]*><a [^>]*>(\d+)</a>', table))) == 2
    assert "2 reports" in page
    assert 'href="/reports?year=-"' in table
    assert "Reports without publisher or year: 1" in page

    # And both links lead to it alone
    for address in ("/reports?year=-", "/reports?unidentified=true"):
        listed = browser.get(address)
        assert "无.txt" in listed
        assert "有.txt" not in listed
        assert 'aria-current="true"' in listed
