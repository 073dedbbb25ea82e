"""Signs of life of a worker process in the ledger, and what its stages took."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

import dramatiq
from dramatiq.worker import Worker
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from models.base import now
from models.session import Database
from models.telemetry import WorkerStatus, add_durations, forget_workers
from worker.durations import Durations
from worker.inspection import PARSER_VERSION

HEARTBEAT: Final = 15.0
"""Seconds between two signs of life."""

_FORGOTTEN: Final = timedelta(hours=1)
"""So long after its last sign of life a process that was killed is still shown."""


class Pulse:
    """Writes down that this process is alive.

    Args:
        database: the ledger.
        worker: the name of this process, as its attempts have it.
        holding: tells how many documents it works on.
        durations: what its stages took.
    """

    def __init__(
        self, database: Database, worker: str, holding: Callable[[], int], durations: Durations
    ) -> None:
        self._database = database
        self._worker = worker
        self._holding = holding
        self._durations = durations
        self._started_at = now()

    def beat(self) -> None:
        """Write it down, with what was counted since; durations that cannot be written are kept.

        One whose commit was lost on the way may be counted twice.

        Raises:
            SQLAlchemyError: the database cannot be written.
        """
        moment = now()
        status = WorkerStatus(
            worker=self._worker,
            started_at=self._started_at,
            heartbeat_at=moment,
            parser_version=PARSER_VERSION,
            holding=self._holding(),
        )
        counted = self._durations.take()
        try:
            with self._database.transaction() as session:
                session.merge(status)
                add_durations(session, counted)
                forget_workers(session, moment - _FORGOTTEN)
        except BaseException:
            self._durations.put_back(counted)
            raise

    def end(self) -> None:
        """Write down what is left to be counted, and that the process is gone.

        Raises:
            SQLAlchemyError: the database cannot be written.
        """
        with self._database.transaction() as session:
            add_durations(session, self._durations.take())
            session.execute(delete(WorkerStatus).where(WorkerStatus.worker == self._worker))


class Beating(dramatiq.Middleware):
    """Keeps the pulse of a worker process, in a thread of its own.

    Args:
        pulse: returns the pulse of this process; asked for in the process that works.
        every: seconds between two signs of life.
    """

    def __init__(self, pulse: Callable[[], Pulse], every: float = HEARTBEAT) -> None:
        self._pulse = pulse
        self._every = every
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def after_worker_boot(self, _broker: dramatiq.Broker, _worker: Worker) -> None:
        """Called by Dramatiq in each worker process, when it begins to work."""
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self._thread.start()

    def after_worker_shutdown(self, _broker: dramatiq.Broker, _worker: Worker) -> None:
        """Called by Dramatiq when every thread has ended, or the time is up."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(self._every)
        with suppress(SQLAlchemyError):  # it is forgotten after a while
            self._pulse().end()

    def _run(self) -> None:
        while True:
            with suppress(SQLAlchemyError):  # whoever works tells of it; the next beat may reach it
                self._pulse().beat()
            if self._ended.wait(self._every):
                return
