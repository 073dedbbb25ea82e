"""Bytes in the archive that no document has: left by whoever was killed before its commit.

An old file may become a document's at any moment, when the same content comes again: whoever puts
it finds it there, makes it young (:mod:`worker.archive`) and commits a little later. So a file is
first taken away from its name, then looked at: one that is young, or that a document has by now,
goes back. Meanwhile nobody commits a document, and readers find it where it lies.
"""

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models.ledger import Document
from models.session import Database
from worker.archive import LEAVING, Archive
from worker.faults import reach

_AT_ONCE: Final = 200
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FOLDER: Final = re.compile(r"[0-9a-f]{2}")


class Gone(NamedTuple):
    """How many files were deleted, or would be, and their bytes."""

    files: int
    size: int


class Orphans:
    """The orphans of an archive that is a directory.

    Args:
        archive: where bytes are kept.
        database: the ledger.
        grace: for so many seconds since they were put last files are left alone.
    """

    def __init__(self, archive: Archive, database: Database, grace: float) -> None:
        self._root = archive.root
        self._database = database
        self._grace = grace

    def recover(self) -> int:
        """Put back what a killed process had taken away from its name; returns how many files."""
        found = 0
        with suppress(FileNotFoundError):
            for path in sorted((self._root / LEAVING).iterdir()):
                _put_back(path, self._named(path.name))
                found += 1
        return found

    def remove(self, *, dry_run: bool) -> Iterator[Gone]:
        """Delete orphans, some at a time.

        Raises:
            OSError: the archive cannot be read or written.
            SQLAlchemyError: the database cannot be reached.
        """
        for page in self._old():
            unknown = self._without(page, self._known)
            if not unknown:
                yield Gone(0, 0)
            elif dry_run:
                yield Gone(len(unknown), sum(map(self._size, unknown)))
            else:
                yield self._delete(unknown)

    def _old(self) -> Iterator[list[str]]:
        """Yield the names of files that are older than the grace, folder by folder."""
        with suppress(FileNotFoundError):
            for folder in sorted(self._root.iterdir()):
                if _FOLDER.fullmatch(folder.name):
                    old = self._old_in(folder)
                    for start in range(0, max(1, len(old)), _AT_ONCE):
                        yield old[start : start + _AT_ONCE]

    def _old_in(self, folder: Path) -> list[str]:
        old = []
        with os.scandir(folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if _SHA256.fullmatch(entry.name) and self._is_old(entry.stat()):
                        old.append(entry.name)
        return sorted(old)

    def _is_old(self, status: os.stat_result) -> bool:
        return time.time() - status.st_mtime > self._grace

    def _delete(self, names: list[str]) -> Gone:
        """Delete those that are orphans still, while no other process can commit a document."""
        files = size = 0
        with self._database.transaction() as session:
            if session.get_bind().dialect.name == "postgresql":
                # Waits for those that are entering documents; SQLite has one writer anyway.
                session.execute(text("SET LOCAL lock_timeout = '5s'"))
                session.execute(text("LOCK TABLE documents IN SHARE MODE"))
            for name in self._without(names, lambda page: _known(session, page)):
                gone = self._delete_one(name)
                files, size = files + (gone is not None), size + (gone or 0)
        return Gone(files, size)

    def _delete_one(self, name: str) -> int | None:
        """Delete a file unless it became young; returns how many bytes it had."""
        aside = self._root / LEAVING / name
        aside.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            self._named(name).rename(aside)
            reach("prune.aside")
            status = aside.stat()
            if not self._is_old(status):
                _put_back(aside, self._named(name))
                return None
            aside.unlink()
        except FileNotFoundError:  # another process does the same
            return None
        return status.st_size

    def _known(self, names: list[str]) -> set[str]:
        with self._database.reading() as session:
            return _known(session, names)

    @staticmethod
    def _without(names: list[str], known: Callable[[list[str]], Iterable[str]]) -> list[str]:
        return sorted(set(names) - set(known(names))) if names else []

    def _size(self, name: str) -> int:
        with suppress(FileNotFoundError):
            return self._named(name).stat().st_size
        return 0

    def _named(self, name: str) -> Path:
        return self._root / name[:2] / name


def _known(session: Session, names: list[str]) -> set[str]:
    return set(session.scalars(select(Document.sha256).where(Document.sha256.in_(names))))


def _put_back(aside: Path, named: Path) -> None:
    """Give a file its name back, unless another took it: that one was put since, and is whole."""
    with suppress(FileNotFoundError):
        try:
            os.link(aside, named)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            if not named.exists():
                aside.rename(named)
                return
        aside.unlink()
