"""Whether anything has happened since: what counts are kept by."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.dead_letter import DeadLetter
from models.event import Event
from models.filing import StoredReport

Mark = tuple[int, ...]


def mark(session: Session) -> Mark:
    """Return what is another as soon as anything was written into the ledger or the timeline.

    Whatever changes a report, a dead letter or a document tells so in the timeline, in the same
    transaction. It takes the last row of three primary keys.
    """
    last = (
        select(func.max(kind.id)).scalar_subquery() for kind in (Event, StoredReport, DeadLetter)
    )
    return tuple(number or 0 for number in session.execute(select(*last)).one())
