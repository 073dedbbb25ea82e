"""Scans are read in children of their own, with limits of their own."""

from contextlib import closing

import pytest

from tests.worker.reading.scans import drawn, messy, printed, tiff
from worker.isolation.readers import Readers


@pytest.mark.process
@pytest.mark.soak
def test_a_scan_goes_on_to_the_children_that_read_scans() -> None:
    with closing(Readers()) as readers:
        text = readers(drawn(messy(1)))
        assert text.pages is not None
        scan = readers(tiff(printed(drawn(messy(1)))[:1]))
    assert scan.refusal is None
    assert scan.pages is not None
    assert scan.media_type == "image/tiff"
    grid = next(block for block in scan.pages.blocks if hasattr(block, "rows"))
    assert all(cell.confidence is not None for row in grid.rows for cell in row.cells)
