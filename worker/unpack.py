"""The stage that unpacks an archive: every member becomes an arrival, all of them or none.

The members are spooled until the archive proved sound, kept in the archive of bytes, and entered
in the transaction that ends the attempt; then they are sent. Whatever stops it before the commit
leaves nothing but bytes that nobody speaks of, which the next attempt finds again.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from models import ledger, transitions
from models.disclosure.hints import kept
from models.event import EventName
from models.ledger import Arrival, ArrivalState
from models.session import Database
from worker import logs, names
from worker.archive import Archive, demand_recent
from worker.claim import Claim
from worker.entry import Content, Documents, Entered, announce, queue_of, told
from worker.errors import Transient
from worker.faults import reach
from worker.inspection import File, Inspection
from worker.isolation.reading import Unpack
from worker.spans import tell_arrival
from worker.spool import (
    BETWEEN,
    MOST_DEPTH,
    MOST_EXPANDED,
    Allowance,
    Spool,
    in_process,
    member_name,
    spooled,
    too_deep,
)
from worker.unpacking.members import Member

_RACES: Final = 5
_HEAD: Final = 8
_LARGEST: Final = 2**63 - 1

Send = Callable[[Sequence[tuple[int, str]]], object]
"""Sends documents, given as (document id, queue); what is not sent the sweeper sends."""


class Kept(NamedTuple):
    """A member whose bytes are in the archive, and its place among the members."""

    member: Member
    content: Content
    place: int


def _nowhere(_documents: Sequence[tuple[int, str]]) -> None:
    """Leave the sending to the sweeper."""


class Unpacker:
    """Unpacks the archives that documents turn out to be.

    Args:
        database: the ledger.
        archive: where bytes are kept.
        unpack: takes an archive apart; ``worker.isolation.pool.Isolated.unpack`` where archives
            are not trusted.
        send: the way to the queue.
    """

    def __init__(
        self,
        database: Database,
        archive: Archive,
        unpack: Unpack = in_process,
        send: Send = _nowhere,
    ) -> None:
        self._database = database
        self._archive = archive
        self._unpack = unpack
        self._send = send

    def run(self, claim: Claim, data: bytes, file: File) -> Inspection | None:
        """Unpack an archive and end its attempt; return why it is refused, if it is.

        Raises:
            Transient: the archive of bytes cannot be written, or others bring in the same members.
            OSError: there is no room to unpack it.
            SQLAlchemyError: the database cannot be written; nothing was entered.
        """
        with claim.during("unpack"), self._archive.scratch() as scratch:
            depth, spent = self._around(claim.document_id)
            spool = Spool(scratch, Allowance(len(data), spent))
            refusal = too_deep(depth) or spooled(data, spool, self._unpack)
            reach("unpack.unpacked")
            began = time.time()
            kept_members = [] if refusal else self._keep(claim, spool)
        if refusal is not None:
            reason, message, traceback = refusal.reason, refusal.message, refusal.traceback
            return Inspection(file, "dead", reason, "unpack", message, traceback=traceback)
        reach("unpack.archived")
        to_send = self._enter(claim, kept_members, spool.ignored, began)
        reach("unpack.committed")
        self.send_on(to_send)
        return None

    def _around(self, document_id: int) -> tuple[int, int]:
        """Return in how many archives one lies, and the bytes that came out of those so far."""
        with self._database.reading() as session:
            depth, outermost = ledger.outermost(session, document_id, MOST_DEPTH)
            if outermost is None or depth == 0:
                return depth, 0
            spent = ledger.expanded(session, outermost, MOST_DEPTH)
        return depth, min(spent, MOST_EXPANDED)

    def _keep(self, claim: Claim, spool: Spool) -> list[Kept]:
        found = []
        for place, section in enumerate(spool.sections):
            head = spool.open(section).read(_HEAD)
            stored = self._archive.put(spool.open(section), limit=section.size)
            name = member_name(section.member.name, claim.name).rpartition("/")[2]
            found.append(Kept(section.member, Content(stored, name, queue_of(head)), place))
        return found

    def _enter(
        self, claim: Claim, members: Sequence[Kept], ignored: Sequence[Member], began: float
    ) -> list[tuple[int, str]]:
        """End the attempt and enter every member in one transaction; return what is to be sent."""
        for race in range(_RACES):
            try:
                return self._database.unit(
                    lambda session: _entered(session, claim, members, ignored, began)
                )
            except IntegrityError as error:
                # Another process brought one of the contents: now it can be recognised.
                if race == _RACES - 1:
                    raise Transient("others bring in what the archive holds") from error
        raise AssertionError("not reached")

    def send_on(self, documents: Sequence[tuple[int, str]]) -> None:
        """Send what an attempt left to others; it has ended well, whatever becomes of this."""
        try:
            self._send(documents)
        except SQLAlchemyError as error:
            for document_id, queue in documents:
                name = EventName.DOCUMENT_SEND_FAILED
                logs.log(
                    name, level="warning", document_id=document_id, queue=queue, error=str(error)
                )


def _entered(
    session: Session,
    claim: Claim,
    members: Sequence[Kept],
    ignored: Sequence[Member],
    began: float,
) -> list[tuple[int, str]]:
    if not claim.end(session, transitions.unpack):
        return []
    fresh = _Entering(session, claim).all(members, ignored)
    demand_recent(began)
    reach("unpack.entered")
    return fresh


class _Entering:
    """Writes the arrivals of one archive's members."""

    def __init__(self, session: Session, claim: Claim) -> None:
        self._session = session
        self._claim = claim
        # the one that brought it; those that came later are duplicates
        query = select(Arrival).where(Arrival.document_id == claim.document_id)
        accepted = Arrival.state == ArrivalState.ACCEPTED
        self._of = session.scalars(query.order_by(accepted.desc(), Arrival.id).limit(1)).one()

    def all(self, members: Sequence[Kept], ignored: Sequence[Member]) -> list[tuple[int, str]]:
        """Enter members; return the documents that are new, as (id, queue)."""
        session, claim = self._session, self._claim
        digests = {one.content.stored.sha256 for one in members}
        documents = Documents(session, digests, self._of.source)
        traces = [claim.trace.child() for _ in members]
        contents = [one.content for one in members]
        found = documents.enter(list(zip(contents, traces, strict=True)))
        entered = [(one, *known) for one, known in zip(members, found, strict=True)]
        arrivals = [self._arrival(one, document, state) for one, document, state in entered]
        for arrival, trace in zip(arrivals, traces, strict=True):
            arrival.traceparent = str(trace)
        passed_over = [self._passed_over(one, len(members) + n) for n, one in enumerate(ignored)]
        session.add_all([*arrivals, *passed_over])
        session.flush()
        fresh = [
            (document.id, one.content.queue)
            for one, document, state in entered
            if state is ArrivalState.ACCEPTED
        ]
        claim.record(
            session,
            EventName.DOCUMENT_UNPACKED,
            file=claim.name,
            members=len(members) + len(ignored),
            accepted=len(fresh),
            duplicate=len(members) - len(fresh),
            ignored=len(ignored),
        )
        for arrival, (one, document, _) in zip(arrivals, entered, strict=True):
            announce(session, arrival, document, **_renamed(one.member))
            tell_arrival(session, arrival, document, claim.trace)
        for arrival in passed_over:
            logs.record(session, EventName.FILE_IGNORED, **told(arrival), why=arrival.why)
        return fresh

    def _arrival(self, one: Kept, document: Entered, state: ArrivalState) -> Arrival:
        hints = self._claim.hints
        return Arrival(
            **self._place(one.member, one.place, one.content.stored.size),
            state=state,
            document_id=document.id,
            url=hints.url,
            fetched_at=hints.fetched_at,
            hints=kept(hints),
        )

    def _passed_over(self, member: Member, place: int) -> Arrival:
        # what was never read has the size that the archive claims, whatever that is
        found = self._place(member, place, min(max(member.size, 0), _LARGEST))
        return Arrival(
            **found,
            state=ArrivalState.IGNORED,
            why=member.why,
            traceparent=str(self._claim.trace.child()),
        )

    def _place(self, member: Member, place: int, size: int) -> dict[str, Any]:
        name = member_name(member.name, self._claim.name)
        raw = names.inside(member.name) or name.encode("utf-8", "surrogateescape")
        digest = hashlib.sha256(f"{self._claim.sha256} {place}".encode()).digest()
        return {
            "source": self._of.source,
            "path": names.bounded(self._of.path + BETWEEN.encode() + raw),
            "name": self._of.name + BETWEEN + name,
            "inode": int.from_bytes(digest[:8], "big", signed=True),
            "size": size,
            "mtime_ns": 0,
            "container_id": self._claim.document_id,
        }


def _renamed(member: Member) -> dict[str, str]:
    """Return what the archive called a member, where that name would lead out of the archive."""
    parts = member.name.replace(b"\\", b"/").split(b"/")
    unsafe = parts[0] == b"" or b".." in parts or parts[0][1:2] == b":"
    return {"named": member.shown} if unsafe and member.name else {}
