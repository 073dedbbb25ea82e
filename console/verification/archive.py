"""The archive against the ledger: every document's bytes, and nobody else's.

Both are read in the order of the digests and merged, so that memory stays small. One may have been
read a little before the other: what seems to be missing on either side is asked for once more.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import bindparam, select

from console.verification.discrepancy import Discrepancy
from console.verification.look import Check, Look
from models.ledger import DOCUMENTS, Document
from worker.archive import INCOMING, Condition, Held
from worker.archives.place import demand_digest
from worker.errors import ArchiveError

_PAGE: Final = 2000
_ASKED: Final = 500
_BEYOND: Final = chr(sys.maxunicode)
"""What comes after every digest, and after whatever stands where one should."""
_FOLDER: Final = 2


class _Kept(NamedTuple):
    """What the ledger has of a content."""

    id: int
    sha256: str
    name: str
    size: int
    created_at: datetime


_NEXT: Final = (
    select(*(DOCUMENTS.c[name] for name in _Kept._fields))
    .where(DOCUMENTS.c.sha256 > bindparam("after"))
    .order_by(DOCUMENTS.c.sha256)
    .limit(_PAGE)
)


def _compare(look: Look) -> Iterator[Discrepancy]:
    orphans: list[Held] = []
    before = look.moment - timedelta(seconds=look.wishes.patience.orphaned)
    for document, held in _merged(look):
        look.looked_at["contents"] += held is not None
        if document is not None:
            yield from _document(look, document, held)
            look.seen("documents")
        elif held is not None and held.put_at <= before:
            orphans.append(held)
        if len(orphans) == _ASKED:
            yield from _orphans(look, orphans)
            orphans.clear()
    yield from _orphans(look, orphans)


def _merged(look: Look) -> Iterator[tuple[_Kept | None, Held | None]]:
    """Yield what each has of every digest.

    Raises:
        ArchiveError: the archive is away: every single document would be missing.
    """
    documents, contents = _documents(look), look.archive.contents()
    document, held = next(documents, None), next(contents, None)
    if document is not None and held is None:
        raise ArchiveError("archive: it holds nothing at all; is it mounted?")
    while document is not None or held is not None:
        ours = _BEYOND if document is None else document.sha256
        theirs = _BEYOND if held is None else held.sha256
        yield document if ours <= theirs else None, held if theirs <= ours else None
        document = next(documents, None) if ours <= theirs else document
        held = next(contents, None) if theirs <= ours else held


def _documents(look: Look) -> Iterator[_Kept]:
    after = ""
    while True:
        with look.database.reading() as session:
            page = session.connection().execute(_NEXT, {"after": after}).all()
        yield from (_Kept(*row) for row in page)
        if len(page) < _PAGE:
            return
        after = page[-1].sha256


def _document(look: Look, document: _Kept, held: Held | None) -> Iterator[Discrepancy]:
    try:
        demand_digest(document.sha256)
    except ArchiveError as error:
        yield _about("ARCHIVE.UNREADABLE", look, document, str(error))
        return
    if held is None and not look.archive.has(document.sha256):
        yield _about("ARCHIVE.MISSING", look, document)
    elif held is None or held.size != document.size or _to_be_read(look, document):
        yield from _bytes(look, document, held)


def _to_be_read(look: Look, document: _Kept) -> bool:
    since = look.wishes.since
    return not look.wishes.quick and (since is None or document.created_at >= since)


def _bytes(look: Look, document: _Kept, held: Held | None) -> Iterator[Discrepancy]:
    try:
        condition = look.archive.check(document.sha256)
    except ArchiveError as error:
        yield _about("ARCHIVE.UNREADABLE", look, document, str(error))
        return
    size = document.size if held is None else held.size
    look.looked_at["bytes"] += size
    detail = f"{size} bytes, {document.size} in the ledger"
    if condition is Condition.MISSING:
        yield _about("ARCHIVE.MISSING", look, document)
    elif condition is Condition.DAMAGED:
        yield _about("ARCHIVE.DAMAGED", look, document, detail)
    elif size != document.size:
        yield _about("ARCHIVE.SIZE", look, document, detail)


def _orphans(look: Look, found: Sequence[Held]) -> Iterator[Discrepancy]:
    wanted = [held.sha256 for held in found]
    with look.database.reading() as session:
        known = set(session.scalars(select(Document.sha256).where(Document.sha256.in_(wanted))))
    for held in found:
        if held.sha256 not in known:
            detail = f"{held.size} bytes, put at {held.put_at.isoformat(timespec='seconds')}"
            yield look.found("ARCHIVE.ORPHAN", sha256=held.sha256, detail=detail)


def _about(code: str, look: Look, document: _Kept, detail: str = "") -> Discrepancy:
    return look.found(
        code,
        detail=detail,
        document=document.id,
        name=document.name,
        sha256=document.sha256,
    )


# --- what lies in the directory of an archive that is one ----------------------------------------


def _leftovers(look: Look) -> Iterator[Discrepancy]:
    if not look.archive.is_directory:
        return  # what is half uploaded is no object
    folder = look.archive.root / INCOMING
    for entry in _entries(folder):
        with suppress(FileNotFoundError):  # it was finished meanwhile
            age = time.time() - entry.stat(follow_symlinks=False).st_mtime
            if age > look.wishes.patience.orphaned:
                yield look.found("ARCHIVE.LEFTOVER", file=entry.name)


def _strangers(look: Look) -> Iterator[Discrepancy]:
    """Find what has no digest for a name; folders of ours begin with a dot."""
    if not look.archive.is_directory:
        return  # a bucket may be shared with others
    root = look.archive.root
    for folder in _entries(root):
        if folder.name.startswith("."):
            continue
        if len(folder.name) != _FOLDER or not folder.is_dir(follow_symlinks=False):
            yield look.found("ARCHIVE.STRANGER", file=folder.name)
            continue
        for entry in _entries(root / folder.name):
            if not _is_ours(folder.name, entry):
                yield look.found("ARCHIVE.STRANGER", file=f"{folder.name}/{entry.name}")


def _is_ours(folder: str, entry: "os.DirEntry[str]") -> bool:
    digest = len(entry.name) == 64 and set(entry.name) <= set("0123456789abcdef")
    return digest and entry.name.startswith(folder) and entry.is_file(follow_symlinks=False)


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []  # nothing has been put there yet


CHECKS: Final[tuple[Check, ...]] = (
    Check(
        (
            "ARCHIVE.MISSING",
            "ARCHIVE.DAMAGED",
            "ARCHIVE.SIZE",
            "ARCHIVE.UNREADABLE",
            "ARCHIVE.ORPHAN",
        ),
        _compare,
    ),
    Check(("ARCHIVE.LEFTOVER",), _leftovers),
    Check(("ARCHIVE.STRANGER",), _strangers),
)
"""Checks of the archive."""
