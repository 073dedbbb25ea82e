"""What killed workers of this machine held, given back at once instead of when its lease ends."""

import os
import socket
from pathlib import Path

from sqlalchemy import select

from models.ledger import Attempt, Document, State
from models.session import Database
from models.transitions import end_lease
from worker.errors import BrokerUnreachable
from worker.inbox import Inbox
from worker.settings import Settings


def recover(settings: Settings, database: Database) -> None:
    """Give back claims and, on the embedded queue, messages of workers that are no more."""
    release_claims(database)
    if not settings.broker_url:
        _reclaim_messages(settings)


def release_claims(database: Database) -> int:
    """End the lease of every document whose worker was a process of this machine and is gone.

    The sweeper then sends it again. Should the worker be alive after all (in another container
    with the same host name), it loses its claim and nothing else: finishing is a compare-and-set.

    Returns:
        How many leases were ended.
    """
    held = (
        select(Document.id, Document.attempt_id, Attempt.worker)
        .join(Attempt, Attempt.id == Document.attempt_id)
        .where(Document.state == State.PROCESSING)
    )
    with database.transaction() as session:
        rows = session.execute(held).all()
        lost = [(row.id, row.attempt_id) for row in rows if _is_gone(row.worker)]
        return len(end_lease(session, lost))


def _is_gone(worker: str) -> bool:
    """Tell whether a worker, named ``host:process``, was of this machine and does not run."""
    host, _, process = worker.rpartition(":")
    if host != socket.gethostname() or not process.isdigit():
        return False
    return not _runs(int(process))


def _runs(process: int) -> bool:
    try:
        # one that is dead but not yet reaped (no init in a container) still takes signals
        return Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        pass  # gone, or a system without /proc
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _reclaim_messages(settings: Settings) -> None:
    inbox = Inbox(settings)
    try:
        inbox.reclaim()
    except BrokerUnreachable:
        return  # the embedded server does it when it begins
    finally:
        inbox.close()
