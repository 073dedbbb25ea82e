"""What events carry is read by people: no mark of Python or of JSON is left."""

from typing import Any

import pytest

from console.web.details import details
from console.web.languages import CHINESE, translations
from models.event import EventName
from models.ledger import Arrival, Document
from models.trace import Trace
from tests.console.web.conftest import Console
from worker.logs import record


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a <b>", "a &lt;b&gt;"),
        (3, "3"),
        (12.4, "12.4"),
        (2.0, "2"),
        (0.12345, "0.123"),
        (True, "是"),
        (False, "否"),
        ([], "–"),
        ({}, "–"),
        ({"a": None}, "–"),
        (["x", 1, True], "x, 1, 是"),
        ({"a": 1, "b": [2, 3]}, "<i>a</i> 1, <i>b</i> (2, 3)"),
        ({"a": {"b": None, "c": False}}, "<i>a</i> <i>c</i> 否"),
        ({"a": {"c": "x"}}, "<i>a</i> <i>c</i> x"),
        ([{"a": 1, "b": 2}, {"a": 3}], "(<i>a</i> 1, <i>b</i> 2); <i>a</i> 3"),
        ({"<i>": "&"}, "<i>&lt;i&gt;</i> &amp;"),
        ([None, 1], "–, 1"),
    ],
)
def test_values_are_shown_without_notation(value: Any, shown: str) -> None:
    assert details(value, translations(CHINESE).gettext) == shown


@pytest.mark.parametrize(("language", "yes"), [("zh", "是"), ("en", "yes")])
def test_the_events_page_says_it_in_the_language_of_the_reader(
    stocked: Console, language: str, yes: str
) -> None:
    # Given an event with nested data
    with stocked.database.transaction() as session:
        told: dict[str, Any] = {
            "sent": True,
            "counts": {"stored": 2, "dead": None},
            "names": ["a<b", "c"],
        }
        record(session, EventName.DOCUMENT_UNPACKED, document_id=1, **told)

    # When it is shown
    browser = stocked.browser()
    pages = [
        browser.get(address, **{"accept-language": language})
        for address in ("/events?name=document.unpacked", "/documents/1", "/reports/1/timeline")
    ]

    # Then people can read it
    for page in pages:
        assert f"<i>sent</i> {yes}</span>" in page
        assert "<i>counts</i> <i>stored</i> 2</span>" in page
        assert "<i>names</i> a&lt;b, c</span>" in page
        assert "True" not in page
        assert "None" not in page
        assert "{&#39;" not in page


def test_events_are_narrowed_down_to_one_trace(stocked: Console) -> None:
    # Given an arrival with a trace, and the document it brought
    trace = Trace.begun()
    with stocked.database.transaction() as session:
        session.get_one(Arrival, 1).traceparent = str(trace)
        session.get_one(Document, 1).traceparent = str(trace)

    # When its events are asked for
    page = stocked.browser().get(f"/events?trace={trace.trace_id}")

    # Then no others are there, and the form keeps it
    assert page.count("<tr class=") == 3
    assert f'name="trace" pattern="[0-9a-fA-F]{{32}}" size="12" value="{trace.trace_id}"' in page
    assert '/documents/2"' not in page
