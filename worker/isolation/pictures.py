"""What the child that draws pages imports in place of ``worker.reading.choose``."""

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import choose, pdf, pdf_pictures
from worker.reading.pages import Pages
from worker.unpacking.members import Member, Sink

media_type = choose.media_type


def read(_data: bytes) -> Pages:
    """Read nothing: pages are handed over as the members of an archive are.

    Raises:
        Refused: always.
    """
    raise Refused(Reason.UNSUPPORTED_TYPE, "pages are drawn, not read")


again = read


def unpack(data: bytes, sink: Sink) -> None:
    """Hand over each page of a PDF as a PNG.

    Raises:
        Refused: it is no PDF, or its pages cannot be drawn.
    """
    if media_type(data) != pdf.MEDIA_TYPE:
        raise Refused(Reason.UNSUPPORTED_TYPE, "only pages of a PDF are drawn")
    for number, picture in enumerate(pdf_pictures.pages(data), 1):
        sink.begin(Member(b"%d.png" % number, len(picture)))
        sink.write(picture)
