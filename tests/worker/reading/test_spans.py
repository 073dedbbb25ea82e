"""Merged cells."""

import random
import time

import pytest

from tests.reports.statutory import grids, placed
from tests.reports.truth import random_report
from worker.reading.pages import GridCell
from worker.reading.spans import WIDEST, Drawn, expand


def _cell(text: str, down: int = 1, across: int = 1) -> Drawn:
    return text, down, across, None


@pytest.mark.parametrize("seed", range(20))
def test_statutory_tables_get_the_columns_they_are_drawn_in(seed: int) -> None:
    for table, grid in grids(random_report(random.Random(seed))).items():
        # When
        rows = expand([[(c.text, c.rowspan, c.colspan, None) for c in row] for row in grid])

        # Then
        lines = placed(grid)
        begun = sorted({at for line in lines for at, s in enumerate(line) if s.kind == "cell"})
        for row, line in zip(rows, lines, strict=True):
            expected = [(s.text, begun.index(at)) for at, s in enumerate(line) if s.kind == "cell"]
            assert [(c.text, c.column) for c in row.cells] == expected, table


def test_columns_in_which_nothing_begins_are_left_out() -> None:
    (row, _) = expand([[_cell("a", across=7), _cell("b", across=3)], [_cell("c", across=10)]])
    found = [(c.text, c.column, c.column_span, c.left, c.right) for c in row.cells]
    assert found == [("a", 0, 1, 0, 1), ("b", 1, 1, 1, 2)]


def test_spans_end_with_the_table() -> None:
    (first, second) = expand([[_cell("a", 9), _cell("b", 0)], [_cell("c")]])
    assert [c.row_span for c in first.cells] == [2, 2]
    assert [(c.text, c.column) for c in second.cells] == [("c", 2)]


def test_no_rows_and_rows_without_cells() -> None:
    assert expand([]) == ()
    assert [row.cells for row in expand([[], [_cell("a")], []])][0::2] == [(), ()]


def test_spans_without_measure_cost_nothing() -> None:
    started = time.process_time()
    rows = expand([[_cell("x", 10**9, 10**9)] * 3 for _ in range(5000)])
    assert time.process_time() - started < 5
    assert max(cell.column for row in rows for cell in row.cells) <= WIDEST + 3 * 5000


@pytest.mark.parametrize("drawn", [[[_cell("a")]], [[_cell("a", 2, 3), _cell("b")], [_cell("c")]]])
def test_cells_made_past_their_class_have_every_field(drawn: list[list[Drawn]]) -> None:
    cells = [cell for row in expand(drawn) for cell in row.cells]
    assert {len(cell) for cell in cells} == {len(GridCell._fields)}
