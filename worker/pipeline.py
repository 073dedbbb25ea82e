"""The pipe for a document: claim → fetch → inspect → store | unpack | dead-letter.

The database says who may work on what; a message is only a hint that there may be something to
do. Whatever becomes of an attempt, it ends in one transaction that also moves the document on:
stored, unpacked, dead, handed over to the queue for scans, or back to its own. An attempt that
never ends is counted by the next claim. Small documents that wait in the memory of this process
are claimed along with the first, and stored together; each ends by itself in every other way.
"""

import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

import structlog
from dramatiq.middleware import Shutdown, TimeLimitExceeded

from models.base import now
from models.disclosure.finding import Reason
from models.disclosure.hints import Hints
from models.filing import Subject
from models.session import Database
from models.trace import Trace
from models.transitions import Bid
from worker import endings, inspection, neighbours
from worker.archive import Archive
from worker.check.locate import locate
from worker.claim import Claim, Suspect, begin_with
from worker.company import Company
from worker.convoy import MOST, Convoy, Hint, Turn
from worker.dead_letter import Grave
from worker.durations import Durations
from worker.endings import Doomed, Due, Ready
from worker.errors import NotBegun, Stopping, Transient
from worker.faults import reach
from worker.inspection import PARSER_VERSION, Inspection, Timing
from worker.judge import judge, plain, told
from worker.passing import in_time, let_go, may_pass, of_nobody
from worker.pulse import Pulse
from worker.settings import Settings
from worker.traced import as_ids
from worker.unpack import Unpacker

_OCR: Final = "ocr"
_FEW: Final = 2
"""By so many more are taken along after each time that all were done without losing patience."""
_PATIENCE: Final = 5.0
"""Seconds after which no other document is begun that was claimed along with one."""


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
        *,
        scans: Inspect | None = None,
        convoy: Convoy | None = None,
    ) -> None:
        self.stopping = threading.Event()
        self.convoy = convoy or Convoy()
        self._database = database
        self._archive = archive
        self._settings = settings
        self._inspect = inspect
        self._inspect_scan = scans or inspect
        self._unpacker = unpacker or Unpacker(database, archive)
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._durations = Durations()
        self.pulse = Pulse(database, self._worker, lambda: len(self._held), self._durations)
        self._company = Company()
        self._held: dict[int, Claim] = {}
        self._unsettled: deque[tuple[Claim, BaseException | None]] = deque()
        self._most = MOST

    @property
    def held(self) -> tuple[Claim, ...]:
        """What is being worked on."""
        return tuple(self._held.values())

    def run(self, document_id: int, message_id: str | None = None) -> None:
        """Work on a document, unless somebody else does or it is done, and on others along with it.

        Those others are small ones whose messages this process holds: see :mod:`worker.convoy`.

        Raises:
            Transient: the environment failed, and the document is to be tried again later.
            Shutdown: the process is to end; the document was given back.
        """
        self._go_on()
        lead = Hint(document_id, message_id)
        try:
            self._in_company(lead)
        except TimeLimitExceeded as error:  # between the steps, or while it waited for its turn
            let_go(error)
            raise NotBegun(told(error)) from error
        finally:
            self._leave_mine(lead)

    def _go_on(self) -> None:
        if self.stopping.is_set():
            raise Stopping("this worker is stopping")

    def _in_company(self, lead: Hint) -> None:
        try:
            with self._company.together():
                turn = self.convoy.turn(lead.message_id)
                if turn is Turn.MINE:
                    self._take_over(lead)
                elif turn is Turn.NEW:
                    self._try(lead, alone=False)
        except Suspect:
            with self._company.alone():
                self._try(lead, alone=True)

    def _take_over(self, lead: Hint) -> None:
        """Work on a document that another thread had claimed along with its own, and not begun."""
        claims = [claim for claim in self.held if claim.hint == lead]
        for claim in claims:
            claim.thread = threading.get_ident()
        self._work(claims, lead)

    def _try(self, lead: Hint, *, alone: bool) -> None:
        with may_pass():
            self._settle_arrears()
            claims = self._claims(lead, alone=alone)
            if claims and self.stopping.is_set():  # whoever drains has not seen them
                self._put_off(claims)
                self._go_on()
        if claims:
            self._work(claims, lead)

    def _work(self, claims: Sequence[Claim], lead: Hint) -> None:
        try:
            failed = self._worked(claims)
        except (Exception, Shutdown, TimeLimitExceeded):
            with may_pass():
                self._put_off(claims)
            raise
        if lead in failed:
            raise failed[lead]

    def _worked(self, claims: Sequence[Claim]) -> dict[Hint, BaseException]:
        """Work on one after the other, then store what is to be stored; return what failed."""
        due: list[Due] = []
        failed: dict[Hint, BaseException] = {}
        began = time.perf_counter()
        for place, claim in enumerate(claims):
            late = time.perf_counter() - began > _PATIENCE or self.stopping.is_set()
            if late and place:
                self._most = max(_FEW, place)
                with suppress(Exception):  # what is to be stored is stored all the same
                    self._put_off(claims[place:])
                break
            if not self._is_mine(claim):
                continue
            before = len(due)
            with claim.in_turn():
                error = self._done(claim, partial(self._attempt, claim, due))
            if error is not None:
                del due[before:]
            if len(due) == before:
                self._over(claim, error, failed)
        else:
            self._most = min(MOST, self._most + _FEW)
        self._end_all(due, failed)
        return failed

    def _is_mine(self, claim: Claim) -> bool:
        """Tell whether this thread has a document in hand, and nobody can take it over now."""
        return self.convoy.begin(claim.hint) and claim.attempt_id in self._held

    def _put_off(self, claims: Sequence[Claim]) -> None:
        """Give documents back to their messages.

        Where that cannot be written now it is before the next document, or their leases end.
        """
        claims = [claim for claim in claims if self._is_mine(claim)]
        if not claims:
            return
        try:
            self.release(*claims)
        except (Exception, TimeLimitExceeded) as error:
            let_go(error)
            if judge(error) is None:
                self._unsettled.extend((claim, None) for claim in claims)
            raise
        finally:
            for claim in claims:
                if self._held.pop(claim.attempt_id, None) is not None:
                    self._durations.add(claim.durations)
            self.convoy.leave(claim.hint for claim in claims)

    def _leave_mine(self, lead: Hint) -> None:
        """Give back what an interrupt anywhere has left in the hands of this thread."""
        me, over = threading.get_ident(), self.convoy.took_over(lead)
        mine = [one for one in self.held if one.thread == me or (over and one.hint == lead)]
        try:
            with suppress(Exception, TimeLimitExceeded):  # it is written down later
                self._put_off(mine)
        finally:
            self.convoy.leave_mine()

    def _done(self, claim: Claim, step: Callable[[], object]) -> BaseException | None:
        """Do a step of an attempt; return what its message is to end with where it fails."""
        ids = {"document_id": claim.document_id, "message_id": claim.message_id}
        try:
            with structlog.contextvars.bound_contextvars(**ids, **as_ids(claim.trace)):
                self._end(claim, step)
        # each of those that are worked on together ends by itself
        except Exception as error:  # noqa: BLE001
            return error
        return None

    def _end(self, claim: Claim, step: Callable[[], object]) -> None:
        try:
            step()
        # whatever a stage raises, the attempt must end and the document be accounted for
        except (Exception, TimeLimitExceeded) as error:  # noqa: BLE001
            self._fail(claim, error)

    def _over(
        self, claim: Claim, error: BaseException | None, failed: dict[Hint, BaseException]
    ) -> None:
        """Let go of a document whose attempt has ended, and tell its message."""
        if error is not None:
            failed[claim.hint] = error
        if self._held.pop(claim.attempt_id, None) is not None:
            self._durations.add(claim.durations)
            self.convoy.end(claim.hint, error)

    # --- claim ----------------------------------------------------------------------------------

    def _claims(self, lead: Hint, *, alone: bool) -> list[Claim]:
        self._go_on()  # it may have waited for its turn
        moment = now()
        lease_expires_at = moment + timedelta(seconds=self._settings.lease)
        span_id = Trace.begun().span_id
        bid = Bid(self._worker, PARSER_VERSION, lead.message_id, moment, lease_expires_at, span_id)
        claims: list[Claim] = []
        riders: list[Hint] = []
        try:
            riders = [] if alone else self.convoy.take(lead, self._most)
            claims = self._claimed(partial(begin_with, lead=lead, bid=bid, alone=alone), riders)
            self._held |= {claim.attempt_id: claim for claim in claims}
            self.convoy.wait(claim.hint for claim in claims[1:])
        finally:
            claimed = {claim.hint for claim in claims}
            self.convoy.leave(hint for hint in riders if hint not in claimed)
        if claims:
            reach("claim.committed")
        return claims

    def _claimed(self, begun: Callable[..., list[Claim]], riders: Sequence[Hint]) -> list[Claim]:
        try:
            return self._database.unit(partial(begun, riders=riders))
        except Suspect:
            raise
        except Exception as error:  # what a message or a row of another release brings on, too
            if not riders or judge(error) is None:
                raise
            let_go(error)  # whatever is wrong with others must not become this document's fault
        return self._database.unit(partial(begun, riders=()))

    # --- fetch, inspect, store, unpack or dead-letter -------------------------------------------

    def _attempt(self, claim: Claim, due: list[Due]) -> None:
        claim.stage = "read"
        inspection.admit(claim.size, self._settings.max_bytes)
        with claim.during("fetch"):
            data = self._archive.get(claim.sha256)
        reach("work.fetched", claim.name)
        inspect = self._inspect_scan if claim.queue == _OCR else self._inspect
        with in_time(claim):
            found = inspect(data, claim.name, claim.passed, hints=claim.hints)
        reach("work.inspected", claim.name)
        if found.outcome == "stored" and found.report is not None:
            due.append(Ready(claim, found, found.report))
        elif found.scanned and claim.queue != _OCR:
            self._hand_over(claim)
        elif found.outcome == "unpacked":
            refused = self._unpacker.run(claim, data, found.file)
            if refused is not None:
                due.append(self._doomed(claim, refused))
        else:
            due.append(self._doomed(claim, found))

    def _end_all(self, due: Sequence[Due], failed: dict[Hint, BaseException]) -> None:
        together = len(due) > 1 and self._ended_together(due)
        owed = len(self._unsettled)  # what others owe says nothing of the database as it is now
        for one in due:
            error = None if together else self._done(one.claim, partial(self._end_one, one, owed))
            self._over(one.claim, error, failed)

    def _ended_together(self, due: Sequence[Due]) -> bool:
        """End attempts in one transaction; whose fault it is that it fails shows one by one."""
        try:
            with of_nobody():
                self._database.unit(lambda session: endings.end_all(session, due))
        except Shutdown:
            raise
        except (Exception, TimeLimitExceeded) as error:  # noqa: BLE001 - it is raised again below
            let_go(error)
            return False
        for kind in {type(one): one for one in due}.values():
            kind.committed()
        return True

    def _end_one(self, one: Due, owed: int) -> None:
        if len(self._unsettled) > owed:
            raise Transient("the database could not be written just now")
        self._database.unit(one.end)
        one.committed()

    def _hand_over(self, claim: Claim) -> None:
        """Let a scan wait for those that read scans: OCR takes minutes, others wait for this."""
        done = self._database.unit(lambda session: endings.handed_over(session, claim, _OCR))
        reach("handover.committed", claim.name)
        if done:
            self._unpacker.send_on([(claim.document_id, _OCR)])

    def _doomed(self, claim: Claim, found: Inspection) -> Doomed:
        if found.reason is None:
            raise ValueError("an inspection that refuses must give a reason")
        claim.stage, reason = found.stage, found.reason
        found = self._weighed(found)
        return Doomed(claim, found, _grave(claim, found, reason))

    def _weighed(self, found: Inspection) -> Inspection:
        """Weigh candidates by what the years beside carried over."""
        report = found.report
        subject = None if report is None else Subject.of(report.publisher, report.year)
        if found.localisation is None or report is None or subject is None:
            return found
        with self._database.reading() as session:
            known = neighbours.context(session, subject, found.file.media_type)
        if not (known.previous or known.following):
            return found
        return replace(found, localisation=locate(report, replace(known, second=found.second)))

    # --- failures -------------------------------------------------------------------------------

    def _fail(self, claim: Claim, error: BaseException) -> None:
        let_go(error)
        reason = judge(error)
        passing = reason is None and claim.retries < self._settings.max_retries
        if passing and self._unsettled:  # the database was away a moment ago
            self._unsettled.append((claim, error))
            raise Transient(told(error)) from error
        try:
            if passing:
                self._give_back(claim, error)
            else:
                self._give_up(claim, error, reason)
        except (Exception, TimeLimitExceeded) as second:
            if judge(second) is not None:
                raise
            let_go(second)
            self._unsettled.append((claim, error))
            raise Transient(told(second)) from second
        if passing:
            raise Transient(told(error)) from error

    def _give_back(self, claim: Claim, error: BaseException) -> None:
        self._database.unit(lambda session: endings.given_back(session, claim, error))
        reach("retry.committed")

    def _give_up(self, claim: Claim, error: BaseException, reason: Reason | None) -> None:
        most = None if reason else self._settings.max_retries
        why = reason or Reason.STORAGE_ERROR
        self._database.unit(lambda session: endings.given_up(session, claim, error, why, most))
        reach("bury.committed")

    def _settle_arrears(self) -> None:
        """Write down the end of attempts that failed while the database could not be written."""
        while self._unsettled:
            claim, error = self._unsettled.popleft()
            try:
                if error is None:
                    self.release(claim)
                else:
                    self._give_back(claim, error)
            except BaseException:
                self._unsettled.append((claim, error))
                raise

    # --- stopping, and messages that die --------------------------------------------------------

    def release(self, *claims: Claim) -> None:
        """Give documents back to the queue as if they had not been begun."""
        self._database.unit(lambda session: endings.released(session, claims))
        reach("release.committed")

    def abandon(self, document_id: int, message_id: str, error: BaseException | None) -> None:
        """Dead-letter a document whose message is about to die on the queue.

        Nothing is done where the document has moved on or another message has brought it on.
        """
        reason = (None if error is None else judge(error)) or Reason.STORAGE_ERROR
        why = "its message was given up" + ("" if error is None else f": {told(error)}")
        self._database.unit(
            lambda session: endings.abandoned(session, document_id, message_id, reason, why)
        )
        reach("bury.committed")


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
