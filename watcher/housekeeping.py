"""What is kept for how long: old history, originals and orphans go, a little at a time.

Everything here may be done by several processes at once, and stopped anywhere.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Final, NamedTuple

from models.base import now
from models.event import EventName
from models.session import Database
from watcher.history import forget_events, forget_tracebacks
from watcher.originals import Originals
from worker.archive import Archive
from worker.logs import log
from worker.orphans import Orphans
from worker.settings import Settings

DAY: Final = 86_400.0
_HOUR: Final = 3600.0
_FIRST: Final = 300.0
_PAUSE: Final = 0.2
"""Seconds between two batches: whoever waits for the database comes in between."""


class Kind(StrEnum):
    """What can be pruned."""

    EVENTS = "events"
    ATTEMPTS = "attempts"
    DONE = "done"
    ORPHANS = "orphans"


_EVERY: Final = {Kind.EVENTS: DAY, Kind.ATTEMPTS: DAY, Kind.DONE: _HOUR, Kind.ORPHANS: DAY}
"""Seconds between two rounds; but for originals each looks at everything there is."""


class Pruned(NamedTuple):
    """How much of a kind went: rows or files, and bytes of files."""

    kind: Kind
    number: int
    size: int = 0


def prune(
    settings: Settings, database: Database, archive: Archive, kind: Kind, *, dry_run: bool = False
) -> Iterator[Pruned]:
    """Delete what is older than the settings say, a batch at a time.

    Nothing is deleted of a kind that is kept for ever.

    Raises:
        OSError: a file cannot be deleted, or the archive cannot be read.
        SQLAlchemyError: the database cannot be reached.
    """
    days = kept_for(settings, kind)
    if days == 0:
        return
    before = now() - timedelta(days=days)
    if kind is Kind.EVENTS:
        for count in forget_events(database, before, dry_run=dry_run):
            yield Pruned(kind, count)
    elif kind is Kind.ATTEMPTS:
        for count in forget_tracebacks(database, before, dry_run=dry_run):
            yield Pruned(kind, count)
    elif kind is Kind.DONE:
        originals = Originals(settings.drops, archive, database)
        for gone in originals.remove(before, dry_run=dry_run):
            yield Pruned(kind, *gone)
    else:
        yield from _prune_orphans(archive, database, days * DAY, dry_run=dry_run)


def _prune_orphans(
    archive: Archive, database: Database, grace: float, *, dry_run: bool
) -> Iterator[Pruned]:
    if not archive.is_directory:
        # an object store takes no name away before it deletes: what comes again in that moment
        # would be lost
        if not dry_run:
            yield Pruned(Kind.ORPHANS, archive.discard_leftovers())
        return
    orphans = Orphans(archive, database, grace)
    if not dry_run:
        orphans.recover()
        yield Pruned(Kind.ORPHANS, archive.discard_leftovers())
    for gone in orphans.remove(dry_run=dry_run):
        yield Pruned(Kind.ORPHANS, *gone)


def kept_for(settings: Settings, kind: Kind) -> float:
    """Return for how many days a kind is kept; 0 means for ever."""
    days: float = getattr(settings, f"keep_{kind}")
    return days


class Housekeeper:
    """Prunes as time goes by; cheap enough to be asked at every turn of a loop.

    Args:
        settings: what is kept for how long.
        database: the ledger.
        archive: where bytes are kept.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        archive: Archive,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prune = partial(prune, settings, database, archive)
        self._clock = clock
        self._due = dict.fromkeys(Kind, clock() + _FIRST)
        self._next_at = clock() + _FIRST
        self._round: Iterator[Pruned] = iter(())
        self._sums: dict[Kind, Pruned] = {}

    def tick(self) -> int:
        """Do the next batch if it is time to; returns how much went.

        Raises:
            OSError: a file cannot be deleted.
            SQLAlchemyError: the database cannot be reached.
        """
        moment = self._clock()
        if moment < self._next_at:
            return 0
        pruned = next(self._round, None)
        if pruned is not None:
            self._next_at = moment + _PAUSE
            _add(self._sums, pruned)
            return pruned.number
        self._tell()
        self._begin(moment)
        return 0

    def _begin(self, moment: float) -> None:
        """Begin the next round of a kind that is due, or wait for one."""
        for kind, due in self._due.items():
            if due <= moment:
                self._due[kind] = moment + _EVERY[kind]
                self._round = self._prune(kind)
                return
        self._next_at = min(self._due.values())

    def _tell(self) -> None:
        for kind, pruned in self._sums.items():
            if pruned.number:
                told: dict[str, Any] = {"what": kind, "number": pruned.number, "bytes": pruned.size}
                log(EventName.STORE_PRUNED, **told)
        self._sums.clear()


def total(batches: Iterator[Pruned]) -> Pruned | None:
    """Return the sum of all batches of a kind, ``None`` where there was none."""
    sums: dict[Kind, Pruned] = {}
    for pruned in batches:
        _add(sums, pruned)
    return next(iter(sums.values()), None)


def _add(sums: dict[Kind, Pruned], pruned: Pruned) -> None:
    kind, number, size = sums.get(pruned.kind, Pruned(pruned.kind, 0))
    sums[kind] = Pruned(kind, number + pruned.number, size + pruned.size)
