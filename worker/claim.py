"""A document in the hands of this process: how an attempt begins, how far it is, how it ends."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from models import ledger, transitions
from models.disclosure.finding import Reason
from models.disclosure.hints import NONE, Hints
from models.event import EventName
from models.ledger import Attempt, Document
from models.state_machine import WAITING
from models.trace import Trace
from models.transitions import Bid, End, Ending, Overtaken
from worker import logs, spans
from worker.dead_letter import Grave, bury
from worker.faults import reach
from worker.judge import plain

CRASH_LIMIT: Final = 3
"""So many attempts at a document may begin and never end; then it is dead-lettered unread."""


@dataclass(slots=True)
class Claim:
    """One attempt that this process holds the claim for.

    ``durations`` are in milliseconds, by stage; ``stage`` is the last that ended, or the one
    that runs. ``retries`` counts the transient failures before it; ``hints``
    are what its arrivals said; ``queue`` is the one for what it costs. ``thread`` is the
    identity of the thread that works on it; ``trace`` the span of the attempt; ``passed_at``
    when stages ended, in nanoseconds since 1970; ``exported`` whether its span has been told.
    """

    document_id: int
    attempt_id: int
    sha256: str
    size: int
    name: str
    retries: int
    hints: Hints = NONE
    queue: str = "fast"
    trace: Trace = field(default_factory=Trace.begun)
    stage: str = "claim"
    durations: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    thread: int = field(default_factory=threading.get_ident)
    passed_at: dict[str, int] = field(default_factory=dict)
    exported: bool = False

    @property
    def elapsed(self) -> float:
        """Milliseconds since the claim."""
        return round((time.perf_counter() - self.started) * 1000, 3)

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
        ending = Ending(
            self.document_id,
            self.attempt_id,
            self.stage,
            self.elapsed,
            None if error is None else plain(error),
            None if traceback is None else plain(traceback),
        )
        end = transition(session, ending)
        if end is End.NOT:
            self.record(session, EventName.ATTEMPT_SUPERSEDED, level="warning")
        else:  # also where it had ended before, by a commit that nobody heard of
            spans.tell_attempt(session, self, reason, ending.error)
        return end is End.NOW


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
    hints = ledger.hints(session, document_id)
    reach("claim.entered")
    return Claim(
        document_id,
        attempt.id,
        document.sha256,
        document.size,
        document.name,
        document.retries,
        hints,
        document.queue,
        _span(document, attempt),
    )


def _span(document: Document, attempt: Attempt) -> Trace:
    """Return the span of an attempt in the trace of its document."""
    trace = Trace.parsed(document.traceparent) or Trace.begun()
    return trace._replace(span_id=attempt.span_id or trace.span_id)


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
    logs.record(
        session,
        EventName.ATTEMPT_STARTED,
        document_id=document.id,
        attempt_id=attempt.id,
        number=attempt.number,
        worker=bid.worker,
    )
    return attempt


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
