"""The originals: what strangers wrote, handed out so that no browser runs any of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from console.web.guard import SANDBOX
from console.web.originals import LARGEST, Sight
from console.web.visit import Page, Visit
from models.ledger import Document
from worker.errors import ArchiveError, Transient

_CHUNK: Final = 1 << 16
_PICTURES: Final = {
    "cache-control": "private, max-age=3600",
    "content-disposition": "inline",
    "content-security-policy": SANDBOX,
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What can be shown of an original beside the form; ``problem`` is why it cannot be had."""

    document_id: int
    sight: Sight | None = None
    problem: str = ""


def preview_of(visit: Visit, document_id: int, sha256: str, size: int) -> Preview:
    """Return what can be shown of an original."""
    try:
        return Preview(document_id, _sight(visit, sha256, size))
    except (Transient, OSError) as error:
        return Preview(document_id, problem=str(error))


def _sight(visit: Visit, sha256: str, size: int) -> Sight | None:
    """Look at an original; ``None`` for one that is too large.

    Raises:
        ArchiveError: it is gone.
        Transient, OSError: no process can be had that reads it.
    """
    if size > LARGEST:
        return None
    return visit.site.originals.sight(sha256, lambda: visit.site.archive.get(sha256))


def picture(visit: Visit) -> Response:
    """Hand out one page of an original as a picture."""
    document, number = _document(visit), visit.path["number"]
    try:
        sight = _sight(visit, document.sha256, document.size)
    except (Transient, OSError) as error:
        raise HTTPException(404, str(error)) from error
    if sight is None or not 1 <= number <= len(sight.pictures):
        raise HTTPException(404, visit.text("There is no such page."))
    held = sight.pictures[number - 1]
    return Response(held, media_type=sight.picture_type, headers=_PICTURES)


def _document(visit: Visit) -> Document:
    with visit.reading() as session:
        number = visit.path["document_id"]
        document = session.get(Document, number) if number < 2**63 else None
    if document is None:
        raise HTTPException(404, visit.text("There is no such document."))
    return document


def download(visit: Visit) -> Response:
    """Hand out the bytes, to be saved; where a browser opens them all the same, in a sandbox."""
    document = _document(visit)
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


PAGES: Final = (
    Page("/documents/{document_id:int}/original", download),
    Page("/documents/{document_id:int}/pages/{number:int}", picture),
)
