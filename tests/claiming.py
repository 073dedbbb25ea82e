"""Attempts that begin as a worker begins them, and of which nothing more is heard."""

from datetime import timedelta

from models.base import now
from models.session import Database
from models.transitions import Bid
from worker.claim import Claim, begin


def bid(lease: float = 60, worker: str = "w", message: str | None = "m") -> Bid:
    """Return what a worker says now of an attempt, with a lease of so many seconds."""
    moment = now()
    return Bid(worker, "0", message, moment, moment + timedelta(seconds=lease))


def claimed(
    database: Database, document_id: int, lease: float = 60, worker: str = "w"
) -> Claim | None:
    """Claim a document; a negative lease has expired by then."""
    wanted = bid(lease, worker)
    return database.unit(lambda session: begin(session, document_id, wanted, alone=True))
