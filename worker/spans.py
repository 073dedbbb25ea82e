"""The spans of an arrival, of an attempt and of its stages, from what the ledger has of them.

An arrival is the parent of the attempts at the document that it brought; an attempt is the parent
of its stages, and of the arrivals that come out of an archive. Names and attributes are those of
OpenTelemetry's semantic conventions (messaging, file, url, error) where there are some.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.ledger import Arrival, ArrivalState, Attempt, AttemptOutcome, Document
from models.trace import Trace
from worker.entry import Arrived, Entered
from worker.tracing import Kind, Span, tell, wanted
from worker.waiting import door

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = 1_000_000
_FAILED: Final = (AttemptOutcome.DEAD, AttemptOutcome.RETRY, AttemptOutcome.LOST)
_ATTEMPT: Final = select(
    Attempt.id,
    Attempt.document_id,
    Attempt.number,
    Attempt.worker,
    Attempt.message_id,
    Attempt.started_at,
    Attempt.outcome,
    Attempt.span_id,
    Document.traceparent,
    Document.queue,
    Document.lane,
    Document.name,
    Document.size,
).join(Document, Document.id == Attempt.document_id)
_Attempt = Any
"""A row of that: the types of a row of so many columns cannot be written down."""


class Ended(Protocol):
    """What an attempt knows of itself that the ledger does not: :class:`worker.claim.Claim`."""

    attempt_id: int
    queue: str
    stage: str
    retries: int
    durations: dict[str, float]
    passed_at: dict[str, int]
    exported: bool


def tell_arrival(
    session: Session,
    arrival: Arrival | Arrived,
    document: Entered,
    caller: Trace | None,
    *,
    began: int | None = None,
    waited: float = 0.0,
) -> None:
    """Tell of an arrival, when it is committed.

    Args:
        session: the transaction that wrote it.
        arrival: it has its id.
        document: what it brought, or brought again.
        caller: the span of whoever brought it, if they told.
        began: when its bytes were begun to be copied, in nanoseconds since 1970; by default when
            the ledger says that it was seen.
        waited: for how many seconds it had been known before.
    """
    trace = Trace.parsed(arrival.traceparent) if wanted() else None
    if trace is None:
        return
    moment = _nanoseconds(arrival.seen_at) if began is None else began
    accepted = arrival.state == ArrivalState.ACCEPTED
    span = Span(
        trace,
        caller.span_id if caller is not None and caller.trace_id == trace.trace_id else None,
        "arrival",
        moment - round(waited * 1000) * _MILLISECOND,
        0,
        Kind.PRODUCER if accepted else Kind.INTERNAL,
        _of_arrival(arrival, document),
        about=None if accepted else Trace.parsed(document.traceparent),
    )
    tell(session, lambda ended: [replace(span, ended=ended)])


def _of_arrival(arrival: Arrival | Arrived, document: Entered) -> dict[str, str | int | float]:
    known: dict[str, str | int | float | None] = {
        "gouji.arrival_id": arrival.id,
        "gouji.document_id": document.id,
        "gouji.source": arrival.source,
        "gouji.outcome": arrival.state,
        "gouji.container_id": arrival.container_id,
        "gouji.sha256": document.sha256,
        "file.path": arrival.name,
        "file.size": arrival.size,
        "url.full": arrival.url,
    }
    return {name: value for name, value in known.items() if value is not None}


def tell_attempt(session: Session, claim: Ended, reason: str | None, error: str | None) -> None:
    """Tell of an attempt and its stages, when its end is committed.

    Args:
        session: the transaction that ended it.
        claim: its stages may go on until the commit.
        reason: why the document is a dead letter, if it is.
        error: the same, or why it is to be tried again, in words.
    """
    if wanted() and not claim.exported:
        row = session.execute(_ATTEMPT.where(Attempt.id == claim.attempt_id)).one()
        tell(session, partial(_attempt_and_stages, row, claim, reason, error))


def unended(session: Session, document_id: int) -> _Attempt | None:
    """Return the attempt that holds a document and may prove to be lost."""
    if not wanted():
        return None
    holding = Document.id == document_id, Document.attempt_id == Attempt.id
    return session.execute(_ATTEMPT.where(*holding, Attempt.outcome.is_(None))).one_or_none()


def tell_lost(session: Session, attempt: _Attempt | None) -> None:
    """Tell of an attempt that never ended, in place of the worker that could not.

    Args:
        session: the transaction that writes it down as lost.
        attempt: what :func:`unended` returned before that.
    """
    if attempt is not None:
        why = "its worker was killed, or outlasted its lease"
        lost = partial(_attempt, attempt, AttemptOutcome.LOST, None, why)
        tell(session, lambda ended: [span for span in [lost(ended)] if span is not None])


def _attempt_and_stages(
    row: _Attempt, claim: Ended, reason: str | None, error: str | None, ended: int
) -> Iterator[Span]:
    span = _attempt(row, row.outcome, reason, error, ended, queue=claim.queue)
    if span is None:
        return
    claim.exported = True
    here: dict[str, str | int | float] = {"gouji.stage": claim.stage}
    here["gouji.retries"] = claim.retries
    yield replace(span, attributes={**span.attributes, **here})
    for stage, milliseconds in claim.durations.items():
        end = claim.passed_at[stage]
        began = end - round(milliseconds * _MILLISECOND)
        ids = {"gouji.document_id": row.document_id, "gouji.attempt_id": row.id}
        yield Span(span.trace.child(), span.trace.span_id, stage, began, end, attributes=ids)


def _attempt(
    row: _Attempt,
    outcome: str,
    reason: str | None,
    error: str | None,
    ended: int,
    *,
    queue: str | None = None,
) -> Span | None:
    """Return the span of an attempt; ``None`` of one that began when there were none."""
    arrival = Trace.parsed(row.traceparent)
    if arrival is None or row.span_id is None:
        return None
    failed = outcome in _FAILED
    came_by = door(queue or row.queue, row.lane)
    known: dict[str, str | int | float | None] = {
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": came_by,
        "messaging.message.id": row.message_id,
        "messaging.client.id": row.worker,
        "gouji.document_id": row.document_id,
        "gouji.attempt_id": row.id,
        "gouji.attempt": row.number,
        "gouji.outcome": outcome,
        "gouji.reason": reason,
        "file.name": row.name,
        "file.size": row.size,
        "error.type": reason or outcome if failed else None,
    }
    return Span(
        arrival._replace(span_id=row.span_id),
        arrival.span_id,
        f"process {came_by}",
        _nanoseconds(row.started_at),
        ended,
        Kind.CONSUMER,
        {name: value for name, value in known.items() if value is not None},
        (error or reason or outcome) if failed else None,
    )


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
