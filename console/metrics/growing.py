"""Counting a table that only grows: what was counted once is not read again.

Rows come to be seen when their transactions are committed, not in the order of their ids or times.
So only what lies behind a mark that is some minutes old is counted for good: no transaction of ours
lasts for so long, since the server ends what rests for a minute.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from sqlalchemy.orm import Session

MATURE: Final = 300.0
"""Seconds after which a mark counts: longer than any transaction of ours, and than clocks of hosts
that are kept by NTP differ."""

Mark = TypeVar("Mark")


class Growing(Generic[Mark]):
    """A count by name that never goes down; one thread at a time may ask.

    Args:
        count: counts the rows above one mark and up to another, by name; ``None`` is no limit.
        newest: returns the mark of the newest row.
        mature: seconds after which a mark counts; 0 where ``newest`` goes back by itself.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        count: Callable[[Session, Mark | None, Mark | None], Counter[str]],
        newest: Callable[[Session], Mark],
        mature: float = MATURE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._newest = newest
        self._mature = mature
        self._clock = clock
        self._behind: Counter[str] = Counter()
        self._low: Mark | None = None
        self._next: tuple[float, Mark] | None = None

    def total(self, session: Session) -> Counter[str]:
        """Return how many rows there are, by name.

        Raises:
            SQLAlchemyError: the database cannot be reached; nothing is counted twice after that.
        """
        moment = self._clock()
        if self._next is None:
            self._next = moment, self._newest(session)
        made_at, mark = self._next
        if moment - made_at >= self._mature:
            behind = self._count(session, self._low, mark)
            fresh = moment, self._newest(session)
            self._behind, self._low, self._next = self._behind + behind, mark, fresh
        return self._behind + self._count(session, self._low, None)
