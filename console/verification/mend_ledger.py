"""Repairs of documents, attempts, reports, dead letters and history. None touches a figure."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from console.verification.discrepancy import Discrepancy
from console.verification.hands import Hands, Mend, changing, give_up, locked
from console.verification.history import ENDS
from models.base import now
from models.dead_letter import Action, DeadLetter, Decision
from models.event import Event, EventName
from models.filing import StoredReport
from models.ledger import Arrival, Attempt, Document, State, close_lost, move
from worker import versions
from worker.entry import queue_of
from worker.logs import record
from worker.pipeline import CRASH_LIMIT

_HEAD: Final = 8


def _queue(hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    if document is None or document.queue != found.about["queue"]:
        return None
    with hands.archive.open(document.sha256) as stream:
        document.queue = queue_of(stream.read(_HEAD))
    return f"queue {found.about['queue']} → {document.queue}"


def _put_back(overdue: Callable[[Document, Attempt | None], bool]) -> Mend:
    def change(hands: Hands, session: Session, found: Discrepancy) -> str | None:
        document = locked(session, found)
        if document is None or document.state != State.PROCESSING:
            return None
        attempt = None
        if document.attempt_id is not None:
            attempt = session.get(Attempt, document.attempt_id)
        if not overdue(document, attempt):
            return None
        if attempt is not None and attempt.document_id == document.id:
            close_lost(session, attempt.id, now())
        values = {"lease_expires_at": None}
        move(session, document.id, start=(State.PROCESSING,), to=State.RECEIVED, **values)
        hands.to_send.append((document.id, document.queue))
        return "put back to received"

    return changing(change)


def _unclaimed(document: Document, attempt: Attempt | None) -> bool:
    held = attempt is not None and attempt.document_id == document.id and attempt.outcome is None
    return document.lease_expires_at is None or not held


def _expired(document: Document, _attempt: Attempt | None) -> bool:
    return document.lease_expires_at is not None and document.lease_expires_at < now()


def _lease_far(hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    latest = now() + timedelta(seconds=hands.settings.lease)
    ends = None if document is None else document.lease_expires_at
    if document is None or ends is None or document.state != State.PROCESSING or ends <= latest:
        return None
    document.lease_expires_at = latest
    return f"lease until {latest.isoformat()}"


def _lease_left(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    if document is None or document.state == State.PROCESSING:
        return None
    document.lease_expires_at = None
    return "took the lease away"


def _counters(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    if document is None:
        return None
    before = (document.attempts, document.unfinished, document.retries)
    document.attempts = max(document.attempts, 0)
    least = 1 if document.state == State.PROCESSING else 0
    most = max(least, min(CRASH_LIMIT, document.attempts))
    document.unfinished = min(max(document.unfinished, least), most)
    document.retries = max(document.retries, 0)
    after = (document.attempts, document.unfinished, document.retries)
    return None if after == before else f"attempts, unfinished, retries {before} → {after}"


def _attempts(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    if document is None:
        return None
    last = session.scalar(
        select(func.max(Attempt.number)).where(Attempt.document_id == document.id)
    )
    if last is None or last <= document.attempts:
        return None
    before, document.attempts = document.attempts, last
    return f"attempts {before} → {last}"


def _attempt_open(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    attempt = session.get(Attempt, found.about["attempt"])
    if document is None or attempt is None or attempt.outcome is not None:
        return None
    if document.state == State.PROCESSING and document.attempt_id == attempt.id:
        return None
    close_lost(session, attempt.id, now())
    return "attempt written down as lost"


def _no_report(hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    if document is None or session.scalar(_reported(document.id)):
        return None
    values = {"unfinished": 0, "retries": 0, "lease_expires_at": None}
    if not move(session, document.id, start=(State.STORED,), to=State.RECEIVED, **values):
        return None
    hands.to_send.append((document.id, document.queue))
    return "to be read again"


def _not_stored(_hands: Hands, session: Session, found: Discrepancy) -> str | None:
    document = locked(session, found)
    if document is None or not session.scalar(_reported(document.id)):
        return None
    waiting = (State.RECEIVED, State.QUEUED)
    values = {"unfinished": 0, "lease_expires_at": None}
    moved = move(session, document.id, start=waiting, to=State.STORED, **values)
    return "marked as stored" if moved else None


def _reported(document_id: int) -> Any:
    return select(exists().where(StoredReport.document_id == document_id))


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
    give_up(session, document.id, "process", "it was dead, and had no dead letter")
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


MENDS: Final[Mapping[str, Mend]] = {
    "DOCUMENT.QUEUE": changing(_queue),
    "DOCUMENT.NO_CLAIM": _put_back(_unclaimed),
    "DOCUMENT.LEASE_EXPIRED": _put_back(_expired),
    "DOCUMENT.LEASE_FAR": changing(_lease_far),
    "DOCUMENT.LEASE_LEFT": changing(_lease_left),
    "DOCUMENT.COUNTERS": changing(_counters),
    "DOCUMENT.ATTEMPTS": changing(_attempts),
    "DOCUMENT.NO_REPORT": changing(_no_report),
    "DOCUMENT.NO_LETTER": changing(_no_letter),
    "ATTEMPT.OPEN": changing(_attempt_open),
    "REPORT.NOT_STORED": changing(_not_stored),
    "REPORT.STANDING": changing(_standing),
    "LETTER.NOT_DEAD": changing(_not_dead),
    "EVENT.NO_BEGINNING": changing(_no_beginning),
    "EVENT.NO_END": changing(_no_end),
}
"""The repairs of the ledger by the code of what they mend."""
