"""Repairs of documents, attempts, reports, dead letters and history. None touches a figure."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from console.verification.discrepancy import Discrepancy
from console.verification.hands import Hands, Mend, changing, locked, write_letter
from console.verification.history import ENDS
from models import mending
from models.base import now
from models.dead_letter import Action, DeadLetter, Decision
from models.event import Event, EventName
from models.filing import Subject
from models.ledger import Arrival, Document, State
from worker import neighbours, versions
from worker.claim import CRASH_LIMIT
from worker.entry import queue_of
from worker.logs import record

_HEAD: Final = 8


def _queue(hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    if document is None or document.queue != found.about["queue"]:
        return None
    with hands.archive.open(document.sha256) as stream:
        document.queue = queue_of(stream.read(_HEAD))
    return f"queue {found.about['queue']} → {document.queue}"


def _documents(change: Callable[[Session, int], bool], what: str, *, send: bool = False) -> Mend:
    """Return the repair that changes one row of the ledger, and only where it is still wrong."""

    def mend(hands: Hands, session: Session, found: Discrepancy) -> str | None:
        document_id = found.about["document"]
        if not change(session, document_id):
            return None
        if send:
            hands.to_send.append((document_id, session.get_one(Document, document_id).queue))
        return what

    return changing(mend)


def _overdue(session: Session, document_id: int) -> bool:
    return mending.free_overdue(session, document_id, now())


def _bounded(session: Session, document_id: int) -> bool:
    return mending.bound_counts(session, document_id, CRASH_LIMIT)


def _lease_far(hands: Hands, session: Session, found: Discrepancy) -> str | None:
    latest = now() + timedelta(seconds=hands.settings.lease)
    shortened = mending.shorten_lease(session, found.about["document"], latest)
    return f"lease until {latest.isoformat()}" if shortened else None


def _attempt_open(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
    closed = mending.close_attempt(session, found.about["attempt"])
    return "attempt written down as lost" if closed else None


def _standing(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
    stands = versions.let_newest_stand(session, found.about["report"])
    return None if stands is None else f"report {stands} stands"


def _no_letter(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    if document is None or document.state != State.DEAD:
        return None
    letter = exists().where(DeadLetter.document_id == document.id, DeadLetter.resolution.is_(None))
    if session.scalar(select(letter)):
        return None
    write_letter(session, document.id, "process", "it was dead, and had no dead letter")
    return "wrote a dead letter"


def _not_dead(hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    letter = session.get(DeadLetter, found.about["letter"], with_for_update=True)
    if document is None or letter is None:
        return None
    if letter.resolution is not None or document.state == State.DEAD:
        return None
    action = Action.DISCARD if document.state == State.DISCARDED else Action.RETRY
    closed = (
        update(DeadLetter)
        .where(DeadLetter.id == letter.id, DeadLetter.version == letter.version)
        .values(resolution=action, resolved_at=now(), version=letter.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.execute(closed)
    note = f"gouji verify: the document is {document.state}"
    session.add(
        Decision(dead_letter_id=letter.id, operator=hands.operator, action=action, note=note)
    )
    return f"closed the dead letter: {action}"


def _no_beginning(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    name = EventName.DOCUMENT_RECEIVED
    if document is None or _told(session, document, name):
        return None
    arrival = session.scalar(select(func.min(Arrival.id)).where(Arrival.document_id == document.id))
    _write(session, document, name, arrival_id=arrival)
    return f"wrote {name}"


def _no_end(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    if document is None or document.state not in list(ENDS):
        return None
    name = ENDS[State(document.state)]
    if _told(session, document, name):
        return None
    _write(session, document, name, attempt_id=document.attempt_id)
    return f"wrote {name}"


def _told(session: Session, document: Document, name: EventName) -> bool:
    told = exists().where(Event.document_id == document.id, Event.name == name)
    return bool(session.scalar(select(told)))


def _write(session: Session, document: Document, name: EventName, **ids: Any) -> None:
    record(session, name, level="warning", document_id=document.id, was_missing=True, **ids)


def _years(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
    subject = Subject.of(found.about["publisher"], found.about["year"])
    if subject is None:
        return None
    versions.lock(session, subject)
    neighbours.reassess(session, subject)
    return "held against its neighbours again"


MENDS: Final[Mapping[str, Mend]] = {
    "DOCUMENT.QUEUE": changing(_queue),
    "DOCUMENT.NO_CLAIM": _documents(mending.free_unclaimed, "put back to received", send=True),
    "DOCUMENT.LEASE_EXPIRED": _documents(_overdue, "put back to received", send=True),
    "DOCUMENT.LEASE_FAR": changing(_lease_far),
    "DOCUMENT.LEASE_LEFT": _documents(mending.drop_lease, "took the lease away"),
    "DOCUMENT.COUNTERS": _documents(_bounded, "counts brought back into their bounds"),
    "DOCUMENT.ATTEMPTS": _documents(mending.count_attempts, "counted up to the last attempt"),
    "DOCUMENT.NO_REPORT": _documents(mending.read_again, "to be read again", send=True),
    "DOCUMENT.NO_LETTER": changing(_no_letter),
    "ATTEMPT.OPEN": changing(_attempt_open),
    "REPORT.NOT_STORED": _documents(mending.mark_stored, "marked as stored"),
    "REPORT.STANDING": changing(_standing),
    "REPORT.YEARS": changing(_years),
    "LETTER.NOT_DEAD": changing(_not_dead),
    "EVENT.NO_BEGINNING": changing(_no_beginning),
    "EVENT.NO_END": changing(_no_end),
}
"""The repairs of the ledger by the code of what they mend."""
