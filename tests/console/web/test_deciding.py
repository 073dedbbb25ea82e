"""Deciding in a browser without a script: every step is a form or a link."""

import re
from collections.abc import Mapping
from html import unescape

import pytest
from sqlalchemy import select

from models.comment import Comment
from models.dead_letter import DeadLetter, Decision
from models.filing import StoredReport
from models.ledger import Document
from tests.console.web.conftest import Browser, Console

FIELD = re.compile(r'<(?:input|textarea) [^>]*?name="([^"]+)"(?: value="([^"]*)")?')
NEW_REQUESTS = "cell:applications.new_requests.natural_person"


def fields(page: str, action: str) -> dict[str, str]:
    """Return the fields of the form on a page that leads to an address."""
    form = page[page.index(f'action="{action}"') :]
    found = FIELD.findall(form[: form.index("</form>")])
    return {name: unescape(value) for name, value in found}


def send(browser: Browser, address: str, given: Mapping[str, str], code: int = 303) -> str:
    answer = browser.client.post(address, data=dict(given))
    assert answer.status_code == code, answer.text[:800]
    return answer.headers.get("location", answer.text)


def test_a_figure_is_corrected_checked_and_stored(stocked: Console) -> None:
    # Given an operator before an imbalanced report
    stocked.add_users()
    browser = stocked.browser("operator")
    typed = fields(browser.get("/dead/1"), "/dead/1/recheck")
    assert typed[NEW_REQUESTS] == "12"

    # When they type another figure that does not balance, then the right one
    worse = send(browser, "/dead/1/recheck", typed | {NEW_REQUESTS: "13"}, 200)
    better = send(browser, "/dead/1/recheck", typed | {NEW_REQUESTS: "9"}, 200)

    # Then the page says so each time, and nothing was stored
    assert "Every hard edit holds" not in worse
    assert "13 + 0 ≠ 9" in worse
    assert "Every hard edit holds" in better

    # When they have it stored, with a note
    asked = send(browser, "/dead/1/prepare", typed | {NEW_REQUESTS: "9"}, 200)
    assert "<del>12</del> → <ins>9</ins>" in asked
    confirmed = fields(asked, "/dead/1/decide") | {"note": "见原件"}
    goal = send(browser, "/dead/1/decide", confirmed)

    # Then the report is stored with what was published beside it, and the audit trail says who
    assert re.fullmatch(r"/reports/\d+", goal)
    assert re.search(r"<del>12</del>\s*<ins>9</ins>", browser.get(goal))
    audit = browser.get("/audit")
    assert "见原件" in audit
    assert "operator" in audit
    assert "/dead/1" in audit

    # And the same form once more has no second effect
    assert send(browser, "/dead/1/decide", confirmed) == goal
    with stocked.database.reading() as session:
        assert len(session.scalars(select(Decision)).all()) == 1


def test_a_candidate_is_taken(stocked: Console) -> None:
    # Given the candidates of an imbalanced report, the likeliest first
    browser = stocked.browser()
    page = browser.get("/dead/1")
    assert "Would balance if" in page
    [first, *_] = re.findall(r'href="(/dead/1/decide\?action=correct&amp;candidate=[^"]+)"', page)

    # When the first is taken, with a note
    asked = browser.get(unescape(first))
    assert "<del>12</del> → <ins>9</ins>" in asked
    goal = send(browser, "/dead/1/decide", fields(asked, "/dead/1/decide") | {"note": "见原件"})

    # Then it is stored
    assert re.search(r"<del>12</del>\s*<ins>9</ins>", browser.get(goal))


def test_what_cannot_be_a_figure_is_told_beside_its_name(stocked: Console) -> None:
    browser = stocked.browser()
    typed = fields(browser.get("/dead/1"), "/dead/1/recheck")
    told = send(browser, "/dead/1/recheck", typed | {NEW_REQUESTS: "<b>9"}, 200)
    assert "&lt;b&gt;9" in told
    assert "<b>9" not in told
    assert "Every hard edit holds" not in told


def test_a_correction_that_does_not_balance_is_not_stored(stocked: Console) -> None:
    # Given
    browser = stocked.browser()
    typed = fields(browser.get("/dead/1"), "/dead/1/recheck") | {NEW_REQUESTS: "13"}
    asked = send(browser, "/dead/1/prepare", typed, 200)

    # When it is confirmed all the same
    refused = send(
        browser, "/dead/1/decide", fields(asked, "/dead/1/decide") | {"note": "x"}, code=422
    )

    # Then the form comes back with the reason, and what was typed is still in it
    assert "does not hold yet" in refused
    assert fields(refused, "/dead/1/decide")[NEW_REQUESTS] == "13"
    with stocked.database.reading() as session:
        assert session.get_one(DeadLetter, 1).resolution is None


def test_a_decision_without_a_note_is_asked_for_again(stocked: Console) -> None:
    browser = stocked.browser()
    asked = fields(browser.get("/dead/2/decide?action=discard"), "/dead/2/decide")
    assert "note" in send(browser, "/dead/2/decide", asked | {"note": "  "}, code=422)


def test_what_somebody_else_has_decided_is_told(stocked: Console) -> None:
    # Given two who look at the same letter
    browser = stocked.browser()
    one = fields(browser.get("/dead/2/decide?action=discard"), "/dead/2/decide")
    other = fields(browser.get("/dead/2/decide?action=retry"), "/dead/2/decide")

    # When both decide
    assert send(browser, "/dead/2/decide", one | {"note": "not a report"}) == "/dead/2"
    told = send(browser, "/dead/2/decide", other | {"note": "again"}, code=409)

    # Then the second is told, and the first stands
    assert "already resolved" in told
    with stocked.database.reading() as session:
        assert session.get_one(DeadLetter, 2).resolution == "discard"


def test_a_report_is_accepted_as_published(stocked: Console) -> None:
    browser = stocked.browser()
    asked = fields(browser.get("/dead/1/decide?action=accept"), "/dead/1/decide")
    goal = send(browser, "/dead/1/decide", asked | {"note": "原件如此"})
    assert 'class="sign"' in browser.get(goal)
    with stocked.database.reading() as session:
        assert session.get_one(StoredReport, int(goal.rpartition("/")[2])).hard == 2


def test_a_selection_is_retried(stocked: Console) -> None:
    # Given two that are selected
    browser = stocked.browser()
    asked = browser.get("/dead/decide?id=1&id=2&action=retry")
    given = fields(asked, "/dead/decide")
    assert given["expect"] == "2"

    # When
    answer = browser.client.post(
        "/dead/decide", data={**given, "id": ["1", "2"], "note": "new parser"}
    )

    # Then both wait again
    assert answer.status_code == 200, answer.text
    with stocked.database.reading() as session:
        states = dict(session.execute(select(Document.id, Document.state)).all())
    assert states[2] == states[3] == "received"


def test_nothing_selected_does_nothing(stocked: Console) -> None:
    browser = stocked.browser()
    assert "No open dead letter is chosen" in browser.get("/dead/decide?action=retry")


def test_all_that_match_are_counted_again_when_it_is_decided(stocked: Console) -> None:
    # Given one that matches, confirmed
    browser = stocked.browser()
    given = fields(browser.get("/dead/decide?all=discard&reason=not_a_report"), "/dead/decide")
    assert given["expect"] == "1"
    assert given["reason"] == "not_a_report"

    # When another has come meanwhile
    stocked.bring(b"<html>nothing of a report either</html>", "other.html")
    told = send(browser, "/dead/decide", given | {"note": "no reports"}, code=409)

    # Then nothing was decided, and the new count is asked about
    again = fields(told, "/dead/decide")
    assert again["expect"] == "2"
    assert "2" in send(browser, "/dead/decide", again | {"note": "no reports"}, code=200)
    with stocked.database.reading() as session:
        open_ones = session.scalars(
            select(DeadLetter.reason).where(DeadLetter.resolution.is_(None))
        ).all()
    assert open_ones == ["imbalanced"]


@pytest.mark.parametrize("given", ["year=2O22", "reason=x", "rule=T3.FLOW&year=20a"])
def test_a_filter_that_cannot_be_read_never_widens_a_decision(stocked: Console, given: str) -> None:
    # Given an address with a filter that cannot be read
    browser = stocked.browser()
    page = browser.get(f"/dead?{given}")

    # Then the page says so and offers no decision about all, and none is taken
    assert "A filter cannot be read." in page
    assert "Discard all" not in page
    answer = browser.client.get(f"/dead/decide?all=discard&{given}")
    assert answer.status_code == 422


def test_full_width_figures_are_a_year(stocked: Console) -> None:
    page = stocked.browser().get("/dead?year=１９９９")
    assert "A filter cannot be read." not in page
    assert 'value="1999"' in page
    assert "No dead letter matches." in page


def test_a_comment_stays_with_the_document_and_is_text(stocked: Console) -> None:
    browser = stocked.browser()
    given = fields(browser.get("/dead/1"), "/dead/1/comment")
    send(browser, "/dead/1/comment", given | {"note": "<script>alert(1)</script> 已电话核实"})
    page = browser.get("/dead/1")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 已电话核实" in page
    with stocked.database.reading() as session:
        assert session.scalars(select(Comment.document_id)).all() == [2]


def test_a_viewer_sees_all_of_it_and_no_way_to_decide(stocked: Console) -> None:
    stocked.add_users()
    browser = stocked.browser("viewer")
    assert "<form" in browser.get("/dead")
    page = browser.get("/dead/1")
    assert "12 + 0 ≠ 9" in page
    assert 'action="/dead/1' not in page
    assert "/decide" not in page + browser.get("/dead")
