"""What worker processes tell of themselves: signs of life, and how long stages took.

None of it decides anything: a document is held by its lease, and counted by its attempts.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Float, String, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base

BOUNDS: Final = (
    "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60",
    "+Inf",
)  # fmt: skip
"""Upper bounds of durations in seconds, as Prometheus writes them: text takes 20 ms, OCR a minute.

Rows of an earlier release keep theirs, so a bound may be added but not moved.
"""


class WorkerStatus(Base):
    """A worker process as it last told of itself; one that ended in order has no row.

    ``worker`` is ``host:pid``, as in the attempts; ``holding`` how many documents it worked on.
    """

    __tablename__ = "worker_status"

    worker: Mapped[str] = mapped_column(String(128), primary_key=True)
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    parser_version: Mapped[str] = mapped_column(String(32))
    holding: Mapped[int] = mapped_column(default=0)


class StageDurations(Base):
    """How many runs of a stage took at most ``bound`` seconds, and more than the bound below.

    ``seconds`` is what they took together. Rows only grow, and are never deleted.
    """

    __tablename__ = "stage_durations"

    stage: Mapped[str] = mapped_column(String(32), primary_key=True)
    bound: Mapped[str] = mapped_column(String(8), primary_key=True)
    number: Mapped[int]
    seconds: Mapped[float] = mapped_column(Float)


class Runs(NamedTuple):
    """Some runs of a stage within one bound: how many, and their seconds together."""

    number: int
    seconds: float


def bound_of(seconds: float) -> str:
    """Return the least bound that a duration does not exceed."""
    return next(bound for bound in BOUNDS if seconds <= float(bound))


def add_durations(session: Session, fresh: Mapping[tuple[str, str], Runs]) -> None:
    """Add runs, given by stage and bound, to those that are known."""
    if not fresh:
        return
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    for (stage, bound), (number, seconds) in sorted(fresh.items()):  # all lock in one order
        new = insert(StageDurations).values(
            stage=stage, bound=bound, number=number, seconds=seconds
        )
        row = StageDurations.__table__.c
        grown = {
            "number": row.number + new.excluded.number,
            "seconds": row.seconds + new.excluded.seconds,
        }
        session.execute(new.on_conflict_do_update(index_elements=["stage", "bound"], set_=grown))


def forget_workers(session: Session, before: datetime) -> None:
    """Forget worker processes that have not been heard of since a moment: they were killed."""
    session.execute(delete(WorkerStatus).where(WorkerStatus.heartbeat_at < before))
