"""What a feed brings, into the house: files that it names and pages that it holds.

A file that is not there, or is not what its line says, waits in the ledger: feeds are often ahead
of their files, and files that are synced from elsewhere are not whole at once.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select

from models.base import now
from models.disclosure.hints import Hints, kept
from models.event import EventName
from models.feed import FeedWaiting
from models.session import Database
from watcher.fileless import fileless
from watcher.filesystem import Signature, irregular, look, readable
from watcher.hints import file_name
from watcher.intake import Intake
from watcher.item import Bad, Held, Named
from watcher.register import MOST, Origin, Outcome, Taken, ignore_files, recognise
from watcher.settle import Settled
from watcher.tail import Brought
from worker.errors import ArchiveError
from worker.logs import log, record
from worker.settings import Settings

_AGAIN: Final = 5.0
"""Seconds between two looks for files that are waited for."""
_NOT_THERE: Final = "not there"


class Referred:
    """Takes in what feeds of one source bring.

    Args:
        origin: the source, with the files root as its root.
        settings: how long a file is waited for.
        database: the ledger.
        intake: the way in.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        origin: Origin,
        settings: Settings,
        database: Database,
        intake: Intake,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.waiting = 0
        self._origin = origin
        self._patience = timedelta(seconds=settings.unsettled_after)
        self._database = database
        self._intake = intake
        self._clock = clock
        self._again_at = clock()

    def take(self, brought: Sequence[Brought], feed: bytes) -> None:
        """Take in what one feed brought; afterwards every entry is in the ledger or told.

        Raises:
            ArchiveError: the archive cannot be written: the same is to be brought again.
            SQLAlchemyError: the database cannot be reached, likewise.
        """
        items: dict[tuple[bytes, Signature | None], tuple[Settled, int]] = {}
        missing: list[tuple[Brought, str]] = []
        for one in brought:
            entry = one.entry
            if isinstance(entry, Bad):
                told = {"source": self._origin.name, "file": readable(feed), "line": one.number}
                log(EventName.FEED_LINE_BAD, level="warning", **told, why=entry.why)
            elif isinstance(entry, Held):
                item = _held(entry, feed)
                items[item.path, item.signature] = item, one.number
            elif isinstance(found := self._look(entry.path), str):
                missing.append((one, found))
            else:
                item = _named(entry.path, found, entry.checksum, entry.hints)
                items[item.path, item.signature] = item, one.number
        numbers = {item.path: number for item, number in items.values()}
        waits = self._bring_in([item for item, _ in items.values()])
        self._wait(
            [*_absent(missing), *((one, numbers[one.path], why) for one, why in waits)], feed
        )

    def look_again(self) -> int:
        """Look for files that are waited for, if it is time to; returns how many came in."""
        if not self.waiting or self._clock() < self._again_at:
            return 0
        self._again_at = self._clock() + _AGAIN
        rows = self._oldest()
        there: list[Settled] = []
        absent: dict[bytes, tuple[Settled | None, str]] = {}
        for row in rows:
            found = self._look(row.path)
            if isinstance(found, str):
                absent[row.path] = None, found
            else:
                hints = Hints(row.url, row.fetched_at, **(row.hints or {}))
                there.append(_named(row.path, found, row.checksum, hints))
        waits = self._bring_in(there)
        self._tried(rows, absent | {item.path: (item, why) for item, why in waits})
        self._again_at = self._clock() + (_AGAIN if len(waits) == len(there) else 0.0)
        return len(there) - len(waits)

    def next_due(self) -> float:
        """Return in how many seconds files that are waited for should be looked for."""
        return max(0.0, self._again_at - self._clock()) if self.waiting else _AGAIN

    def _look(self, path: bytes) -> Signature | str:
        """Return the version of a file, or why there is none."""
        try:
            return look(self._origin.root, path) or _NOT_THERE
        except OSError as error:
            return error.strerror or str(error)

    def _bring_in(self, items: Sequence[Settled]) -> list[tuple[Settled, str]]:
        """Take in items, and return those that have to wait, each with the reason."""
        waits: list[tuple[Settled, str]] = []
        for start in range(0, len(items), MOST):
            page = items[start : start + MOST]
            with self._database.transaction() as session:
                known = recognise(session, self._origin, page)
            fresh = [self._checked(item) for item in page if item[:2] not in known]
            taken = self._intake.take(self._origin, fresh) if fresh else []
            waits += [(one.item, why) for one in taken if (why := _why(one)) is not None]
            self._arrived({item.path for item in page} - {item.path for item, _ in waits})
        return waits

    def _checked(self, item: Settled) -> Settled:
        if item.data is not None:
            return item
        return item._replace(why=irregular(self._origin.root, item.path))

    def _arrived(self, paths: Iterable[bytes]) -> None:
        if self.waiting:
            with self._database.transaction() as session:
                session.execute(
                    delete(FeedWaiting).where(
                        FeedWaiting.source == self._origin.name,
                        FeedWaiting.path.in_(list(paths)),
                    )
                )

    def _wait(self, waits: Sequence[tuple[Settled, int, str]], feed: bytes) -> None:
        if not waits:
            return
        with self._database.transaction() as session:
            for item, line, why in waits:
                values: dict[str, Any] = {"feed": readable(feed), "line": line, "why": why}
                values |= {"url": item.hints.url, "fetched_at": item.hints.fetched_at}
                values |= {"hints": kept(item.hints), "checksum": item.md5}
                row = FeedWaiting(source=self._origin.name, path=item.path, since=now(), **values)
                session.merge(row)
                told = {"source": self._origin.name, "file": readable(item.path)}
                log(EventName.FEED_FILE_WAITING, **told, line=line, why=why)
        self.waiting = self.count()

    def count(self) -> int:
        """Return how many files are waited for."""
        with self._database.reading() as session:
            counted = select(func.count()).where(FeedWaiting.source == self._origin.name)
            return session.execute(counted.select_from(FeedWaiting)).scalar_one()

    def _oldest(self) -> Sequence[FeedWaiting]:
        with self._database.reading() as session:
            return session.scalars(
                select(FeedWaiting)
                .where(FeedWaiting.source == self._origin.name)
                .order_by(FeedWaiting.tried_at)
                .limit(MOST)
            ).all()

    def _tried(
        self, rows: Sequence[FeedWaiting], waits: Mapping[bytes, tuple[Settled | None, str]]
    ) -> None:
        """Note what was looked for in vain, and give up what has been waited for long enough."""
        moment = now()
        with self._database.transaction() as session:
            for row in rows:
                kept_row = session.get(FeedWaiting, (row.source, row.path))
                if kept_row is None:
                    continue
                item, why = waits.get(row.path, (None, _NOT_THERE))
                kept_row.why, kept_row.tried_at = why, moment
                if moment - kept_row.since >= self._patience:
                    session.delete(kept_row)
                    if item is not None:
                        ignore_files(session, self._origin, [item._replace(why=f"feed: {why}")])
                    told: dict[str, Any] = {"source": row.source, "file": readable(row.path)}
                    told |= {"feed": row.feed, "line": row.line, "why": why}
                    record(session, EventName.FEED_FILE_REFUSED, level="warning", **told)
        self.waiting = self.count()


def _absent(missing: Iterable[tuple[Brought, str]]) -> list[tuple[Settled, int, str]]:
    nothing = Signature(0, 0, 0)
    return [
        (_named(one.entry.path, nothing, one.entry.checksum, one.entry.hints), one.number, why)
        for one, why in missing
        if isinstance(one.entry, Named)
    ]


def _why(taken: Taken) -> str | None:
    """Return why a file has to be waited for, ``None`` for one that is done with."""
    if taken.passing:
        raise ArchiveError(taken.why)
    if taken.outcome is Outcome.VANISHED:
        return _NOT_THERE
    if taken.outcome in (Outcome.CHANGED, Outcome.FAILED):
        return taken.why or "changes"
    return None


def _named(path: bytes, found: Signature, checksum: str | None, hints: Hints) -> Settled:
    name = os.path.basename(path)  # noqa: PTH119 - pathlib does not take bytes
    # Scrapy names files by the SHA-1 of their URL, which says nothing to a person.
    said = file_name(hints.url) if hints.url and _is_digest(name) else None
    return Settled(path, found, hints=hints, md5=checksum, name=said)


def _is_digest(name: bytes) -> bool:
    stem = name.partition(b".")[0]
    return len(stem) == 40 and all(byte in b"0123456789abcdef" for byte in stem)


def _held(entry: Held, feed: bytes) -> Settled:
    digest = hashlib.sha256(entry.data)
    url = entry.hints.url
    place = url or f"{os.fsdecode(feed)}#{digest.hexdigest()[:16]}"
    name = file_name(url) if url else readable(os.fsencode(place)).rpartition("/")[2]
    size = len(entry.data)
    return fileless(entry.data, digest.digest(), size, place=place, name=name, hints=entry.hints)
