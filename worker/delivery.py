"""Whether a collector takes spans: what its client would log with every batch, told now and then.

Needs ``gouji[otel]``.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from models.event import EventName
from worker.logs import log

_TELL_EVERY: Final = 300.0
"""Seconds between two lines of the log that tell that spans are lost."""


class Watched(SpanExporter):
    """An exporter whose failures are told once in a while.

    Args:
        exporter: the exporter itself.
        clock: monotonic seconds.
    """

    def __init__(self, exporter: SpanExporter, clock: Callable[[], float] = time.monotonic) -> None:
        _EAR.prick_up()
        self._exporter = exporter
        self._clock = clock
        self._told_at: float | None = None
        self._lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; called by one thread at a time."""
        with _EAR.listening() as said:
            result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._lost += len(spans)
            self._tell(said)
        elif self._lost:
            log(EventName.TRACES_EXPORTED, lost=self._lost)
            self._lost = 0
        return result

    def probe(self) -> str | None:
        """Send nothing, and return why that was not taken, if it was not."""
        with _EAR.listening() as said:
            result = self._exporter.export([])
        return None if result is SpanExportResult.SUCCESS else _first(said)

    def shutdown(self) -> None:
        """Stop, also while it waits for another try."""
        self._exporter.shutdown()

    def _tell(self, said: list[str]) -> None:
        moment = self._clock()
        if self._told_at is None or moment - self._told_at >= _TELL_EVERY:
            self._told_at = moment
            lost, why = self._lost, _first(said)
            log(EventName.TRACES_NOT_EXPORTED, level="warning", lost=lost, error=why)


def _first(said: list[str]) -> str:
    """Return the first thing that was said: the later ones are that it was in vain."""
    return said[0] if said else "no reason was given"


class _Ear(logging.Handler):
    """Hears what OpenTelemetry would log, in the thread that it says it in; nobody else does."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._heard = threading.local()

    def prick_up(self) -> None:
        """Listen from now on, in place of the log."""
        logger = logging.getLogger("opentelemetry")
        logger.propagate = False
        logger.setLevel(logging.WARNING)
        if self not in logger.handlers:
            logger.addHandler(self)

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        said: list[str] = []
        self._heard.said = said
        try:
            yield said
        finally:
            self._heard.said = None

    def emit(self, record: logging.LogRecord) -> None:
        said = getattr(self._heard, "said", None)
        if said is not None:
            said.append(record.getMessage())


_EAR: Final = _Ear()
