"""The pipe for one document: claim → fetch → inspect → store | unpack | dead-letter.

The database says who may work on what; a message is only a hint that there may be something to
do. Whatever becomes of an attempt, it ends in one transaction that also moves the document on:
stored, unpacked, dead, or back to the queue. An attempt that never ends is counted by the next
claim.
"""

import os
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final, Protocol

from dramatiq.middleware import Shutdown, TimeLimitExceeded
from sqlalchemy.orm import Session

from models import ledger
from models.base import now
from models.disclosure.finding import Reason, Severity
from models.disclosure.hints import Hints
from models.event import EventName
from models.ledger import Attempt, AttemptOutcome, Document, State
from models.session import Database
from worker import inspection, logs
from worker.archive import Archive
from worker.claim import Claim
from worker.dead_letter import Grave, bury
from worker.errors import Stopping, Transient
from worker.faults import reach
from worker.inspection import PARSER_VERSION, Inspection, Timing
from worker.judge import judge, plain, told, traced
from worker.settings import Settings
from worker.store import Origin, keep_findings, store
from worker.unpack import Unpacker

CRASH_LIMIT: Final = 3
"""So many attempts at a document may begin and never end; then it is dead-lettered unread."""

_WAITING: Final = (State.RECEIVED, State.QUEUED)


class Inspect(Protocol):
    """How a document is looked at: :func:`worker.inspection.inspect`, or another in tests."""

    def __call__(self, data: bytes, name: str, timing: Timing, *, hints: Hints) -> Inspection:
        """Read, recognise and check one document."""


class Pipeline:
    """Works on documents, one call of :meth:`run` for each; several threads may call it."""

    def __init__(
        self,
        database: Database,
        archive: Archive,
        settings: Settings,
        inspect: Inspect = inspection.inspect,
        unpacker: Unpacker | None = None,
    ) -> None:
        self.stopping = threading.Event()
        self._database = database
        self._archive = archive
        self._settings = settings
        self._inspect = inspect
        self._unpacker = unpacker or Unpacker(database, archive)
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._held: dict[int, Claim] = {}
        self._unsettled: deque[tuple[Claim, BaseException]] = deque()

    @property
    def held(self) -> tuple[Claim, ...]:
        """What is being worked on."""
        return tuple(self._held.values())

    def run(self, document_id: int, message_id: str | None = None) -> None:
        """Work on a document, unless somebody else does or it is done.

        Raises:
            Transient: the environment failed, and the document is to be tried again later.
            Shutdown: the process is to end; the document was given back.
        """
        if self.stopping.is_set():
            raise Stopping("this worker is stopping")
        with _may_pass():
            self._settle_arrears()
            claim = self._claim(document_id, message_id)
        if claim is not None:
            self._work(claim)

    def _work(self, claim: Claim) -> None:
        self._held[claim.attempt_id] = claim
        try:
            self._attempt(claim)
        except Shutdown:
            with _may_pass():
                self.release(claim)
            raise
        # whatever a stage raises, the attempt must end and the document be accounted for
        except (Exception, TimeLimitExceeded) as error:  # noqa: BLE001
            self._fail(claim, error)
        finally:
            del self._held[claim.attempt_id]

    # --- claim ----------------------------------------------------------------------------------

    def _claim(self, document_id: int, message_id: str | None) -> Claim | None:
        lease_expires_at = now() + timedelta(seconds=self._settings.lease)
        with self._database.transaction() as session:
            if self._bury_crash_loop(session, document_id):
                return None
            attempt = ledger.claim(
                session,
                document_id,
                worker=self._worker,
                parser_version=PARSER_VERSION,
                message_id=message_id,
                lease_expires_at=lease_expires_at,
            )
            if attempt is None:
                logs.log(EventName.ATTEMPT_SKIPPED, document_id=document_id)
                return None
            logs.record(
                session,
                EventName.ATTEMPT_STARTED,
                document_id=document_id,
                attempt_id=attempt.id,
                number=attempt.number,
                worker=self._worker,
            )
            document = session.get_one(Document, document_id)
            hints = ledger.hints(session, document_id)
            reach("claim.entered")
        reach("claim.committed")
        return Claim(
            document_id,
            attempt.id,
            document.sha256,
            document.size,
            document.name,
            document.retries,
            hints,
        )

    def _bury_crash_loop(self, session: Session, document_id: int) -> bool:
        document = ledger.crash_looping(session, document_id, CRASH_LIMIT)
        if document is None:
            return False
        document.state = State.DEAD
        document.lease_expires_at = None
        document.updated_at = now()
        message = (
            f"{document.unfinished} attempts began and none ended: "
            "the file kills its worker, or outlasts it"
        )
        grave = Grave(Reason.CRASH_LOOP, "process", message, PARSER_VERSION, document.attempt_id)
        bury(session, document_id, grave)
        return True

    # --- fetch, inspect, store, unpack or dead-letter -------------------------------------------

    def _attempt(self, claim: Claim) -> None:
        claim.stage = "read"
        inspection.admit(claim.size, self._settings.max_bytes)
        with claim.during("fetch"):
            data = self._archive.get(claim.sha256)
        reach("work.fetched", claim.name)
        found = self._inspect(data, claim.name, claim.passed, hints=claim.hints)
        reach("work.inspected", claim.name)
        if found.outcome == "stored":
            self._store(claim, found)
        elif found.outcome == "unpacked":
            refused = self._unpacker.run(claim, data, found.file)
            if refused is not None:
                self._refuse(claim, refused)
        else:
            self._refuse(claim, found)

    def _store(self, claim: Claim, found: Inspection) -> None:
        if found.report is None:
            raise ValueError("an inspection without a report cannot be stored")
        origin = Origin(claim.document_id, claim.attempt_id)
        with self._database.transaction() as session:
            if not claim.end(session, State.STORED, AttemptOutcome.STORED):
                return
            with claim.during("store"):
                filed = store(session, origin, found.report, found.findings)
            claim.record(
                session,
                EventName.REPORT_STORED,
                file=claim.name,
                publisher=found.report.publisher,
                year=found.report.year,
                **filed.told(),
                rules=_rules(found),
            )
            reach("store.entered")
        reach("store.committed")

    def _refuse(self, claim: Claim, found: Inspection) -> None:
        if found.reason is None:
            raise ValueError("an inspection that refuses must give a reason")
        claim.stage = found.stage
        grave = _grave(claim, found, found.reason)  # before the transaction: it takes a while
        origin = Origin(claim.document_id, claim.attempt_id)
        imbalanced = found.reason is Reason.IMBALANCED
        with self._database.transaction() as session:
            if claim.end(
                session,
                State.DEAD,
                AttemptOutcome.DEAD,
                error=found.message,
                traceback=found.traceback and plain(found.traceback),
            ):
                keep_findings(session, origin, found.findings)
                claim.record(
                    session,
                    EventName.REPORT_IMBALANCED if imbalanced else EventName.REPORT_REFUSED,
                    reason=str(found.reason),
                    rules=_rules(found),
                )
                bury(session, claim.document_id, grave)
        reach("bury.committed")

    # --- failures -------------------------------------------------------------------------------

    def _fail(self, claim: Claim, error: BaseException) -> None:
        reason = judge(error)
        if reason is None and claim.retries >= self._settings.max_retries:
            reason = Reason.STORAGE_ERROR
        try:
            if reason is None:
                self._give_back(claim, error)
            else:
                self._dead_letter(claim, error, reason)
        except Exception as second:
            if judge(second) is not None:
                raise
            self._unsettled.append((claim, error))
            raise Transient(told(second)) from second
        if reason is None:
            raise Transient(told(error)) from error

    def _give_back(self, claim: Claim, error: BaseException) -> None:
        with self._database.transaction() as session:
            if claim.end(
                session,
                State.QUEUED,
                AttemptOutcome.RETRY,
                error=told(error),
                traceback=traced(error),
                retries=claim.retries + 1,
            ):
                claim.record(
                    session,
                    EventName.ATTEMPT_RETRYING,
                    level="warning",
                    stage=claim.stage,
                    error=told(error),
                    retries=claim.retries + 1,
                )
                reach("retry.entered")
        reach("retry.committed")

    def _dead_letter(self, claim: Claim, error: BaseException, reason: Reason) -> None:
        with self._database.transaction() as session:
            if claim.end(
                session,
                State.DEAD,
                AttemptOutcome.DEAD,
                error=told(error),
                traceback=traced(error),
            ):
                claim.record(session, EventName.REPORT_REFUSED, reason=str(reason), rules=[])
                grave = Grave(reason, claim.stage, told(error), PARSER_VERSION, claim.attempt_id)
                bury(session, claim.document_id, grave)
        reach("bury.committed")

    def _settle_arrears(self) -> None:
        """Write down the end of attempts that failed while the database could not be written."""
        while self._unsettled:
            claim, error = self._unsettled.popleft()
            try:
                self._give_back(claim, error)
            except BaseException:
                self._unsettled.append((claim, error))
                raise

    # --- stopping, and messages that die --------------------------------------------------------

    def release(self, claim: Claim) -> None:
        """Give a document back to the queue as if it had not been begun."""
        with self._database.transaction() as session:
            if claim.end(
                session,
                State.QUEUED,
                AttemptOutcome.RELEASED,
                unfinished=Document.unfinished - 1,
            ):
                claim.record(session, EventName.ATTEMPT_RELEASED, stage=claim.stage)

    def abandon(self, document_id: int, message_id: str, error: BaseException | None) -> None:
        """Dead-letter a document whose message is about to die on the queue.

        Nothing is done where the document has moved on or another message has brought it on.
        """
        reason = (None if error is None else judge(error)) or Reason.STORAGE_ERROR
        why = "its message was given up" + ("" if error is None else f": {told(error)}")
        with self._database.transaction() as session:
            document = session.get(Document, document_id, with_for_update=True)
            if document is None or not _ours(session, document, message_id):
                return
            document.state = State.DEAD
            document.lease_expires_at = None
            document.updated_at = now()
            grave = Grave(reason, "queue", why, PARSER_VERSION, document.attempt_id)
            bury(session, document_id, grave)


@contextmanager
def _may_pass() -> Iterator[None]:
    """Tell the queue to bring the message back where trying again may help."""
    try:
        yield
    except Exception as error:
        if judge(error) is None:
            raise Transient(told(error)) from error
        raise


def _ours(session: Session, document: Document, message_id: str) -> bool:
    if document.state != State.PROCESSING or document.attempt_id is None:
        return document.state in _WAITING
    attempt = session.get_one(Attempt, document.attempt_id)
    if attempt.message_id != message_id:
        return False
    ledger.close_lost(session, attempt.id, now())
    return True


def _grave(claim: Claim, found: Inspection, reason: Reason) -> Grave:
    return Grave(
        reason,
        found.stage,
        plain(found.message),
        PARSER_VERSION,
        claim.attempt_id,
        publisher=found.report.publisher if found.report else None,
        year=found.report.year if found.report else None,
        inspection=inspection.as_json(found),
    )


def _rules(found: Inspection) -> list[str]:
    """Return the edits that failed: the hard ones, or the soft ones of a report that is stored."""
    severity = Severity.SOFT if found.outcome == "stored" else Severity.HARD
    return sorted({f.rule for f in found.findings if f.severity is severity})
