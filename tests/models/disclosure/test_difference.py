"""Two readings side by side."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings

from models.disclosure.difference import Difference, compare, figure, figures, fingerprint
from models.disclosure.form import Edition
from models.disclosure.report import Cell, Place, Printed, ReadTable, Report, Section
from tests import budgets
from tests.worker.read_reports import reports

TOTAL = "review.reconsideration.total"
UPHELD = "review.reconsideration.upheld"


def read(layout: str = "review.across", **cells: Cell) -> Report:
    table = ReadTable(layout, {f"review.reconsideration.{key}": c for key, c in cells.items()})
    return Report("甲局", 2023, Edition.CURRENT, "甲局2023年年报", {"review": table})


def number(value: int | Decimal) -> Cell:
    return Cell(value, str(value), Printed.NUMBER)


def applied(before: dict[str, str], found: Difference) -> dict[str, str]:
    """The figures of before with every change made."""
    after = dict(before)
    for change in found.cells:
        assert figure(change.before) == before.get(change.cell, "absent")
        if change.after.printed is Printed.ABSENT:
            del after[change.cell]
        else:
            after[change.cell] = figure(change.after)
    return after


@settings(max_examples=4 * budgets.EXAMPLES, deadline=None)
@given(before=reports(), after=reports())
def test_the_changes_lead_from_one_to_the_other(before: Report, after: Report) -> None:
    # When
    found, back = compare(before, after), compare(after, before)

    # Then they do, both ways, and tell the same as the fingerprints
    assert applied(figures(before), found) == figures(after)
    assert applied(figures(after), back) == figures(before)
    assert (found.cells == ()) == (fingerprint(before) == fingerprint(after))
    assert {change.cell for change in found.cells} == {change.cell for change in back.cells}


@settings(max_examples=2 * budgets.EXAMPLES, deadline=None)
@given(one=reports())
def test_nothing_differs_from_itself(one: Report) -> None:
    assert not compare(one, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (number(Decimal("115.10")), Cell(Decimal("115.1"), "115.1万元", Printed.NUMBER)),
        (number(0), Cell(Decimal("0.00"), "0", Printed.NUMBER)),
        (Cell(3, "3", Printed.NUMBER, Place(line=3)), Cell(3, " 3 ", Printed.NUMBER, note="件")),
        (Cell(None, "/", Printed.SLASH), Cell(None, "／", Printed.SLASH)),
        (Cell(None, "1 O", Printed.UNREADABLE), Cell(None, "1O", Printed.UNREADABLE)),
    ],
)
def test_the_same_figure_in_other_words(one: Cell, other: Cell) -> None:
    assert fingerprint(read(total=one)) == fingerprint(read(total=other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (number(0), Cell(None, "", Printed.BLANK)),
        (Cell(None, "", Printed.BLANK), Cell(None, "/", Printed.SLASH)),
        (Cell(None, "1O", Printed.UNREADABLE), Cell(None, "l0", Printed.UNREADABLE)),
        (number(10), number(100)),
        (number(Decimal("1.5")), number(Decimal("1.05"))),
    ],
)
def test_another_figure(one: Cell, other: Cell) -> None:
    # When
    found = compare(read(total=one), read(total=other))

    # Then
    assert [(change.cell, change.before, change.after) for change in found.cells] == [
        (TOTAL, one, other)
    ]


def test_a_cell_that_is_not_in_the_file_is_absent_not_blank() -> None:
    # Given
    blank = Cell(None, "", Printed.BLANK)

    # When
    found = compare(read(total=number(1)), read(total=number(1), upheld=blank))

    # Then
    (change,) = found.cells
    assert (change.cell, change.before.printed, change.after) == (UPHELD, Printed.ABSENT, blank)


def test_a_cell_said_to_be_absent_is_as_one_that_is_not_there() -> None:
    absent = Cell(None, "", Printed.ABSENT)
    assert not compare(read(total=number(1)), read(total=number(1), upheld=absent))


def test_changes_stand_in_printed_order() -> None:
    before = read(upheld=number(1), total=number(1))
    found = compare(before, read(total=number(2), upheld=number(2)))
    assert [change.cell for change in found.cells] == [UPHELD, TOTAL]


def test_layout_title_and_text_are_told_apart_from_figures() -> None:
    # Given the same figures under another title, in another layout, with another text
    one = replace(read(total=number(1)), sections=(Section("overview", "一", "共 1 件。"),))
    other = replace(
        read("review.down", total=number(1)),
        title="甲局2023年度报告",
        edition=None,
        sections=(Section("overview", "一", "共2件。"), Section("problems", "五", "无。")),
    )

    # When
    found = compare(one, other)

    # Then
    assert found.cells == ()
    assert {(fact.name, fact.before, fact.after) for fact in found.facts} == {
        ("edition", "2021", None),
        ("title", "甲局2023年年报", "甲局2023年度报告"),
        ("layout.review", "review.across", "review.down"),
    }
    assert found.sections == ("overview", "problems")


def test_spaces_and_lines_make_no_other_text() -> None:
    one = replace(read(), sections=(Section("overview", "一", "共 1 件。\n完"),))
    other = replace(
        read(), title="甲局 2023年年报", sections=(Section("overview", "", "共1件。完"),)
    )
    assert not compare(one, other)
