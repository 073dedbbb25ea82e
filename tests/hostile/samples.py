"""One small good report in each format, to be cut and scratched."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.reports.truth import random_report
from tests.worker.reading import html_pages, ofd_files, office_files, pdf_drawn, pdf_parts

_DATA: Final = Path(__file__).parents[1] / "data"


def _report_html() -> bytes:
    rng = random.Random(3)
    page = html_pages.page(random_report(rng), rng, "word", "portal")
    return page.encode("gb18030")


def _workbook() -> bytes:
    return office_files.workbook(office_files.reports(1)[0], sheets=False, numbers=True)


def _word() -> bytes:
    return office_files.word(office_files.reports(1)[0])


def _pdf() -> bytes:
    return pdf_drawn.Drawing().report(office_files.reports(1)[0], random.Random(1))


def _ofd() -> bytes:
    return ofd_files.ofd(pdf_parts.sheets(_pdf()))


def _text() -> bytes:
    return min((_DATA / "seeds").iterdir(), key=lambda path: path.stat().st_size).read_bytes()


def _kept(suffix: str) -> Callable[[], bytes]:
    return (_DATA / "office" / f"report-0{suffix}").read_bytes


SAMPLES: Final[dict[str, Callable[[], bytes]]] = {
    "text": _text,
    "html": _report_html,
    "docx": _word,
    "xlsx": _workbook,
    "pdf": _pdf,
    "ofd": _ofd,
    **{suffix: _kept(f".{suffix}") for suffix in ("xls", "doc", "odt", "rtf", "ods")},
}
"""Format → how its sample is made; the others were made by LibreOffice once."""
