"""Scans of generated reports: pages drawn, put on paper, and spoilt as scanners and copiers do."""

import io
import os
import random
from collections.abc import Callable, Sequence

import pytest

from tests.reports.cells import TruthReport
from tests.reports.truth import MESS, random_report
from tests.worker.reading.pdf_drawn import Drawing
from worker.inspection import Inspection
from worker.reading import ocr

if (LACKING := ocr.missing()) and not os.environ.get("CI"):
    pytest.skip(f"the extra gouji[ocr] is not installed: {LACKING}", allow_module_level=True)

import cv2
import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium  # type: ignore[import-untyped]
from PIL import Image

__all__ = [
    "DPI",
    "SPOILT",
    "Image",
    "copied",
    "cv2",
    "drawn",
    "messy",
    "noisy",
    "np",
    "png",
    "printed",
    "scanned_pdf",
    "skewed",
    "tiff",
    "unflagged",
]

Page = npt.NDArray[np.uint8]
DPI = 200


def messy(seed: int) -> TruthReport:
    """Return a report of either edition with any mess."""
    rng = random.Random(seed)
    return random_report(rng, messy={option: rng.choice((0.0, 0.3)) for option in sorted(MESS)})


def drawn(truth: TruthReport, seed: int = 0, size: float = 9.0) -> bytes:
    """Return a report as a PDF with a text layer."""
    return Drawing(size=size).report(truth, random.Random(seed))


def printed(data: bytes, dpi: int = DPI) -> list[Page]:
    """Return the pages of a PDF as grey pictures."""
    with pdfium.PdfDocument(data) as document:
        shown = [page.render(scale=dpi / 72, grayscale=True).to_numpy() for page in document]
    return [np.ascontiguousarray(page.reshape(page.shape[:2])) for page in shown]


def tiff(pages: Sequence[Page], dpi: int = DPI) -> bytes:
    """Return pages as a TIFF of many."""
    return _saved(pages, "TIFF", dpi=(dpi, dpi), compression="tiff_lzw")


def scanned_pdf(pages: Sequence[Page], dpi: int = DPI) -> bytes:
    """Return pages as a PDF of pictures."""
    return _saved(pages, "PDF", resolution=dpi)


def png(page: Page) -> bytes:
    """Return one page as a PNG that does not say its resolution."""
    return _saved([page], "PNG")


def _saved(pages: Sequence[Page], form: str, **options: object) -> bytes:
    first, *rest = (Image.fromarray(page) for page in pages)
    held = io.BytesIO()
    several = {"save_all": True, "append_images": rest} if form != "PNG" else {}
    first.save(held, form, **several, **options)
    return held.getvalue()


def skewed(page: Page, rng: random.Random) -> Page:
    """Turn a page by up to two degrees."""
    height, width = page.shape
    angle = rng.uniform(0.5, 2.0) * rng.choice((-1, 1))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return np.asarray(cv2.warpAffine(page, matrix, (width, height), borderValue=255.0), np.uint8)


def noisy(page: Page, rng: random.Random) -> Page:
    """Add the noise of a sensor."""
    noise = np.random.default_rng(rng.randrange(1 << 30)).normal(0, 10, page.shape)
    return np.clip(page + noise, 0, 255).astype(np.uint8)


def blurred(page: Page, rng: random.Random) -> Page:
    """Set a page out of focus."""
    return np.asarray(cv2.GaussianBlur(page, (0, 0), rng.uniform(0.7, 1.2)), np.uint8)


def squeezed(page: Page, rng: random.Random) -> Page:
    """Return what JPEG leaves of a page."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, rng.choice((30, 50, 70))]
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", page, quality)[1], 0), np.uint8)


def stamped(page: Page, rng: random.Random) -> Page:
    """Put a round stamp in grey over a page."""
    over, (height, width) = np.full_like(page, 255), page.shape
    centre = rng.randrange(width // 3, width - 200), rng.randrange(height // 4, height - 200)
    cv2.circle(over, centre, 165, 110.0, 8)
    cv2.ellipse(over, centre, (120, 120), 0, 20, 160, 110.0, 20)
    return np.minimum(page, over)


def copied(page: Page, rng: random.Random) -> Page:
    """Return a page as a pale, skewed, noisy copy of it."""
    pale = np.clip(blurred(skewed(page, rng), rng) * 0.7 + 50, 0, 255).astype(np.uint8)
    return squeezed(noisy(pale, rng), rng)


SPOILT: dict[str, Callable[[Page, random.Random], Page]] = {
    "clean": lambda page, _: page,
    "skewed": skewed,
    "noisy": noisy,
    "blurred": blurred,
    "squeezed": squeezed,
    "copied": copied,
    "stamped": stamped,
}


def unflagged(inspection: Inspection, truth: TruthReport) -> list[str]:
    """Return the cells read wrong that no finding speaks of, neither hard nor of confidence.

    A whole document that is refused without a report is no silent error.
    """
    if inspection.report is None:
        return []
    spoken = {
        cell
        for finding in inspection.findings
        if finding.severity == "hard" or finding.rule in ("CELL.CONFIDENCE", "TABLE.COMPLETE")
        for cell in (*finding.cells, finding.scope)
    }
    read = dict(inspection.report.cells())
    return [
        f"{key}: {read[key].raw!r} for {cell.raw!r}"
        for key, cell in truth.cells.items()
        if key in read
        and (read[key].value, read[key].printed) != (cell.value, cell.printed)
        and key not in spoken
    ]
