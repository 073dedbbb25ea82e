"""The originals: what strangers wrote, handed out so that no browser runs any of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from console.web.guard import SANDBOX
from console.web.visit import Page, Visit
from models.ledger import Document
from worker.errors import ArchiveError
from worker.reading.charset import decode
from worker.reading.text import is_text

_CHUNK: Final = 1 << 16
_SHOWN: Final = 400_000
"""Bytes of a text that are shown beside a form; the whole can be downloaded."""
_LARGEST_LOOKED_AT: Final = 20_000_000
_MAGIC: Final = {
    b"%PDF": "PDF",
    b"PK\x03\x04": "ZIP, Office, OFD",
    b"\xd0\xcf\x11\xe0": "Office 97",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What can be shown of an original: its text, or nothing but what it is.

    ``problem`` is why it cannot be read at all.
    """

    document_id: int
    kind: str = ""
    text: str | None = None
    cut: bool = False
    problem: str = ""


def preview_of(visit: Visit, document_id: int, sha256: str, size: int) -> Preview:
    """Return what can be shown of an original; text is shown as text, whatever it says."""
    if size > _LARGEST_LOOKED_AT:
        return Preview(document_id)
    try:
        data = visit.site.archive.get(sha256)
    except ArchiveError as error:
        return Preview(document_id, problem=str(error))
    if not is_text(data):
        return Preview(document_id, _kind(data))
    text, _ = decode(data[:_SHOWN])
    return Preview(document_id, "text", text, cut=len(data) > _SHOWN)


def _kind(data: bytes) -> str:
    return next((name for magic, name in _MAGIC.items() if data.startswith(magic)), "")


def download(visit: Visit) -> Response:
    """Hand out the bytes, to be saved; where a browser opens them all the same, in a sandbox."""
    with visit.reading() as session:
        number = visit.path["document_id"]
        document = session.get(Document, number) if number < 2**63 else None
        if document is None:
            raise HTTPException(404, visit.text("There is no such document."))
    try:
        stream = visit.site.archive.open(document.sha256)
    except ArchiveError as error:
        raise HTTPException(404, str(error)) from error
    return StreamingResponse(
        _chunks(stream),
        media_type="application/octet-stream",
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{_quoted(document.name)}",
            "content-length": str(document.size),
            "content-security-policy": SANDBOX,
        },
    )


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _quoted(name: str) -> str:
    return quote(name.encode("utf-8", "replace"), safe="")


PAGES: Final = (Page("/documents/{document_id:int}/original", download),)
