"""Scans of random reports, cell by cell; wrong cells must not be silent."""

import random
import sys

import pytest

from models.disclosure.finding import Reason
from tests.budgets import SCANS
from tests.worker.reading import office_files
from tests.worker.reading.scans import (
    DPI,
    SPOILT,
    copied,
    drawn,
    messy,
    png,
    printed,
    scanned_pdf,
    skewed,
    tiff,
    unflagged,
)
from worker.errors import Refused, Scanned
from worker.inspection import as_json, inspect
from worker.reading import choose, ocr
from worker.reading.pages import Grid


@pytest.mark.soak
def test_every_cell_of_a_skewed_scan_is_read_with_its_confidence() -> None:
    # Given
    truth = messy(3)
    rng = random.Random(3)
    pages = [skewed(page, rng) for page in printed(drawn(truth))]

    # When
    inspection = inspect(tiff(pages), "年报.tif")

    # Then
    assert office_files.wrong_cells(inspection, truth) == []
    cells = as_json(inspection)["cells"]
    assert all(0 <= cell["confidence"] <= 1 for cell in cells)
    assert all(cell["place"]["page"] in (1, 2, 3) for cell in cells)


def test_pages_of_a_pdf_without_text_join_those_that_have_it() -> None:
    # Given
    truth = messy(5)
    text = drawn(truth)
    scan = scanned_pdf([page[::-1, ::-1].copy() for page in printed(text)])
    half = _first_of_one_rest_of_other(text, scan)

    # When
    found = inspect(half, "年报.pdf")

    # Then
    assert office_files.wrong_cells(found, truth) == []
    assert found.report is not None
    sure = {cell.confidence is None for _, cell in found.report.cells()}
    assert sure == {True, False}


def _first_of_one_rest_of_other(one: bytes, other: bytes) -> bytes:
    import io

    import pypdfium2 as pdfium  # type: ignore[import-untyped]

    first, second, made = (
        pdfium.PdfDocument(one),
        pdfium.PdfDocument(other),
        pdfium.PdfDocument.new(),
    )
    made.import_pages(first, [0])
    made.import_pages(second, list(range(1, len(second))))
    held = io.BytesIO()
    made.save(held)
    for document in (first, second, made):
        document.close()
    return held.getvalue()


@pytest.mark.parametrize("seed", [11])
@pytest.mark.soak
def test_no_wrong_cell_of_a_bad_copy_is_silent(seed: int) -> None:
    truth, rng = messy(seed), random.Random(seed)
    pages = [copied(page, rng) for page in printed(drawn(truth))]
    assert unflagged(inspect(scanned_pdf(pages), "年报.pdf"), truth) == []


@pytest.mark.soak
@pytest.mark.parametrize("how", sorted(SPOILT))
def test_no_wrong_cell_of_any_scan_is_silent(how: str) -> None:
    wrong: list[str] = []
    for seed in range(SCANS):
        truth, rng = messy(seed), random.Random(seed)
        pages = [SPOILT[how](page, rng) for page in printed(drawn(truth, seed))]
        wrong += [f"{seed}: {w}" for w in unflagged(inspect(tiff(pages), "年报.tif"), truth)]
    assert wrong == []


def test_a_picture_is_known_by_its_content_and_left_to_ocr() -> None:
    page = printed(drawn(messy(1)))[0]
    data = png(page)
    assert choose.media_type(data) == "image/png"
    with pytest.raises(Scanned) as refused:
        choose.read(data)
    assert refused.value.available


def test_without_the_extra_the_refusal_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given
    page = png(printed(drawn(messy(1)))[0])
    monkeypatch.setitem(sys.modules, "cv2", None)

    # When
    with pytest.raises(Refused) as refused:
        choose.read(page)

    # Then
    assert refused.value.reason is Reason.UNSUPPORTED_TYPE
    assert "opencv-python-headless: pip install 'gouji[ocr]'" in refused.value.message
    assert "扫描件" in refused.value.message
    assert ocr.missing() is not None


@pytest.mark.soak
def test_a_page_of_unknown_resolution_is_taken_for_a4() -> None:
    page = printed(drawn(messy(2)), DPI)[0]
    grids = [block for block in ocr.read(png(page), "image/png").blocks if isinstance(block, Grid)]
    places = [cell.place for row in grids[0].rows for cell in row.cells]
    assert all(place is not None and place.box and place.box[2] < 600 for place in places)


def test_a_page_without_text_is_refused() -> None:
    blank = printed(drawn(messy(2)))[0]
    blank[:] = 255
    with pytest.raises(Refused) as refused:
        ocr.read(png(blank), "image/png")
    assert refused.value.reason is Reason.UNREADABLE
