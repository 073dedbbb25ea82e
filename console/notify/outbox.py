"""What is to be told to each channel, and what was: in the database, to survive a restart.

A channel that is new is told of what dies from then on. Each open letter stands in one message of
each channel, however many notifiers run; while a message is not delivered no other is made, so that
the next one tells of everything since.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, delete, exists, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from console.notify.channels import Envelope
from console.notify.message import compose
from models.base import now
from models.dead_letter import DeadLetter
from models.event import EventName
from models.ledger import Document
from models.notification import Channel, Notification, Told
from models.session import Database
from worker.logs import record

_LISTED: Final = 5
_SETTLED: Final = timedelta(minutes=10)
"""Longer than any transaction: a letter of that age has none before it that is still to come."""
_SENDING: Final = timedelta(minutes=2)
"""So long one notifier has a message to itself."""
_FIRST_PAUSE: Final = timedelta(seconds=15)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_PATIENCE: Final = timedelta(days=3)
_KEPT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Due:
    """A message to be sent now; ``tries`` counts this one."""

    row: int
    envelope: Envelope
    tries: int


def open_channel(database: Database, name: str) -> None:
    """Remember a channel, unless it is known."""

    def work(session: Session) -> None:
        if session.get(Channel, name) is None:
            last = session.scalar(select(func.max(DeadLetter.id))) or 0
            session.add(Channel(channel=name, floor=last, due_at=now()))

    try:
        database.unit(work)
    except IntegrityError:
        database.unit(work)  # another notifier was faster


def collect(database: Database, name: str, interval: timedelta) -> bool:
    """Write a message about every letter that is new to a channel; tell whether there was any.

    Nothing is written before ``interval`` has passed since the last message, nor while one is not
    delivered.
    """
    with database.reading() as session:  # to look is free; nobody is kept from writing
        if not _ready(session, name) or session.scalar(_fresh(name).limit(1)) is None:
            return False
    return database.unit(lambda session: _collect(session, name, interval))


def _ready(session: Session, name: str) -> bool:
    unsent = exists().where(
        Notification.channel == name,
        Notification.sent_at.is_(None),
        Notification.given_up_at.is_(None),
    )
    due = select(Channel.channel).where(Channel.channel == name, Channel.due_at <= now(), ~unsent)
    return session.scalar(due) is not None


def _fresh(name: str) -> Select[int]:
    floor = select(Channel.floor).where(Channel.channel == name).scalar_subquery()
    told = exists().where(Told.channel == name, Told.dead_letter_id == DeadLetter.id)
    return (
        select(DeadLetter.id)
        .where(DeadLetter.id > floor, DeadLetter.resolution.is_(None), ~told)
        .order_by(DeadLetter.id)
    )


def _collect(session: Session, name: str, interval: timedelta) -> bool:
    moment = now()
    mine = update(Channel).where(Channel.channel == name, Channel.due_at <= moment)
    taken = session.connection().execute(mine.values(due_at=moment + interval))
    if taken.rowcount != 1 or not (letters := list(session.scalars(_fresh(name)))):
        return False
    note = Notification(
        uuid=str(uuid.uuid4()), channel=name, body=_body(session, name), due_at=moment
    )
    session.add(note)
    session.flush()
    rows = _fresh(name).with_only_columns(literal(name), DeadLetter.id, literal(note.id))
    session.execute(
        insert(Told).from_select(["channel", "dead_letter_id", "notification_id"], rows)
    )
    _tidy(session, name, moment, letters[-1])
    return True


def _body(session: Session, name: str) -> dict[str, Any]:
    fresh = _fresh(name).order_by(None)
    count = func.count().label("count")
    reasons = session.execute(
        select(DeadLetter.reason, count)
        .where(DeadLetter.id.in_(fresh))
        .group_by(DeadLetter.reason)
        .order_by(count.desc(), DeadLetter.reason)
    ).all()
    first = session.execute(
        select(
            DeadLetter.id,
            DeadLetter.reason,
            DeadLetter.publisher,
            DeadLetter.year,
            Document.name,
        )
        .join(Document, Document.id == DeadLetter.document_id)
        .where(DeadLetter.id.in_(fresh))
        .order_by(DeadLetter.id)
        .limit(_LISTED)
    ).mappings()
    return compose([(reason, number) for reason, number in reasons], [dict(row) for row in first])


def _tidy(session: Session, name: str, moment: datetime, last: int) -> None:
    """Forget which letters were told that are not asked about any more, and old messages."""
    settled = session.scalar(
        select(func.max(DeadLetter.id)).where(
            DeadLetter.id <= last, DeadLetter.created_at < moment - _SETTLED
        )
    )
    if settled is not None:
        moved = update(Channel).where(Channel.channel == name, Channel.floor < settled)
        session.execute(moved.values(floor=settled))
        known = (Told.channel == name, Told.dead_letter_id <= settled)
        session.execute(delete(Told).where(*known))
    old = (Notification.channel == name, Notification.sent_at < moment - _KEPT)
    named = exists().where(Told.notification_id == Notification.id)
    session.execute(
        delete(Notification).where(*old, ~named).execution_options(synchronize_session=False)
    )


def take(database: Database, name: str) -> Due | None:
    """Take a message that is to be sent now, so that no other notifier does for a while."""

    def work(session: Session) -> Due | None:
        moment = now()
        query = select(Notification).where(
            Notification.channel == name,
            Notification.sent_at.is_(None),
            Notification.given_up_at.is_(None),
            Notification.due_at <= moment,
        )
        found = session.scalars(query.order_by(Notification.id).limit(1)).one_or_none()
        if found is None:
            return None
        mine = update(Notification).where(
            Notification.id == found.id,
            Notification.tries == found.tries,
            Notification.sent_at.is_(None),
        )
        values = {"due_at": moment + _SENDING, "tries": found.tries + 1}
        if session.connection().execute(mine.values(**values)).rowcount != 1:
            return None
        created = found.created_at.isoformat()
        return Due(found.id, Envelope(found.uuid, created, found.body), found.tries + 1)

    with database.reading() as session:
        waiting = select(Notification.id).where(
            Notification.channel == name,
            Notification.sent_at.is_(None),
            Notification.given_up_at.is_(None),
            Notification.due_at <= now(),
        )
        if session.scalar(waiting.limit(1)) is None:
            return None
    return database.unit(work)


def delivered(database: Database, name: str, due: Due) -> None:
    """Note that a message was taken."""

    def work(session: Session) -> None:
        open_still = update(Notification).where(
            Notification.id == due.row, Notification.sent_at.is_(None)
        )
        values = {"sent_at": now(), "error": None}
        if session.connection().execute(open_still.values(**values)).rowcount == 1:
            count = due.envelope.data["count"]
            told = {"channel": name, "message_id": due.envelope.id, "letters": count}
            record(session, EventName.NOTIFICATION_SENT, tries=due.tries, **told)

    database.unit(work)


def undelivered(database: Database, name: str, due: Due, why: str) -> timedelta | None:
    """Note that a message was not taken; return after what time it is sent again.

    After three days it is given up, and ``None`` returned: what comes next is told again.
    """
    pause: timedelta = min(_FIRST_PAUSE * 2 ** min(due.tries - 1, 10), _LONGEST_PAUSE)

    def work(session: Session) -> timedelta | None:
        moment = now()
        row = session.get_one(Notification, due.row)
        row.error = why
        if moment - row.created_at < _PATIENCE:
            row.due_at = moment + pause
            return pause
        row.given_up_at = moment
        record(
            session,
            EventName.NOTIFICATION_GIVEN_UP,
            level="error",
            channel=name,
            message_id=row.uuid,
            error=why,
            tries=due.tries,
        )
        return None

    return database.unit(work)
