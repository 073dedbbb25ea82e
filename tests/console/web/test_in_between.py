"""What an operator is told around deciding: what was done in between, what it replaces."""

import re
from html import unescape

from sqlalchemy import select

from console import samples
from console.reference.examples import SAMPLE
from models.comment import Comment
from models.dead_letter import DeadLetter
from models.filing import Restoration, StoredReport
from tests.console.cli.conftest import BALANCED, imbalanced
from tests.console.web.conftest import Browser, Console
from tests.console.web.test_deciding import fields, send

SCRIPT = {"hx-request": "true"}
CHINESE = {"accept-language": "zh-CN"}


def versions(console: Console) -> Browser:
    """Store two versions of one report; return a browser."""
    console.bring(BALANCED.read_bytes(), "一.txt")
    text = BALANCED.read_text("utf-8").replace("行政许可\t4221", "行政许可\t4222")
    console.bring(text.encode(), "二.txt")
    return console.browser()


def test_a_script_is_given_a_sentence_and_not_a_page(stocked: Console) -> None:
    # Given a letter that somebody has decided about since its page was loaded
    browser = stocked.browser()
    asked = fields(browser.get("/dead/2/decide?action=discard"), "/dead/2/decide")
    send(browser, "/dead/2/decide", asked | {"note": "not a report"})

    # When a dialog asks for another decision
    answer = browser.client.get("/dead/2/decide?action=retry", headers=SCRIPT | CHINESE)

    # Then it says what was decided, with a link to the letter, and is no page
    assert answer.status_code == 409
    assert "此死信在此期间已被处置：弃置。" in answer.text
    assert 'href="/dead/2"' in answer.text
    assert "<html" not in answer.text
    assert "<nav" not in answer.text

    # And a browser without a script is given the page
    assert "<html" in browser.client.get("/dead/2/decide?action=retry").text


def test_an_earlier_version_is_put_back_with_a_note(console: Console) -> None:
    # Given two versions, the second of which stands
    browser = versions(console)
    page = browser.get("/reports/2/versions")
    assert 'href="/reports/1/restore"' in page
    assert 'href="/reports/2/restore"' not in page

    # When the first is put back
    asked = browser.get("/reports/1/restore")
    assert "Version 1 (report 1) will stand again in place of version 2 (report 2)" in asked
    given = fields(asked, "/reports/1/restore")
    assert given["instead_of"] == "2"
    assert (
        "理由"
        in browser.client.post(
            "/reports/1/restore", data=given | {"note": " "}, headers=CHINESE
        ).text
    )
    goal = send(browser, "/reports/1/restore", given | {"note": "误刊，以第一版为准"})

    # Then it stands, and the audit trail says who and why
    assert goal == "/reports/1/versions"
    with console.database.reading() as session:
        assert session.get_one(StoredReport, 1).standing
        assert session.scalars(select(Restoration.replaced_id)).all() == [2]
    assert "误刊，以第一版为准" in browser.get("/audit")


def test_a_version_is_not_put_back_in_place_of_one_that_nobody_saw(console: Console) -> None:
    # Given a form that was loaded while the second version stood
    browser = versions(console)
    given = fields(browser.get("/reports/1/restore"), "/reports/1/restore")

    # When a third has come in between
    text = BALANCED.read_text("utf-8").replace("行政许可\t4221", "行政许可\t4223")
    console.bring(text.encode(), "三.txt")
    refused = send(browser, "/reports/1/restore", given | {"note": "x"}, code=409)

    # Then nothing is done, and the form asks about the one that stands now
    assert "report 3 stands now, not report 2" in refused
    assert fields(refused, "/reports/1/restore")["instead_of"] == "3"
    with console.database.reading() as session:
        assert session.scalars(select(Restoration)).all() == []


def test_comments_are_read_and_written_wherever_the_document_is_shown(stocked: Console) -> None:
    # Given a comment on a dead letter that is stored afterwards
    browser = stocked.browser()
    given = fields(browser.get("/dead/1"), "/dead/1/comment")
    send(browser, "/dead/1/comment", given | {"note": "已电话核实"})
    asked = fields(browser.get("/dead/1/decide?action=accept"), "/dead/1/decide")
    goal = send(browser, "/dead/1/decide", asked | {"note": "原件如此"})

    # Then the report's page has it, and takes another
    page = browser.get(goal)
    assert "已电话核实" in page
    given = fields(page, f"{goal}/comment")
    assert send(browser, f"{goal}/comment", given | {"note": "<b>次年同"}) == f"{goal}#comments"
    assert "&lt;b&gt;次年同" in browser.get("/documents/2")
    with stocked.database.reading() as session:
        number = int(goal.rpartition("/")[2])
        assert session.scalars(select(Comment.report_id)).all() == [None, number]


def test_what_storing_would_replace_is_told_before(stocked: Console) -> None:
    # Given a dead letter on a publisher and year of which a balanced report stands
    browser = stocked.browser()
    page, asked = browser.get("/dead/1"), browser.get("/dead/1/decide?action=accept")

    # Then the page and the dialog say so, in both languages
    for text in (page, asked):
        assert "Report 1 (version 1) stands for this publisher and year" in text
        assert "cells that differ: 1." in text
        assert "makes it version 2, which will stand instead" in text
    assert "已有现行报告 1（第 1 版），有 1 个单元格不同" in browser.get("/dead/1", **CHINESE)

    # And a correction to the figures of the standing report is told to be a copy of it
    typed = fields(page, "/dead/1/recheck")
    typed["cell:applications.new_requests.natural_person"] = "9"
    assert "kept as a copy of it" in send(browser, "/dead/1/prepare", typed, 200)


def test_a_letter_that_meets_no_report_warns_of_none(console: Console) -> None:
    console.bring(imbalanced(), "不平.txt")
    assert "stands for this publisher" not in console.browser().get("/dead/1")


def test_a_letter_that_was_retried_leads_to_what_became_of_it(stocked: Console) -> None:
    # Given a letter that was retried, and its document given up once more
    browser = stocked.browser()
    asked = fields(browser.get("/dead/2/decide?action=retry"), "/dead/2/decide")
    send(browser, "/dead/2/decide", asked | {"note": "new parser"})
    with stocked.database.transaction() as session:
        first = session.get_one(DeadLetter, 2)
        session.add(
            DeadLetter(
                document_id=first.document_id,
                reason="not_a_report",
                stage="recognise",
                message="neither a title nor a statutory table was found",
                parser_version="2",
            )
        )

    # Then its page has the document and the new letter, and a decision names it
    page = browser.get("/dead/2")
    assert 'href="/documents/3"' in page
    assert re.search(r'given up again:\s*<a href="/dead/3">', page)
    told = send(
        browser, "/dead/2/decide", asked | {"action": "discard", "note": "x", "key": ""}, code=409
    )
    assert "already resolved: retry; document 3 now has dead letter 3" in unescape(told)


def test_a_letter_says_what_to_do_in_the_language_of_the_page(stocked: Console) -> None:
    browser = stocked.browser()
    english, chinese = browser.get("/dead/2"), browser.get("/dead/2", **CHINESE)
    assert "Discard, all at once: <code>gouji dead discard" in english
    assert "批量弃置：<code>gouji dead discard" in chinese
    assert "neither a title nor a statutory table was found" in english
    assert "既未找到年报标题，也未找到法定表格" in chinese
    assert "neither a title" not in chinese


def test_candidates_say_what_they_cost_and_which_are_alike(console: Console) -> None:
    # Given a report that one figure alone would balance best, and one with several ways
    console.bring(imbalanced(), "不平.txt")
    text = (samples.DIRECTORY / SAMPLE).read_text("utf-8")
    console.bring(text.replace("6\t1\t0\t2\t9\t", "6\t1\t0\t2\t8\t").encode(), "并列.txt")
    browser = console.browser()

    # Then
    assert "fewest slips: 1, this one alone" in browser.get("/dead/1")
    page = browser.get("/dead/2")
    assert re.search(r"fewest slips: 1, listed that take as few: \d+", page)
    assert "nothing tells whether the reading or the publisher erred" in page
    assert "看不出是识读还是发布机关有误" in browser.get("/dead/2", **CHINESE)
