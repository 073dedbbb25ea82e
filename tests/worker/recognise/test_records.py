"""Lines become strips of pieces, whatever a reader makes of them."""

import pytest

from worker.errors import Refused
from worker.reading.pages import Grid, GridCell, GridRow, Pages, Shape
from worker.recognise.recognise import recognise
from worker.recognise.records import strips


@pytest.mark.parametrize("shape", Shape)
def test_a_row_without_cells_is_a_line_like_any_other(shape: Shape) -> None:
    # Given rows of which one has nothing, and one is a page mark
    rows = (
        GridRow((GridCell("总计", 0, 0, 2), GridCell("3", 1, 4, 5))),
        GridRow(()),
        GridRow((GridCell("— 4 —", 0, 0, 5),)),
    )
    pages = Pages((Grid(rows, shape),), "text/plain")

    # Then the mark is left out, and nothing else
    assert [len(strip.pieces) for strip in strips(pages)] == [2, 0]
    with pytest.raises(Refused, match="neither"):
        recognise(pages, "报告.txt")
