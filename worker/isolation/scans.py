"""What the child that reads scans imports in place of ``worker.reading.choose``."""

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import choose, ocr
from worker.reading.pages import Pages

media_type = choose.media_type


def again(_data: bytes) -> Pages:
    """Read nothing: there is but one way to read a scan.

    Raises:
        Refused: always.
    """
    raise Refused(Reason.UNSUPPORTED_TYPE, "there is no other way to read a scan")


def read(data: bytes) -> Pages:
    """Read a scan by OCR.

    Raises:
        Refused: what it is refused for.
    """
    return ocr.read(data, media_type(data))
