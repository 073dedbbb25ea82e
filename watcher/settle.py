"""Has it finished arriving? A state machine over candidate paths, with the time given to it.

A candidate is settled when two looks at least ``rest`` seconds apart see the same version, with no
event in between; a done marker settles it at the first look. Only candidates that are due are
looked at, so that a hundred thousand waiting ones cost nothing.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import BinaryIO, NamedTuple

from models.disclosure.hints import NONE, Hints
from models.trace import Trace
from watcher.filesystem import Signature


class Settled(NamedTuple):
    """A path that came to rest. ``why`` tells why it is not to be read; ``waited`` in seconds.

    ``hints`` is what was said about it, and ``md5`` the checksum that was told. ``data`` are the
    bytes of what did not come as a file, and ``name`` is what to call it. ``trace`` is the span of
    whoever brought it, where they told it.
    """

    path: bytes
    signature: Signature
    why: str | None = None
    waited: float = 0.0
    hints: Hints = NONE
    data: bytes | BinaryIO | None = None
    name: str | None = None
    md5: str | None = None
    trace: Trace | None = None


class Verdict(Enum):
    """What a look at a candidate says."""

    WAITING = auto()
    SETTLED = auto()
    VANISHED = auto()
    UNSETTLED = auto()


@dataclass(slots=True)
class _Candidate:
    since: float
    rest: float
    due: float | None
    seen: Signature | None = None
    seen_at: float = 0.0
    reported: bool = False


class Settling:
    """The candidates of one source.

    Args:
        unsettled_after: seconds after which a candidate that never rests is reported, once.
    """

    def __init__(self, unsettled_after: float) -> None:
        self._unsettled_after = unsettled_after
        self._candidates: dict[bytes, _Candidate] = {}
        self._overdue: set[bytes] = set()
        self._complete: set[bytes] = set()
        # An entry counts only while it is what its candidate is due at; others are passed over.
        self._heap: list[tuple[float, bytes]] = []

    def __len__(self) -> int:
        return len(self._candidates)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._candidates)

    def __contains__(self, path: bytes) -> bool:
        return path in self._candidates

    @property
    def overdue(self) -> int:
        """How many candidates were reported and have still not come to rest."""
        return len(self._overdue)

    def notice(self, path: bytes, now: float, rest: float) -> bool:
        """Take up a path that a scan found; tell whether it was new. A known one is left alone."""
        if path in self._candidates:
            return False
        candidate = self._candidates[path] = _Candidate(since=now, rest=rest, due=None)
        self._schedule(path, candidate, now)
        return True

    def touch(self, path: bytes, now: float, rest: float) -> bool:
        """Take up a path that something happened to, from the beginning; tell if it was new."""
        if self.notice(path, now, rest):
            return True
        candidate = self._candidates[path]
        candidate.seen = None
        self._schedule(path, candidate, now)
        return False

    def vouch(self, path: bytes, now: float, rest: float) -> None:
        """Take up a path that is named complete by a done marker."""
        if path not in self._complete:
            self._complete.add(path)
            self.touch(path, now, rest)

    def revoke(self, path: bytes) -> bool:
        """Forget that a path was named complete; tell whether it was."""
        known = path in self._complete
        self._complete.discard(path)
        return known

    def due(self, now: float, limit: int) -> list[bytes]:
        """Return paths that want a look now, longest due first; each is returned once."""
        paths: list[bytes] = []
        while self._heap and self._heap[0][0] <= now and len(paths) < limit:
            moment, path = heapq.heappop(self._heap)
            candidate = self._candidates.get(path)
            if candidate is not None and candidate.due == moment:
                candidate.due = None
                paths.append(path)
        return paths

    def next_due(self) -> float | None:
        """Return when the next look may be wanted; never later than it is."""
        return self._heap[0][0] if self._heap else None

    def look(self, path: bytes, found: Signature | None, now: float) -> Verdict:
        """Say what a look at a candidate means.

        Args:
            path: a candidate.
            found: the version that lies there, ``None`` if nothing does.
            now: the time of the look.

        Returns:
            ``SETTLED`` keeps the candidate, with no further look planned, until it is forgotten,
            deferred or touched. ``VANISHED`` forgets it. ``UNSETTLED`` is ``WAITING``, said once
            for a candidate that has not rested for too long.
        """
        candidate = self._candidates[path]
        if found is None:
            self.forget(path)
            return Verdict.VANISHED
        if self._rests(path, candidate, found, now):
            return Verdict.SETTLED
        if candidate.seen != found:
            candidate.seen, candidate.seen_at = found, now
        return self.postpone(path, now, candidate.seen_at + candidate.rest)

    def postpone(self, path: bytes, now: float, until: float) -> Verdict:
        """Plan the next look at a candidate that does not rest: ``WAITING`` or ``UNSETTLED``."""
        candidate = self._candidates[path]
        self._schedule(path, candidate, until)
        if candidate.reported or now - candidate.since < self._unsettled_after:
            return Verdict.WAITING
        candidate.reported = True
        self._overdue.add(path)
        return Verdict.UNSETTLED

    def waited(self, path: bytes, now: float) -> float:
        """Return for how many seconds a path has been a candidate."""
        return now - self._candidates[path].since

    def defer(self, path: bytes, until: float) -> None:
        """Plan the next look at a candidate; what was seen so far still counts."""
        candidate = self._candidates.get(path)
        if candidate is not None:
            self._schedule(path, candidate, until)

    def forget(self, path: bytes) -> None:
        """Drop a candidate; a path that is not one is none the worse."""
        self._candidates.pop(path, None)
        self._overdue.discard(path)

    def _rests(self, path: bytes, candidate: _Candidate, found: Signature, now: float) -> bool:
        if path in self._complete:
            return True
        return candidate.seen == found and now - candidate.seen_at >= candidate.rest

    def _schedule(self, path: bytes, candidate: _Candidate, moment: float) -> None:
        if candidate.due != moment:
            candidate.due = moment
            heapq.heappush(self._heap, (moment, path))
