"""Arrivals, documents and attempts: does each fit the others?

Every transition is one transaction, so that any state of the database that can be read holds all
of this, whatever is under way; only leases need patience.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import (
    and_,
    exists,
    func,
    not_,
    null,
    or_,
    select,
    union_all,
)

from console.verification.discrepancy import Discrepancy
from console.verification.look import Check, Look, Query, asked
from models.dead_letter import DeadLetter
from models.filing import StoredFinding, StoredReport
from models.ledger import Arrival, ArrivalState, Attempt, AttemptOutcome, Document, Handover, State
from worker.broker import COSTS
from worker.claim import CRASH_LIMIT

DOCUMENT: Final[tuple[Any, ...]] = (
    Document.id.label("document"),
    Document.name.label("name"),
    Document.sha256.label("sha256"),
)
"""What a document is called in a discrepancy."""

_ARRIVAL: Final[tuple[Any, ...]] = (
    Arrival.id.label("arrival"),
    Arrival.name.label("file"),
    Arrival.document_id.label("document"),
)
_TAKEN_IN: Final = (ArrivalState.ACCEPTED, ArrivalState.DUPLICATE)
_OF: Final = Arrival.document_id == Document.id
_CLOCKS_APART: Final = 60.0
"""Seconds that the clocks of hosts may be apart."""
_PAGE: Final = 500


def _no_document(_look: Look) -> Query:
    taken_in = Arrival.state.in_(_TAKEN_IN)
    return (
        select(*_ARRIVAL, Arrival.state.label("state"))
        .outerjoin(Document, Document.id == Arrival.document_id)
        .where(Document.id.is_(None), or_(taken_in, Arrival.document_id.is_not(None)))
    )


def _no_container(_look: Look) -> Query:
    return (
        select(*_ARRIVAL, Arrival.container_id.label("container"), Document.state.label("state"))
        .outerjoin(Document, Document.id == Arrival.container_id)
        .where(
            Arrival.container_id.is_not(None),
            func.coalesce(Document.state, "") != State.UNPACKED,
        )
    )


def _arrival_state(_look: Look) -> Query:
    passed_over = and_(Arrival.state.not_in(_TAKEN_IN), Arrival.document_id.is_not(None))
    wrong = or_(
        Arrival.state.not_in(list(ArrivalState)),
        Arrival.handover.not_in(list(Handover)),
        passed_over,
    )
    shown = (Arrival.state.label("state"), Arrival.handover.label("handover"))
    return select(*_ARRIVAL, *shown).where(wrong)


def _arrival_size(_look: Look) -> Query:
    return (
        select(*_ARRIVAL, Arrival.size.label("arrived"), Document.size.label("kept"))
        .join(Document, Document.id == Arrival.document_id)
        .where(Arrival.size != Document.size)
    )


def _no_arrival(_look: Look) -> Query:
    return select(*DOCUMENT).where(~exists().where(_OF))


def _not_accepted(_look: Look) -> Query:
    accepted = Arrival.state == ArrivalState.ACCEPTED
    came = exists().where(_OF)
    return select(*DOCUMENT).where(came, ~exists().where(_OF, accepted))


def _accepted_twice(_look: Look) -> Query:
    count = func.count(Arrival.id)
    return (
        select(*DOCUMENT, count.label("accepted"))
        .join(Arrival, _OF)
        .where(Arrival.state == ArrivalState.ACCEPTED)
        .group_by(Document.id, Document.name, Document.sha256)
        .having(count > 1)
    )


def _state(_look: Look) -> Query:
    state = Document.state
    return select(*DOCUMENT, state.label("state")).where(state.not_in(list(State)))


def _queue(_look: Look) -> Query:
    queue = Document.queue
    return select(*DOCUMENT, queue.label("queue")).where(queue.not_in(COSTS))


def _no_claim(_look: Look) -> Query:
    held = and_(
        Attempt.document_id == Document.id,
        Attempt.outcome.is_(None),
        Document.lease_expires_at.is_not(None),
    )
    return (
        select(*DOCUMENT, Document.attempt_id.label("attempt"))
        .outerjoin(Attempt, Attempt.id == Document.attempt_id)
        .where(Document.state == State.PROCESSING, not_(func.coalesce(held, False)))
    )


def _lease_expired(look: Look) -> Query:
    return select(
        *DOCUMENT,
        Document.attempt_id.label("attempt"),
        Document.lease_expires_at.label("expired"),
    ).where(
        Document.state == State.PROCESSING,
        Document.lease_expires_at < look.stale,
        Document.updated_at < look.before(look.settings.lease + look.wishes.patience.under_way),
    )


def _lease_far(look: Look) -> Query:
    latest = look.before(-2 * look.settings.lease - _CLOCKS_APART)
    ends = Document.lease_expires_at
    return select(*DOCUMENT, Document.attempt_id.label("attempt"), ends.label("ends")).where(
        Document.state == State.PROCESSING, ends > latest
    )


def _lease_left(_look: Look) -> Query:
    return select(*DOCUMENT, Document.state.label("state")).where(
        Document.state != State.PROCESSING, Document.lease_expires_at.is_not(None)
    )


def _counters(_look: Look) -> Query:
    unfinished, retries, attempts = Document.unfinished, Document.retries, Document.attempts
    wrong = or_(
        unfinished < 0,
        unfinished > CRASH_LIMIT,
        unfinished > attempts,
        retries < 0,
        attempts < 0,
        and_(Document.state == State.PROCESSING, unfinished < 1),
    )
    shown = (
        unfinished.label("unfinished"),
        retries.label("retries"),
        attempts.label("attempts"),
    )
    return select(*DOCUMENT, *shown).where(wrong)


def _attempts(_look: Look) -> Query:
    made = (
        select(
            Attempt.document_id,
            func.count().label("kept"),
            func.min(Attempt.number).label("first"),
            func.max(Attempt.number).label("last"),
        )
        .group_by(Attempt.document_id)
        .subquery()
    )
    last = func.coalesce(made.c.last, 0)
    gap = made.c.last - made.c.first + 1 != made.c.kept
    return (
        select(
            *DOCUMENT, Document.attempts.label("counted"), made.c.kept, made.c.first, made.c.last
        )
        .outerjoin(made, made.c.document_id == Document.id)
        .where(or_(Document.attempts != last, made.c.first != 1, gap))
    )


def _no_members(_look: Look) -> Query:
    member = exists().where(Arrival.container_id == Document.id)
    return select(*DOCUMENT).where(Document.state == State.UNPACKED, ~member)


def _times(look: Look) -> Iterator[Discrepancy]:
    """Find what ended before it began, or begins in the future, by more than a little."""
    spans: tuple[tuple[Any, ...], ...] = (
        ("document", Document.id, Document.created_at, Document.updated_at),
        ("attempt", Attempt.document_id, Attempt.started_at, Attempt.ended_at),
        ("dead letter", DeadLetter.document_id, DeadLetter.created_at, DeadLetter.resolved_at),
    )
    apart = timedelta(seconds=_CLOCKS_APART)
    for kind, of, begins, ends in spans:
        query = select(of.label("document"), begins.label("begins"), ends.label("ends")).where(
            or_(ends < begins, begins > look.moment)
        )
        with look.database.reading() as session:
            for row in session.execute(query, execution_options={"yield_per": _PAGE}):
                latest = look.moment if row.ends is None else min(row.ends, look.moment)
                if row.begins - latest > apart:
                    detail = f"{kind}: {row.begins} to {row.ends}"
                    yield look.found("DOCUMENT.TIMES", document=row.document, detail=detail)


def _attempt_without_document(_look: Look) -> Query:
    return (
        select(Attempt.id.label("attempt"), Attempt.document_id.label("document"))
        .outerjoin(Document, Document.id == Attempt.document_id)
        .where(Document.id.is_(None))
    )


def _attempt_open(_look: Look) -> Query:
    holds = and_(Document.state == State.PROCESSING, Document.attempt_id == Attempt.id)
    return (
        select(*DOCUMENT, Attempt.id.label("attempt"), Document.state.label("state"))
        .join(Document, Document.id == Attempt.document_id)
        .where(Attempt.outcome.is_(None), not_(func.coalesce(holds, False)))
    )


def _attempt_outcome(_look: Look) -> Query:
    unknown = Attempt.outcome.not_in(list(AttemptOutcome))
    unended = and_(Attempt.outcome.is_not(None), Attempt.ended_at.is_(None))
    ended = and_(Attempt.outcome.is_(None), Attempt.ended_at.is_not(None))
    return select(
        Attempt.id.label("attempt"),
        Attempt.document_id.label("document"),
        Attempt.outcome.label("outcome"),
    ).where(or_(unknown, unended, ended))


def _attempt_foreign(_look: Look) -> Query:
    nothing = null()

    def of(kind: Any, report: Any = nothing, letter: Any = nothing) -> Any:
        return (
            select(
                Attempt.id.label("attempt"),
                kind.document_id.label("document"),
                report.label("report"),
                letter.label("letter"),
            )
            .join(kind, kind.attempt_id == Attempt.id)
            .where(kind.document_id != Attempt.document_id)
        )

    return union_all(
        of(StoredReport, report=StoredReport.id),
        of(DeadLetter, letter=DeadLetter.id),
        of(StoredFinding),
    )


CHECKS: Final[tuple[Check, ...]] = (
    asked("ARRIVAL.NO_DOCUMENT", _no_document),
    asked("ARRIVAL.NO_CONTAINER", _no_container),
    asked("ARRIVAL.STATE", _arrival_state),
    asked("ARRIVAL.SIZE", _arrival_size),
    asked("DOCUMENT.NO_ARRIVAL", _no_arrival),
    asked("DOCUMENT.NOT_ACCEPTED", _not_accepted),
    asked("DOCUMENT.ACCEPTED_TWICE", _accepted_twice),
    asked("DOCUMENT.STATE", _state),
    asked("DOCUMENT.QUEUE", _queue),
    asked("DOCUMENT.NO_CLAIM", _no_claim),
    asked("DOCUMENT.LEASE_EXPIRED", _lease_expired),
    asked("DOCUMENT.LEASE_FAR", _lease_far),
    asked("DOCUMENT.LEASE_LEFT", _lease_left),
    asked("DOCUMENT.COUNTERS", _counters),
    asked("DOCUMENT.ATTEMPTS", _attempts),
    asked("DOCUMENT.NO_MEMBERS", _no_members),
    Check(("DOCUMENT.TIMES",), _times),
    asked("ATTEMPT.NO_DOCUMENT", _attempt_without_document),
    asked("ATTEMPT.OPEN", _attempt_open),
    asked("ATTEMPT.OUTCOME", _attempt_outcome),
    asked("ATTEMPT.FOREIGN", _attempt_foreign),
)
"""Checks of the ledger."""
