"""What a worker process holds and has not begun, taken along with the document that it works on.

A transaction for each of many small documents costs more than reading them. A message is only a
hint that a document waits, so whoever works on one looks at the other hints that lie in its own
memory, and claims and stores those documents in the same transactions. Their messages stay where
they are; when the turn of one comes, it ends as its document did, with nothing left to do.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

MOST: Final = 32
"""The most documents that are worked on together; what a killed process loses, and what one
transaction of SQLite keeps others waiting for."""

_LOOK_UP: Final = 0.5
"""Seconds: interrupts of a thread are not seen while it waits."""
_REMEMBERED: Final = 4096
"""So many ends wait for their messages at most; a message that was lost never comes for its own."""


class Hint(NamedTuple):
    """What a message says: that there may be something to do for a document."""

    document_id: int
    message_id: str | None = None


def _nothing() -> Iterable[Hint]:
    return ()


class Convoy:
    """Which messages ride along with others, and how those ended that did; for several threads.

    Args:
        waiting: yields what is held and not begun, what is next at first.
    """

    def __init__(self, waiting: Callable[[], Iterable[Hint]] = _nothing) -> None:
        self._waiting = waiting
        self._threads = 1
        self._changed = threading.Condition()
        self._riding: dict[str, int] = {}
        self._ended: OrderedDict[str, BaseException | None] = OrderedDict()

    def follow(self, waiting: Callable[[], Iterable[Hint]], threads: int = 1) -> None:
        """Look there from now on; so many threads work off what waits there."""
        self._waiting, self._threads = waiting, threads

    def take(self, beside: Hint, most: int = MOST) -> list[Hint]:
        """Take what is next along with a document; each must be let go of by ``end`` or ``leave``.

        Of several messages for one document one is taken.
        """
        taken: dict[int, Hint] = {beside.document_id: beside}
        with self._changed:
            new = [hint for hint in self._waiting() if self._is_new(hint)]
            # the next ones are for the other threads, and a fair share of the rest
            most = min(most, 1 + len(new) // self._threads)
            for hint in new[self._threads - 1 :]:
                if len(taken) >= most:
                    break
                if taken.setdefault(hint.document_id, hint) is hint:
                    self._riding[str(hint.message_id)] = threading.get_ident()
        return list(taken.values())[1:]

    def leave_mine(self) -> None:
        """Leave whatever this thread has taken and not let go of, wherever it was interrupted."""
        mine = threading.get_ident()
        with self._changed:
            self._riding = {one: by for one, by in self._riding.items() if by != mine}
            self._changed.notify_all()

    def _is_new(self, hint: Hint) -> bool:
        message_id = hint.message_id
        known = message_id is None or message_id in self._riding or message_id in self._ended
        return not known

    def end(self, hint: Hint, error: BaseException | None = None) -> None:
        """Let the message end as its document did, when its turn comes."""
        with self._changed:
            if hint.message_id in self._riding:
                self._ended[str(hint.message_id)] = error
                while len(self._ended) > _REMEMBERED:
                    self._ended.popitem(last=False)
            self._let_go(hint)

    def leave(self, hints: Iterable[Hint]) -> None:
        """Let messages do what they came for, when their turn comes: nothing was done for them."""
        with self._changed:
            for hint in hints:
                self._let_go(hint)

    def _let_go(self, hint: Hint) -> None:
        self._riding.pop(str(hint.message_id), None)
        self._changed.notify_all()

    def is_done(self, message_id: str | None) -> bool:
        """Tell whether a message has nothing left to do; waits while it rides along.

        Raises:
            BaseException: what its document failed with.
        """
        if message_id is None:
            return False
        with self._changed:
            while message_id in self._riding:
                self._changed.wait(_LOOK_UP)
            if message_id not in self._ended:
                return False
            error = self._ended.pop(message_id)
        if error is not None:
            raise error
        return True
