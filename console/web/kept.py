"""Counts over the whole database, kept until something happens in it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

from console.queries import happened
from console.queries.happened import Mark

LONGEST: Final = 30.0
"""Seconds. On PostgreSQL what was written before may be committed after what was seen last, and
then is counted when that time is over, or with the next thing that happens."""
_MOST: Final = 64

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class _Count:
    value: Any
    mark: Mark
    until: float


class Kept:
    """What was counted, the latest of it; any number of threads may ask.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: OrderedDict[Hashable, _Count] = OrderedDict()

    def get(self, session: Session, key: Hashable, count: Callable[[], Found]) -> Found:
        """Return what ``count`` returned for a key, and ask it where anything happened since.

        Args:
            session: the very view that ``count`` reads from.
            key: what is counted, with everything it depends on.
            count: counts it; whoever gets the result must not change it.
        """
        moment, mark = self._clock(), happened.mark(session)
        with self._lock:
            known = self._counts.get(key)
        if known is not None and known.mark == mark and moment < known.until:
            return known.value  # type: ignore[no-any-return]  # what ``count`` returned before
        fresh = count()
        with self._lock:
            self._counts[key] = _Count(fresh, mark, moment + LONGEST)
            self._counts.move_to_end(key)
            while len(self._counts) > _MOST:
                self._counts.popitem(last=False)
        return fresh
