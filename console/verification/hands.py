"""What a repair works with, and how every repair of the ledger is made.

Each is one transaction: the rows are locked, what was found is looked at again, and only where it
is still so it is mended; the event ``verify.repaired`` tells in the same transaction what was done
and why.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.verification.discrepancy import Discrepancy
from console.verification.letters import WITHOUT_ATTEMPT
from models.disclosure.finding import Reason
from models.event import EventName
from models.ledger import Attempt, Document
from models.session import Database
from worker.archive import Archive
from worker.dead_letter import Grave, bury
from worker.faults import reach
from worker.inbox import Inbox
from worker.inspection import PARSER_VERSION
from worker.logs import record
from worker.settings import Settings


@dataclass(slots=True)
class Hands:
    """What every repair is given; ``to_send`` collects documents that wait to be sent again."""

    settings: Settings
    database: Database
    archive: Archive
    inbox: Inbox
    operator: str
    to_send: list[tuple[int, str]] = field(default_factory=list)


Mend = Callable[[Hands, Discrepancy], str | None]
"""Mends one discrepancy; returns what was done, ``None`` where nothing could or had to be."""

Change = Callable[[Hands, Session, Discrepancy], str | None]
"""The same inside a transaction."""


def changing(change: Change) -> Mend:
    """Return the repair that makes one change of the database, and tells of it."""

    def mend(hands: Hands, found: Discrepancy) -> str | None:
        with hands.database.transaction() as session:
            what = change(hands, session, found)
            if what is None:
                return None
            _tell(hands, session, found, what)
            reach("repair.entered")
        reach("repair.committed")
        return what

    return mend


def _tell(hands: Hands, session: Session, found: Discrepancy, what: str) -> None:
    """Write down a repair: what was found, what was done, and at whose command."""
    ids = {f"{name}_id": found.about.get(name) for name in ("document", "arrival", "attempt")}
    record(
        session,
        EventName.VERIFY_REPAIRED,
        level="warning",
        code=found.code,
        found=found.rule.english,
        what=what,
        operator=hands.operator,
        **ids,
    )


def locked(session: Session, found: Discrepancy) -> Document | None:
    """Return the document that a discrepancy is about, locked to the end of the transaction."""
    return session.get(Document, found.about["document"], with_for_update=True)


def write_letter(session: Session, document_id: int, stage: str, why: str) -> None:
    """Write a dead letter of reason ``storage_error`` for a document that is dead."""
    newest = select(func.max(Attempt.id)).where(Attempt.document_id == document_id)
    attempt_id = session.scalar(newest)
    stage = WITHOUT_ATTEMPT if attempt_id is None else stage
    message = f"gouji verify: {why}"
    grave = Grave(Reason.STORAGE_ERROR, stage, message, PARSER_VERSION, attempt_id)
    bury(session, document_id, grave)
