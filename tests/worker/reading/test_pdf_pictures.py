"""Pages of a PDF as pictures."""

import io
from itertools import islice

import pytest
from PIL import Image

from models.disclosure.finding import Reason
from tests.hostile.corpus import report_pdf
from tests.worker.reading.pdf_objects import numbered
from worker.errors import Refused
from worker.reading import pdf_pictures


def blank(width: float, height: float, pages: int = 1) -> bytes:
    """Return a PDF of empty pages, sizes in points."""
    kids = " ".join(f"{3 + number} 0 R" for number in range(pages)).encode()
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width:f} {height:f}]>>".encode()
    tree = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages)
    return numbered([b"<</Type/Catalog/Pages 2 0 R>>", tree, *[page] * pages])


def opened(picture: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(picture))
    image.load()
    return image


def test_each_page_is_a_grey_png_that_others_can_read() -> None:
    # Given a report
    pictures = [opened(one) for one in pdf_pictures.pages(report_pdf())]

    # Then every page has its figures and lines on white, in grey, wide enough to be read
    assert pictures
    for one in pictures:
        assert (one.format, one.mode) == ("PNG", "L")
        assert 700 <= one.width <= 1100
        shades = one.histogram()
        assert shades[255] > sum(shades[:100]) > 500


@pytest.mark.parametrize(("width", "height"), [(1.0, 14_400.0), (14_400.0, 1.0), (9e4, 9e4)])
def test_no_size_that_a_page_claims_makes_a_large_picture(width: float, height: float) -> None:
    (picture,) = pdf_pictures.pages(blank(width, height))
    image = opened(picture)
    assert image.width * image.height <= 1100 * 4000


def test_of_very_many_pages_the_first_are_drawn() -> None:
    pictures = pdf_pictures.pages(blank(100, 100, pages=50))
    assert len(list(islice(pictures, 60))) == pdf_pictures.MOST


def test_what_pdfium_cannot_open_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        list(pdf_pictures.pages(b"%PDF-1.7\nnothing"))
    assert caught.value.reason is Reason.UNREADABLE
