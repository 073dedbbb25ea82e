"""What the child that reads scans imports in place of ``worker.reading.choose``."""

from worker.reading import choose, ocr
from worker.reading.pages import Pages

media_type = choose.media_type


def read(data: bytes) -> Pages:
    """Read a scan by OCR.

    Raises:
        Refused: what it is refused for.
    """
    return ocr.read(data, media_type(data))
