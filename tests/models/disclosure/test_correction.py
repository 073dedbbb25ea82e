"""Corrections on top of what was published."""

from dataclasses import replace
from decimal import Decimal

import pytest

from models.disclosure.correction import Unfit, amended, corrections, typed, written
from models.disclosure.difference import compare, fingerprint
from models.disclosure.form import Edition
from models.disclosure.report import ABSENT, Cell, Printed, ReadTable, Report

TOTAL = "applications.new_requests.total"
PERSON = "applications.new_requests.natural_person"
FEES = "disclosure.fees.amount"
BOUGHT = "disclosure.procurement.amount"


def report(**cells: Cell) -> Report:
    """A report whose table 三 has one row, and another that is not in the file."""
    read = {
        PERSON: Cell(9, "９", Printed.NUMBER, confidence=0.5),
        TOTAL: Cell(13, "13", Printed.NUMBER),
    }
    table = ReadTable("applications.divided", read, missing=("carried_in",))
    return Report("某局", 2022, None, None, {"applications": table})


@pytest.mark.parametrize(
    ("address", "text", "value"),
    [
        (TOTAL, "12", 12),
        (TOTAL, " 012 ", 12),
        (TOTAL, "１２", 12),
        (FEES, "１１５．１", Decimal("115.1")),
        ("disclosure.licences.change", "－３", -3),
        (TOTAL, "", None),
        (TOTAL, "blank", None),
        (TOTAL, "空", None),
        (FEES, "115.10", Decimal("115.10")),
        (FEES, "3", Decimal(3)),
        ("disclosure.licences.change", "-3", -3),
    ],
)
def test_reads_what_is_typed(address: str, text: str, value: object) -> None:
    assert typed(address, text) == value


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (TOTAL, "-1"),
        (TOTAL, "1.5"),
        (TOTAL, "1O"),
        (TOTAL, "１２三"),
        (TOTAL, "1" * 16),
        (FEES, "1.123456789"),
        (FEES, "1."),
        (FEES, "1e3"),
        (FEES, "NaN"),
        ("applications.new_requests", "1"),
        ("applications.new_requests.amount", "1"),
        ("x.y.z", "1"),
    ],
)
def test_refuses_what_no_cell_can_hold(address: str, text: str) -> None:
    with pytest.raises(Unfit, match=address.replace(".", r"\.")):
        typed(address, text)


def test_a_corrected_cell_keeps_what_was_read() -> None:
    # Given
    read = report()

    # When
    found = amended(read, {TOTAL: 9})

    # Then the value is another, the text in the file the same, and the cell as read is kept
    cell = found.cell(TOTAL)
    assert (cell.value, cell.raw, cell.printed) == (9, "13", Printed.NUMBER)
    assert cell.published == read.cell(TOTAL)
    assert corrections(found) == {TOTAL: cell}
    assert read.cell(TOTAL).value == 13
    assert [change.cell for change in compare(read, found).cells] == [TOTAL]


def test_a_second_correction_keeps_what_was_read_first() -> None:
    found = amended(amended(report(), {TOTAL: 9}), {TOTAL: 8})
    assert found.cell(TOTAL).published == report().cell(TOTAL)


def test_the_value_that_is_there_is_no_correction() -> None:
    found = amended(report(), {TOTAL: 13})
    assert corrections(found) == {}
    assert fingerprint(found) == fingerprint(report())


def test_what_ocr_doubted_is_certain_once_somebody_has_said_it() -> None:
    assert amended(report(), {PERSON: 8}).cell(PERSON).confidence is None


def test_a_row_that_is_not_in_the_file_comes_in() -> None:
    # When
    found = amended(report(), {"applications.carried_in.total": 4})

    # Then it stands where the form prints it
    table = found.tables["applications"]
    assert table.missing == ()
    assert list(table.cells) == [PERSON, TOTAL, "applications.carried_in.total"]
    published = table.cells["applications.carried_in.total"].published
    assert published is not None
    assert published.printed is Printed.ABSENT


def test_a_table_that_is_not_in_the_file_comes_in_as_its_edition_prints_it() -> None:
    # Given a report of the trial edition
    trial = replace(report(), edition=Edition.TRIAL)

    # When cells of the table before and the one after it are set
    found = amended(trial, {"review.reconsideration.total": 1, BOUGHT: Decimal(1)})

    # Then both stand in their places, with what was set, and all else is missing
    assert list(found.tables) == ["disclosure", "applications", "review"]
    disclosure = found.tables["disclosure"]
    assert disclosure.layout == "disclosure.2019"
    assert list(disclosure.cells) == [BOUGHT]
    assert set(disclosure.missing) == set(disclosure.form.row_keys) - {"procurement"}
    assert disclosure.cells[BOUGHT].published == ABSENT
    assert set(corrections(found)) == {"review.reconsideration.total", BOUGHT}
    assert amended(found, {BOUGHT: Decimal(2)}).cell(BOUGHT).published == ABSENT


def test_a_table_is_filled_in_as_one_layout_of_its_edition_prints_it() -> None:
    # Given a report on 2023 whose table prints （六）其他处理 as one row
    unread = replace(report(), edition=Edition.CURRENT, tables={})
    undivided = "applications.other_undivided.total"

    # Then the layout is that which has all that is set
    assert amended(unread, {TOTAL: 1}).tables["applications"].layout == "applications.divided"
    found = amended(unread, {TOTAL: 1, undivided: 1}).tables["applications"]
    assert (found.layout, list(found.cells)) == ("applications.undivided", [TOTAL, undivided])
    with pytest.raises(Unfit, match="no such cell"):
        amended(unread, {undivided: 1, "applications.other_outcome.total": 1})


def test_a_table_that_is_not_in_the_file_needs_an_edition() -> None:
    with pytest.raises(Unfit, match="say which year"):
        amended(report(), {FEES: Decimal(1)})


def test_a_cell_of_another_layout_is_none_of_this_report() -> None:
    with pytest.raises(Unfit, match="no such cell"):
        amended(report(), {"applications.other_undivided.total": 1})


def test_values_are_kept_as_they_are_printed() -> None:
    assert [written(value) for value in (12, -3, Decimal("1.10"), Decimal("1E+3"), None)] == [
        "12",
        "-3",
        "1.10",
        "1000",
        None,
    ]
