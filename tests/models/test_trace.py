"""The header traceparent, by the examples and rules of the recommendation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.trace import Trace, spans, trace_id_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"


def test_the_example_of_the_recommendation_is_read() -> None:
    assert Trace.parsed(HEADER) == Trace(TRACE, SPAN, sampled=True)
    assert Trace.parsed(f"00-{TRACE}-{SPAN}-00") == Trace(TRACE, SPAN, sampled=False)
    # And flags that are not known yet change nothing
    assert Trace.parsed(f"00-{TRACE}-{SPAN}-ff") == Trace(TRACE, SPAN, sampled=True)
    assert Trace.parsed(f"00-{TRACE}-{SPAN}-02") == Trace(TRACE, SPAN, sampled=False)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        HEADER.upper(),
        HEADER + "-more",
        HEADER + "-",
        HEADER + " ",
        HEADER + "\n",
        "ff" + HEADER[2:],
        HEADER.replace(TRACE, "0" * 32),
        HEADER.replace(SPAN, "0" * 16),
        HEADER[:-1],
        HEADER.replace("-", "_"),
        HEADER.replace("4bf9", "4bg9"),
        HEADER.replace("4bf9", "４bf9"),
        f"{HEADER},{HEADER}",
    ],
)
def test_what_is_malformed_is_as_if_it_were_not_there(header: str | None) -> None:
    assert Trace.parsed(header) is None


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    assert Trace.parsed("01" + HEADER[2:]) == Trace(TRACE, SPAN)
    assert Trace.parsed("cc" + HEADER[2:] + "-what-the-future-brings") == Trace(TRACE, SPAN)
    assert Trace.parsed("cc" + HEADER[2:] + ".no-dash") is None


def test_a_child_is_another_span_of_the_same_trace() -> None:
    # Given a span that its caller does not record
    parent = Trace(TRACE, SPAN, sampled=False)

    # When it has a child
    child = parent.child()

    # Then only the span is another
    assert child.span_id != SPAN
    assert child == parent._replace(span_id=child.span_id)


@given(st.booleans())
def test_a_new_trace_is_written_as_it_is_read(sampled: bool) -> None:
    trace = Trace.begun()._replace(sampled=sampled)
    assert len(str(trace)) == 55
    assert Trace.parsed(str(trace)) == trace


@given(st.text())
def test_any_text_is_read_or_left(text: str) -> None:
    found = Trace.parsed(text)
    assert found is None or text[3:35] == found.trace_id


@given(st.text("0123456789abcdef", min_size=32, max_size=32))
def test_every_span_of_a_trace_lies_between_its_ends(trace: str) -> None:
    first, last = spans(trace)
    for span in ("0" * 15 + "1", "f" * 16, "8" * 16):
        assert first <= f"00-{trace}-{span}-01" <= last


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (TRACE, TRACE),
        (f" {TRACE.upper()} ", TRACE),
        (HEADER, TRACE),
        (TRACE[:-1], None),
        (TRACE + "0", None),
        ("0" * 32, None),
        ("%" * 32, None),
        ("", None),
    ],
)
def test_a_trace_is_known_by_its_id_or_a_header(given: str, found: str | None) -> None:
    assert trace_id_of(given) == found
