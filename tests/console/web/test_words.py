"""Pages in Chinese are Chinese: rules, filters, refusals; and files say where they came from."""

from sqlalchemy import select

from models.base import now
from models.event import EventName
from models.ledger import Arrival, Attempt, SourceStatus
from tests.console.cli.conftest import BALANCED, arrival
from tests.console.web.conftest import Console
from tests.console.web.test_deciding import fields, send
from worker.logs import record

CHINESE = {"accept-language": "zh-CN"}


def test_a_rule_is_told_in_the_language_of_the_page(stocked: Console) -> None:
    browser = stocked.browser()
    chinese, english = browser.get("/rules/T3.FLOW", **CHINESE), browser.get("/rules/T3.FLOW")
    assert "表三的 7 列，逐列核对" in chinese
    assert "这是表格本身印出的唯一一条勾稽关系" in chinese
    assert "each of the 7 columns" not in chinese
    assert "each of the 7 columns" in english


def test_the_filter_of_a_bulk_decision_is_told_in_words(stocked: Console) -> None:
    browser = stocked.browser()
    address = "/dead/decide?all=discard&reason=not_a_report&name=x"
    assert "<b>原因：不是年报</b>，" in browser.get(address, **CHINESE)
    page = browser.get(address)
    assert "<b>Reason: not a report</b>, <b>File name contains: x</b>" in " ".join(page.split())


def test_an_operator_is_no_worker_process(stocked: Console) -> None:
    # Given a report that an operator had stored
    browser = stocked.browser()
    asked = fields(browser.get("/dead/1/decide?action=accept"), "/dead/1/decide")
    send(browser, "/dead/1/decide", asked | {"note": "原件如此"})
    with stocked.database.reading() as session:
        workers = set(session.scalars(select(Attempt.worker)))
    assert any(worker.startswith("desk:") for worker in workers)

    # Then the page of the workers has the others alone
    page = browser.get("/workers")
    assert "desk:" not in page
    assert all(worker in page for worker in workers if not worker.startswith("desk:"))


def test_a_file_out_of_an_archive_is_shown_with_the_archive(stocked: Console) -> None:
    # Given documents that came inside an archive, in a directory of it
    with stocked.database.transaction() as session:
        for number in (1, 2):
            inside = arrival(f"上报/全市.zip!/2022/{number}.txt", number, container_id=3)
            session.add(inside)

    # Then lists and pages say so
    browser = stocked.browser()
    assert "全市.zip!/2022/1.txt" in browser.get("/reports")
    assert "全市.zip!/2022/1.txt" in browser.get("/reports/1")
    assert "全市.zip!/2022/2.txt" in browser.get("/dead")
    assert "全市.zip!/2022/2.txt" in browser.get("/dead/1")
    assert "上报" not in browser.get("/dead")
    with stocked.database.reading() as session:
        assert session.scalar(select(Arrival.container_id).where(Arrival.document_id == 2)) is None


def test_a_damaged_pdf_is_told_in_a_sentence(stocked: Console) -> None:
    # Given a file that only begins as a PDF
    stocked.bring(b"%PDF-1.7\nnothing of it", "坏.pdf")
    browser = stocked.browser()

    # Then the page beside its form says in the reader's language that it cannot be drawn
    chinese = browser.get("/dead/3/original", **CHINESE)
    assert "PDF 页面无法显示" in chinese
    assert "cannot draw" not in chinese
    assert "It is unreadable: pdfium cannot draw it" in browser.get("/dead/3/original")


def test_what_an_event_says_is_told_in_the_language_of_the_page(stocked: Console) -> None:
    # Given a file that is no report
    stocked.bring("关于放假的通知\n".encode(), "通知.txt")
    browser = stocked.browser()
    address = "/events?name=document.dead"

    # Then its fields, their values and what was said are Chinese on a Chinese page
    chinese, english = browser.get(address, **CHINESE), browser.get(address)
    assert "<i>原因</i> 不是年报" in chinese
    assert "<i>环节</i> 识别" in chinese
    assert "<i>说明</i> 既未找到年报标题，也未找到法定表格" in chinese
    assert "<i>message</i> neither a title nor a statutory table was found" in english
    assert "<i>reason</i> not_a_report" in english


def test_why_a_file_was_ignored_is_told_in_the_language_of_the_page(stocked: Console) -> None:
    # Given a document that also arrived under a name that is never read
    with stocked.database.transaction() as session:
        session.add(arrival("年报.tmp", 1, state="ignored", why="name: 年报.tmp"))

    # Then its page says why
    assert "名称属于从不读取的：年报.tmp" in stocked.browser().get("/documents/1", **CHINESE)
    assert "name: 年报.tmp" in stocked.browser().get("/documents/1")


def test_the_sources_tell_which_files_were_ignored_and_why(stocked: Console) -> None:
    # Given a file that was ignored today
    with stocked.database.transaction() as session:
        record(
            session,
            EventName.FILE_IGNORED,
            source="inbox",
            file="年报.pdf",
            why="symlink",
        )
        session.add(
            SourceStatus(
                source="inbox", kind="drop", path=b"/in", mode="events", heartbeat_at=now()
            )
        )

    # Then the page of the sources says so, in the reader's language
    browser = stocked.browser()
    chinese, english = browser.get("/sources", **CHINESE), browser.get("/sources")
    assert "已忽略的文件" in chinese
    assert "<i>为何</i> 符号链接，不跟随" in chinese
    assert "<td>文件事件</td>" in chinese
    assert "<td>events</td>" in english
    assert "<i>file</i> 年报.pdf" in english
    assert "<i>why</i> symlink" in english


def test_a_finding_and_what_was_typed_are_told_in_chinese_alone(stocked: Console) -> None:
    # Given a report of which a table is missing
    half = BALANCED.read_text("utf-8").partition("\n四、政府信息公开行政复议")[0]
    stocked.bring(half.encode(), "half.txt")
    browser = stocked.browser()
    page = browser.get("/dead/3", **CHINESE)

    # When a cell is filled in with what is no figure
    typed = fields(page, "/dead/3/recheck") | {"cell:applications.granted.total": "１二"}
    answer = browser.client.post("/dead/3/recheck", data=typed, headers=CHINESE)

    # Then both are told in Chinese
    assert "未找到表格" in page
    assert "table not found" not in page
    assert "（一）予以公开 · 总计</span>: &#39;１二&#39; 不是非负整数" in answer.text
