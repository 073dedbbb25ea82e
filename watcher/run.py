"""The watcher: one loop over all sources, which no outage ends."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event as Stop
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from models.event import EventName
from models.ledger import SourceStatus
from models.session import Database
from watcher.crawl import Crawl
from watcher.crawled import CrawlSource
from watcher.drop import Drop
from watcher.dropped import DropSource
from watcher.feed import FeedSource
from watcher.handover import HandingOver
from watcher.housekeeping import DAY, Housekeeper
from watcher.intake import Intake
from watcher.sweep import Sweeper
from worker import garbage
from worker.archive import Archive
from worker.errors import Transient
from worker.inbox import Inbox
from worker.judge import told, traced
from worker.logs import log
from worker.orphans import Orphans
from worker.send import Sender
from worker.settings import Settings
from worker.signs import Signs
from worker.source import Source

_TURN: Final = 0.2
_SHORTEST: Final = 0.01
HEARTBEAT: Final = 5.0
"""Seconds between two signs of life in the database."""

_LONGEST_PAUSE: Final = 30.0
_ENVIRONMENT: Final = (OSError, Transient, SQLAlchemyError)
"""What passes by itself: nothing is lost, and the same is tried again after a pause."""


def run(settings: Settings, stop: Stop, signs: Signs | None = None) -> None:
    """Watch every source until ``stop`` is set; a batch in hand is finished first.

    Signs of life are given after each turn; the first one, so, once every source was looked at.

    Outages of the database, the queue, the archive or a source are told, waited out and made up
    for. So is a mistake of ours: what it does not concern goes on.
    """
    signs = signs or Signs()
    database = Database.at(settings.database)
    inbox = Inbox(settings)
    archive = Archive.of(settings)
    for source in settings.drops:
        with suppress(OSError):  # one that cannot be made is told as lost
            source.path.mkdir(parents=True, exist_ok=True)
    watcher = Watcher(settings, database, archive, inbox)
    garbage.spare()
    try:
        with suppress(OSError):  # it is told when something is to be put into it
            archive.discard_leftovers()
            if archive.is_directory:
                Orphans(archive, database, DAY).recover()
        while not stop.is_set():
            pause = watcher.turn()
            signs.alive()
            stop.wait(pause)
        signs.stopping()
    finally:
        watcher.close()
        inbox.close()
        database.close()


class Tended(Protocol):
    """A source at work."""

    @property
    def name(self) -> str:
        """The name of the source."""

    def turn(self) -> int:
        """Look around and take in at most one batch; returns how many files it had.

        Raises:
            OSError, Transient, SQLAlchemyError: the environment failed; nothing is lost.
        """

    def next_due(self) -> float:
        """Return in how many seconds there may be something to do."""

    def status(self) -> SourceStatus:
        """Return what is known of the source now."""

    def close(self) -> None:
        """Stop watching."""


class Watcher:
    """Everything that one turn of the loop needs.

    Args:
        settings: sources and intervals.
        database: the ledger.
        archive: where bytes are kept.
        inbox: the door to the workers.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        archive: Archive,
        inbox: Inbox,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        sender = Sender(database, inbox, settings.max_outstanding, clock)
        self._clock = clock
        self._sweeper = Guarded("sweep", Sweeper(settings, database, sender, clock).tick, clock)
        housekeeper = Housekeeper(settings, database, archive, clock)
        self._housekeeping = Guarded("prune", housekeeper.tick, clock)
        self._intake = Intake(settings, database, archive, sender)
        self._database = database
        self._settings = settings
        self.sources = [self._tended(source) for source in settings.watched]
        self._guarded = [Guarded(source.name, source.turn, clock) for source in self.sources]
        self._heartbeat = Guarded("heartbeat", self._beat, clock)
        self._beat_at = clock()
        self._health: list[tuple[str, str | None]] = []

    def _tended(self, source: Source) -> Tended:
        settings, database, clock = self._settings, self._database, self._clock
        if source.kind == "crawl":
            crawl = Crawl(source, settings, database, clock)
            return CrawlSource(crawl, self._intake, database)
        if source.kind == "feed":
            return FeedSource(source, settings, database, self._intake, clock)
        drop = Drop(source, settings, clock)
        handing_over = HandingOver(database, clock)
        return DropSource(drop, self._intake, handing_over, clock)

    def turn(self) -> float:
        """Do what is to be done now; returns in how many seconds to come again."""
        taken = sum(guarded() for guarded in self._guarded)
        self._sweeper()
        self._housekeeping()
        self._heartbeat()
        if taken:
            return 0.0
        pairs = zip(self.sources, self._guarded, strict=True)
        due = [source.next_due() for source, guarded in pairs if not guarded.paused]
        return max(_SHORTEST, min([_TURN, *due]))

    def close(self) -> None:
        """Stop watching."""
        for source in self.sources:
            source.close()
        self._intake.close()

    def _beat(self) -> int:
        """Write down for each source that it is watched, and how it is; a change at once."""
        moment = self._clock()
        statuses = [source.status() for source in self.sources]
        health = [(status.mode, status.problem) for status in statuses]
        if moment < self._beat_at and health == self._health:
            return 0
        self._beat_at, self._health = moment + HEARTBEAT, health
        with self._database.transaction() as session:
            for status in statuses:
                session.merge(status)
        return 0


class Guarded:
    """Something that is done at every turn, and left out for a while after the environment failed.

    Args:
        name: what it is, for the log.
        action: does it, and returns how much it did.
        clock: monotonic seconds.
    """

    def __init__(self, name: str, action: Callable[[], int], clock: Callable[[], float]) -> None:
        self._name = name
        self._action = action
        self._clock = clock
        self._failures = 0
        self._not_before = clock()

    @property
    def paused(self) -> bool:
        """Whether it is left out now."""
        return self._clock() < self._not_before

    def __call__(self) -> int:
        """Do it, unless it is pausing."""
        if self.paused:
            return 0
        try:
            done = self._action()
        except _ENVIRONMENT as error:
            self._pause(error=str(error))
        except Exception as error:  # noqa: BLE001 - a mistake of ours, which others need not suffer
            self._pause(error=told(error), traceback=traced(error))
        else:
            self._failures = 0
            return done
        return 0

    def _pause(self, **what: str | None) -> None:
        self._failures += 1
        pause = min(2.0 ** min(self._failures - 1, 10), _LONGEST_PAUSE)
        self._not_before = self._clock() + pause
        log(EventName.INTAKE_FAILED, level="error", what=self._name, **what, again_in=pause)
