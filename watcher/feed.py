"""A feed source: files that a crawler appends to, and that say what it fetched.

Each feed is read on from its checkpoint. What it brings is taken in first and the checkpoint moved
afterwards: killed in between, the same is read again and recognised.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Final, Protocol

from sqlalchemy import select

from models.base import now
from models.event import EventName
from models.feed import FeedCheckpoint
from models.ledger import SourceStatus
from models.session import Database
from watcher.filesystem import (
    Kind,
    Signature,
    irregular,
    look,
    open_file,
    readable,
    signature,
    walk,
)
from watcher.intake import Intake
from watcher.place import Place
from watcher.referred import Referred
from watcher.register import MOST, Origin
from watcher.tail import Batch, LineTail, Mark
from watcher.warc import WarcTail
from worker.faults import reach
from worker.logs import log
from worker.settings import Settings
from worker.source import Source

SETTLE_LOCAL: Final = 2.0
SETTLE_NETWORK: Final = 30.0
_LOOK_EVERY: Final = 1.0
_BATCH_BYTES: Final = 32 << 20
_RECORDS: Final = (b".warc", b".warc.gz")
_FEEDS: Final = (b".jl", b".jsonl", *_RECORDS)


class Tail(Protocol):
    """How a feed of one format is followed."""

    mark: Mark

    def proved(self, stream: BinaryIO, size: int) -> bool:
        """Tell whether the file still begins with what was read."""

    def read(self, stream: BinaryIO, most: int, most_bytes: int, *, rested: bool) -> Batch:
        """Read on from the mark, which moves along."""


@dataclass(slots=True)
class _Followed:
    """One feed.

    ``version`` is the one that was read last, ``seen`` the one that was read as far as can be,
    ``since`` when; ``tried`` and ``told``: what was done about a last line without its newline.
    """

    tail: Tail
    version: Signature | None = None
    seen: Signature | None = None
    since: float = 0.0
    tried: bool = False
    told: bool = False


class FeedSource:
    """One feed source: one file, or every feed in a directory.

    Args:
        source: where it is.
        settings: intervals, in seconds.
        database: the ledger.
        intake: the way in.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        source: Source,
        settings: Settings,
        database: Database,
        intake: Intake,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.place = Place(source)
        files = os.fsencode((source.files or source.folder).resolve())
        self._files = files
        self._origin = Origin(source.name, files, ours=False)
        self._referred = Referred(self._origin, settings, database, intake, clock)
        self._source = source
        self._settings = settings
        self._database = database
        self._clock = clock
        self._followed: dict[bytes, _Followed] = {}
        self._begun = False
        self._of_directory = source.folder == source.path
        self._find_at = self._look_at = clock()
        self._last_event: datetime | None = None
        self._last_scan: datetime | None = None

    @property
    def name(self) -> str:
        """The name of the source."""
        return self._source.name

    def turn(self) -> int:
        """Read on in the feeds, one batch at most; returns how many documents it named."""
        moment = self._clock()
        if self.place.check():
            self._find_at = moment
        if not self.place.present:
            return 0
        self._begin()
        self._take_hints()
        if moment >= self._find_at:
            self._find_at = moment + self._settings.scan_interval
            self._find()
        taken = self._referred.look_again()
        if moment >= self._look_at:
            self._look_at = moment + _LOOK_EVERY
            for path in list(self._followed):
                count = self._read(path, moment)
                if count is not None:
                    self._look_at = moment
                    return taken + max(count, 1)
        return taken

    def next_due(self) -> float:
        """Return in how many seconds there may be something to do."""
        due = min(self._find_at, self._look_at) - self._clock()
        return max(0.0, min(due, self._referred.next_due()))

    def status(self) -> SourceStatus:
        """Return what is known of the source now."""
        unsettled = self._referred.waiting + sum(
            followed.seen is not None and followed.seen.size > followed.tail.mark.offset
            for followed in self._followed.values()
        )
        return self.place.status(unsettled, self._last_event, self._last_scan)

    def close(self) -> None:
        """Stop watching."""
        self.place.close()

    # Which feeds there are.

    def _begin(self) -> None:
        """Take up feeds that were read before, whatever they are called now."""
        if self._begun:
            return
        with self._database.reading() as session:
            rows = session.scalars(select(FeedCheckpoint).where(FeedCheckpoint.source == self.name))
            for row in rows:
                self._followed[row.path] = self._followed_from(row)
        self._referred.waiting = self._referred.count()
        self._begun = True

    def _followed_from(self, row: FeedCheckpoint) -> _Followed:
        version = Signature(row.inode, row.size, row.mtime_ns)
        tail = self._tail(row.path, Mark(row.offset, row.number, row.proof))
        seen = version if row.offset == row.size else None
        return _Followed(tail, version, seen)

    def _take_hints(self) -> None:
        hints, lost = self.place.drain()
        for path, is_directory in hints:
            if not is_directory and self._is_feed(path):
                self._follow(path)
                self._last_event, self._look_at = datetime.now(UTC), self._clock()
        if lost:
            self._find_at = self._clock()

    def _find(self) -> None:
        found = 0
        for path in self._feeds():
            found += self._follow(path)
        self._last_scan = datetime.now(UTC)
        level = "info" if found else "debug"
        log(EventName.SOURCE_SCANNED, level=level, source=self.name, found=found)

    def _feeds(self) -> Iterator[bytes]:
        if self._source.folder != self._source.path:
            path = os.fsencode(self._source.path.name)
            if look(self.place.root, path) is not None:
                yield path
            return
        for entry in walk(self.place.root):
            if entry.kind is Kind.FILE and self._is_feed(entry.path):
                yield entry.path

    def _is_feed(self, path: bytes) -> bool:
        if self._source.folder != self._source.path:
            return path == os.fsencode(self._source.path.name)
        inside = (self.place.root + b"/" + path).startswith(self._files + b"/")
        return path.endswith(_FEEDS) and not (inside and self._files != self.place.root)

    def _follow(self, path: bytes) -> bool:
        if path in self._followed:
            return False
        with self._database.reading() as session:
            row = session.get(FeedCheckpoint, (self.name, path))
        known = row is not None
        self._followed[path] = (
            self._followed_from(row) if row else _Followed(self._tail(path, Mark()))
        )
        return not known

    def _tail(self, path: bytes, mark: Mark) -> Tail:
        tail = WarcTail if path.endswith(_RECORDS) else LineTail
        return tail(mark, self._settings.max_bytes)

    # Reading them.

    def _read(self, path: bytes, moment: float) -> int | None:
        """Read on in one feed if it changed; returns how many entries came, ``None`` for none."""
        followed = self._followed[path]
        found = look(self.place.root, path)
        if found is None or self._is_disguised(path):
            del self._followed[path]
            self._adopt_renamed(path, followed)
            return None
        rested = found == followed.seen
        if rested and not self._wants_rest(path, followed, moment):
            return None
        with open_file(self.place.root, path) as stream:
            version = signature(os.fstat(stream.fileno()))
            self._prove(path, followed, stream, version)
            before = followed.tail.mark
            try:
                batch = followed.tail.read(stream, MOST, _BATCH_BYTES, rested=rested)
                self._referred.take(batch.brought, path)
                reach("feed.taken")
                self._write(path, version, batch.mark)
            except BaseException:
                followed.tail = self._tail(path, before)
                raise
        followed.version = version
        if batch.more:
            self._followed[path] = self._followed.pop(path)  # the others come first next time
            return len(batch.brought)
        if followed.seen != version:
            followed.seen, followed.since = version, moment
            followed.tried = followed.told = False
        return None if batch.mark == before else len(batch.brought)

    def _is_disguised(self, path: bytes) -> bool:
        """Tell whether something else than a file lies there; one that is configured may say so."""
        return self._of_directory and irregular(self.place.root, path) is not None

    def _wants_rest(self, path: bytes, followed: _Followed, moment: float) -> bool:
        """Tell whether a last line without its newline is to be tried, now that it has rested."""
        if followed.seen is None or followed.seen.size <= followed.tail.mark.offset:
            return False
        waited = moment - followed.since
        if waited >= self._settings.unsettled_after and not followed.told:
            followed.told = True
            told = {"source": self.name, "file": readable(path), "line": followed.tail.mark.number}
            log(EventName.FEED_STALLED, level="warning", **told)
        usual = SETTLE_NETWORK if self.place.network else SETTLE_LOCAL
        rest = usual if self._source.settle is None else self._source.settle
        if followed.tried or waited < rest:
            return False
        followed.tried = True
        return True

    def _prove(
        self, path: bytes, followed: _Followed, stream: BinaryIO, version: Signature
    ) -> None:
        """Begin anew with a feed that is not the one that was read so far."""
        if followed.tail.proved(stream, version.size):
            return
        short = version.size < followed.tail.mark.offset
        why = "it was truncated" if short else "its beginning is another one"
        log(EventName.FEED_RESTARTED, source=self.name, file=readable(path), why=why)
        if followed.version is not None and followed.version.inode != version.inode:
            self._adopt_renamed(path, followed)
        followed.tail = self._tail(path, Mark())
        followed.tail.proved(stream, version.size)

    def _adopt_renamed(self, path: bytes, followed: _Followed) -> None:
        """Read what is left of a feed that was renamed under the name it has now."""
        version = followed.version
        if version is None or version.size == followed.tail.mark.offset == 0:
            return
        for entry in walk(self.place.root, path.rpartition(b"/")[0]):
            found = look(self.place.root, entry.path)
            if found is not None and found.inode == version.inode and entry.path != path:
                tail = self._tail(entry.path, followed.tail.mark)
                self._followed.setdefault(entry.path, _Followed(tail, version))
                return

    def _write(self, path: bytes, version: Signature, mark: Mark) -> None:
        with self._database.transaction() as session:
            values = version._asdict() | mark._asdict()
            session.merge(FeedCheckpoint(source=self.name, path=path, updated_at=now(), **values))
