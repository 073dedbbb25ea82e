"""What ``dramatiq worker.app`` loads: the broker with its middleware, and the actors.

Importing it connects to nothing and opens no database: a worker process does so when its first
message comes, whether it was forked or spawned.
"""

import os
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

import dramatiq
from dramatiq.errors import Retry
from dramatiq.middleware import CurrentMessage, Retries, Shutdown, TimeLimit, TimeLimitExceeded

from models.session import Database
from worker import inspection
from worker.actors import declare
from worker.archive import Archive
from worker.convoy import Convoy
from worker.crew import Reporting
from worker.inbox import Inbox, make_broker
from worker.isolation import readers as isolation
from worker.isolation.limits import Limits
from worker.isolation.pool import Isolated
from worker.isolation.reading import Unpack
from worker.lifecycle import (
    Abandoned,
    Ahead,
    Bindings,
    Boot,
    Drain,
    Prefetch,
    Readers,
    Threads,
    Tracing,
)
from worker.pipeline import Inspect, Pipeline
from worker.pulse import Beating
from worker.send import Sender
from worker.settings import CREW, Settings, load
from worker.unpack import Unpacker

_LEASE_SHARE: Final = 0.8
"""An attempt is interrupted at this share of its lease, so that the lease outlives the work."""


class Works:
    """The pipeline of this process, made when it is first asked for."""

    def __init__(
        self, settings: Settings, inspect: Inspect, scans: Inspect, unpack: Unpack
    ) -> None:
        self._settings = settings
        self._inspect = inspect
        self._scans = scans
        self._unpack = unpack
        self.convoy = Convoy()
        self._pipeline: Pipeline | None = None
        self._lock = Lock()

    def __call__(self) -> Pipeline:
        """Return the pipeline; the engine it holds belongs to this process alone."""
        with self._lock:
            if self._pipeline is None:
                self._pipeline = self._made()
            return self._pipeline

    def _made(self) -> Pipeline:
        settings = self._settings
        database, archive = Database.at(settings.database), Archive.of(settings)
        sender = Sender(database, Inbox(settings), settings.max_outstanding)
        unpacker = Unpacker(database, archive, self._unpack, sender.send_received)
        return Pipeline(
            database,
            archive,
            settings,
            self._inspect,
            unpacker,
            scans=self._scans,
            convoy=self.convoy,
        )


def assemble(settings: Settings, inspect: Inspect | None = None) -> dramatiq.Broker:
    """Return a broker with everything a worker process needs.

    Left out on purpose: ``AgeLimit`` (a document never grows too old), ``Prometheus`` (fixed port,
    shared temporary directory), callbacks and pipelines (nothing is chained through the queue).

    Args:
        settings: the settings.
        inspect: what reads, recognises and checks; another one in tests.
    """
    limits = Limits(seconds=settings.reading_timeout, memory=settings.reading_memory)
    readers = isolation.Readers(Isolated(limits))
    text = partial(inspection.inspect, reader=readers.text)
    scans = partial(inspection.inspect, reader=readers)
    works = Works(settings, inspect or text, inspect or scans, readers.text.unpack)
    broker = make_broker(
        settings.broker,
        [
            Tracing(settings),
            Boot(settings),
            Prefetch(),
            Threads(),
            Reporting(os.environ.get(CREW, "")),
            Ahead(works.convoy),
            Bindings(),
            CurrentMessage(),
            TimeLimit(time_limit=settings.lease * _LEASE_SHARE * 1000),
            Readers(readers),
            Beating(lambda: works().pulse),
            Drain(works, settings.grace),
            Abandoned(works),
            Retries(
                min_backoff=round(settings.retry_min * 1000),
                max_backoff=round(settings.retry_max * 1000),
                retry_when=_again,
            ),
        ],
    )
    declare(
        broker,
        lambda document_id, message_id: works().run(document_id, message_id),
        again_after=round(settings.retry_min * 1000),
    )
    return broker


def _again(_retries: int, error: BaseException) -> bool:
    """Tell whether a message is tried again: after passing failures, and interrupts.

    However often that happens, a message does not die of it: the document counts its retries, and
    is dead-lettered when they are used up; while the database is away nobody can count.
    """
    return isinstance(error, Shutdown | TimeLimitExceeded | Retry)


def configured() -> Settings:
    """Return the settings, from the file that ``GOUJI_CONFIG`` names and the environment."""
    named = os.environ.get("GOUJI_CONFIG")
    return load(Path(named) if named else None)


broker: Final = assemble(configured())
dramatiq.set_broker(broker)
