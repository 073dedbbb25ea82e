"""A verification: every check in turn, and what could not be looked at told.

It only reads, and may run while gouji does: each question to the database sees one state of it,
and what may be under way has time to come to its end (:class:`console.verification.look.Patience`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from console.verification import (
    archive,
    database,
    desk,
    history,
    ledger,
    letters,
    queue,
    reports,
    sources,
    years,
)
from console.verification.discrepancy import Unseen, Verification
from console.verification.look import Advance, Check, Look, Wishes
from models.base import now
from models.ledger import SourceStatus
from models.session import Database
from watcher.run import HEARTBEAT
from worker.archive import Archive
from worker.errors import Transient
from worker.inbox import Inbox
from worker.settings import Settings

AREAS: Final[Mapping[str, tuple[Check, ...]]] = {
    "database": database.CHECKS,
    "ledger": ledger.CHECKS,
    "reports": (*reports.CHECKS, *years.CHECKS),
    "letters": (*letters.CHECKS, *desk.CHECKS),
    "history": history.CHECKS,
    "queue": queue.CHECKS,
    "sources": sources.CHECKS,
    "archive": archive.CHECKS,
}
"""Every check, by the area that ``--skip`` names; the quick ones first."""

_BEATS_MISSED: Final = 6
_SKIPPED: Final = "left out by wish"


def _nobody(_what: str, _count: int) -> None:
    """Nobody wants to know how far it has come."""


def verify(
    settings: Settings, wishes: Wishes | None = None, *, advance: Advance = _nobody
) -> Verification:
    """Hold everything against everything else.

    Nothing is changed. Memory stays the same whatever the number of documents, but for what is
    found, of which at most ``wishes.most`` of each code are kept.

    Raises:
        SQLAlchemyError: the database cannot be reached.
        UnusableUrlError: its URL cannot be used.
        SettingsError: the archive's or the broker's cannot.
    """
    wishes = wishes or Wishes()
    ledger_of = Database.at(settings.database)
    inbox = Inbox(settings)
    try:
        watched = _watched(ledger_of)
        result = Verification()
        look = Look(
            settings=settings,
            database=ledger_of,
            archive=Archive.of(settings),
            inbox=inbox,
            wishes=wishes,
            moment=now(),
            watched=watched,
            advance=advance,
            looked_at=result.looked_at,
        )
        for area, checks in AREAS.items():
            for check in checks:
                _look(result, look, area, check)
    finally:
        inbox.close()
        ledger_of.close()
    return result


def _watched(ledger_of: Database) -> bool:
    """Tell whether a watcher has given a sign of life lately."""
    with ledger_of.reading() as session:
        beat: datetime | None = session.scalar(select(func.max(SourceStatus.heartbeat_at)))
    return beat is not None and now() - beat < timedelta(seconds=_BEATS_MISSED * HEARTBEAT)


def _look(result: Verification, look: Look, area: str, check: Check) -> None:
    if area in look.wishes.skip or (check.costly and look.wishes.quick):
        result.unseen.append(Unseen(area, check.codes, _SKIPPED, failed=False))
        return
    try:
        for found in check.find(look):
            result.note(found, look.wishes.most)
    except queue.Untold as limit:
        result.unseen.append(Unseen(area, check.codes, str(limit), failed=False))
    except (OSError, Transient, SQLAlchemyError) as error:
        why = " ".join(str(getattr(error, "orig", None) or error).split())
        result.unseen.append(Unseen(area, check.codes, why, failed=True))
