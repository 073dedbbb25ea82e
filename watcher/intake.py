"""Settled files into the house: bytes first, then the ledger, then the message.

One batch is one transaction. Whatever stops a batch in between, the next try finds what is there
already: a content is archived once, a version of a file arrives once, and a document whose message
was not sent is sent by the sweeper.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from models.event import EventName
from models.session import Database
from watcher import ignore
from watcher.copying import Changed, copy, hard_limit
from watcher.filesystem import (
    Kind,
    Signature,
    irregular,
    kept_open,
    look,
    parent,
    readable,
    walk,
)
from watcher.register import Copied, Origin, Outcome, Taken, ignore_files, register
from watcher.settle import Settled
from worker import judge
from worker.archive import Archive, Lot, TooLarge, demand_recent
from worker.errors import ArchiveError
from worker.faults import reach
from worker.inbox import Inbox
from worker.logs import log, record
from worker.send import Sender
from worker.settings import Settings

# Syncs of several files share one flush of the disk's journal.
_COPIERS: Final = 4
_MANY: Final = 8
"""From so many files on they are synced together: that may have to wait for what others write."""
_RACES: Final = 5
_UNWRITABLE: Final = (DataError, OverflowError, ValueError)
"""What databases and their drivers say of values that they cannot take."""
_UNREACHABLE: Final = Signature(0, 0, 0)
_INGEST_BATCH: Final = 50  # progress is told after each


class Intake:
    """Takes in batches of settled files.

    Args:
        settings: limits.
        database: the ledger.
        archive: where bytes are kept.
        sender: the way to the queue.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        archive: Archive,
        sender: Sender,
    ) -> None:
        self._limit = hard_limit(settings)
        self._database = database
        self._archive = archive
        self._sender = sender
        self._copiers = ThreadPoolExecutor(_COPIERS, "copier")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wait for copies that are under way."""
        self._copiers.shutdown()

    def take(self, origin: Origin, items: Sequence[Settled]) -> list[Taken]:
        """Take in a batch of at most ``MOST`` files.

        A file that cannot be taken in (changed, vanished, unreadable, no room in the archive) does
        not keep the others back.

        Raises:
            SQLAlchemyError: the database cannot be reached; nothing was written.
            ArchiveError: it took so long that the bytes may be gone again; nothing was written.
        """
        began = time.time()
        results = self._archived(origin, [item for item in items if item.why is None])
        copied = [result for result in results if isinstance(result, Copied)]
        failed = [result for result in results if isinstance(result, Taken)]
        huge = [taken.item for taken in failed if taken.outcome is Outcome.IGNORED]
        reach("intake.archived")
        ignored = [item for item in items if item.why is not None] + huge
        written = self._write(origin, copied, ignored, began)
        reach("intake.committed")
        self._send([taken for taken in written if taken.outcome is Outcome.ACCEPTED])
        reach("intake.sent")
        rest = [taken for taken in failed if taken.outcome is not Outcome.IGNORED]
        return [_renewed(origin, taken) for taken in written] + rest

    def _archived(self, origin: Origin, items: Sequence[Settled]) -> list[Copied | Taken]:
        if len(items) < _MANY:
            each = [[item] for item in items]
            return list(chain.from_iterable(self._copied(origin, each, self._archive)))
        try:
            with self._archive.lot() as lot:
                shares = [items[start::_COPIERS] for start in range(_COPIERS)]
                results = list(chain.from_iterable(self._copied(origin, shares, lot)))
                failed = lot.keep()
        except ArchiveError as error:
            return [_failed(origin, item, str(error), passing=True) for item in items]
        return [_kept(origin, result, failed) for result in results]

    def _copied(
        self, origin: Origin, shares: Sequence[Sequence[Settled]], into: Archive | Lot
    ) -> Iterator[list[Copied | Taken]]:
        def copied(share: Sequence[Settled]) -> list[Copied | Taken]:
            with kept_open():
                return [self._copy(origin, item, into) for item in share]

        return self._copiers.map(copied, shares)

    def _copy(self, origin: Origin, item: Settled, into: Archive | Lot) -> Copied | Taken:
        try:
            return copy(origin.root, item, into, self._limit, unwritten=origin.ours)
        except Changed as error:
            return Taken(item, Outcome.CHANGED, why=str(error))
        except FileNotFoundError:
            return Taken(item, Outcome.VANISHED)
        except TooLarge as error:
            return Taken(item._replace(why=error.message), Outcome.IGNORED)
        except (ArchiveError, OSError) as error:
            return _failed(origin, item, str(error), passing=isinstance(error, ArchiveError))

    def _write(
        self,
        origin: Origin,
        copied: Sequence[Copied],
        ignored: Sequence[Settled],
        began: float,
    ) -> list[Taken]:
        try:
            return self._write_together(origin, copied, ignored, began)
        except _UNWRITABLE as error:
            items = [*(one.item for one in copied), *ignored]
            if len(items) == 1:
                return [_failed(origin, items[0], judge.told(error))]
        # one of them cannot be written down, which must not keep the others back
        alone: list[tuple[Sequence[Copied], Sequence[Settled]]] = [([one], ()) for one in copied]
        alone += [((), [one]) for one in ignored]
        return [taken for one in alone for taken in self._write(origin, *one, began)]

    def _write_together(
        self,
        origin: Origin,
        copied: Sequence[Copied],
        ignored: Sequence[Settled],
        began: float,
    ) -> list[Taken]:
        for race in range(_RACES):
            try:
                return self._database.unit(
                    lambda session: _entered(session, origin, copied, ignored, began)
                )
            except IntegrityError:
                # Another process registered one of them: now it can be recognised.
                if race == _RACES - 1:
                    raise
        raise AssertionError("not reached")

    def _send(self, accepted: Sequence[Taken]) -> None:
        documents = [
            (taken.document_id, taken.queue) for taken in accepted if taken.document_id is not None
        ]
        known = ((taken.document_id, taken.trace) for taken in accepted)
        traces = {number: trace for number, trace in known if number and trace}
        sent = self._sender.send_received(documents, traces)
        if self._sender.away and sent < len(documents):
            with self._database.transaction() as session:
                for document_id, queue in documents[sent:]:
                    name = EventName.DOCUMENT_SEND_FAILED
                    told: dict[str, Any] = {"queue": queue, "error": self._sender.problem}
                    record(session, name, level="warning", document_id=document_id, **told)


def _kept(
    origin: Origin, result: Copied | Taken, failed: Mapping[str, ArchiveError]
) -> Copied | Taken:
    error = failed.get(result.stored.sha256) if isinstance(result, Copied) else None
    return result if error is None else _failed(origin, result.item, str(error), passing=True)


def _failed(origin: Origin, item: Settled, why: str, *, passing: bool = False) -> Taken:
    taken = Taken(item, Outcome.FAILED, why=why, passing=passing)
    told = {"source": origin.name, "file": taken.file, "error": why}
    log(EventName.INTAKE_FAILED, level="error", **told)
    return taken


def _entered(
    session: Session,
    origin: Origin,
    copied: Sequence[Copied],
    ignored: Sequence[Settled],
    began: float,
) -> list[Taken]:
    taken = register(session, origin, copied) if copied else []
    taken += ignore_files(session, origin, ignored) if ignored else []
    demand_recent(began)
    reach("intake.entered")
    return taken


def _renewed(origin: Origin, taken: Taken) -> Taken:
    """Give a file of ours that bears the identity of another a new one, so that it can arrive.

    An inode number is used again after its file is deleted; with the size and the time copied
    from elsewhere as well, only the content tells the two apart.
    """
    if taken.outcome is not Outcome.CHANGED:
        return taken
    if not origin.ours:
        return Taken(taken.item, Outcome.FAILED, why=taken.why)
    try:
        with parent(origin.root, taken.item.path) as (directory, name):
            os.utime(name, dir_fd=directory, follow_symlinks=False)
    except OSError as error:
        return Taken(taken.item, Outcome.FAILED, why=f"{taken.why}: {error.strerror}")
    return taken


Progress = Callable[[int, int, Taken], None]
"""Told after each file: how many are done, how many there are, and what became of this one."""

INGEST: Final = Origin("ingest", b"/", ours=False)
"""Files named on the command line; their paths are relative to the root of the file system."""


def ingest(
    paths: Sequence[Path],
    *,
    settings: Settings,
    database: Database,
    archive: Archive,
    inbox: Inbox,
    progress: Progress | None = None,
) -> list[Taken]:
    """Take in files and, recursively, directories as they are now; originals are never moved.

    Names that a source would ignore are ignored below a directory, not when they are named
    themselves. When the queue is full or away, documents are left ``received`` for the watcher's
    sweeper to send.

    Raises:
        FileNotFoundError: a path is not there.
        SQLAlchemyError: the database cannot be reached; batches before are taken in.
    """
    items = _once(item for path in paths for item in _found(path))
    sender = Sender(database, inbox, settings.max_outstanding)
    everything: list[Taken] = []
    with Intake(settings, database, archive, sender) as intake:
        for batch in _batches(items):
            for taken in intake.take(INGEST, batch):
                everything.append(taken)
                if progress is not None:
                    progress(len(everything), len(items), taken)
    return everything


def _once(items: Iterable[Settled]) -> list[Settled]:
    """Return each path once, however often it was named; one that is named is not ignored."""
    found: dict[bytes, Settled] = {}
    for item in items:
        if item.why is None or item.path not in found:
            found[item.path] = item
    return list(found.values())


def _batches(items: Sequence[Settled]) -> Iterator[Sequence[Settled]]:
    for start in range(0, len(items), _INGEST_BATCH):
        yield items[start : start + _INGEST_BATCH]


def _found(path: Path) -> Iterator[Settled]:
    resolved = os.fsencode(path.resolve(strict=True)).lstrip(b"/")
    if not path.is_dir():
        yield from _item(resolved, None)
        return
    base = b"/" + resolved
    for entry in walk(base, passed_over=_tell):
        if entry.kind is not Kind.EMPTY_DIRECTORY:
            why = ignore.why(entry.path) or irregular(base, entry.path)
            yield from _item(resolved + b"/" + entry.path, why)


def _tell(directory: bytes, error: OSError) -> None:
    told = {"source": INGEST.name, "file": readable(directory), "error": error.strerror}
    log(EventName.INTAKE_FAILED, level="error", **told)


def _item(path: bytes, why: str | None) -> Iterator[Settled]:
    try:
        found = look(INGEST.root, path)
    except OSError:
        found = _UNREACHABLE  # copying it fails, and tells why
    if found is not None:
        yield Settled(path, found, why)
