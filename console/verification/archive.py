"""The archive against the ledger: every document's bytes, and nobody else's.

A part of both at a time, a 256th at least, so that memory stays small. Bytes are kept before their
document and never deleted while it is there: what the ledger has when it is asked first must be in
the archive. What only the archive has may be about to get its document, and is asked for again.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, cast

from sqlalchemy import Table, bindparam, func, select

from console.verification.discrepancy import Discrepancy
from console.verification.look import Check, Look
from models.ledger import Document
from worker.archive import SHARDS, Held
from worker.errors import ArchiveError

_ASKED: Final = 500
_TOGETHER: Final = 5000
"""About how many documents are compared at a time, where a 256th of them is less."""


class _Kept(NamedTuple):
    """What the ledger has of a content."""

    id: int
    sha256: str
    name: str
    size: int
    created_at: datetime


_DOCUMENTS: Final = cast("Table", Document.__table__)
_OF_SHARD: Final = select(*(_DOCUMENTS.c[name] for name in _Kept._fields)).where(
    _DOCUMENTS.c.sha256.between(bindparam("first"), bindparam("last"))
)


def _compare(look: Look) -> Iterator[Discrepancy]:
    count = _demand_any(look)
    together = max(1, len(SHARDS) * _TOGETHER // max(count, 1))
    for start in range(0, len(SHARDS), together):
        shards = SHARDS[start : start + together]
        documents = _documents(look, shards)
        contents = {held.sha256: held for s in shards for held in look.archive.contents(s)}
        look.looked_at["contents"] += len(contents)
        for sha256, document in documents.items():
            yield from _document(look, document, contents.pop(sha256, None))
            look.seen("documents")
        yield from _orphans(look, contents)


def _demand_any(look: Look) -> int:
    """Return how many documents there are.

    Raises:
        ArchiveError: the archive is away: every single document would be missing.
    """
    with look.database.reading() as session:
        count: int = session.scalar(select(func.count()).select_from(Document)) or 0
    if count and not look.archive.holds_anything():
        raise ArchiveError(f"archive: {look.settings.archive} holds nothing: is it mounted?")
    return count


def _documents(look: Look, shards: Sequence[str]) -> dict[str, _Kept]:
    # "g" comes after every digit: these are the names that begin with one of the shards
    between = {"first": shards[0], "last": f"{shards[-1]}g"}
    with look.database.reading() as session:
        rows = session.connection().execute(_OF_SHARD, between)
        return {row.sha256: _Kept(*row) for row in rows}


def _document(look: Look, document: _Kept, held: Held | None) -> Iterator[Discrepancy]:
    if held is None and not look.archive.has(document.sha256):
        yield _about("ARCHIVE.MISSING", look, document)
    elif held is None or held.size != document.size or _to_be_read(look, document):
        yield from _bytes(look, document)


def _to_be_read(look: Look, document: _Kept) -> bool:
    since = look.wishes.since
    return not look.wishes.quick and (since is None or document.created_at >= since)


def _bytes(look: Look, document: _Kept) -> Iterator[Discrepancy]:
    try:
        found = look.archive.measure(document.sha256)
    except ArchiveError as error:
        yield _about("ARCHIVE.UNREADABLE", look, document, str(error))
        return
    look.looked_at["bytes"] += found.size
    if found.sha256 != document.sha256:
        detail = f"{found.size} bytes of {document.size}, SHA-256 {found.sha256[:12]}…"
        yield _about("ARCHIVE.DAMAGED", look, document, detail)
    elif found.size != document.size:
        detail = f"{found.size} bytes, {document.size} in the ledger"
        yield _about("ARCHIVE.SIZE", look, document, detail)


def _orphans(look: Look, contents: Mapping[str, Held]) -> Iterator[Discrepancy]:
    before = time.time() - look.wishes.patience.orphaned
    old = [held for held in contents.values() if held.modified <= before]
    for start in range(0, len(old), _ASKED):
        page = old[start : start + _ASKED]
        wanted = [held.sha256 for held in page]
        with look.database.reading() as session:
            query = select(Document.sha256).where(Document.sha256.in_(wanted))
            known = set(session.scalars(query))
        for held in page:
            if held.sha256 not in known:
                detail = f"{held.size} bytes"
                yield look.found("ARCHIVE.ORPHAN", sha256=held.sha256, detail=detail)


def _about(code: str, look: Look, document: _Kept, detail: str = "") -> Discrepancy:
    return look.found(
        code,
        detail=detail,
        document=document.id,
        name=document.name,
        sha256=document.sha256,
    )


def _leftovers(look: Look) -> Iterator[Discrepancy]:
    for name in look.archive.leftovers(look.wishes.patience.orphaned):
        yield look.found("ARCHIVE.LEFTOVER", file=name)


def _strangers(look: Look) -> Iterator[Discrepancy]:
    for name in look.archive.strangers():
        yield look.found("ARCHIVE.STRANGER", file=name)


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
