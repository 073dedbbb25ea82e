"""Giving a document up, and what operators decide about it afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models import transitions
from models.dead_letter import Action, DeadLetter, Decision
from models.disclosure.finding import Reason
from models.event import EventName
from models.filing import StoredFinding
from models.ledger import Document, State
from worker import waiting
from worker.deciding import Effect, Order, letters, resolve
from worker.faults import reach
from worker.logs import record

_BATCH: Final = 500
_QUOTING: Final = ("read", "unpack")


@dataclass(frozen=True, slots=True)
class Grave:
    """What is written down about a document that is given up on.

    ``inspection`` is what had been recognised, in the form of ``gouji.inspection/1``.
    """

    reason: Reason
    stage: str
    message: str
    parser_version: str
    attempt_id: int | None = None
    publisher: str | None = None
    year: int | None = None
    inspection: dict[str, Any] | None = None


def bury(session: Session, document_id: int, grave: Grave) -> DeadLetter:
    """Write the dead letter and its event; the caller moves the document to ``dead``."""
    letter = DeadLetter(
        document_id=document_id,
        attempt_id=grave.attempt_id,
        reason=grave.reason,
        stage=grave.stage,
        message=grave.message,
        publisher=grave.publisher,
        year=grave.year,
        parser_version=grave.parser_version,
        inspection=grave.inspection,
    )
    session.add(letter)
    session.flush()
    record(
        session,
        EventName.DOCUMENT_DEAD,
        level="warning",
        document_id=document_id,
        attempt_id=grave.attempt_id,
        dead_letter_id=letter.id,
        file=session.get_one(Document, document_id).name,
        reason=str(grave.reason),
        stage=grave.stage,
        message=_without_quotations(grave),
    )
    reach("bury.entered")
    return letter


def _without_quotations(grave: Grave) -> str:
    """Return what a log may say: libraries quote the file that they cannot read, and so do we.

    What was quoted stands behind the first colon; the dead letter has it.
    """
    quotes = grave.stage in _QUOTING or grave.reason is Reason.INVALID_VALUE
    return grave.message.partition(": ")[0] if quotes else grave.message


@dataclass(frozen=True, slots=True)
class Selection:
    """Open dead letters that match everything given; an empty selection matches every one.

    ``rule`` is the id of an edit that failed in the attempt that was given up; ``not_version``
    leaves out what that version of the parser refused, and so selects what an older one did.
    """

    reason: str | None = None
    rule: str | None = None
    publisher: str | None = None
    year: int | None = None
    not_version: str | None = None

    def query(self) -> Select[int]:
        """Return the query for the ids, oldest first."""
        query = select(DeadLetter.id).where(DeadLetter.resolution.is_(None))
        for column, wanted in (
            (DeadLetter.reason, self.reason),
            (DeadLetter.publisher, self.publisher),
            (DeadLetter.year, self.year),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if self.not_version is not None:
            query = query.where(DeadLetter.parser_version != self.not_version)
        if self.rule is not None:
            failed = select(StoredFinding.attempt_id).where(StoredFinding.rule == self.rule)
            query = query.where(DeadLetter.attempt_id.in_(failed))
        return query.order_by(DeadLetter.id)


Chosen = Sequence[int] | Selection


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision did.

    ``letters`` were decided now (or would be, on a dry run), ``already`` had been decided just
    so before. ``to_send`` lists (document id, queue) of documents that wait to be sent.
    """

    letters: tuple[int, ...] = ()
    already: tuple[int, ...] = ()
    to_send: tuple[tuple[int, str], ...] = ()


def retry(
    session: Session,
    chosen: Chosen,
    *,
    note: str,
    operator: str,
    versions: Mapping[int, int] | None = None,
    key: str | None = None,
    dry_run: bool = False,
) -> Decided:
    """Put documents back to ``received``, to be processed from the start.

    A few go before all others; many wait in a lane of their own beside what arrives.
    The caller sends ``to_send`` after the commit; what is never sent, the sweeper sends.
    Repeating a decision gives the same letters under ``already`` and has no second effect.

    Args:
        session: an open transaction.
        chosen: ids of dead letters, or a selection of open ones.
        note: why; kept in the audit trail.
        operator: who.
        versions: the row versions the operator looked at, by id; not checked where missing.
        key: the caller's idempotency key, for the audit trail.
        dry_run: only say what would be done.

    Raises:
        NoteMissing: the note is blank.
        UnknownLetter: an id does not exist.
        Conflict: a letter was decided otherwise, or has another version; nothing is decided.
    """
    order = Order(Action.RETRY, note, operator, versions or {}, key)
    return _decide(session, chosen, order, _revive, dry_run=dry_run)


def discard(
    session: Session,
    chosen: Chosen,
    *,
    note: str,
    operator: str,
    versions: Mapping[int, int] | None = None,
    key: str | None = None,
    dry_run: bool = False,
) -> Decided:
    """Give documents up for good; arguments and errors are those of :func:`retry`."""
    order = Order(Action.DISCARD, note, operator, versions or {}, key)
    return _decide(session, chosen, order, _discard, dry_run=dry_run)


def _decide(
    session: Session, chosen: Chosen, order: Order, effect: Effect, *, dry_run: bool
) -> Decided:
    ids = list(session.scalars(chosen.query())) if isinstance(chosen, Selection) else chosen
    found = letters(session, ids, order)
    lane = waiting.URGENT if len(found.fresh) <= waiting.FEW else waiting.RETRIED
    decided = Decided(
        letters=found.ids,
        already=found.already,
        to_send=_to_send(session, found.fresh, lane) if order.action is Action.RETRY else (),
    )
    if not dry_run:
        waiting.line_up(session, [document_id for document_id, _ in decided.to_send], lane)
        for letter in found.fresh:
            resolve(session, letter, order, effect)
    return decided


def _revive(session: Session, letter: DeadLetter, decision: Decision) -> bool:
    _tell(decision, State.RECEIVED)
    return transitions.revive(session, letter.document_id)


def _discard(session: Session, letter: DeadLetter, decision: Decision) -> bool:
    _tell(decision, State.DISCARDED)
    return transitions.discard(session, letter.document_id)


def _tell(decision: Decision, state: State) -> None:
    decision.before, decision.after = {"state": State.DEAD}, {"state": state}


def _to_send(
    session: Session, letters: Sequence[DeadLetter], lane: str
) -> tuple[tuple[int, str], ...]:
    ids = [letter.document_id for letter in letters]
    return tuple(
        (document_id, waiting.door(queue, lane))
        for start in range(0, len(ids), _BATCH)
        for document_id, queue in session.execute(
            select(Document.id, Document.queue)
            .where(Document.id.in_(ids[start : start + _BATCH]))
            .order_by(Document.id)
        )
    )
