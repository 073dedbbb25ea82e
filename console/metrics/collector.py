"""One scrape: everything that the catalogue names, from one consistent view of the ledger."""

import platform
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry
from sqlalchemy.orm import Session

from console.metrics.catalogue import BY_NAME
from console.metrics.growing import MATURE, Growing
from console.queries import activity, telemetry
from models.base import now
from models.disclosure.finding import Reason
from models.ledger import AttemptOutcome, State
from models.session import Database
from models.telemetry import Runs
from worker.broker import QUEUES, Backlog
from worker.check.rules import RULES
from worker.inspection import PARSER_VERSION

_LATELY: Final = timedelta(minutes=1)
_UNDER_WAY: Final = (State.RECEIVED, State.QUEUED, State.PROCESSING)

Labelled = Iterable[tuple[tuple[str, ...], float]]
"""Values, each after the values of its labels."""


class LedgerCollector(Collector):
    """Reads the metrics; what only grows is counted on from where it was counted before.

    Args:
        database: the ledger.
        backlog: asks the broker how many messages there are, ``None`` where it does not answer.
        room: returns the bytes free where the archive is, ``None`` where nobody can tell.
    """

    def __init__(
        self,
        database: Database,
        backlog: Callable[[], Backlog | None],
        room: Callable[[], float | None],
    ) -> None:
        self._database = database
        self._backlog = backlog
        self._room = room
        self._arrivals = Growing(telemetry.arrivals, telemetry.newest_arrival)
        self._outcomes = Growing(telemetry.outcomes, _behind, mature=0.0)
        self._violations = Growing(telemetry.violations, telemetry.newest_finding)
        self._lock = threading.Lock()

    def collect(self) -> Iterable[Metric]:
        """Return every metric there is.

        Raises:
            SQLAlchemyError: the database cannot be reached.
        """
        with self._lock, self._database.reading() as session:
            found = [*self._counters(session), *_gauges(session)]
        room = self._room()
        free = _gauge("gouji_archive_free_bytes", () if room is None else _single(room))
        return [*found, *_of_broker(self._backlog()), free, _build()]

    def _counters(self, session: Session) -> Iterator[Metric]:
        yield _counter("gouji_files_detected_total", _single(self._arrivals.total(session)[""]))
        outcomes = dict.fromkeys(map(str, AttemptOutcome), 0) | self._outcomes.total(session)
        yield _counter("gouji_documents_processed_total", _by(outcomes))
        yield _histogram("gouji_stage_duration_seconds", telemetry.durations(session))
        rules = dict.fromkeys(RULES, 0) | self._violations.total(session)
        yield _counter("gouji_edit_violations_total", _by(rules))


def _behind(_session: Session) -> datetime:
    """Return since when an attempt that ended is in the ledger for sure."""
    return now() - timedelta(seconds=MATURE)


def registry(
    database: Database,
    backlog: Callable[[], Backlog | None],
    room: Callable[[], float | None] = lambda: None,
) -> CollectorRegistry:
    """Return a registry that knows the metrics of the ledger and nothing of this process."""
    made = CollectorRegistry(auto_describe=False)
    made.register(LedgerCollector(database, backlog, room))
    return made


def _gauges(session: Session) -> Iterator[Metric]:
    moment = now()
    letters = dict.fromkeys(map(str, Reason), 0) | telemetry.open_letters(session)
    yield _gauge("gouji_dead_letters", _by(letters))
    none = {(queue, str(state)): 0 for queue in QUEUES for state in _UNDER_WAY}
    yield _gauge("gouji_queue_messages", (none | telemetry.under_way(session)).items())
    oldest = activity.oldest_waiting(session)
    waited = 0.0 if oldest is None else max(0.0, (moment - oldest).total_seconds())
    yield _gauge("gouji_queue_oldest_message_age_seconds", _single(waited))
    sources = telemetry.sources(session)
    events = [((name,), _seconds(event)) for name, event, _ in sources]
    yield _gauge("gouji_watcher_last_event_timestamp_seconds", events)
    beats = [((name,), _seconds(beat)) for name, _, beat in sources]
    yield _gauge("gouji_watcher_last_heartbeat_timestamp_seconds", beats)
    workers = telemetry.workers(session, moment - _LATELY)
    last_at = _single(_seconds(workers.last_at))
    yield _gauge("gouji_worker_last_heartbeat_timestamp_seconds", last_at)
    yield _gauge("gouji_workers", _single(workers.number))


def _of_broker(backlog: Backlog | None) -> Iterator[Metric]:
    yield _gauge("gouji_broker_messages", _by(backlog or {}))
    yield _gauge("gouji_broker_up", _single(backlog is not None))


@cache
def _build() -> Metric:
    built = (version("gouji"), PARSER_VERSION, platform.python_version())
    return _gauge("gouji_build_info", [(built, 1.0)])


def _seconds(moment: datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()


def _single(value: float) -> Labelled:
    return [((), float(value))]


def _by(values: Mapping[str, float]) -> Labelled:
    return [((name,), value) for name, value in values.items()]


def _counter(name: str, values: Labelled) -> Metric:
    metric = BY_NAME[name]
    family = CounterMetricFamily(name, metric.meaning, labels=metric.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def _gauge(name: str, values: Labelled) -> Metric:
    metric = BY_NAME[name]
    family = GaugeMetricFamily(name, metric.meaning, labels=metric.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def _histogram(name: str, values: Mapping[str, Mapping[str, Runs]]) -> Metric:
    metric = BY_NAME[name]
    family = HistogramMetricFamily(name, metric.meaning, labels=metric.labels)
    for label, bounds in values.items():
        below, buckets = 0, []
        for bound, runs in bounds.items():
            below += runs.number
            buckets.append((bound, float(below)))
        family.add_metric([label], buckets, sum(runs.seconds for runs in bounds.values()))
    return family
