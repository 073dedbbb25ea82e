"""Bytes in the archive that no document has: left by whoever was killed before its commit.

Old bytes may become a document's at any moment, when the same content comes again: whoever puts
them finds them there, makes them young (:mod:`worker.archive`) and commits a little later. So the
archive looks at their age once more when it has begun to delete them, and nobody commits a document
meanwhile.
"""

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models.ledger import Document
from models.session import Database
from worker.archive import Archive
from worker.archives.place import Held

_AT_ONCE: Final = 200


class Gone(NamedTuple):
    """How many files were deleted, or would be, and their bytes."""

    files: int
    size: int


class Orphans:
    """The orphans of an archive.

    Args:
        archive: where bytes are kept.
        database: the ledger.
        grace: for so many seconds since they were put last bytes are left alone.
    """

    def __init__(self, archive: Archive, database: Database, grace: float) -> None:
        self._archive = archive
        self._database = database
        self._grace = grace

    def recover(self) -> int:
        """Put back what a killed process had taken away from its name; returns how many files.

        Raises:
            ArchiveError: the archive cannot be written.
        """
        return self._archive.recover()

    def remove(self, *, dry_run: bool) -> Iterator[Gone]:
        """Delete orphans, some at a time.

        Raises:
            ArchiveError: the archive cannot be read or written.
            SQLAlchemyError: the database cannot be reached.
        """
        held = self._archive.contents()
        while page := list(islice(held, _AT_ONCE)):
            old = [one for one in page if time.time() - one.put_at.timestamp() > self._grace]
            with self._database.reading() as session:
                unknown = _unknown(session, old)
            if dry_run or not unknown:
                yield Gone(len(unknown), sum(one.size for one in unknown))
            else:
                yield self._delete(unknown)

    def _delete(self, old: list[Held]) -> Gone:
        """Delete those that are orphans still, while no other process can commit a document."""
        with self._database.transaction() as session:
            if session.get_bind().dialect.name == "postgresql":
                # Waits for those that are entering documents; SQLite has one writer anyway.
                session.execute(text("SET LOCAL lock_timeout = '5s'"))
                session.execute(text("LOCK TABLE documents IN SHARE MODE"))
            gone = [
                one
                for one in _unknown(session, old)
                if self._archive.delete(one.sha256, older_than=self._grace)
            ]
        return Gone(len(gone), sum(one.size for one in gone))


def _unknown(session: Session, held: Iterable[Held]) -> list[Held]:
    wanted = {one.sha256: one for one in held}
    query = select(Document.sha256).where(Document.sha256.in_(list(wanted)))
    known = set(session.scalars(query)) if wanted else set()
    return [one for sha256, one in wanted.items() if sha256 not in known]
