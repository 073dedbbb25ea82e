"""Documents onto the queue: as many as there is room for, sent first and marked afterwards."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from models import transitions
from models.event import EventName
from models.session import Database
from models.trace import Trace
from worker.errors import Transient
from worker.faults import reach
from worker.inbox import Backlog, Inbox
from worker.logs import log, record

_PAUSE: Final = 5.0
_SHARES: Final = {"fast": 1, "slow": 8, "ocr": 32, "urgent": 8}
"""Of which part of the bound there may be messages on each queue: costly ones wait in the ledger,
where their order can still be chosen."""
_LEAST: Final = 8
_KEPT: Final = 0.5
"""The part of a queue, beyond the least, that is kept for what waits already."""


Traces = Mapping[int, Trace]
"""The spans of documents, by their ids."""


def bounds(most: int) -> dict[str, int]:
    """Return the most messages on each queue, given the most on the largest."""
    return {queue: max(most // part, min(most, _LEAST)) for queue, part in _SHARES.items()}


def fitting(
    documents: Sequence[tuple[int, str]], rooms: Mapping[str, int]
) -> list[tuple[int, str]]:
    """Return the documents, given as (document id, queue name), that there is room for."""
    left, chosen = dict(rooms), []
    for document_id, queue in documents:
        if left.get(queue, 0) > 0:
            left[queue] -= 1
            chosen.append((document_id, queue))
    return chosen


class Sender:
    """Sends documents that the ledger has as ``received``, and keeps the queue from overflowing.

    Args:
        database: the ledger.
        inbox: the door to the workers.
        most: the most messages on the queue ``fast``; the others have parts of it.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._bounds = bounds(most)
        self._clock = clock
        self._away_until: float | None = None
        self._left_at: float | None = None
        self.problem = ""
        """Why the broker could not be reached when it last could not."""

    @property
    def away(self) -> bool:
        """Whether the broker could not be reached when it was last tried."""
        return self._away_until is not None

    def has_left(self, seconds: float) -> bool:
        """Tell whether newcomers were left waiting for room within so many seconds."""
        return self._left_at is not None and self._clock() - self._left_at < seconds

    @property
    def _pausing(self) -> bool:
        return self._away_until is not None and self._clock() < self._away_until

    def rooms(self) -> dict[str, int]:
        """Return how many messages may be sent to each queue now: none while the broker is away."""
        backlog = self.backlog()
        if backlog is None:
            return {}
        return {queue: max(0, most - backlog[queue]) for queue, most in self._bounds.items()}

    def outstanding(self) -> int | None:
        """Return how many messages are known to be on the queue, ``None`` when it is away."""
        backlog = self.backlog()
        return None if backlog is None else backlog.total

    def backlog(self) -> Backlog | None:
        """Return what is on the queue, ``None`` when the broker is away.

        One that was away is asked again after a pause, not at every call.
        """
        if self._pausing:
            return None
        try:
            backlog = self._inbox.backlog()
        except Transient as error:
            self._lose(error)
            return None
        self._away_until = None
        return backlog

    def mark_server(self) -> None:
        """Put a mark on a server that had lost everything: all of it was sent again."""
        try:
            self._inbox.mark()
        except Transient as error:
            self._lose(error)

    def send(self, documents: Sequence[tuple[int, str]]) -> bool:
        """Send messages, given as (document id, queue name); tell whether they went out."""
        if self._pausing:
            return False
        try:
            self._inbox.send(documents)
        except Transient as error:
            self._lose(error)
            return False
        return True

    def send_received(
        self, documents: Sequence[tuple[int, str]], traces: Traces | None = None
    ) -> int:
        """Send what has just arrived, as far as there is room for newcomers; the rest waits.

        Only a part of each queue is for them: else a source that brings in without end would go
        before all that waits.

        Args:
            documents: given as (document id, queue name).
            traces: the spans of those whose span is known; else the ledger is asked.

        Returns:
            How many were sent.
        """
        rooms = self.rooms() if documents else {}
        for queue, most in self._bounds.items():
            kept = 0 if queue == "urgent" else int(max(0, most - _LEAST) * _KEPT)
            rooms[queue] = max(0, rooms.get(queue, 0) - kept)
        chosen = fitting(documents, rooms)
        if len(chosen) < len(documents):
            self._left_at = self._clock()
        return self.send_chosen(chosen, traces)

    def send_chosen(
        self, documents: Sequence[tuple[int, str]], traces: Traces | None = None
    ) -> int:
        """Send documents and mark them as queued; returns how many were sent: all or none."""
        if not documents or not self.send(documents):
            return 0
        reach("send.sent")
        self.mark(documents, traces or {})
        reach("send.marked")
        return len(documents)

    def mark(self, documents: Sequence[tuple[int, str]], traces: Traces) -> None:
        """Mark documents whose messages were sent as queued."""
        self._database.unit(lambda session: _mark(session, documents, traces))

    def _lose(self, error: Transient) -> None:
        self.problem = str(error)
        if self._away_until is None:
            log(EventName.BROKER_UNREACHABLE, level="error", error=str(error))
        self._away_until = self._clock() + _PAUSE


def _mark(session: Session, documents: Sequence[tuple[int, str]], traces: Traces) -> None:
    """Mark them; the event of one whose worker was quicker says that it was overtaken."""
    marked = transitions.queue(session, [document_id for document_id, _ in documents])
    for document_id, queue in documents:
        told: dict[str, Any] = {"document_id": document_id, "queue": queue}
        if document_id not in marked:
            told["overtaken"] = True
        record(session, EventName.DOCUMENT_QUEUED, trace=traces.get(document_id), **told)
