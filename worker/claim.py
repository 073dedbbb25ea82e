"""A document in the hands of this process: how far the attempt has come, and how it ends."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import ledger
from models.base import now
from models.disclosure.hints import NONE, Hints
from models.event import EventName
from models.ledger import Attempt, AttemptOutcome, State
from worker import logs
from worker.judge import plain


@dataclass(slots=True)
class Claim:
    """One attempt that this process holds the claim for.

    ``durations`` are in milliseconds, by stage; ``stage`` is the last that ended, or the one
    that runs. ``retries`` counts the transient failures before it; ``hints``
    are what its arrivals said. ``thread`` is the identity of
    the thread that works on it.
    """

    document_id: int
    attempt_id: int
    sha256: str
    size: int
    name: str
    retries: int
    hints: Hints = NONE
    stage: str = "claim"
    durations: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    thread: int = field(default_factory=threading.get_ident)

    @property
    def elapsed(self) -> float:
        """Milliseconds since the claim."""
        return round((time.perf_counter() - self.started) * 1000, 3)

    @contextmanager
    def during(self, stage: str) -> Iterator[None]:
        """Measure a stage; one that raises is left as the last."""
        self.stage = stage
        started = time.perf_counter()
        yield
        self.passed(stage, (time.perf_counter() - started) * 1000)

    def passed(self, stage: str, milliseconds: float) -> None:
        """Note that a stage has ended, well or not."""
        self.stage = stage
        self.durations[stage] = round(milliseconds, 3)
        logs.log(
            EventName.STAGE_FINISHED,
            level="debug",
            document_id=self.document_id,
            attempt_id=self.attempt_id,
            stage=stage,
            duration_ms=self.durations[stage],
        )

    def record(self, session: Session, name: EventName, level: str = "info", **data: Any) -> None:
        """Write an event of this attempt, with the time it has taken, in milliseconds."""
        logs.record(
            session,
            name,
            document_id=self.document_id,
            attempt_id=self.attempt_id,
            level=level,
            duration_ms=self.elapsed,
            stages=dict(self.durations),
            **data,
        )

    def end(
        self,
        session: Session,
        to: State,
        outcome: AttemptOutcome,
        *,
        error: str | None = None,
        traceback: str | None = None,
        **document: Any,
    ) -> bool:
        """End the attempt and move the document on; ``False`` when the claim was lost meanwhile.

        An attempt that ends, however it does, shows that the document does not kill its worker:
        the count of those that never ended starts again. ``document`` are further columns to set.
        """
        values = {"unfinished": 0, "lease_expires_at": None} | document
        moved = ledger.move(
            session,
            self.document_id,
            start=(State.PROCESSING,),
            to=to,
            attempt_id=self.attempt_id,
            **values,
        )
        if not moved:
            self.record(session, EventName.ATTEMPT_SUPERSEDED, level="warning")
            return False
        session.execute(
            update(Attempt)
            .where(Attempt.id == self.attempt_id)
            .values(
                ended_at=now(),
                outcome=outcome,
                stage=self.stage,
                error=None if error is None else plain(error),
                traceback=traceback,
                duration_ms=self.elapsed,
            )
            .execution_options(synchronize_session=False)
        )
        return True
