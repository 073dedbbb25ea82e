"""Pages saved with their parts (MHTML, RFC 2557); Word writes them under the name of a DOC too."""

import email
from email.errors import CloseBoundaryNotFoundDefect
from email.message import Message
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused

MEDIA_TYPE: Final = "multipart/related"

_MOST_PARTS: Final = 2_000
_MOST_NESTED: Final = 20
_PAGES: Final = ("text/html", "application/xhtml+xml")


def page(data: bytes) -> bytes:
    """Return the HTML of the page itself, which stands first unless the header names another.

    Its charset is left to the reader of HTML: headers are often wrong about it.

    Raises:
        Refused: ``unsupported_type`` when there is no HTML in it, ``truncated`` when the end of its
            parts is missing, ``empty``, or ``too_large``.
    """
    if data.count(b"boundary=") > _MOST_NESTED:
        raise Refused(
            Reason.TOO_LARGE, f"the page has parts inside parts, over {_MOST_NESTED} deep"
        )
    message = email.message_from_bytes(data.lstrip())
    pages = []
    for number, part in enumerate(message.walk(), 1):
        if number > _MOST_PARTS:
            raise Refused(Reason.TOO_LARGE, f"the page has more than {_MOST_PARTS:,} parts")
        if any(isinstance(defect, CloseBoundaryNotFoundDefect) for defect in part.defects):
            raise Refused(Reason.TRUNCATED, "the saved page ends before the end of its parts")
        if part.get_content_type() in _PAGES:
            pages.append(part)
    if not pages:
        raise Refused(Reason.UNSUPPORTED_TYPE, "a message without a page of HTML in it")
    start = str(message.get_param("start", ""))
    root = next((part for part in pages if start and part.get("Content-ID") == start), pages[0])
    return _content(root)


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or not content.strip():
        raise Refused(Reason.EMPTY, "the saved page is empty")
    return content
