"""Whose turn it is: documents that wait as ``received``, chosen so that none keeps another waiting.

Every document waits in a lane: that of its source, or one of those for what an operator retries.
``URGENT`` goes before all others; these take turns, one document at a time, oldest first within a
lane. So ten files of one source wait for ten of another, not for its half a million, and a retry of
fifty thousand goes on beside what arrives.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain, zip_longest
from typing import Final

from sqlalchemy import ColumnElement, and_, literal, select, update
from sqlalchemy.orm import Session

from models.ledger import Document, State

URGENT: Final = "!urgent"
"""The lane of what an operator retries by itself or with few others."""

RETRIED: Final = "!retried"
"""The lane of what was retried with many others; its share is that of one source."""

FEW: Final = 50
"""So many documents of one retry are urgent; more are no longer what somebody waits for."""

_AT_ONCE: Final = 500


def door(queue: str, lane: str) -> str:
    """Return the queue that a document's message is sent to, given the one for what it costs."""
    return "urgent" if lane == URGENT and queue != "ocr" else queue


def line_up(session: Session, document_ids: Sequence[int], lane: str) -> None:
    """Put documents into a lane, where they stand when next they wait."""
    for start in range(0, len(document_ids), _AT_ONCE):
        session.execute(
            update(Document)
            .where(Document.id.in_(document_ids[start : start + _AT_ONCE]))
            .values(lane=lane)
            .execution_options(synchronize_session=False)
        )


def urgent(session: Session, queue: str, limit: int, before: datetime) -> list[int]:
    """Return ids of the documents of a queue that go first; arguments as of :meth:`Turns.next`."""
    return _oldest(session, queue, URGENT, limit, before)


class Turns:
    """Chooses what is sent next, and remembers which lane of each queue had the last turn."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def next(self, session: Session, queue: str, limit: int, before: datetime) -> list[int]:
        """Return ids of documents that are not urgent, in the order in which they are to be sent.

        Fewer than ``limit`` do not mean that no more wait: ask again until there are none.

        Args:
            session: an open reader.
            queue: what they cost.
            limit: the most that are returned.
            before: only those that nobody touched since.
        """
        lanes = self._in_turn(queue, [one for one in _lanes(session, queue) if one != URGENT])
        if not lanes:
            return []
        each = -(-limit // len(lanes))
        found = {lane: _oldest(session, queue, lane, each, before) for lane in lanes}
        rows = zip_longest(*([(lane, one) for one in ids] for lane, ids in found.items()))
        chosen = [one for one in chain.from_iterable(rows) if one is not None][:limit]
        if chosen:
            self._last[queue] = chosen[-1][0]
        return [document_id for _, document_id in chosen]

    def _in_turn(self, queue: str, lanes: Sequence[str]) -> list[str]:
        last = self._last.get(queue, "")
        return [lane for lane in lanes if lane > last] + [lane for lane in lanes if lane <= last]


def _lanes(session: Session, queue: str) -> Iterator[str]:
    """Yield the lanes in which anything waits: one look into the index for each, not for each row.

    Source: the PostgreSQL wiki, "Loose indexscan".
    """
    query = select(Document.lane).where(_waiting(queue)).order_by(Document.lane).limit(1)
    lane = session.scalar(query)
    while lane is not None:
        yield lane
        lane = session.scalar(query.where(Document.lane > lane))


def _oldest(session: Session, queue: str, lane: str, limit: int, before: datetime) -> list[int]:
    query = (
        select(Document.id)
        .where(_waiting(queue), Document.lane == lane, Document.updated_at <= before)
        .order_by(Document.updated_at, Document.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def _waiting(queue: str) -> ColumnElement[bool]:
    # written out: an index of some rows is of no use to a statement that leaves the state open
    received = literal(str(State.RECEIVED), literal_execute=True)
    return and_(Document.state == received, Document.queue == queue)
