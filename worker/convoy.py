"""What a worker process holds and has not begun, taken along with the document that it works on.

A transaction for each of many small documents costs more than reading them. A message is only a
hint that a document waits, so whoever works on one looks at the other hints that lie in its own
memory, and claims and stores those documents in the same transactions. Their messages stay where
they are; when the turn of one comes, it ends as its document did, with nothing left to do. Where
another thread gets to it sooner, that thread works on the document.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
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


class Turn(Enum):
    """What there is to do when the turn of a message comes.

    ``NEW``: what it came for. ``MINE``: its document was claimed along with another that is not
    done yet, and is the caller's now. ``DONE``: nothing.
    """

    NEW = "new"
    MINE = "mine"
    DONE = "done"


@dataclass(slots=True)
class _Ride:
    """A message that rides along with others of a thread.

    ``waits``: its document is claimed, and not begun. ``own``: its turn has come meanwhile.
    """

    thread: int
    waits: bool = False
    own: bool = False


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
        self._riding: dict[str, _Ride] = {}
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
                    self._riding[str(hint.message_id)] = _Ride(threading.get_ident())
        return list(taken.values())[1:]

    def leave_mine(self) -> None:
        """Leave whatever this thread has taken and not let go of, wherever it was interrupted."""
        mine = threading.get_ident()
        with self._changed:
            self._riding = {one: at for one, at in self._riding.items() if at.thread != mine}
            self._changed.notify_all()

    def _is_new(self, hint: Hint) -> bool:
        message_id = hint.message_id
        known = message_id is None or message_id in self._riding or message_id in self._ended
        return not known

    def wait(self, hints: Iterable[Hint]) -> None:
        """Say that the documents of messages are claimed and not begun.

        Until it is, each may go over to the thread in which the turn of its message comes.
        """
        with self._changed:
            for hint in hints:
                ride = self._riding.get(str(hint.message_id))
                if ride is not None:
                    ride.waits = True
            self._changed.notify_all()

    def begin(self, hint: Hint) -> bool:
        """Keep a document from going over to another thread; ``False`` where it has.

        One that does not ride (any more) cannot go over.
        """
        with self._changed:
            ride = self._riding.get(str(hint.message_id))
            if ride is None:
                return True
            if ride.thread != threading.get_ident():
                return False
            ride.waits = False
            return True

    def took_over(self, hint: Hint) -> bool:
        """Tell whether this thread has taken a document over from another."""
        with self._changed:
            ride = self._riding.get(str(hint.message_id))
            return ride is not None and ride.own and ride.thread == threading.get_ident()

    def end(self, hint: Hint, error: BaseException | None = None) -> None:
        """Let the message end as its document did, when its turn comes."""
        with self._changed:
            ride = self._riding.get(str(hint.message_id))
            if ride is not None and not ride.own:
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

    def turn(self, message_id: str | None) -> Turn:
        """Tell what a message has to do; waits while its document is worked on along with another.

        Raises:
            BaseException: what its document failed with.
        """
        if message_id is None:
            return Turn.NEW
        with self._changed:
            while (ride := self._riding.get(message_id)) is not None:
                if ride.waits:
                    ride.thread, ride.waits, ride.own = threading.get_ident(), False, True
                    return Turn.MINE
                self._changed.wait(_LOOK_UP)
            if message_id not in self._ended:
                return Turn.NEW
            error = self._ended.pop(message_id)
        if error is not None:
            raise error
        return Turn.DONE
