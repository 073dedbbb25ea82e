"""In a real browser: log in, decide, watch; in both languages, by keyboard, at any width."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Route, expect, sync_playwright
from sqlalchemy import select

from models.dead_letter import DeadLetter
from models.ledger import Document
from tests.console.cli.conftest import BALANCED, SEEDS
from tests.console.web.browsing import Watched, attended, launched, served
from tests.console.web.conftest import PASSWORD, Console
from tests.console.web.test_deciding import fields
from worker.inspection import inspect

pytestmark = pytest.mark.process

EVERY_PAGE = (
    "/",
    "/reports",
    "/reports/1",
    "/reports/1/original",
    "/reports/1/findings",
    "/reports/1/text",
    "/reports/1/versions",
    "/reports/1/restore",
    "/reports/1/timeline",
    "/reports/1/logs",
    "/dead",
    "/dead/1",
    "/dead/1/original",
    "/dead/1/timeline",
    "/dead/2",
    "/dead/1/decide?action=accept",
    "/dead/decide?id=1&id=2&action=retry",
    "/documents/2",
    "/sources",
    "/workers",
    "/events",
    "/logs",
    "/audit",
    "/rules",
    "/rules/T3.FLOW",
    "/settings",
    "/nowhere",
)


PASTE = """(field, text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const how = {clipboardData, bubbles: true, cancelable: true};
  field.dispatchEvent(new ClipboardEvent("paste", how));
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@pytest.fixture
def address(stocked: Console) -> Iterator[str]:
    settings = replace(stocked.home.settings, console_port=0)
    with served(settings) as where:
        yield where


@pytest.fixture
def english(chromium: Browser, address: str) -> Iterator[Watched]:
    with chromium.new_context(locale="en-GB") as context:
        watched = Watched.of(context, address)
        yield watched
        assert watched.complaints == []


def log_in(watched: Watched, name: str) -> None:
    page = watched.go("/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_from_logging_in_to_the_audit_row(stocked: Console, english: Watched) -> None:
    # Given an operator who logs in and looks for what does not balance
    stocked.add_users()
    log_in(english, "operator")
    page = english.page
    page.get_by_role("link", name="imbalanced").first.click()
    expect(page).to_have_url(re.compile(r"/dead\?reason=imbalanced$"))
    page.get_by_role("row").nth(1).get_by_role("link", name="imbalanced").click()
    expect(page).to_have_url(re.compile(r"/dead/1$"))
    attended(page)

    # When they type the right figure
    field = page.locator('[data-cell="applications.new_requests.natural_person"] input')
    expect(field).to_have_value("12")
    field.fill("9")

    # Then the page says at once that it balances, and marks nothing any more
    expect(page.get_by_text("Every hard edit holds")).to_be_visible()
    expect(page.locator(".figure.hard")).to_have_count(0)

    # When they take the candidate that says so, with a note that the dialog demands
    field.fill("12")
    page.get_by_role("link", name="Take it").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="correct").click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("Note").fill("见原件")
    dialog.get_by_role("button", name="correct").click()

    # Then the report is stored, and the audit trail has a row of it
    expect(page).to_have_url(re.compile(r"/reports/\d+$"))
    expect(page.locator(".figure del")).to_have_text("12")
    english.go("/audit")
    expect(page.get_by_role("row").nth(1)).to_contain_text("operator")
    expect(page.get_by_role("row").nth(1)).to_contain_text("见原件")


def test_what_is_typed_before_the_scripts_come_is_checked(
    stocked: Console, english: Watched
) -> None:
    # Given a slow line: the letter is there, and its scripts are not
    stocked.add_users()
    log_in(english, "operator")
    held: list[Route] = []
    page = english.page
    page.route("**/htmx.min.js", lambda route: held.append(route))  # noqa: PLW0108 - no method
    page.goto(f"{english.address}/dead/1", wait_until="commit")

    # When the right figure is typed, and then they come
    page.locator('[data-cell="applications.new_requests.natural_person"] input').fill("9")
    held[0].continue_()

    # Then it is checked without another key
    expect(page.get_by_text("Every hard edit holds")).to_be_visible()


def test_a_table_that_is_not_in_the_file_is_pasted_from_the_original(
    stocked: Console, english: Watched
) -> None:
    # Given a report without table 三, and what a spreadsheet gives of it, with its labels
    text = BALANCED.read_text("utf-8")
    start, stop = text.index("三、收到和处理"), text.index("四、政府信息公开行政复议")
    stocked.bring((text[:start] + text[stop:]).encode(), "无表三.txt")
    copied = re.sub(r"\t9(?=[\t\n])", "\t1,009", text[start:stop])
    page = english.go("/dead/3")
    expect(page.get_by_text("This table is not in the file")).to_have_count(1)

    # When it is pasted into the first field
    first = page.locator('[data-cell="applications.new_requests.natural_person"] input')
    first.evaluate(PASTE, copied)

    # Then every figure is in its place, a blank is one, and it balances
    last = page.locator('[data-cell="applications.carried_out.total"] input')
    blank = page.locator('[data-cell="applications.carried_out.natural_person"] input')
    for field, figure in ((first, "1009"), (last, "0"), (blank, "空")):
        expect(field).to_have_value(figure)
    expect(page.get_by_text("Every hard edit holds")).to_be_visible()

    # And a blank is still one when the whole page is checked
    page.get_by_role("button", name="Check").click()
    expect(page).to_have_url(re.compile(r"/dead/3/recheck$"))
    attended(page)
    expect(blank).to_have_value("空")
    expect(page.get_by_text("Every hard edit holds")).to_be_visible()

    # When a row comes that the form does not have, then that is told until the next paste
    first.evaluate(PASTE, copied.replace("三) 不予公开", "三) 暂缓公开\t1\t0\t0\t0\t0\t0\t1\n"))
    expect(page.get_by_text("Some of what was pasted fits no field")).to_be_visible()

    # When it is pasted anew, taken back, pasted again and stored
    english.go("/dead/3")
    first.evaluate(PASTE, copied)
    expect(first).to_have_value("1009")
    page.get_by_role("button", name="Undo").click()
    expect(first).to_have_value("")
    first.evaluate(PASTE, copied)
    page.get_by_role("button", name="Store as corrected").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note").fill("见原件")
    dialog.get_by_role("button", name="correct").click()

    # Then the report has the table, of which nothing was published
    expect(page).to_have_url(re.compile(r"/reports/\d+$"))
    row = page.locator("table.applications tr", has_text="本年新收")
    expect(row.locator("ins").first).to_have_text("1009")
    expect(row.locator("del").first).to_have_text("缺")


def test_a_table_that_was_read_is_pasted_over(stocked: Console, english: Watched) -> None:
    # Given a report in which 12 was read for 9
    page = english.go("/dead/1")
    text = BALANCED.read_text("utf-8")
    copied = text[text.index("三、收到和处理") : text.index("四、政府信息公开行政复议")]

    # When the right table is pasted over it
    page.locator('[data-cell="applications.granted.other"] input').evaluate(PASTE, copied)

    # Then that figure is changed, and no other; a blank that was read stays one
    expect(page.get_by_text("Every hard edit holds")).to_be_visible()
    expect(page.locator(".figure.changed input")).to_have_count(1)
    expect(page.locator(".figure.changed input")).to_have_value("9")


def test_a_bulk_retry_by_filter(stocked: Console, english: Watched) -> None:
    # Given
    page = english.go("/dead")
    page.get_by_label("Reason").select_option("not_a_report")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("row")).to_have_count(2)

    # When all that match are retried
    page.get_by_role("button", name="Retry all").click()
    page.get_by_label("Note").fill("a new parser")
    page.get_by_role("button", name="retry: 1").click()

    # Then only those wait again
    expect(page.get_by_text("Decided about 1 dead letters")).to_be_visible()
    with stocked.database.reading() as session:
        states = dict(session.execute(select(Document.id, Document.state)).all())
    assert (states[2], states[3]) == ("dead", "received")


def test_the_overview_shows_what_comes_while_it_is_looked_at(
    stocked: Console, english: Watched
) -> None:
    # Given somebody who looks at the overview
    page = english.go("/")
    expect(page.get_by_text("● live")).to_be_visible()
    stored = page.locator(".tile.stored b")
    expect(stored).to_have_text("1")

    # When reports are stored
    for path in sorted(SEEDS.glob("*.txt"))[2:4]:
        inspect(path.read_bytes(), path.name)
        stocked.bring(path.read_bytes(), path.name)

    # Then rows and figures change by themselves
    expect(page.locator(".events tbody")).to_contain_text("002_6958a79bc20c0ed0.txt")
    expect(stored).to_have_text("3")


@pytest.mark.parametrize(
    ("locale", "scheme"),
    [
        ("zh-CN", "light"),
        pytest.param("zh-CN", "dark", marks=pytest.mark.soak),
        pytest.param("en-GB", "light", marks=pytest.mark.soak),
        pytest.param("en-GB", "dark", marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize(
    "pages",
    [
        pytest.param(EVERY_PAGE[::2], id="even"),
        pytest.param(EVERY_PAGE[1::2], id="odd", marks=pytest.mark.soak),
    ],
)
def test_no_page_has_anything_wrong_with_it(
    chromium: Browser, address: str, locale: str, scheme: str, pages: tuple[str, ...]
) -> None:
    # Given a phone or a desk
    width = 390 if (locale, scheme) in (("zh-CN", "light"), ("en-GB", "dark")) else 1280
    with chromium.new_context(
        locale=locale,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 800},
    ) as context:
        watched = Watched.of(context, address)
        wrong: dict[str, list[str]] = {}
        for path in pages:
            # When
            page = watched.go(path)

            # Then nothing is loaded from elsewhere, no policy is violated, axe has no complaint,
            # and nothing is wider than the screen
            found = watched.violations() + watched.complaints
            watched.complaints.clear()
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append("wider than the screen")
            if found:
                wrong[path] = found
        assert wrong == {}


def test_the_form_is_read_whole_at_a_desk_and_in_parts_on_a_phone(
    chromium: Browser, address: str
) -> None:
    # Given the form of a dead letter, at a desk
    with chromium.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = Watched.of(context, address).go("/dead/1")

        # Then no table of it, nor any label in it, is wider than its place
        cut = "[...document.querySelectorAll('.sheet .scroll, .sheet th')]"
        assert page.evaluate(f"{cut}.every(one => one.scrollWidth <= one.clientWidth)")

    # And when it is scrolled sideways on a phone, then one still sees which row a figure is of
    with chromium.new_context(viewport={"width": 390, "height": 800}) as context:
        page = Watched.of(context, address).go("/dead/1")
        table = page.locator(".sheet .scroll", has=page.locator(".applications"))
        table.evaluate("one => { one.scrollLeft = one.scrollWidth }")
        label = page.get_by_role("rowheader", name="2.重复申请")
        box, around = label.bounding_box(), table.bounding_box()
        assert box is not None
        assert around is not None
        assert box["x"] >= around["x"] - 1


def test_it_is_used_by_keyboard_alone(stocked: Console, english: Watched) -> None:
    # Given the page of a dead letter
    page = english.go("/dead/1")

    # When one skips to the content, goes to a cell and moves with the arrows
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    cell = '[data-cell="applications.{}.natural_person"] input'
    first, second = (page.locator(cell.format(row)) for row in ("new_requests", "carried_in"))
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(second).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("9")
    expect(page.get_by_text("Every hard edit holds")).to_be_visible()

    # And opens the dialog, leaves it, opens it again and decides
    store = page.get_by_role("button", name="Store as corrected")
    store.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Note")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).not_to_be_visible()
    store.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Note")).to_be_focused()
    page.keyboard.type("keys only")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    # Then it is stored
    expect(page).to_have_url(re.compile(r"/reports/\d+$"))
    with stocked.database.reading() as session:
        assert session.get_one(DeadLetter, 1).resolution == "correct"


def test_the_language_is_switched_on_the_page(english: Watched) -> None:
    page = english.go("/reports")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="报告", exact=False).first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("button", name="深色").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page).to_have_url(re.compile(r"/reports$"))


def test_everything_works_without_a_script(chromium: Browser, address: str) -> None:
    # Given a browser that runs none
    with chromium.new_context(locale="en-GB", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{address}/dead/1")
        page.locator('[name="cell:applications.new_requests.natural_person"]').fill("9")

        # When a figure is checked and stored
        page.get_by_role("button", name="Check").click()
        expect(page.get_by_text("Every hard edit holds")).to_be_visible()
        page.get_by_role("button", name="Store as corrected").click()
        page.get_by_label("Note").fill("no script")
        page.get_by_role("button", name="correct").click()

        # Then
        expect(page).to_have_url(re.compile(r"/reports/\d+$"))


def test_what_was_filled_in_is_taken_back(english: Watched) -> None:
    # Given a candidate that is tried in the form
    page = english.go("/dead/1")
    field = page.locator('[data-cell="applications.new_requests.natural_person"] input')
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_hidden()
    page.get_by_role("button", name="Try it in the form").first.click()
    expect(field).to_have_value("9")
    expect(page.get_by_text("Every hard edit holds")).to_be_visible()
    expect(page.get_by_role("link", name="Take it")).to_have_count(0)

    # When it is undone
    undo.click()

    # Then the figure that was read stands there again, and the candidates with it
    expect(field).to_have_value("12")
    expect(page.get_by_role("link", name="Take it").first).to_be_visible()
    expect(undo).to_be_hidden()


def test_a_dialog_tells_of_what_was_decided_in_between(stocked: Console, english: Watched) -> None:
    # Given a letter that is decided about while its page is open
    page = english.go("/dead/2")
    browser = stocked.browser()
    asked = browser.get("/dead/2/decide?action=discard")
    given = fields(asked, "/dead/2/decide") | {"note": "not a report"}
    assert browser.client.post("/dead/2/decide", data=given).status_code == 303

    # When another decision is asked for
    page.get_by_role("link", name="Retry").click()

    # Then the dialog has a sentence and a link, and no page within the page
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("decided about in between: discard")
    expect(dialog.locator("nav, main, header")).to_have_count(0)
    assert english.violations() == []
    dialog.get_by_role("link", name="Show how it stands now").click()
    expect(page.get_by_text("discard").first).to_be_visible()
