"""Originals that were moved to ``<root>/.gouji/done/`` long ago: deleted once they are kept twice.

Only the very version that was taken in is deleted, and only after its bytes in the archive were
read to the end and are whole.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from models.ledger import Arrival, Document, Handover
from models.session import Database
from watcher import ignore
from watcher.filesystem import Signature, look, parent, remove_empty
from worker.archive import Archive
from worker.errors import ArchiveError
from worker.faults import reach
from worker.orphans import Gone
from worker.source import Source

_PAGE: Final = 20
_CHUNK: Final = 1 << 20


class Originals:
    """The originals of drop sources.

    Args:
        sources: the drop sources.
        archive: where the bytes are kept.
        database: the ledger.
    """

    def __init__(self, sources: Sequence[Source], archive: Archive, database: Database) -> None:
        self._sources = sources
        self._archive = archive
        self._database = database

    def remove(self, before: datetime, *, dry_run: bool) -> Iterator[Gone]:
        """Delete originals that came before ``before``, some at a time.

        A source whose directory is away is left for another time.

        Raises:
            OSError: a file cannot be deleted.
            SQLAlchemyError: the database cannot be reached.
        """
        for source in self._sources:
            root = os.fsencode(source.path.resolve())
            if os.path.isdir(os.path.join(root, ignore.OWN)):  # noqa: PTH112, PTH118 - bytes
                yield from self._of(source.name, root, before, dry_run=dry_run)

    def _of(self, name: str, root: bytes, before: datetime, *, dry_run: bool) -> Iterator[Gone]:
        after = 0
        while rows := self._page(name, after):
            after = rows[-1][0].id
            due = [row for row in rows if row[0].seen_at < before]
            gone = {row[0].id: self._delete(root, *row, dry_run=dry_run) for row in due}
            if not dry_run:
                self._note(number for number, size in gone.items() if size is not None)
            sizes = [size for size in gone.values() if size]
            yield Gone(len(sizes), sum(sizes))
            if len(due) < len(rows):
                return

    def _page(self, name: str, after: int) -> Sequence[Any]:
        query = (
            select(Arrival, Document.sha256)
            .join(Document, Document.id == Arrival.document_id)
            .where(
                Arrival.source == name,
                Arrival.handover == Handover.MOVED,
                Arrival.moved_to.is_not(None),
                Arrival.id > after,
            )
        )
        with self._database.reading() as session:
            return session.execute(query.order_by(Arrival.id).limit(_PAGE)).all()

    def _delete(self, root: bytes, arrival: Arrival, sha256: str, *, dry_run: bool) -> int | None:
        """Delete one; returns its size, 0 where it was gone already, ``None`` where it stays."""
        path = arrival.moved_to or b""
        found = look(root, path)
        if found is None:
            return 0
        if found != Signature(arrival.inode, arrival.size, arrival.mtime_ns):
            return None  # somebody has written to it since, and only that somebody knows what
        if not self._is_kept(sha256):
            return None
        if not dry_run:
            _unlink(root, path)
        return found.size

    def _is_kept(self, sha256: str) -> bool:
        digest = hashlib.sha256()
        try:
            with self._archive.open(sha256) as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
        except (ArchiveError, OSError):
            return False
        return digest.hexdigest() == sha256

    def _note(self, ids: Iterator[int]) -> None:
        reach("prune.unlinked")
        numbers = list(ids)
        if not numbers:
            return
        with self._database.transaction() as session:
            session.execute(
                update(Arrival)
                .where(Arrival.id.in_(numbers), Arrival.handover == Handover.MOVED)
                .values(handover=Handover.DELETED)
                .execution_options(synchronize_session=False)
            )


def _unlink(root: bytes, path: bytes) -> None:
    """Delete a file and its done marker, and the directories that this leaves empty."""
    with parent(root, path) as (directory, name):
        os.unlink(name, dir_fd=directory)
        with suppress(OSError):
            os.unlink(name + ignore.DONE_MARKER, dir_fd=directory)
    with suppress(OSError):
        remove_empty(root, path.rpartition(b"/")[0])
