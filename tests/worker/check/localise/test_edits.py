"""Lint of the balance edits: what they can tell, and what they cannot."""

from fractions import Fraction

import pytest

from models.disclosure.form import LAYOUTS, cell_key
from worker.check.edits import edits
from worker.check.localise.equations import System, system

TABLES = ("applications.divided", "applications.undivided", "review.across", "review.down")


@pytest.fixture(params=TABLES)
def known(request: pytest.FixtureRequest) -> System:
    return system(request.param)


def test_every_cell_stands_in_an_edit(known: System) -> None:
    assert [
        cell for cell, touched in zip(known.cells, known.touching, strict=True) if not touched
    ] == []


def test_every_edit_names_cells_of_its_layout_once(known: System) -> None:
    for edit in known.edits:
        assert len(set(edit.terms)) == len(edit.terms)
        assert set(edit.terms) <= set(LAYOUTS[known.layout].cells)
        assert edit.total in edit.terms


def test_no_two_edits_say_the_same(known: System) -> None:
    assert len({frozenset(terms) for terms in known.terms}) == len(known.edits)
    assert len({edit.id for edit in known.edits}) == len(known.edits)


def test_two_edits_are_redundant_in_table_three_and_none_in_table_four(known: System) -> None:
    # Given: the totals of FLOW and OUTCOMES follow from those of the rows and the other columns
    redundant = 2 if known.layout.startswith("applications") else 0

    # Then
    assert _rank(known) == len(known.edits) - redundant


def test_no_edits_contradict_each_other(known: System) -> None:
    # Given figures that are not all 0: a request of each kind, granted
    cells = dict.fromkeys(known.cells, 0)
    for row in ("new_requests", "granted", "processed_total", "reconsideration"):
        for column in ("natural_person", "upheld", "total"):
            if (cell := cell_key(LAYOUTS[known.layout].table, row, column)) in cells:
                cells[cell] = 1

    # Then they satisfy every edit
    assert 1 in cells.values()
    for edit in known.edits:
        assert sum(cells[c] for c in edit.left) == sum(cells[c] for c in edit.right), edit.id


def test_every_cell_of_table_three_breaks_edits_of_its_own() -> None:
    for layout in TABLES[:2]:
        assert {len(cells) for cells in system(layout).signatures.values()} == {1}


def test_no_cells_of_a_row_of_table_four_can_be_told_apart() -> None:
    assert [len(cells) for cells in system("review.down").signatures.values()] == [5, 5, 5]


def test_no_two_cells_share_two_edits_of_table_three() -> None:
    for layout in TABLES[:2]:
        touching = system(layout).touching
        edits_of = [{edit for edit, _ in touched} for touched in touching]
        for at, one in enumerate(edits_of):
            assert all(len(one & other) <= 1 for other in edits_of[:at])


def test_table_two_has_no_balance_edits() -> None:
    assert edits("disclosure.2021") == ()


def _rank(known: System) -> int:
    """Return the rank of the coefficients of the edits, by elimination in whole fractions."""
    rows = [
        [Fraction(dict(terms).get(c, 0)) for c in range(len(known.cells))] for terms in known.terms
    ]
    rank = 0
    for column in range(len(known.cells)):
        pivot = next((r for r in rows[rank:] if r[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(rank, pivot)
        for at in range(rank + 1, len(rows)):
            if factor := rows[at][column] / pivot[column]:
                rows[at] = [a - factor * b for a, b in zip(rows[at], pivot, strict=True)]
        rank += 1
    return rank
