"""A document in the hands of this process: how an attempt begins, how far it is, how it ends."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from models import ledger, together, transitions
from models.disclosure.finding import Reason
from models.disclosure.hints import NONE, Hints
from models.event import EventName
from models.ledger import Attempt, Document
from models.state_machine import WAITING
from models.together import Waiting
from models.trace import Trace
from models.transitions import Bid, End, Ending, Overtaken
from worker import logs, spans
from worker.convoy import Hint
from worker.dead_letter import Grave, bury
from worker.faults import reach
from worker.judge import plain
from worker.waiting import URGENT

CRASH_LIMIT: Final = 3
"""So many attempts at a document may begin and never end; then it is dead-lettered unread."""

_FAST: Final = "fast"
LIGHT: Final = 1 << 20
"""Bytes: larger documents are not claimed along with others, which would wait for them."""


@dataclass(slots=True)
class Claim:
    """One attempt that this process holds the claim for.

    ``durations`` are in milliseconds, by stage; ``stage`` is the last that ended, or the one
    that runs. ``retries`` counts the transient failures before it; ``hints``
    are what its arrivals said; ``queue`` is the one for what it costs, ``lane`` the line that it
    waited in, see :mod:`worker.waiting`. ``thread`` is the
    identity of the thread that works on it; ``trace`` the span of the attempt; ``passed_at``
    when stages ended, in nanoseconds since 1970; ``exported`` whether its span has been told;
    ``message_id`` the message that it was claimed for; ``worked`` the seconds that were spent on it
    in its turn, when that is over.
    """

    document_id: int
    attempt_id: int
    sha256: str
    size: int
    name: str
    retries: int
    hints: Hints = NONE
    queue: str = "fast"
    lane: str = ""
    trace: Trace = field(default_factory=Trace.begun)
    stage: str = "claim"
    durations: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    thread: int = field(default_factory=threading.get_ident)
    passed_at: dict[str, int] = field(default_factory=dict)
    exported: bool = False
    message_id: str | None = None
    worked: float | None = None

    @property
    def hint(self) -> Hint:
        """The message that it was claimed for."""
        return Hint(self.document_id, self.message_id)

    @property
    def elapsed(self) -> float:
        """Milliseconds that were spent on it; what it waited for others is none of them."""
        if self.worked is None:
            return round((time.perf_counter() - self.started) * 1000, 3)
        return round(self.worked * 1000 + self.durations.get("store", 0.0), 3)

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Count what is done meanwhile as spent on it, and nothing else but its storing."""
        self.started, self.worked = time.perf_counter(), None
        yield
        self.worked = time.perf_counter() - self.started

    @contextmanager
    def during(self, stage: str) -> Iterator[None]:
        """Measure a stage; one that raises is left as the last."""
        self.stage = stage
        started = time.perf_counter()
        yield
        self.passed(stage, (time.perf_counter() - started) * 1000)

    def passed(self, stage: str, milliseconds: float) -> None:
        """Note that a stage has ended, well or not."""
        self.stage = stage
        self.durations[stage] = round(milliseconds, 3)
        self.passed_at[stage] = time.time_ns()
        logs.log(
            EventName.STAGE_FINISHED,
            level="debug",
            document_id=self.document_id,
            attempt_id=self.attempt_id,
            stage=stage,
            duration_ms=self.durations[stage],
        )

    def record(self, session: Session, name: EventName, level: str = "info", **data: Any) -> None:
        """Write an event of this attempt, with the time it has taken, in milliseconds."""
        logs.record(
            session,
            name,
            document_id=self.document_id,
            attempt_id=self.attempt_id,
            level=level,
            trace=self.trace,
            message_id=self.message_id,
            duration_ms=self.elapsed,
            stages=dict(self.durations),
            **data,
        )

    def end(
        self,
        session: Session,
        transition: Callable[[Session, Ending], End],
        *,
        error: str | None = None,
        traceback: str | None = None,
        reason: Reason | None = None,
    ) -> bool:
        """End the attempt and move the document on; ``False`` where nothing was changed.

        That is so when the claim was lost meanwhile, and when this has been committed before.
        ``reason`` is that of the dead letter, if it is to be one.
        """
        ending = self.ending(error, traceback)
        end = transition(session, ending)
        if end is End.NOT:
            self.record(session, EventName.ATTEMPT_SUPERSEDED, level="warning")
        elif end is not End.OTHERWISE:  # also where nobody heard of the commit
            spans.tell_attempt(session, self, reason, ending.error)
        return end is End.NOW

    def ending(self, error: str | None = None, traceback: str | None = None) -> Ending:
        """Return how the attempt ends, if it ends now."""
        return Ending(
            self.document_id,
            self.attempt_id,
            self.stage,
            self.elapsed,
            None if error is None else plain(error),
            None if traceback is None else plain(traceback),
        )


class Suspect(Exception):  # noqa: N818 - it says what the document is
    """An attempt at the document was lost, perhaps by its own doing: it is to be tried alone."""


def begin(session: Session, document_id: int, bid: Bid, *, alone: bool) -> Claim | None:
    """Claim a document for an attempt; ``None`` when another has it, or it is done.

    A document whose attempts never end is given up instead. Doing it again with the same bid,
    where nobody knows whether it was committed, finds the attempt that it began. ``alone`` says
    that this process works on nothing else meanwhile.

    Raises:
        Suspect: it must be alone, and is not; nothing was begun.
    """
    document = transitions.lock(session, document_id)
    attempt = None if document is None else _attempt(session, document, bid, alone=alone)
    if document is None or attempt is None:
        logs.log(EventName.ATTEMPT_SKIPPED, document_id=document_id)
        return None
    hints = ledger.hints(session, [document_id])
    reach("claim.entered")
    return _claim(document, attempt.id, attempt.span_id, bid, hints[document_id])


def _claim(
    document: Document | Waiting, attempt_id: int, span_id: str | None, bid: Bid, hints: Hints
) -> Claim:
    trace = Trace.parsed(document.traceparent) or Trace.begun()
    return Claim(
        document.id,
        attempt_id,
        document.sha256,
        document.size,
        document.name,
        document.retries,
        hints,
        document.queue,
        document.lane,
        trace._replace(span_id=span_id or trace.span_id),
        message_id=bid.message_id,
    )


def begin_with(
    session: Session, *, lead: Hint, riders: Sequence[Hint], bid: Bid, alone: bool
) -> list[Claim]:
    """Claim a document as :func:`begin` does, and others along with one that is done in no time.

    Raises:
        Suspect: it must be alone, and is not; nothing was begun.
    """
    claim = begin(session, lead.document_id, bid, alone=alone)
    if claim is None:
        return []
    light = claim.queue == _FAST and claim.size <= LIGHT
    if riders and light and claim.lane != URGENT:  # somebody waits for what is urgent
        return [claim, *begin_along(session, riders, bid)]
    return [claim]


def begin_along(session: Session, riders: Sequence[Hint], bid: Bid) -> list[Claim]:
    """Claim others along with a document: small ones that wait and of which nothing is suspected.

    Every other is left to its own message. What :func:`begin` says of doing it again holds here
    too: those that this very bid began are found.

    Args:
        session: the transaction in which the document was claimed.
        riders: messages that this process holds, one for each document.
        bid: that of the document; each rider's has its own message and span.
    """
    by_id = {hint.document_id: hint for hint in riders}
    waiting = together.waiting(session, list(by_id))
    rest = by_id.keys() - {document.id for document in waiting}
    begun = together.begun(session, rest, bid) if rest else []
    chosen = [
        (document, _bid(bid, by_id[document.id]))
        for document in waiting
        if document.size <= LIGHT and not document.unfinished and document.traceparent is not None
    ]
    attempts = together.claim(session, chosen) if chosen else []
    for attempt_id, (document, its) in zip(attempts, chosen, strict=True):
        _tell_begun(session, document, attempt_id, document.attempts + 1, its)
    mine = [(document, document.attempt_id, _again(bid, document)) for document in begun]
    mine += [(one, number, its) for number, (one, its) in zip(attempts, chosen, strict=True)]
    hints = ledger.hints(session, [document.id for document, _, _ in mine]) if mine else {}
    return [
        _claim(document, attempt_id, its.span_id, its, hints[document.id])
        for document, attempt_id, its in mine
    ]


def _again(bid: Bid, document: Waiting) -> Bid:
    return replace(bid, message_id=document.its_message, span_id=document.its_span)


def _bid(bid: Bid, rider: Hint) -> Bid:
    return replace(bid, message_id=rider.message_id, span_id=Trace.begun().span_id)


def _attempt(session: Session, document: Document, bid: Bid, *, alone: bool) -> Attempt | None:
    if not transitions.claimable(document, bid.at):
        return transitions.begun_before(session, document, bid)
    if document.unfinished >= CRASH_LIMIT:
        _bury_crash_loop(session, document, bid.parser_version)
        return None
    if document.unfinished and not alone:
        raise Suspect
    return _begun(session, document, bid)


def _begun(session: Session, document: Document, bid: Bid) -> Attempt:
    waits = document.state in WAITING
    if document.traceparent is None:  # it came when nobody wrote that down yet
        document.traceparent = str(Trace.begun())
        session.flush()
    lost = None if waits else spans.unended(session, document.id)
    attempt = (transitions.claim if waits else transitions.take_over)(session, document, bid)
    spans.tell_lost(session, lost)
    _tell_begun(session, document, attempt.id, attempt.number, bid)
    return attempt


def _tell_begun(
    session: Session, document: Document | Waiting, attempt_id: int, number: int, bid: Bid
) -> None:
    trace = Trace.parsed(document.traceparent)
    logs.record(
        session,
        EventName.ATTEMPT_STARTED,
        document_id=document.id,
        attempt_id=attempt_id,
        trace=None if trace is None or bid.span_id is None else trace._replace(span_id=bid.span_id),
        message_id=bid.message_id,
        number=number,
        worker=bid.worker,
    )


def _bury_crash_loop(session: Session, document: Document, parser_version: str) -> None:
    lost = spans.unended(session, document.id)
    buried = transitions.bury_crash_loop(session, document.id, CRASH_LIMIT)
    if buried is None:
        raise Overtaken(f"document {document.id} changed while it was given up")
    spans.tell_lost(session, lost)
    message = (
        f"{buried.unfinished} attempts began and none ended: "
        "the file kills its worker, or outlasts it"
    )
    grave = Grave(Reason.CRASH_LOOP, "process", message, parser_version, buried.attempt_id)
    bury(session, document.id, grave)
