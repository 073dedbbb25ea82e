"""How a decision about dead letters is taken: checked, written down, carried out or not at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session, defer

from models.base import now
from models.dead_letter import Action, DeadLetter, Decision
from models.event import EventName
from models.filing import StoredReport
from worker.logs import record

_BATCH: Final = 500
_EVENTS: Final = {
    Action.RETRY: EventName.DOCUMENT_RETRIED,
    Action.CORRECT: EventName.DOCUMENT_CORRECTED,
    Action.ACCEPT: EventName.DOCUMENT_ACCEPTED,
    Action.DISCARD: EventName.DOCUMENT_DISCARDED,
}


class DecisionError(Exception):
    """Base of every reason why a decision cannot be taken."""


class NoteMissing(DecisionError):  # noqa: N818 - it says what is wrong
    """Every decision needs a note that says why."""


class UnknownLetter(DecisionError):  # noqa: N818 - it says what is wrong
    """There is no dead letter with such an id."""


class Conflict(DecisionError):  # noqa: N818 - it says what is wrong
    """Somebody else has decided otherwise, or changed the row since it was looked at."""


@dataclass(frozen=True, slots=True)
class Order:
    """A decision as the operator gave it.

    ``versions`` are the row versions that were looked at, by id of the letter; not checked where
    missing. ``key`` is the caller's idempotency key, ``candidate`` what was taken.
    """

    action: Action
    note: str
    operator: str
    versions: Mapping[int, int] = field(default_factory=dict)
    key: str | None = None
    candidate: str | None = None


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters of a decision: those that it is about now, and those decided just so before."""

    fresh: Sequence[DeadLetter]
    already: tuple[int, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of those that are decided about now."""
        return tuple(letter.id for letter in self.fresh)


Effect = Callable[[Session, DeadLetter, Decision], bool]
"""Carries a decision out, and tells whether the document was still dead; completes its row."""


def letters(session: Session, ids: Sequence[int], order: Order) -> Letters:
    """Lock the letters of a decision, and look whether it can be taken.

    Raises:
        NoteMissing: the note is blank.
        UnknownLetter: an id does not exist.
        Conflict: a letter was decided otherwise, or has another version.
    """
    if not order.note.strip():
        raise NoteMissing("a decision needs a note that says why")
    found = _locked(session, ids)
    for letter in found:
        _check(session, letter, order)
    return Letters(
        [letter for letter in found if letter.resolution is None],
        tuple(letter.id for letter in found if letter.resolution is not None),
    )


def resolve(session: Session, letter: DeadLetter, order: Order, effect: Effect) -> Decision:
    """Close a letter, carry the decision out, and write it into audit trail and timeline.

    Raises:
        Conflict: somebody else was faster.
    """
    taken = session.connection().execute(
        update(DeadLetter)
        .where(
            DeadLetter.id == letter.id,
            DeadLetter.version == letter.version,
            DeadLetter.resolution.is_(None),
        )
        .values(resolution=order.action, resolved_at=now(), version=letter.version + 1)
    )
    if taken.rowcount != 1:
        raise _overtaken(letter)
    decision = Decision(
        dead_letter_id=letter.id,
        operator=order.operator,
        action=order.action,
        note=order.note,
        key=order.key,
        candidate=order.candidate,
    )
    session.add(decision)
    record(
        session,
        _EVENTS[order.action],
        document_id=letter.document_id,
        attempt_id=letter.attempt_id,
        dead_letter_id=letter.id,
        operator=order.operator,
        note=order.note,
    )
    if not effect(session, letter, decision):
        raise _overtaken(letter)
    session.expire(letter)
    return decision


def _locked(session: Session, wanted: Sequence[int]) -> list[DeadLetter]:
    found: dict[int, DeadLetter] = {}
    for start in range(0, len(wanted), _BATCH):
        query = (
            select(DeadLetter)
            .where(DeadLetter.id.in_(wanted[start : start + _BATCH]))
            .options(defer(DeadLetter.inspection))  # thousands of whole reports
        )
        found |= {letter.id: letter for letter in session.scalars(query.with_for_update())}
    for letter_id in wanted:
        if letter_id not in found:
            raise UnknownLetter(f"there is no dead letter {letter_id}")
    return [found[letter_id] for letter_id in dict.fromkeys(wanted)]


def _overtaken(letter: DeadLetter) -> Conflict:
    return Conflict(f"dead letter {letter.id} was decided by somebody else meanwhile")


def _check(session: Session, letter: DeadLetter, order: Order) -> None:
    if letter.resolution is not None:
        if letter.resolution != order.action:
            became = _became(session, letter.document_id)
            raise Conflict(
                f"dead letter {letter.id} is already resolved: {letter.resolution}{became}"
            )
        return
    seen = order.versions.get(letter.id, letter.version)
    if seen != letter.version:
        raise Conflict(
            f"dead letter {letter.id} has changed: version {letter.version}, looked at {seen}"
        )


def _became(session: Session, document_id: int) -> str:
    """Say what the document of a letter that was decided about has led to since."""
    letter = select(DeadLetter.id).where(
        DeadLetter.document_id == document_id, DeadLetter.resolution.is_(None)
    )
    if (number := session.scalar(letter.order_by(DeadLetter.id.desc()).limit(1))) is not None:
        return f"; document {document_id} now has dead letter {number}"
    report = select(StoredReport.id).where(StoredReport.document_id == document_id)
    if (number := session.scalar(report)) is not None:
        return f"; document {document_id} is stored as report {number}"
    return ""
