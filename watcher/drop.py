"""A drop source: what lies in its directory, and which of it has come to rest.

Events only make a path a candidate. A scan at start, at each interval, after an overflow and when
the directory was replaced finds what they missed.
"""

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from models.event import EventName
from models.ledger import SourceStatus
from watcher import ignore
from watcher.filesystem import (
    Entry,
    Kind,
    Signature,
    irregular,
    kept_open,
    look,
    readable,
    remove_empty,
    walk,
)
from watcher.place import Place
from watcher.settle import Settled, Settling, Verdict
from watcher.writers import Writers, writers_at
from worker.logs import log
from worker.settings import Settings
from worker.source import Source

SETTLE_LOCAL: Final = 2.0
SETTLE_NETWORK: Final = 30.0
_COUNTED: Final = 1_000
_STALLED: Final = 15
"""How many times longer a name of an unfinished file has to rest before it counts as left lying."""
_QUIET: Final = 5
"""How many times longer a directory has to stay empty before it is removed."""
_MOST_LOOKS: Final = 1_000
"""Looks at one turn: another source waits for them."""
_MOST_CANDIDATES: Final = 20_000
"""So many paths are kept in mind, at less than a kilobyte each; those beyond are found by a scan
when half of them are done with."""
_LONGEST_BACK_OFF: Final = 300.0
_LONGEST_WRITE: Final = 60.0
"""The most seconds between two looks whether a file is still open for writing."""
_SECOND_SCAN: Final = 5.0
_ORPHAN: Final = "done marker without its file"


class Drop:
    """One drop source.

    Args:
        source: where it is.
        settings: intervals, in seconds.
        clock: monotonic seconds.

    Attributes:
        hollow: directories that the last scan found empty, and nobody has claimed to have emptied.
        last_event: when an event came last; ``last_scan``: when a scan ended.
    """

    def __init__(
        self, source: Source, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.place = Place(source)
        self.hollow: set[bytes] = set()
        self.last_event: datetime | None = None
        self.last_scan: datetime | None = None
        self._interval = settings.scan_interval
        self._clock = clock
        self._settling = Settling(settings.unsettled_after)
        self._settled: dict[bytes, Settled] = {}
        # Known and to stay where they are: ignored ones, and originals that cannot be moved.
        self._parked: dict[bytes, Signature] = {}
        self._failures: dict[bytes, int] = {}
        self._emptied: dict[bytes, tuple[float, int]] = {}
        # Directories that cannot be read, by the number of the scan that last passed them over.
        self._passed_over: dict[bytes, int] = {}
        self._scans = 0
        self._scan_at = clock()
        self._more = False

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.place.source.name

    @property
    def rest(self) -> float:
        """For how many seconds a file must not change."""
        if self.place.source.settle is not None:
            return self.place.source.settle
        return SETTLE_NETWORK if self.place.network else SETTLE_LOCAL

    @property
    def unsettled(self) -> int:
        """How many paths have not come to rest, or wait to be taken in.

        Names that are never read do not count, unless there are too many paths to look at each.
        """
        if len(self._settling) > _COUNTED:
            return len(self._settling)
        return sum(ignore.why(path) is None for path in self._settling)

    def status(self) -> SourceStatus:
        """Return what is known of the source now."""
        return self.place.status(self.unsettled, self.last_event, self.last_scan)

    def close(self) -> None:
        """Stop watching."""
        self.place.close()

    def poll(self) -> None:
        """Take up what happened since the last call, scan if it is time to, and look around."""
        now = self._clock()
        if self.place.check():
            self._scan_at = now
        if not self.place.present:
            return
        self._take_hints(now)
        if now >= self._scan_at or (self._more and self._busy() < _MOST_CANDIDATES // 2):
            self._scan(now)
            self._scan_at = now + self._interval
        self._look(now)
        self._remove_emptied(now)

    def settled(self, most: int, most_bytes: int) -> list[Settled]:
        """Return paths that came to rest and are not done with, oldest first, and at least one.

        The caller answers for each with ``done``, ``park``, ``again`` or ``fail``.
        """
        chosen: list[Settled] = []
        volume = 0
        for item in self._settled.values():
            volume += item.signature.size
            if len(chosen) == most or (chosen and volume > most_bytes):
                break
            chosen.append(item)
        return chosen

    def next_due(self) -> float:
        """Return in how many seconds there may be something to do; events come on their own."""
        if not self.place.present:
            return math.inf
        due = self._settling.next_due()
        moments = [self._scan_at] if due is None else [self._scan_at, due]
        return max(0.0, min(moments) - self._clock())

    # What became of a path that had come to rest.

    def done(self, path: bytes) -> None:
        """A path is gone from the directory, or was never to stay a candidate."""
        self._settled.pop(path, None)
        self._failures.pop(path, None)
        self._settling.forget(path)
        self._settling.revoke(path)

    def park(self, item: Settled) -> None:
        """A path is known and stays where it is; only a change makes it a candidate again."""
        self.done(item.path)
        self._parked[item.path] = item.signature

    def again(self, path: bytes) -> None:
        """A path changed after all: it has to come to rest again."""
        self._settled.pop(path, None)
        self._settling.revoke(path)
        self._settling.touch(path, self._clock(), self._rest_of(path))

    def fail(self, path: bytes) -> float:
        """A path could not be taken in: try again later; returns in how many seconds."""
        self._settled.pop(path, None)
        count = self._failures[path] = self._failures.get(path, 0) + 1
        delay = min(max(self.rest, 1.0) * 2.0 ** min(count, 16), _LONGEST_BACK_OFF)
        self._settling.defer(path, self._clock() + delay)
        return delay

    def emptied(self, directories: Iterable[bytes]) -> None:
        """Directories from which something was moved; removed if they stay empty for a while."""
        for directory in directories:
            with suppress(OSError):
                path = os.path.join(self.place.root, directory)  # noqa: PTH118
                until = self._clock() + _QUIET * self.rest
                self._emptied[directory] = until, os.lstat(path).st_mtime_ns

    # Finding candidates.

    def _take_hints(self, now: float) -> None:
        hints, lost = self.place.drain()
        if hints:
            self.last_event = datetime.now(UTC)
        for path, is_directory in hints:
            if is_directory:
                for entry in walk(self.place.root, path, self._pass_over):
                    self._touch(entry, now)
            else:
                self._touch(Entry(path, Kind.FILE), now)
        if lost:
            # Watches are being rebuilt: what falls into that gap is found a moment later.
            self._scan(now)
            self._scan_at = min(self._scan_at, now + _SECOND_SCAN)

    def _busy(self) -> int:
        """Return how many candidates there are that may soon be done with."""
        return len(self._settling) - len(self._failures) - self._settling.overdue

    def _touch(self, entry: Entry, now: float) -> None:
        path = entry.path
        if path not in self._settling and self._busy() >= _MOST_CANDIDATES:
            self._more = True
        elif entry.kind is not Kind.EMPTY_DIRECTORY:
            self._take_up(path, now)

    def _take_up(self, path: bytes, now: float) -> None:
        self._parked.pop(path, None)
        self._settled.pop(path, None)
        if self._settling.touch(path, now, self._rest_of(path)):
            self._detected(path)
        self._vouch(path, now)

    def _scan(self, now: float) -> None:
        found = 0
        self.hollow = set()
        self._scans += 1
        self._more = False
        for path in self._unknown():
            if self._busy() >= _MOST_CANDIDATES and path not in self._settling:
                self._more = True
                break
            if self._settling.notice(path, now, self._rest_of(path)):
                found += 1
                self._detected(path)
            self._vouch(path, now)
        self._scanned(found)

    def _scanned(self, found: int) -> None:
        passed_over = self._passed_over.items()
        self._passed_over = {path: scan for path, scan in passed_over if scan == self._scans}
        self.last_scan = datetime.now(UTC)
        level = "info" if found else "debug"
        log(EventName.SOURCE_SCANNED, level=level, source=self.name, found=found)

    def _unknown(self) -> Iterator[bytes]:
        """Walk over everything that lies there and may have to be taken in."""
        seen = set()
        for path, kind in walk(self.place.root, passed_over=self._pass_over):
            if kind is Kind.EMPTY_DIRECTORY:
                if path not in self._emptied:
                    self.hollow.add(path)
                continue
            if path in self._parked:
                if self._is_parked(path):
                    seen.add(path)
                    continue
                del self._parked[path]
            yield path
        self._parked = {path: self._parked[path] for path in seen}

    def _is_parked(self, path: bytes) -> bool:
        try:
            return self._parked[path] == look(self.place.root, path)
        except OSError:
            return True  # nothing shows that it changed

    def _pass_over(self, directory: bytes, error: OSError) -> None:
        """A directory cannot be read: say so once, until it can."""
        if directory not in self._passed_over:
            self._log_error(directory, error)
        self._passed_over[directory] = self._scans

    def _vouch(self, path: bytes, now: float) -> None:
        base = ignore.marked(path)
        if base is None or base in self._parked:
            return
        with suppress(OSError):  # then it settles by resting
            if look(self.place.root, base) is not None:
                self._settling.vouch(base, now, self._rest_of(base))

    def _rest_of(self, path: bytes) -> float:
        return self.rest * _STALLED if ignore.in_progress(path) else self.rest

    def _detected(self, path: bytes) -> None:
        log(EventName.FILE_DETECTED, level="debug", source=self.name, file=readable(path))

    def _log_error(self, path: bytes, error: OSError) -> None:
        told = {"file": readable(path), "error": error.strerror or str(error)}
        log(EventName.INTAKE_FAILED, level="error", source=self.name, **told)

    # Looking at them.

    def _look(self, now: float) -> None:
        with kept_open():
            for path in self._settling.due(now, _MOST_LOOKS):
                try:
                    self._look_at(path, now)
                except OSError as error:  # one that cannot be reached keeps no other back
                    if path not in self._failures:
                        self._log_error(path, error)
                    self.fail(path)

    def _look_at(self, path: bytes, now: float) -> None:
        found = look(self.place.root, path)
        verdict = self._settling.look(path, found, now)
        if verdict is Verdict.SETTLED and found is not None:
            verdict = self._settle(path, found, now)
        elif verdict is Verdict.VANISHED:
            self._vanish(path)
        if verdict is Verdict.UNSETTLED:
            waited = round(self._settling.waited(path, now), 1)
            told = {"source": self.name, "file": readable(path), "waited": waited}
            log(EventName.FILE_UNSETTLED, level="warning", **told)

    def _settle(self, path: bytes, found: Signature, now: float) -> Verdict:
        base = ignore.marked(path)
        if base is not None and look(self.place.root, base) is not None:
            self._settling.defer(path, now + max(self.rest, 1.0))
            return Verdict.WAITING
        orphan = _ORPHAN if base is not None else None
        return self._rested(path, found, self._why(path) or orphan, now)

    def _rested(self, path: bytes, found: Signature, why: str | None, now: float) -> Verdict:
        waited = self._settling.waited(path, now)
        if why is None and writers_at(self.place.root, path) is Writers.SOME:
            # A pause of its writer is no end; the event of its closing comes sooner than this.
            delay = min(max(self.rest, 1.0, waited / 2), _LONGEST_WRITE)
            return self._settling.postpone(path, now, now + delay)
        self._settled[path] = Settled(path, found, why, waited)
        return Verdict.SETTLED

    def _why(self, path: bytes) -> str | None:
        """Return why a path is not to be read, ``None`` for one that is."""
        return ignore.why(path) or irregular(self.place.root, path)

    def _vanish(self, path: bytes) -> None:
        self._settled.pop(path, None)
        self._failures.pop(path, None)
        base = ignore.marked(path)
        if base is not None:
            self._settling.revoke(base)
        log(EventName.FILE_VANISHED, level="debug", source=self.name, file=readable(path))

    def _remove_emptied(self, now: float) -> None:
        for directory, (until, mtime_ns) in list(self._emptied.items()):
            if now < until:
                continue
            del self._emptied[directory]
            with suppress(OSError):
                path = os.path.join(self.place.root, directory)  # noqa: PTH118
                if os.lstat(path).st_mtime_ns != mtime_ns:
                    self.emptied([directory])
                else:
                    remove_empty(self.place.root, directory)
