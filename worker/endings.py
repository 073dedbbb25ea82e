"""How attempts end: each in one transaction, with everything that is to be known of it.

Each is done again where the connection was lost and nobody knows whether it was committed; the
transition then finds that it was, or that the claim is lost, and nothing is written twice.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from models import together, transitions
from models.disclosure.finding import Reason, Severity
from models.disclosure.report import Report
from models.event import EventName
from worker import spans
from worker.claim import Claim
from worker.dead_letter import Grave, bury
from worker.faults import reach
from worker.findings import Origin, keep
from worker.inspection import PARSER_VERSION, Inspection
from worker.judge import told, traced
from worker.store import Filed, Item, store, store_all


def stored(session: Session, claim: Claim, found: Inspection, report: Report) -> None:
    """Keep the report."""
    if not claim.end(session, transitions.store):
        return
    with claim.during("store"):
        filed = store(session, _origin(claim), report, found.findings)
    _tell_stored(session, claim, found, report, filed)
    reach("store.entered")


def _tell_stored(
    session: Session, claim: Claim, found: Inspection, report: Report, filed: Filed
) -> None:
    claim.record(
        session,
        EventName.REPORT_STORED,
        file=claim.name,
        publisher=report.publisher,
        year=report.year,
        **filed.told(),
        rules=sorted({*_rules(found), *filed.across}),
    )


@dataclass(frozen=True, slots=True)
class Ready:
    """A document whose report is to be stored."""

    claim: Claim
    found: Inspection
    report: Report

    @property
    def item(self) -> Item:
        """What is kept of it."""
        return Item(_origin(self.claim), self.report, self.found.findings)

    def end(self, session: Session) -> None:
        """Keep its report."""
        stored(session, self.claim, self.found, self.report)

    def committed(self) -> None:
        """Pass the fault point behind its transaction."""
        reach("store.committed")


@dataclass(frozen=True, slots=True)
class Doomed:
    """A document that is to be dead-lettered for what was found in it."""

    claim: Claim
    found: Inspection
    grave: Grave

    def end(self, session: Session) -> None:
        """Dead-letter it."""
        refused(session, self.claim, self.found, self.grave)

    def committed(self) -> None:
        """Pass the fault point behind its transaction."""
        reach("bury.committed")


Due = Ready | Doomed
"""A document whose attempt is to end."""


def end_all(session: Session, due: Sequence[Due]) -> None:
    """End many attempts; what one of them cannot bear rolls back all."""
    ready = [one for one in due if isinstance(one, Ready)]
    if ready:
        stored_all(session, ready)
    doomed = (one for one in due if isinstance(one, Doomed))
    for one in sorted(doomed, key=lambda one: one.claim.document_id):
        one.end(session)


def stored_all(session: Session, ready: Sequence[Ready]) -> None:
    """Keep many reports; what one of them cannot bear rolls back all."""
    moved = together.store(session, [one.claim.ending() for one in ready])
    mine = [one for one in ready if one.claim.document_id in moved]
    for one in ready:
        if one.claim.document_id not in moved:
            one.claim.end(session, transitions.store)  # it knows what became of it
    lap = time.perf_counter()  # what is done for several at once is the first one's
    for place, filed in store_all(session, [one.item for one in mine]):
        claim, found, report = mine[place].claim, mine[place].found, mine[place].report
        began, lap = lap, time.perf_counter()
        claim.passed("store", (lap - began) * 1000)
        spans.tell_attempt(session, claim, None, None)
        _tell_stored(session, claim, found, report, filed)
    reach("store.entered")


def refused(session: Session, claim: Claim, found: Inspection, grave: Grave) -> None:
    """Dead-letter a document for what was found in it."""
    error, traceback, reason = found.message, found.traceback, grave.reason
    if claim.end(session, transitions.refuse, error=error, traceback=traceback, reason=reason):
        keep(session, _origin(claim), found.findings)
        imbalanced = reason is Reason.IMBALANCED
        claim.record(
            session,
            EventName.REPORT_IMBALANCED if imbalanced else EventName.REPORT_REFUSED,
            reason=str(reason),
            rules=_rules(found),
        )
        bury(session, claim.document_id, grave)


def given_up(
    session: Session, claim: Claim, error: BaseException, reason: Reason, most: int | None = None
) -> None:
    """Dead-letter a document for an error; with ``most``, because its retries are used up."""
    end = transitions.refuse if most is None else partial(transitions.fail, most=most)
    if claim.end(session, end, error=told(error), traceback=traced(error), reason=reason):
        claim.record(session, EventName.REPORT_REFUSED, reason=str(reason), rules=[])
        grave = Grave(reason, claim.stage, told(error), PARSER_VERSION, claim.attempt_id)
        bury(session, claim.document_id, grave)


def given_back(session: Session, claim: Claim, error: BaseException) -> None:
    """Put a document back on the queue after an error that may pass."""
    if claim.end(session, transitions.give_back, error=told(error), traceback=traced(error)):
        claim.record(
            session,
            EventName.ATTEMPT_RETRYING,
            level="warning",
            stage=claim.stage,
            error=told(error),
            retries=claim.retries + 1,
        )
        reach("retry.entered")


def handed_over(session: Session, claim: Claim, queue: str) -> bool:
    """Let a document wait for another queue; tell whether it was done."""
    if not claim.end(session, partial(transitions.hand_over, queue=queue)):
        return False
    claim.record(session, EventName.ATTEMPT_HANDED_OVER, queue=queue)
    reach("handover.entered", claim.name)
    return True


def released(session: Session, claims: Iterable[Claim]) -> None:
    """Put documents back on the queue as if they had not been begun."""
    for claim in claims:
        if claim.end(session, transitions.release):
            claim.record(session, EventName.ATTEMPT_RELEASED, stage=claim.stage)
            reach("release.entered")


def abandoned(
    session: Session, document_id: int, message_id: str, reason: Reason, why: str
) -> None:
    """Dead-letter a document whose message is about to die, unless it has moved on."""
    lost = spans.unended(session, document_id)
    buried = transitions.bury_abandoned(session, document_id, message_id)
    if buried is not None:
        spans.tell_lost(session, lost)
        grave = Grave(reason, "queue", why, PARSER_VERSION, buried.attempt_id)
        bury(session, document_id, grave)


def _origin(claim: Claim) -> Origin:
    return Origin(claim.document_id, claim.attempt_id)


def _rules(found: Inspection) -> list[str]:
    """Return the edits that failed: the hard ones, or the soft ones of a report that is stored."""
    severity = Severity.SOFT if found.outcome == "stored" else Severity.HARD
    return sorted({f.rule for f in found.findings if f.severity is severity})
