"""Repairs of what lies outside the database: bytes, messages, originals.

What is done there cannot be taken back with a transaction; each is something that may be done
twice, and is written down afterwards.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.verification.discrepancy import Discrepancy
from console.verification.hands import Hands, Mend, changing, locked, write_letter
from models import mending, transitions
from models.event import EventName
from models.ledger import Arrival, Document, Handover
from watcher.filesystem import look, open_file, readable
from watcher.handover import HandingOver
from watcher.intake import INGEST
from watcher.moving import undecided
from watcher.register import Origin
from worker.archive import INCOMING, Condition, Stored
from worker.errors import ArchiveError
from worker.inbox import Waiting
from worker.logs import record
from worker.source import Source

if TYPE_CHECKING:
    from io import FileIO

_MOST_ORIGINALS: Final = 20


# --- bytes ---------------------------------------------------------------------------------------


def _bytes(hands: Hands, found: Discrepancy) -> str | None:
    sha256 = found.about["sha256"]
    if _sound(hands, sha256):
        return None
    for root, path in _originals(hands, found.about["document"]):
        size = _copied(hands, root, path, sha256)
        if size is not None:
            what = f"copied {size} bytes from {readable(os.path.join(root, path))}"  # noqa: PTH118
            return _note(hands, found, what)
    return _give_up_unread(hands, found)


def _sound(hands: Hands, sha256: str) -> bool:
    with suppress(ArchiveError):
        return hands.archive.check(sha256) is Condition.WHOLE
    return False


def _originals(hands: Hands, document_id: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield where files with the bytes of a document may still lie, as root and path."""
    roots = {INGEST.name: INGEST.root}
    for source in hands.settings.watched:
        folder = source.files or source.folder
        roots[source.name] = os.fsencode(folder.resolve())
    query = select(Arrival.source, Arrival.path, Arrival.moved_to).where(
        Arrival.document_id == document_id,
        Arrival.container_id.is_(None),
        Arrival.source.in_(roots),
    )
    with hands.database.reading() as session:
        rows = session.execute(query.order_by(Arrival.id).limit(_MOST_ORIGINALS)).all()
    for source_name, path, moved_to in rows:
        yield from ((roots[source_name], one) for one in (moved_to, path) if one)


def _copied(hands: Hands, root: bytes, path: bytes, sha256: str) -> int | None:
    """Put an original into the archive if it has the bytes; return how many it has."""
    try:
        with open_file(root, path) as stream:
            size = os.fstat(stream.fileno()).st_size
            # open_file gives a FileIO, which hashing wants to know
            if hashlib.file_digest(cast("FileIO", stream), "sha256").hexdigest() != sha256:
                return None
            stream.seek(0)
            stored = hands.archive.put(stream, limit=size)
    except OSError:  # it is not there any more, or cannot be read: the next one may
        return None
    return size if stored == Stored(sha256, size) else None


def _give_up_unread(hands: Hands, found: Discrepancy) -> str | None:
    def change(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
        document_id = found.about["document"]
        if not mending.give_up(session, document_id):
            return None
        why = f"{found.rule.english}, and no original is left"
        write_letter(session, document_id, "fetch", why)
        return "gave the document up"

    return changing(change)(hands, found)


def _size(hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    if document is None or not _sound(hands, document.sha256):
        return None
    with hands.archive.open(document.sha256) as stream:
        size = stream.seek(0, os.SEEK_END)
    if size == document.size:
        return None
    before, document.size = document.size, size
    return f"size {before} → {size}"


def _leftover(hands: Hands, found: Discrepancy) -> str | None:
    hands.archive.discard_leftovers()
    left = (hands.archive.root / INCOMING / found.about["file"]).exists()
    return None if left else _note(hands, found, "deleted")


# --- messages ------------------------------------------------------------------------------------


def _lost(hands: Hands, found: Discrepancy) -> str | None:
    document_id, queue = found.about["document"], found.about["queue"]
    hands.inbox.send([(document_id, queue)])

    def change(_hands: Hands, session: Session, _found: Discrepancy) -> str | None:
        transitions.resend(session, [document_id])
        name = EventName.DOCUMENT_RESENT
        record(session, name, level="warning", document_id=document_id, queue=queue)
        return "sent again"

    return changing(change)(hands, found)


def _stranger(hands: Hands, found: Discrepancy) -> str | None:
    document_id = found.about["document"]
    with hands.database.reading() as session:
        if document_id is not None and session.get(Document, document_id) is not None:
            return None
    message = Waiting(found.about["queue"], found.about["message"], document_id)
    return _note(hands, found, "taken off the queue") if hands.inbox.remove(message) else None


# --- originals -----------------------------------------------------------------------------------


def _original(hands: Hands, found: Discrepancy) -> str | None:
    """Have the originals of its source moved as the watcher does when it starts."""
    source = next(one for one in hands.settings.drops if one.name == found.about["source"])
    origin = Origin(source.name, _root(source), ours=True)
    number = found.about["arrival"]
    if not _moves(hands, origin, number):
        return None
    HandingOver(hands.database).redo(origin, [Handover.PENDING])
    return None if _moves(hands, origin, number) else _note(hands, found, "moved, or put back")


def _root(source: Source) -> bytes:
    return os.fsencode(source.folder.resolve())


def _moves(hands: Hands, origin: Origin, number: int) -> bool:
    with hands.database.reading() as session:
        query = select(Arrival.handover).where(Arrival.id == number)
        pending = session.scalar(query) == Handover.PENDING
    staged = undecided(origin.root).get(number, [])
    return pending or any(look(origin.root, path) is not None for path in staged)


def _note(hands: Hands, found: Discrepancy, what: str) -> str:
    """Write down what was done outside the database."""
    changing(lambda _hands, _session, _found: what)(hands, found)
    return what


MENDS: Final[Mapping[str, Mend]] = {
    "ARCHIVE.MISSING": _bytes,
    "ARCHIVE.DAMAGED": _bytes,
    "ARCHIVE.SIZE": changing(_size),
    "ARCHIVE.LEFTOVER": _leftover,
    "QUEUE.LOST": _lost,
    "QUEUE.STRANGER": _stranger,
    "ORIGINAL.UNDECIDED": _original,
    "ORIGINAL.LATE": _original,
    "ORIGINAL.GONE": _original,
}
"""The repairs outside the database by the code of what they mend."""
