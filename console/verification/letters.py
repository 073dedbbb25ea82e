"""Dead letters and decisions: does each dead document have one, and each decision its letter?"""

from typing import Any, Final

from sqlalchemy import and_, exists, func, or_, select

from console import labels
from console.verification.ledger import DOCUMENT
from console.verification.look import Check, Look, Query, asked
from models.dead_letter import Action, DeadLetter, Decision
from models.disclosure.finding import Reason
from models.ledger import Attempt, Document, State

WITHOUT_ATTEMPT: Final = "queue"
"""The stage of a letter about a document whose message died before any attempt began."""

_LETTER: Final[tuple[Any, ...]] = (
    DeadLetter.id.label("letter"),
    DeadLetter.document_id.label("document"),
    DeadLetter.reason.label("reason"),
)
_OPEN: Final = DeadLetter.resolution.is_(None)


def _no_letter(_look: Look) -> Query:
    letter = exists().where(DeadLetter.document_id == Document.id, _OPEN)
    return select(*DOCUMENT).where(Document.state == State.DEAD, ~letter)


def _no_decision(_look: Look) -> Query:
    letter = exists().where(
        DeadLetter.document_id == Document.id, DeadLetter.resolution == Action.DISCARD
    )
    return select(*DOCUMENT).where(Document.state == State.DISCARDED, ~letter)


def _no_document(_look: Look) -> Query:
    return (
        select(*_LETTER)
        .outerjoin(Document, Document.id == DeadLetter.document_id)
        .where(Document.id.is_(None))
    )


def _not_dead(_look: Look) -> Query:
    return (
        select(*_LETTER, Document.name.label("name"), Document.state.label("state"))
        .join(Document, Document.id == DeadLetter.document_id)
        .where(_OPEN, Document.state != State.DEAD)
    )


def _twice(_look: Look) -> Query:
    count = func.count(DeadLetter.id)
    return (
        select(*DOCUMENT, count.label("letters"))
        .join(DeadLetter, DeadLetter.document_id == Document.id)
        .where(_OPEN)
        .group_by(Document.id, Document.name, Document.sha256)
        .having(count > 1)
    )


def _no_attempt(_look: Look) -> Query:
    needed = or_(DeadLetter.attempt_id.is_not(None), DeadLetter.stage != WITHOUT_ATTEMPT)
    return (
        select(*_LETTER, DeadLetter.attempt_id.label("attempt"))
        .outerjoin(Attempt, Attempt.id == DeadLetter.attempt_id)
        .where(Attempt.id.is_(None), needed)
    )


def _words(_look: Look) -> Query:
    unknown = or_(
        DeadLetter.reason.not_in(list(Reason)),
        DeadLetter.stage.not_in(list(labels.STAGES)),
        DeadLetter.resolution.not_in(list(Action)),
    )
    shown = (DeadLetter.stage.label("stage"), DeadLetter.resolution.label("resolution"))
    return select(*_LETTER, *shown).where(unknown)


def _undecided(_look: Look) -> Query:
    decided = exists().where(
        Decision.dead_letter_id == DeadLetter.id, Decision.action == DeadLetter.resolution
    )
    incomplete = or_(~decided, DeadLetter.resolved_at.is_(None))
    shown = DeadLetter.resolution.label("resolution")
    return select(*_LETTER, shown).where(and_(DeadLetter.resolution.is_not(None), incomplete))


def _decision_without_letter(_look: Look) -> Query:
    return (
        select(Decision.id.label("decision"), Decision.dead_letter_id.label("letter"))
        .outerjoin(DeadLetter, DeadLetter.id == Decision.dead_letter_id)
        .where(DeadLetter.id.is_(None))
    )


def _decision_open(_look: Look) -> Query:
    return (
        select(*_LETTER, Decision.id.label("decision"), Decision.action.label("action"))
        .join(Decision, Decision.dead_letter_id == DeadLetter.id)
        .where(_OPEN)
    )


CHECKS: Final[tuple[Check, ...]] = (
    asked("DOCUMENT.NO_LETTER", _no_letter),
    asked("DOCUMENT.NO_DECISION", _no_decision),
    asked("LETTER.NO_DOCUMENT", _no_document),
    asked("LETTER.NOT_DEAD", _not_dead),
    asked("LETTER.TWICE", _twice),
    asked("LETTER.NO_ATTEMPT", _no_attempt),
    asked("LETTER.WORDS", _words),
    asked("LETTER.UNDECIDED", _undecided),
    asked("DECISION.NO_LETTER", _decision_without_letter),
    asked("DECISION.OPEN", _decision_open),
)
"""Checks of dead letters."""
