"""The form as data holds to the notices' figures, and the edit tables to the form."""

import pytest

from models.disclosure import form
from models.disclosure.form import Kind, column_of


@pytest.mark.parametrize(
    ("layout", "rows", "cells"),
    [
        ("disclosure.2021", 6, 10),
        ("disclosure.2019", 8, 22),
        ("applications.divided", 25, 25 * 7),
        ("applications.undivided", 23, 23 * 7),
        ("review.across", 3, 15),
        ("review.down", 3, 15),
    ],
)
def test_sizes(layout: str, rows: int, cells: int) -> None:
    assert len(form.LAYOUTS[layout].rows) == rows
    assert len(set(form.LAYOUTS[layout].cells)) == cells


def test_every_row_of_table_three_between_receipt_and_total_is_an_outcome() -> None:
    for layout in form.APPLICATIONS.layouts:
        assert layout.row_keys[:2] == ("new_requests", "carried_in")
        assert layout.row_keys[-2:] == ("processed_total", "carried_out")
        assert set(layout.row_keys[2:-2]) <= set(form.OUTCOME_ROWS)


def test_the_layouts_of_table_three_differ_only_in_the_other_outcomes() -> None:
    divided, undivided = (set(layout.row_keys) for layout in form.APPLICATIONS.layouts)
    assert undivided - divided == {"other_undivided"}
    assert divided - undivided == {
        "other_not_corrected_in_time",
        "other_fee_unpaid",
        "other_outcome",
    }


def test_only_amounts_and_changes_are_not_counts() -> None:
    special = {
        cell: column_of(cell).kind
        for layout in form.LAYOUTS.values()
        for cell in layout.cells
        if column_of(cell).kind is not Kind.COUNT
    }
    assert {cell for cell, kind in special.items() if kind is Kind.AMOUNT} == {
        "disclosure.fees.amount",
        "disclosure.procurement.amount",
    }
    assert all(cell.endswith(".change") for cell, kind in special.items() if kind is Kind.CHANGE)


def test_an_unknown_cell_is_an_error() -> None:
    with pytest.raises(KeyError):
        column_of("applications.granted.weight")
