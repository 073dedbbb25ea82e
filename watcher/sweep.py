"""What the queue lost: documents whose message was never sent, or got lost, are sent again.

The database is the truth. A message too many does no harm, since a worker claims its document by
compare-and-set; still each document is sent at most once per lease, and only while there is room.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from models import transitions
from models.base import now
from models.event import EventName
from models.ledger import Document, State
from models.session import Database
from worker.faults import reach
from worker.inbox import COSTS
from worker.logs import record
from worker.send import Sender, fitting
from worker.settings import Settings
from worker.waiting import URGENT, Turns, door, urgent

_Note = Callable[[Session, Sequence[int]], object]

_PAGE: Final = 500
_IN_HAND: Final = 5.0
"""Seconds for which a document is left to the process that is sending it."""
_AT_ONCE: Final = 0.0
_LEFT: Final = 1.0
"""The same while this very process leaves newcomers for want of room: most of what waits is theirs,
and a message too many does no harm."""
_SOON: Final = 5.0
"""Seconds after which a queued document is missed on a queue without a single message."""
_AHEAD: Final = timedelta(hours=1)
"""So far the clocks of several hosts never are apart."""
_REFILL: Final = 1.0
"""Seconds between looks for waiting documents while there are more than the queue takes."""


class Sweeper:
    """Sends again what has no message; cheap enough to be asked at every turn of a loop.

    Args:
        settings: intervals, in seconds.
        database: the ledger.
        sender: the way to the queue.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        sender: Sender,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = settings.sweep_interval
        self._lease = timedelta(seconds=settings.lease)
        self._delay = timedelta(seconds=settings.retry_max)
        self._forlorn = timedelta(seconds=4 * max(settings.lease, settings.retry_max))
        self._database = database
        self._sender = sender
        self._clock = clock
        self._turns = Turns()
        self._sweep_at = clock()
        self._first = True
        self._refill_at: float | None = None
        self._forgot_at: datetime | None = None

    def tick(self) -> int:
        """Do what is due; returns how many messages were sent.

        Raises:
            SQLAlchemyError: the database cannot be reached.
        """
        moment = self._clock()
        if moment >= self._sweep_at:
            soon = min(self._interval, _SOON) if self._first else self._interval
            self._sweep_at = moment + soon
            refilled = self.refill(_AT_ONCE if self._first else None)
            self._first = False
            return refilled + self.resend_lost() + self.resend_expired() + self.catch_up()
        if self._refill_at is None and self._sender.has_left(_IN_HAND + _REFILL):
            self._refill_at = moment + _REFILL  # they are nobody's by then, or soon
        if self._refill_at is not None and moment >= self._refill_at:
            return self.refill()
        return 0

    def refill(self, age: float | None = None) -> int:
        """Send documents that wait as ``received``, each queue's in turn, while there is room.

        Args:
            age: for so many seconds they were not touched, ``None`` for as long as another process
                may have them in hand. At the start nobody has.
        """
        if age is None:
            age = _LEFT if self._sender.has_left(_IN_HAND + _REFILL) else _IN_HAND
        before = now() - timedelta(seconds=age)
        rooms = self._sender.rooms()
        sent = 0
        for queue in COSTS:
            first = partial(urgent, queue=queue, before=before)
            sent += self._fill(rooms, door(queue, URGENT), first)
            others = partial(self._turns.next, queue=queue, before=before)
            sent += self._fill(rooms, queue, others)
        waits = sent or 0 in rooms.values()
        self._refill_at = self._clock() + _REFILL if waits else None
        return sent

    def _fill(self, rooms: dict[str, int], to: str, choose: Callable[..., list[int]]) -> int:
        """Send to one queue what is chosen, page by page, until it is full or nothing is left."""
        sent = 0
        while rooms.get(to, 0) > 0:
            with self._database.reading() as session:
                page = choose(session, limit=min(rooms[to], _PAGE))
            if not self._sender.send_chosen([(document_id, to) for document_id in page]):
                break
            rooms[to] -= len(page)
            sent += len(page)
        return sent

    def resend_lost(self) -> int:
        """Send documents again that are ``queued`` while the queue has too few messages for them.

        A queue without any message has lost them for certain; one with fewer messages than there
        are documents has lost some, which are among those that waited longest. Where the server
        does not tell what workers hold, only that is missed which none can hold any more.
        """
        backlog = self._sender.backlog()
        if backlog is None:
            return 0
        lost = self._on_the_way() - backlog.total
        if backlog.forgot:
            return self._resend_forgotten(lost)
        age = timedelta(seconds=_SOON) if backlog.total == 0 else self._lease
        if backlog.unseen:
            lost, age = lost - backlog.unseen, self._lease + self._delay
        if lost <= 0:
            # Messages of documents that are done may hide that others are missing.
            lost, age = _PAGE, self._forlorn
        page = self._documents(_aged(State.QUEUED, age), min(lost, _PAGE))
        page = fitting(page, self._sender.rooms())
        return self._resend(page, EventName.DOCUMENT_RESENT, transitions.resend)

    def _resend_forgotten(self, lost: int) -> int:
        """Send everything again that was queued when the server was found to have lost it all.

        A server that was never marked may have it all.
        """
        if self._forgot_at is None:
            if lost <= 0:
                self._sender.mark_server()
                return 0
            self._forgot_at = now()
        page = self._documents(_aged(State.QUEUED, now() - self._forgot_at), _PAGE)
        if not page:
            self._sender.mark_server()
            self._forgot_at = None
        page = fitting(page, self._sender.rooms())
        return self._resend(page, EventName.DOCUMENT_RESENT, transitions.resend)

    def resend_expired(self) -> int:
        """Send documents again whose worker did not finish within its lease.

        The state stays: the worker that gets the message takes the claim over.
        """
        moment = now()
        untouched = or_(
            Document.updated_at <= Document.lease_expires_at,
            Document.updated_at < moment - self._lease,
            Document.updated_at > moment + _AHEAD,  # the clock was set back
        )
        expired = and_(
            Document.state == State.PROCESSING, Document.lease_expires_at < moment, untouched
        )
        page = self._documents(expired, _PAGE)
        return self._resend(page, EventName.DOCUMENT_LEASE_EXPIRED, transitions.remind)

    def catch_up(self) -> int:
        """Go on with what seems to have been touched in the future: the clock was set back.

        Else it would wait until that time has come.
        """
        ahead = now() + _AHEAD
        touched = Document.updated_at > ahead
        received = self._documents(and_(Document.state == State.RECEIVED, touched), _PAGE)
        sent = self._sender.send_chosen(fitting(received, self._sender.rooms()))
        queued = self._documents(and_(Document.state == State.QUEUED, touched), _PAGE)
        queued = fitting(queued, self._sender.rooms())
        sent += self._resend(queued, EventName.DOCUMENT_RESENT, transitions.resend)
        if held := self._held_beyond(ahead + self._lease):
            self._database.unit(lambda session: transitions.end_lease(session, held))
        return sent

    def _held_beyond(self, moment: datetime) -> list[tuple[int, int]]:
        """Return documents and attempts whose lease ends later than that."""
        held = select(Document.id, Document.attempt_id).where(
            Document.state == State.PROCESSING, Document.lease_expires_at > moment
        )
        with self._database.reading() as session:
            return [(row.id, row.attempt_id) for row in session.execute(held.limit(_PAGE))]

    def _on_the_way(self) -> int:
        with self._database.reading() as session:
            states = [State.QUEUED, State.PROCESSING]
            counted = select(func.count()).where(Document.state.in_(states))
            return session.execute(counted).scalar_one()

    def _documents(self, which: ColumnElement[bool], limit: int) -> list[tuple[int, str]]:
        if limit <= 0:
            return []
        with self._database.reading() as session:
            rows = session.execute(
                select(Document.id, Document.queue)
                .where(which)
                .order_by(Document.updated_at, Document.id)
                .limit(limit)
            )
            return [(row.id, row.queue) for row in rows]

    def _resend(self, documents: Sequence[tuple[int, str]], name: EventName, note: _Note) -> int:
        if not documents or not self._sender.send(documents):
            return 0
        reach("sweep.sent")
        self._database.unit(lambda session: _noted(session, documents, name, note))
        return len(documents)


def _noted(
    session: Session, documents: Sequence[tuple[int, str]], name: EventName, note: _Note
) -> None:
    note(session, [document_id for document_id, _ in documents])
    for document_id, queue in documents:
        record(session, name, level="warning", document_id=document_id, queue=queue)


def _aged(state: State, age: timedelta) -> ColumnElement[bool]:
    before: datetime = now() - age
    return and_(Document.state == state, Document.updated_at <= before)
