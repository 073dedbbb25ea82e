"""A drop source at work: what came to rest is taken in, then moved away."""

from collections.abc import Callable, Sequence
from typing import Final

from models.ledger import Handover, SourceStatus
from watcher import ignore
from watcher.drop import Drop
from watcher.handover import HandingOver, Moved, move_marker
from watcher.intake import Intake
from watcher.register import BATCH_BYTES, MOST, Origin, Outcome, Taken
from watcher.settle import Settled
from worker.faults import reach

_SOONEST: Final = 15.0
_LATEST: Final = 600.0
"""Seconds until what could not be moved is tried again: soon, then ever more seldom."""


class DropSource:
    """One drop source, from what came to rest to what is moved away."""

    def __init__(
        self,
        drop: Drop,
        intake: Intake,
        handing_over: HandingOver,
        clock: Callable[[], float],
    ) -> None:
        self.drop = drop
        self._intake = intake
        self._handing_over = handing_over
        self._clock = clock
        self._redo_failed_at = clock()
        self._redo_pause = _SOONEST
        self._redo_pending = True

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.drop.name

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
        items = self.drop.settled(MOST, BATCH_BYTES)
        if not items:
            return 0
        # Whatever stops this in between leaves originals to be moved.
        self._redo_pending = True
        self._answer(self._intake.take(self.origin, items))
        self._redo_pending = False
        return len(items)

    def next_due(self) -> float:
        """Return in how many seconds there may be something to do."""
        return self.drop.next_due()

    def status(self) -> SourceStatus:
        """Return what is known of the source now."""
        return self.drop.status()

    def close(self) -> None:
        """Stop watching."""
        self.drop.close()

    def _redo(self) -> None:
        """Move what a killed watcher left lying, and now and then what could not be moved."""
        states = [Handover.PENDING] if self._redo_pending else []
        due = self._clock() >= self._redo_failed_at
        if due:
            states.append(Handover.FAILED)
        if states:
            moved = self._handing_over.redo(self.origin, states)
            self._settle_moves(moved)
            self._redo_pending = False
            if due:
                self._plan_redo(failed=_any_failed(moved))

    def _plan_redo(self, *, failed: bool) -> None:
        self._redo_pause = min(2 * self._redo_pause, _LATEST) if failed else _SOONEST
        self._redo_failed_at = self._clock() + (self._redo_pause if failed else _LATEST)

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
            reach("intake.moved")
            self._settle_moves(moved)
            if _any_failed(moved):
                soon = self._clock() + self._redo_pause
                self._redo_failed_at = min(self._redo_failed_at, soon)

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


def _any_failed(moved: Sequence[Moved]) -> bool:
    return any(one.handover is Handover.FAILED for one in moved)
