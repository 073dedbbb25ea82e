"""The watcher: one loop over all sources, which no outage ends."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event as Stop
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from models.base import now
from models.event import EventName
from models.ledger import Handover, SourceStatus
from models.session import Database
from watcher import ignore
from watcher.drop import Drop, Settled
from watcher.handover import HandingOver, Moved, move_marker
from watcher.intake import Intake
from watcher.register import MOST, Origin, Outcome, Taken
from watcher.send import Sender
from watcher.sweep import Sweeper
from worker.archive import Archive
from worker.errors import Transient
from worker.inbox import Inbox
from worker.logs import log
from worker.settings import Settings

_TURN: Final = 0.2
_SHORTEST: Final = 0.01
_BATCH_BYTES: Final = 256 << 20
HEARTBEAT: Final = 5.0
"""Seconds between two signs of life in the database."""

_REDO_FAILED: Final = 600.0
_LONGEST_PAUSE: Final = 30.0
_ENVIRONMENT: Final = (OSError, Transient, SQLAlchemyError)
"""What passes by itself: nothing is lost, and the same is tried again after a pause."""


def run(settings: Settings, stop: Stop) -> None:
    """Watch every source until ``stop`` is set; a batch in hand is finished first.

    Outages of the database, the queue, the archive or a source are told, waited out and made up
    for; only a mistake in the program ends the loop early.
    """
    database = Database.at(settings.database)
    inbox = Inbox(settings)
    archive = Archive(settings.archive)
    for source in settings.watched:
        with suppress(OSError):  # one that cannot be made is told as lost
            source.path.mkdir(parents=True, exist_ok=True)
    watcher = Watcher(settings, database, archive, inbox)
    try:
        archive.discard_leftovers()
        while not stop.is_set():
            stop.wait(watcher.turn())
    finally:
        watcher.close()
        inbox.close()
        database.close()


class Watcher:
    """Everything that one turn of the loop needs.

    Args:
        settings: sources and intervals.
        database: the ledger.
        archive: where bytes are kept.
        inbox: the door to the workers.
        clock: monotonic seconds.
        checkpoint: called with the name of each step that is finished, see
            :class:`watcher.intake.Intake`; ``moved`` after the originals were moved.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        archive: Archive,
        inbox: Inbox,
        *,
        clock: Callable[[], float] = time.monotonic,
        checkpoint: Callable[[str], None] = lambda _step: None,
    ) -> None:
        sender = Sender(database, inbox, settings.max_outstanding, clock)
        self._clock = clock
        self._sweeper = Guarded("sweep", Sweeper(settings, database, sender, clock).tick, clock)
        self._intake = Intake(settings, database, archive, sender, checkpoint)
        handing_over = HandingOver(database, clock)
        self.feeds = [
            Feed(Drop(source, settings, clock), self._intake, handing_over, clock, checkpoint)
            for source in settings.watched
        ]
        self._guarded = [Guarded(feed.drop.name, feed.turn, clock) for feed in self.feeds]
        self._heartbeat = Guarded("heartbeat", self._beat, clock)
        self._database = database
        self._beat_at = clock()
        self._health: list[tuple[str, str | None]] = []

    def turn(self) -> float:
        """Do what is to be done now; returns in how many seconds to come again."""
        taken = sum(guarded() for guarded in self._guarded)
        self._sweeper()
        self._heartbeat()
        if taken:
            return 0.0
        pairs = zip(self.feeds, self._guarded, strict=True)
        due = [feed.drop.next_due() for feed, guarded in pairs if not guarded.paused]
        return max(_SHORTEST, min([_TURN, *due]))

    def close(self) -> None:
        """Stop watching."""
        for feed in self.feeds:
            feed.drop.close()
        self._intake.close()

    def _beat(self) -> int:
        """Write down for each source that it is watched, and how it is; a change at once."""
        moment = self._clock()
        health = [(feed.drop.place.mode, feed.drop.place.problem) for feed in self.feeds]
        if moment < self._beat_at and health == self._health:
            return 0
        self._beat_at, self._health = moment + HEARTBEAT, health
        with self._database.transaction() as session:
            for feed in self.feeds:
                session.merge(feed.status())
        return 0


class Feed:
    """One source, from what came to rest to what is moved away."""

    def __init__(
        self,
        drop: Drop,
        intake: Intake,
        handing_over: HandingOver,
        clock: Callable[[], float],
        checkpoint: Callable[[str], None],
    ) -> None:
        self.drop = drop
        self._intake = intake
        self._handing_over = handing_over
        self._clock = clock
        self._checkpoint = checkpoint
        self._redo_failed_at = clock()
        self._redo_pending = True

    @property
    def origin(self) -> Origin:
        """Where this source's files come from."""
        return Origin(self.drop.name, self.drop.place.root, ours=True)

    def turn(self) -> int:
        """Look around and take in at most one batch; returns how many files it had."""
        self.drop.poll()
        if not self.drop.place.present:
            return 0
        self._redo()
        self._settle_moves(self._handing_over.recall(self.origin))
        self._recall_emptied()
        items = self.drop.settled(MOST, _BATCH_BYTES)
        if not items:
            return 0
        # Whatever stops this in between leaves originals to be moved.
        self._redo_pending = True
        self._answer(self._intake.take(self.origin, items))
        self._redo_pending = False
        return len(items)

    def status(self) -> SourceStatus:
        """Return what is known of the source now."""
        drop = self.drop
        return SourceStatus(
            source=drop.name,
            kind="drop",
            path=drop.place.root,
            mode=drop.place.mode,
            unsettled=drop.unsettled,
            last_event_at=drop.last_event,
            last_scan_at=drop.last_scan,
            heartbeat_at=now(),
            problem=drop.place.problem,
        )

    def _redo(self) -> None:
        """Move what a killed watcher left lying, and now and then what could not be moved."""
        states = [Handover.PENDING] if self._redo_pending else []
        if self._clock() >= self._redo_failed_at:
            self._redo_failed_at = self._clock() + _REDO_FAILED
            states.append(Handover.FAILED)
        if states:
            self._settle_moves(self._handing_over.redo(self.origin, states))
            self._redo_pending = False

    def _recall_emptied(self) -> None:
        if self.drop.hollow:
            hollow, self.drop.hollow = self.drop.hollow, set()
            self.drop.emptied(self._handing_over.came_with_a_drop(self.origin, hollow))

    def _answer(self, taken: Sequence[Taken]) -> None:
        to_move: list[Taken] = []
        for one in taken:
            path = one.item.path
            if one.outcome in (Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.KNOWN):
                self._take_leave(one, to_move)
            elif one.outcome is Outcome.IGNORED:
                self.drop.park(one.item)
            elif one.outcome is Outcome.CHANGED:
                self.drop.again(path)
            elif one.outcome is Outcome.VANISHED:
                self.drop.done(path)
            else:
                self.drop.fail(path)
        if to_move:
            moved = self._handing_over.move(self.origin, to_move)
            self._checkpoint("moved")
            self._settle_moves(moved)

    def _take_leave(self, one: Taken, to_move: list[Taken]) -> None:
        self.drop.done(one.item.path)
        if one.arrival_id is None:  # a done marker whose file went before it
            move_marker(self.origin.root, one.item.path.removesuffix(ignore.DONE_MARKER))
        else:
            to_move.append(one)

    def _settle_moves(self, moved: Sequence[Moved]) -> None:
        for one in moved:
            original = one.original
            if one.handover is Handover.FAILED:
                self.drop.park(Settled(original.path, original.signature))
            elif one.back is not None:
                self.drop.again(one.back)
        self.drop.emptied(
            {
                directory
                for one in moved
                if one.handover is Handover.MOVED
                and (directory := one.original.path.rpartition(b"/")[0])
            }
        )


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
            self._failures += 1
            pause = min(2.0 ** min(self._failures - 1, 10), _LONGEST_PAUSE)
            self._not_before = self._clock() + pause
            told = {"what": self._name, "error": str(error), "again_in": pause}
            log(EventName.INTAKE_FAILED, level="error", **told)
            return 0
        self._failures = 0
        return done
