from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.disclosure.form import Kind
from models.disclosure.report import Printed
from worker.recognise import figures


@pytest.mark.parametrize(
    ("text", "value", "note"),
    [
        ("0 ", 0, ""),
        ("１２", 12, ""),
        ("1,521", 1521, ""),
        ("5（含修订1件）", 5, "含修订1件"),
        ("12件", 12, ""),
        ("12.0", 12, ""),
        (" 3 ", 3, ""),
    ],
)
def test_counts(text: str, value: int, note: str) -> None:
    figure = figures.read(text)
    assert (figure.value, figure.note, figure.printed) == (value, note, Printed.NUMBER)


@pytest.mark.parametrize("text", ["-5", "1.5", "O", "无", "12?", "1O", "3万元", "二"])
def test_what_is_no_count_is_unreadable_and_never_repaired(text: str) -> None:
    figure = figures.read(text)
    assert (figure.value, figure.printed) == (None, Printed.UNREADABLE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("115.1", "115.1"),
        ("1748", "1748"),
        ("152790元", "15.279"),
        ("1.5亿元", "15000"),
        ("3.20万元", "3.20"),
    ],
)
def test_amounts_are_in_ten_thousand_yuan(text: str, value: str) -> None:
    figure = figures.read(text, Kind.AMOUNT)
    assert figure.value == Decimal(value)
    assert ("→" in figure.note) == text.endswith(("0元", "亿元"))


@pytest.mark.parametrize(
    ("text", "value"),
    [("+5", 5), ("-3", -3), ("－3", -3), ("增加5", 5), ("减少3", -3), ("减2", -2), ("0", 0)],
)
def test_changes_may_carry_a_sign(text: str, value: int) -> None:
    assert figures.read(text, Kind.CHANGE).value == value


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("", "blank"),
        (" \u3000", "blank"),
        ("/", "slash"),
        ("／", "slash"),
        ("-", "dash"),
        ("——", "dash"),
        ("—", "dash"),
    ],
)
def test_marks_are_told_from_zero(text: str, printed: str) -> None:
    figure = figures.read(text)
    assert (figure.value, str(figure.printed)) == (None, printed)


@pytest.mark.parametrize("text", ["1.", "2、", "(3)", "规章", "第二十条第（一）项", "3.其他"])
def test_numbering_and_labels_are_no_values(text: str) -> None:
    assert not figures.is_value(text)


@given(st.integers(0, 10**9), st.sampled_from(["{}", " {} ", "{:,}", "{}（注）"]))
def test_every_whole_number_reads_back(number: int, form: str) -> None:
    text = form.format(number)
    assert figures.is_value(text)
    assert figures.read(text).value == number


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    ("digits", "printed"),
    [("9" * 15, "number"), ("0" * 9 + "9" * 15, "number"), ("9" * 16, "unreadable")],
)
def test_figures_run_together_are_not_read(kind: Kind, digits: str, printed: str) -> None:
    figure = figures.read(digits, kind)
    assert str(figure.printed) == printed


def test_thousands_of_digits_are_no_trouble() -> None:
    assert figures.read("9" * 10_000).value is None
