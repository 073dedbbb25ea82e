"""Scans: pictures of pages, alone or in a PDF, read by OCR; the optional extra ``gouji[ocr]``.

Pages become ink as those of a PDF do, and go the same way: tables cut by pages are joined, and
places are pages and boxes in points, the page upright. Every cell says how sure its reading is.
"""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from models.disclosure.finding import Reason
from worker.errors import Refused, Scanned
from worker.reading.pages import Pages

if TYPE_CHECKING:
    from worker.reading.pdf_ink import Ink

IMAGES: Final = ("image/png", "image/jpeg", "image/tiff", "image/bmp", "image/gif", "image/webp")
_NEEDED: Final = {
    "cv2": "opencv-python-headless",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "PIL": "pillow",
    "rapidocr": "rapidocr",
}
_INSTALL: Final = "pip install 'gouji[ocr]'"


def missing() -> str | None:
    """Return which packages OCR lacks and how to install them; ``None`` when all are there.

    Nothing is imported.
    """
    lacking = [package for module, package in _NEEDED.items() if not _there(module)]
    return f"{', '.join(lacking)}: {_INSTALL}" if lacking else None


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # imported once, and taken away
        return False


def ask(data: bytes) -> Pages:
    """Say of an image that only OCR reads it.

    Raises:
        Scanned: always.
    """
    raise scanned(f"a picture of {len(data):,} bytes")


def scanned(what: str) -> Scanned:
    """Return what a reader raises for pages that only OCR reads."""
    lacking = missing()
    message = f"{what} is a scan; reading it needs OCR, gouji[ocr] 扫描件需要文字识别"
    return Scanned(f"{message}: {lacking}" if lacking else message, available=lacking is None)


def read(data: bytes, media_type: str) -> Pages:
    """Read an image, or the pages of a PDF that have no text layer, the others by theirs.

    Raises:
        Refused: what the picture or PDF is refused for; ``unsupported_type`` when the extra is
            not installed; ``unreadable`` when nothing is found on the pages.
    """
    if missing():
        raise scanned("the file")
    from worker.reading.pdf_allowance import Allowance
    from worker.reading.pdf_flow import blocks

    inks = list(_of_pdf(data) if media_type == "application/pdf" else _of_image(data))
    if not any(glyph.text.strip() for ink in inks for glyph in ink.glyphs):
        raise Refused(Reason.UNREADABLE, f"OCR finds no text on {len(inks)} pages")
    return Pages(tuple(blocks(inks, Allowance())), media_type)


def _of_image(data: bytes) -> Iterator["Ink"]:
    from worker.reading.scan_picture import pictures

    return _recognised(enumerate(pictures(data), 1))


def _of_pdf(data: bytes) -> Iterator["Ink"]:
    from worker.reading import pdf
    from worker.reading.pdf_layer import Layer, layer_of
    from worker.reading.scan_picture import MOST_PAGES, rendered

    inks = pdf.inks(data)
    wanted = [at for at, ink in enumerate(inks) if layer_of(ink) in (Layer.PICTURE, Layer.GARBLED)]
    if len(wanted) > MOST_PAGES:
        raise Refused(
            Reason.TOO_LARGE, f"{len(wanted)} scanned pages; at most {MOST_PAGES} are read"
        )
    drawn = ((at + 1, picture) for at, picture in zip(wanted, rendered(data, wanted), strict=True))
    for at, ink in zip(wanted, _recognised(drawn), strict=True):
        inks[at] = ink
    yield from inks


def _recognised(pictures: Iterable[tuple[int, object]]) -> Iterator["Ink"]:
    from worker.reading.ocr_model import recogniser
    from worker.reading.ocr_page import ink_of
    from worker.reading.scan_upright import Upright

    model = recogniser()
    upright = Upright(model)
    for number, picture in pictures:
        yield ink_of(upright(picture), number, model)  # type: ignore[arg-type]
