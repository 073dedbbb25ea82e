"""How the queue stands, asked for at most every few seconds however many look."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from worker.errors import BrokerUnreachable
from worker.inbox import Backlog, Condition, Inbox
from worker.settings import Settings

_KEPT: Final = 3.0
_KEPT_CONDITION: Final = 15.0

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the queue said; ``problem`` where it does not answer."""

    backlog: Backlog | None = None
    problem: str = ""


@dataclass(slots=True)
class _Kept:
    value: object = None
    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Queue:
    """The queue as the pages see it; several threads may ask.

    Args:
        settings: where it is.
        clock: monotonic seconds.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._backlog = _Kept()
        self._condition = _Kept()

    def backlog(self) -> Answer:
        """Return how many messages there are, or why that is not known."""
        return self._fresh(self._backlog, _KEPT, self._count)

    def condition(self) -> Condition | None:
        """Return how the server is, ``None`` where it does not answer."""
        return self._fresh(self._condition, _KEPT_CONDITION, self._examine)

    def _fresh(self, kept: _Kept, seconds: float, ask: Callable[[], Found]) -> Found:
        with kept.lock:
            if self._clock() >= kept.until:
                kept.value = ask()
                kept.until = self._clock() + seconds
            return kept.value  # type: ignore[return-value]  # what ``ask`` returned before

    def _count(self) -> Answer:
        if not self._settings.broker_url and not self._settings.broker_socket.exists():
            return Answer(problem="gouji up is not running")
        inbox = Inbox(self._settings)
        try:
            return Answer(inbox.backlog())
        except BrokerUnreachable as error:
            return Answer(problem=str(error))
        finally:
            inbox.close()

    def _examine(self) -> Condition | None:
        if self.backlog().backlog is None:
            return None
        inbox = Inbox(self._settings)
        try:
            return inbox.examine()
        except BrokerUnreachable:
            return None
        finally:
            inbox.close()
