"""The relations between two years, on cells made by hand."""

import pytest

from models.disclosure.finding import Severity
from models.disclosure.report import Cell, Printed
from worker.check.carryover import carryover

IN, OUT = "applications.carried_in.total", "applications.carried_out.total"
STOCK = "disclosure.regulations.in_force"


def cells(**values: int | str | None) -> dict[str, Cell]:
    """Cells of a year: ``None`` is blank, text stands as it is; what is not named is not there."""
    addresses = {
        "into": IN,
        "out": OUT,
        "stock": STOCK,
        "made": "disclosure.regulations.made",
        "repealed": "disclosure.regulations.repealed",
        "published": "disclosure.regulations.published_total",
    }
    return {addresses[name]: cell(value) for name, value in values.items()}


def cell(value: int | str | None) -> Cell:
    if isinstance(value, int):
        return Cell(value, str(value), Printed.NUMBER)
    return Cell(None, value or "", Printed.UNREADABLE if value else Printed.BLANK)


def test_a_difference_is_found_on_both_years() -> None:
    # Given
    reports = {2022: cells(into=0, out=3), 2023: cells(into=2, out=0)}

    # When
    (earlier,), (later,) = carryover(2022, reports), carryover(2023, reports)

    # Then both say the same, each of its own cell
    for found in (earlier, later):
        assert (found.rule, found.scope) == ("YEAR.CARRIED", "2022-2023.total")
        assert (found.left, found.right, found.difference) == (2, 3, -1)
        assert found.severity is Severity.SOFT
    assert (earlier.cells, later.cells) == ((OUT,), (IN,))
    assert earlier.message == later.message
    assert "2023 年上年结转 2 ≠ 2022 年结转下年 3" in later.message


def test_the_year_between_two_others_is_held_against_both() -> None:
    # Given
    reports = {y: cells(into=1, out=2) for y in (2021, 2022, 2023)}

    # Then
    assert [found.scope for found in carryover(2022, reports)] == [
        "2021-2022.total",
        "2022-2023.total",
    ]
    assert [found.scope for found in carryover(2021, reports)] == ["2021-2022.total"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"out": 3}, {"into": 3}),
        ({"out": None}, {"into": None}),
        ({"out": None}, {"into": 0}),
        ({"out": 3}, {}),
        ({}, {"into": 3}),
        ({"out": "三"}, {"into": 1}),
        ({"stock": 4}, {"stock": 5, "made": 2, "repealed": 1}),
        ({"stock": 4}, {"stock": 4, "made": None, "repealed": None}),
        ({"stock": None}, {"stock": 5, "made": 2, "repealed": 1}),
        ({"stock": 4}, {"stock": 9}),
        ({"published": 4}, {"stock": 9, "made": 0, "repealed": 0}),
    ],
)
def test_what_agrees_or_cannot_be_told_is_no_finding(
    before: dict[str, int | str | None], after: dict[str, int | str | None]
) -> None:
    reports = {2022: cells(**before), 2023: cells(**after)}
    assert carryover(2022, reports) == carryover(2023, reports) == ()


def test_a_blank_counts_as_nothing_and_is_listed_where_it_stands() -> None:
    # Given
    reports = {2022: cells(out=3), 2023: cells(into=None)}

    # Then
    assert carryover(2023, reports)[0].blanks == (IN,)
    assert carryover(2022, reports)[0].blanks == ()


def test_the_stock_of_documents_is_kept_up() -> None:
    # Given
    reports = {2022: cells(stock=4), 2023: cells(stock=9, made=2, repealed=1)}

    # When
    (earlier,), (later,) = carryover(2022, reports), carryover(2023, reports)

    # Then
    assert (later.rule, later.scope) == ("YEAR.STOCK", "2022-2023.regulations")
    assert (later.left, later.right, later.difference) == (9, 5, 4)
    assert later.cells == (STOCK, "disclosure.regulations.made", "disclosure.regulations.repealed")
    assert earlier.cells == (STOCK,)


def test_years_that_do_not_follow_one_another_have_nothing_to_do_with_each_other() -> None:
    reports = {2021: cells(out=3), 2023: cells(into=0)}
    assert carryover(2021, reports) == carryover(2023, reports) == ()
