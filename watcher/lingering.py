"""Originals that were moved where nobody can tell whether a writer still has them open."""

import heapq
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Final, NamedTuple

from watcher.filesystem import look
from watcher.moving import Route

WATCHED: Final = 600.0
"""For how many seconds an original is looked at after it was moved."""
_LOOKS: Final = (15.0, 60.0, 180.0, WATCHED)
_MOST: Final = 10_000
_AT_ONCE: Final = 200


class _Due(NamedTuple):
    moved_at: float
    look: int
    to: bytes
    route: Route


class Lingering:
    """Moved originals of one source, looked at now and then for ten minutes.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, _Due]] = []
        self._ties = count()

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, to: bytes, route: Route) -> None:
        """Look after an original that now lies at ``to``."""
        moment = self._clock()
        self._plan(moment + _LOOKS[0], _Due(moment, 0, to, route))

    def changed(self, root: bytes) -> Iterator[tuple[bytes, Route]]:
        """Find those that were written to since they were archived; they are not looked at again.

        A few at a time; one that has vanished is no more looked at either.
        """
        for _ in range(_AT_ONCE):
            if not self._heap or not self._is_due():
                return
            due = heapq.heappop(self._heap)[-1]
            try:
                found = look(root, due.to)
            except OSError:  # nothing is known of it yet
                self._plan(self._clock() + _LOOKS[1], due)
                continue
            if found == due.route.version:
                self._plan_next(due)
            elif found is not None:
                yield due.to, due.route

    def _is_due(self) -> bool:
        # What does not fit is looked at early, and for the last time.
        return self._heap[0][0] <= self._clock() or len(self._heap) > _MOST

    def _plan_next(self, due: _Due) -> None:
        following = due.look + 1
        if following < len(_LOOKS) and len(self._heap) < _MOST:
            self._plan(due.moved_at + _LOOKS[following], due._replace(look=following))

    def _plan(self, moment: float, due: _Due) -> None:
        heapq.heappush(self._heap, (moment, next(self._ties), due))
