"""Which span of which trace a line of the log or of the timeline belongs to, by what it speaks of.

The ledger knows: an arrival has its span, an attempt has one in the trace of its document. So a
message on the queue need not carry anything, and what an operator decides years later is of the
trace that the file began.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.ledger import Arrival, Attempt, Document
from models.trace import Trace

_AT_ONCE: Final = 500


class About(NamedTuple):
    """What something is about."""

    document_id: int | None
    arrival_id: int | None
    attempt_id: int | None


def traces(session: Session, about: Sequence[About]) -> list[Trace | None]:
    """Return where each belongs: to its arrival, else its attempt, else its document.

    Takes three look-ups by primary key however many there are, up to 500.
    """
    arrivals = _arrivals(session, {one.arrival_id for one in about} - {None})
    attempts = _attempts(session, {one.attempt_id for one in about} - {None})
    rest = {one.document_id for one in about if not {one.arrival_id, one.attempt_id} - {None}}
    rest |= {one.document_id for one in about if _known(one, arrivals, attempts) is None}
    documents = _documents(session, rest - {None})
    return [_known(one, arrivals, attempts) or documents.get(one.document_id) for one in about]


def as_ids(trace: Trace | None) -> dict[str, str]:
    """Return what a line says of its trace."""
    return {} if trace is None else {"trace_id": trace.trace_id, "span_id": trace.span_id}


_Known = Mapping[int | None, Trace | None]


def _known(one: About, arrivals: _Known, attempts: _Known) -> Trace | None:
    return arrivals.get(one.arrival_id) or attempts.get(one.attempt_id)


def _arrivals(session: Session, ids: Collection[int | None]) -> _Known:
    query = select(Arrival.id, Arrival.traceparent)
    return {row[0]: Trace.parsed(row[1]) for row in _rows(session, query, Arrival.id, ids)}


def _documents(session: Session, ids: Collection[int | None]) -> _Known:
    query = select(Document.id, Document.traceparent)
    return {row[0]: Trace.parsed(row[1]) for row in _rows(session, query, Document.id, ids)}


def _attempts(session: Session, ids: Collection[int | None]) -> _Known:
    query = select(Attempt.id, Attempt.span_id, Document.traceparent).join(
        Document, Document.id == Attempt.document_id
    )
    found: dict[int | None, Trace | None] = {}
    for number, span_id, traceparent in _rows(session, query, Attempt.id, ids):
        trace = Trace.parsed(traceparent)
        found[number] = trace and span_id and trace._replace(span_id=span_id)
    return found


def _rows(session: Session, query: Any, column: Any, ids: Collection[int | None]) -> Iterable[Any]:
    wanted = sorted(number for number in ids if number is not None)
    for start in range(0, len(wanted), _AT_ONCE):
        chosen = wanted[start : start + _AT_ONCE]
        yield from session.connection().execute(query.where(column.in_(chosen)))
