"""Originals that a restored ledger does not know, back where they came from.

What came in after a backup was made is in ``<root>/.gouji/done/``, in the folder of its day, or was
on its way there. Put back it comes to rest, and is taken in as if it had just been dropped.
"""

import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import or_, select

from models.ledger import Arrival, Handover
from models.session import Database
from watcher import ignore
from watcher.filesystem import Kind, Signature, look, readable, remove_empty, walk
from watcher.moving import names, put, undecided
from worker.source import Source

_DONE: Final = ignore.OWN + b"/done"
_NUMBERED: Final = re.compile(rb"(.+?)(?:\.[0-9]+){1,2}(\.[^.]*)?", re.DOTALL)
"""What :func:`watcher.moving.names` makes of a name that is taken."""


def put_back_unknown(sources: Sequence[Source], database: Database, since: datetime) -> list[str]:
    """Put back what a ledger of the moment ``since`` does not know; return the readable paths.

    Nothing may be watching meanwhile.

    Raises:
        OSError: a file cannot be renamed.
        SQLAlchemyError: the database cannot be reached.
    """
    found: list[str] = []
    for source in sources:
        root = os.fsencode(source.path.resolve())
        known = _known(source.name, database, since)
        found += [readable(root + b"/" + path) for path in _from_done(root, known, since)]
        found += [readable(root + b"/" + path) for path in _on_the_way(root, known)]
    return found


def _known(source: str, database: Database, since: datetime) -> dict[Signature, int]:
    """Return the versions that may lie there under a day that is not over, by arrival."""
    today = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moving = Arrival.handover.in_([str(Handover.PENDING), str(Handover.FAILED)])
    query = select(Arrival.inode, Arrival.size, Arrival.mtime_ns, Arrival.id).where(
        Arrival.source == source, or_(Arrival.seen_at >= today, moving)
    )
    with database.reading() as session:
        rows = session.execute(query).all()
    return {Signature(inode, size, mtime_ns): number for inode, size, mtime_ns, number in rows}


def _from_done(root: bytes, known: dict[Signature, int], since: datetime) -> Iterator[bytes]:
    day = since.astimezone(UTC).date().isoformat().encode()
    for folder in _days(root):
        if folder < day:
            continue
        base = _DONE + b"/" + folder
        # walk() passes over what is the project's own: this begins inside of it
        for entry in list(walk(os.path.join(root, base))):  # noqa: PTH118 - bytes
            path = base + b"/" + entry.path
            version = look(root, path)
            if entry.kind is Kind.FILE and version is not None and version not in known:
                above, slash, name = entry.path.rpartition(b"/")
                plain = _plain(root, path.removesuffix(name), name)
                yield put(root, path, above + slash, names(plain, version.mtime_ns))
                _tidy(root, path)


def _plain(root: bytes, directory: bytes, name: bytes) -> bytes:
    """Return what a file was called before it was moved beside one of the same name."""
    found = _NUMBERED.fullmatch(name)
    plain = name if found is None else found[1] + (found[2] or b"")
    return name if look(root, directory + plain) is None else plain


def _days(root: bytes) -> list[bytes]:
    try:
        return sorted(os.listdir(os.path.join(root, _DONE)))  # noqa: PTH118, PTH208 - bytes
    except OSError:
        return []


def _on_the_way(root: bytes, known: dict[Signature, int]) -> Iterator[bytes]:
    """Put back what is in the folder of moves under the number of an arrival that is forgotten."""
    for number, staged in undecided(root).items():
        for path in staged:
            version = look(root, path)
            if version is not None and known.get(version) != number:
                yield put(root, path, b"", names(b"restored-%d" % number, number))


def _tidy(root: bytes, path: bytes) -> None:
    try:
        remove_empty(root, path.rpartition(b"/")[0])
    except OSError:  # others lie there still
        return
