"""What a run has lost, done twice or brought to a wrong end, against what must have come of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.dead_letter import DeadLetter
from models.event import Event, EventName
from models.filing import StoredReport
from models.ledger import (
    FINAL,
    Arrival,
    ArrivalState,
    Attempt,
    AttemptOutcome,
    Document,
    State,
)
from models.session import Database
from tests.fault.material import Expected
from worker.archive import Archive
from worker.claim import CRASH_LIMIT

_ENDS = {
    State.STORED: EventName.REPORT_STORED,
    State.UNPACKED: EventName.DOCUMENT_UNPACKED,
    State.DEAD: EventName.DOCUMENT_DEAD,
}


class PromiseBrokenError(AssertionError):
    """Something was lost, done twice or is wrong: no trial is repeated because of a better end."""


@dataclass(slots=True)
class Accounts:
    """What is wrong, in words; empty where the promise held."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def balanced(self) -> bool:
        """Whether nothing is lost, doubled or wrong."""
        return not (self.lost or self.doubled or self.wrong)

    def check(self, story: Callable[[], object] = str) -> None:
        """Hold it to the promise.

        Args:
            story: how things stand, for the message.

        Raises:
            PromiseBrokenError: something is lost, doubled or wrong.
        """
        if not self.balanced:
            raise PromiseBrokenError(f"{self}\n{story()}")

    def __str__(self) -> str:
        parts = (("lost", self.lost), ("doubled", self.doubled), ("wrong", self.wrong))
        return "; ".join(f"{len(found)} {name}: {found[:5]}" for name, found in parts if found)


def given_up(database: Database, wanted: Expected) -> list[int]:
    """Return the letters of documents that were given up because faults hit them three times.

    That is what ``crash_loop`` is for, and no mistake, where every attempt but the first was alone
    in the process that was killed: no other document was to blame for those.
    """
    query = select(DeadLetter.id, Document.id, Document.sha256).join(
        Document, Document.id == DeadLetter.document_id
    )
    is_open = DeadLetter.resolution.is_(None), DeadLetter.reason == "crash_loop"
    with database.reading() as session:
        rows = session.execute(query.where(*is_open)).all()
        return [
            letter_id
            for letter_id, document_id, sha256 in rows
            if wanted.documents.get(sha256, ("", None))[1] != "crash_loop"
            and _alone(session, document_id)
        ]


def _alone(session: Session, document_id: int) -> bool:
    lost = select(Attempt.worker).where(Attempt.outcome == AttemptOutcome.LOST)
    mine = lost.where(Attempt.document_id == document_id).order_by(Attempt.id)
    _first, *others = session.scalars(mine)
    beside = select(func.count()).where(
        Attempt.outcome == AttemptOutcome.LOST,
        Attempt.worker.in_(others),
        Attempt.document_id != document_id,
    )
    return len(others) == CRASH_LIMIT - 1 and session.scalar(beside) == 0


def settle(database: Database, archive: Archive, wanted: Expected) -> Accounts:
    """Compare ledger, store, archive and timeline with what must have come of it."""
    accounts = Accounts()
    _documents(database, archive, wanted, accounts)
    _arrivals(database, wanted, accounts)
    _effects(database, accounts)
    return accounts


def _documents(database: Database, archive: Archive, wanted: Expected, found: Accounts) -> None:
    reason = select(DeadLetter.reason).where(
        DeadLetter.document_id == Document.id, DeadLetter.resolution.is_(None)
    )
    query = select(Document.sha256, Document.state, reason.limit(1).scalar_subquery())
    with database.reading() as session:
        ends = {sha256: (state, why) for sha256, state, why in session.execute(query)}
    found.lost += [f"no document {sha256}" for sha256 in set(wanted.documents) - set(ends)]
    found.lost += [f"no bytes {sha256}" for sha256 in ends if not archive.has(sha256)]
    found.doubled += [f"unknown document {sha256}" for sha256 in set(ends) - set(wanted.documents)]
    for sha256, end in ends.items():
        if end[0] not in FINAL:
            found.lost.append(f"{sha256} is still {end[0]}")
        elif end != wanted.documents.get(sha256, end):
            story = _story(database, sha256)
            found.wrong.append(f"{sha256} is {end}, not {wanted.documents[sha256]}: {story}")


def _story(database: Database, sha256: str) -> str:
    """Tell what became of each attempt on a document, and what its letters say."""
    this = select(Document.id).where(Document.sha256 == sha256).scalar_subquery()
    tries = select(
        Attempt.started_at, Attempt.duration_ms, Attempt.outcome, Attempt.stage, Attempt.error
    ).where(Attempt.document_id == this)
    letters = select(DeadLetter.created_at, DeadLetter.stage, DeadLetter.message).where(
        DeadLetter.document_id == this
    )
    with database.reading() as session:
        rows = [*session.execute(tries.order_by(Attempt.id)), *session.execute(letters)]
    return "; ".join(" ".join(str(value) for value in row) for row in rows)


def _arrivals(database: Database, wanted: Expected, found: Accounts) -> None:
    query = select(Arrival.path, func.count()).where(Arrival.state != ArrivalState.IGNORED)
    with database.reading() as session:
        came = dict(session.execute(query.group_by(Arrival.path)).all())
    found.lost += [f"no arrival {path!r}" for path in wanted.arrivals - set(came)]
    found.doubled += [f"{path!r} came {count} times" for path, count in came.items() if count > 1]
    found.wrong += [f"{path!r} came" for path in set(came) - wanted.arrivals]


def _effects(database: Database, found: Accounts) -> None:
    """Each document has the effect of its state, once, in the store and in the timeline."""
    with database.reading() as session:
        states = dict(session.execute(select(Document.id, Document.state)).all())
        reports = Counter(session.scalars(select(StoredReport.document_id)))
        still_open = DeadLetter.resolution.is_(None)
        letters = Counter(session.scalars(select(DeadLetter.document_id).where(still_open)))
        again = Counter(session.scalars(select(DeadLetter.document_id).where(~still_open)))
        named = select(Event.document_id, Event.name).where(Event.document_id.is_not(None))
        told = Counter((row[0], row[1]) for row in session.execute(named))
    for document_id, state in states.items():
        kept = reports[document_id] + letters[document_id]
        if kept < (state in (State.STORED, State.DEAD)):
            found.lost.append(f"document {document_id} is {state} without effect")
        if kept > (state in (State.STORED, State.DEAD)):
            found.doubled.append(f"document {document_id} is {state} with {kept} effects")
        ends = sum(told[document_id, name] for name in _ENDS.values())
        if told[document_id, EventName.DOCUMENT_RECEIVED] != 1 or ends != 1 + again[document_id]:
            found.wrong.append(f"document {document_id} was told to end {ends} times")
