"""Spans to an OpenTelemetry collector: OTLP, protobuf over HTTP. Needs ``gouji[otel]``.

Imported only where spans are to be exported. They wait in a bounded queue, the oldest of which are
dropped, and are sent in batches by a thread of their own. Headers, certificates, compression and
the time limit of a request are taken from the standard variables of OpenTelemetry.
Source: OpenTelemetry Protocol Exporter, "Configuration Options"; Trace SDK, "Batching processor".
"""

import os
import socket
import threading
from importlib.metadata import version
from typing import Final
from urllib.parse import unquote, urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from models.trace import Trace
from worker import secrecy
from worker.delivery import Watched
from worker.judge import plain
from worker.settings import Settings
from worker.tracing import Kind, Span

_MOST_WAITING: Final = 2048
_BATCH: Final = 512
_EVERY_MS: Final = 2000
_PROBE: Final = 3.0
_LONGEST: Final = 1000
"""Characters of a text that a span has at most."""
_PATH: Final = "/v1/traces"
_HEADERS: Final = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")
_KINDS: Final = {
    Kind.INTERNAL: SpanKind.INTERNAL,
    Kind.PRODUCER: SpanKind.PRODUCER,
    Kind.CONSUMER: SpanKind.CONSUMER,
}


class Otlp:
    """Takes spans for a collector; belongs to the process that made it.

    Args:
        settings: where the collector is; which broker the messages come from.
        part: the name of the part, as in the log.

    Raises:
        OSError, RuntimeError, ValueError: the environment asks for what cannot be had.
    """

    def __init__(self, settings: Settings, part: str) -> None:
        self._resource = _resource(part)
        self._scope = InstrumentationScope("gouji", version("gouji"))
        self._system = messaging_system(settings.broker)
        self._exporter = _exporter(settings.otlp_endpoint)
        self._processor = BatchSpanProcessor(
            self._exporter,
            max_queue_size=_MOST_WAITING,
            schedule_delay_millis=_EVERY_MS,
            max_export_batch_size=_BATCH,
        )

    def __call__(self, span: Span) -> None:
        """Take a span; the oldest is dropped where too many wait."""
        self._processor.on_end(self._readable(span))

    def close(self, seconds: float) -> None:
        """Send what waits; what has not been taken within so many seconds is lost."""
        ending = threading.Thread(target=self._processor.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(seconds)
        if ending.is_alive():
            self._exporter.shutdown()  # ends what waits for its next try

    def _readable(self, span: Span) -> ReadableSpan:
        attributes = {name: _shown(value) for name, value in span.attributes.items()}
        if span.kind is Kind.CONSUMER:
            attributes["messaging.system"] = self._system
        parent = None if span.parent is None else span.trace._replace(span_id=span.parent)
        failed = span.error is not None
        return ReadableSpan(
            span.name,
            _context(span.trace),
            None if parent is None else _context(parent, is_remote=True),
            self._resource,
            attributes,
            links=() if span.about is None else (Link(_context(span.about, is_remote=True)),),
            kind=_KINDS[span.kind],
            status=Status(StatusCode.ERROR, str(_shown(span.error or ""))) if failed else Status(),
            start_time=span.began,
            end_time=max(span.began, span.ended),
            instrumentation_scope=self._scope,
        )


def probe(settings: Settings) -> str | None:
    """Ask a collector whether it takes spans, within a few seconds; return why not, if it does not.

    Raises:
        OSError, RuntimeError, ValueError: the environment asks for what cannot be had.
    """
    exporter = _exporter(settings.otlp_endpoint, _PROBE)
    try:
        return exporter.probe()
    finally:
        exporter.shutdown()


def messaging_system(broker: str) -> str:
    """Return what OpenTelemetry calls a broker, given its URL."""
    return "rabbitmq" if urlsplit(broker).scheme in ("amqp", "amqps") else "redis"


def _exporter(endpoint: str, timeout: float | None = None) -> Watched:
    """Return the exporter; its headers are keys, and no log tells them."""
    for name in _HEADERS:
        given = os.environ.get(name, "")
        secrecy.keep(given, unquote(given))
    address = endpoint.rstrip("/")
    address = address if address.endswith(_PATH) else f"{address}{_PATH}"
    return Watched(OTLPSpanExporter(endpoint=address, timeout=timeout))


def _resource(part: str) -> Resource:
    """Return who the spans are of; ``OTEL_RESOURCE_ATTRIBUTES`` may add to it."""
    host, process = socket.gethostname(), os.getpid()
    return Resource.create(
        {
            "service.name": "gouji",
            "service.version": version("gouji"),
            "service.instance.id": f"{host}:{process}",  # as attempts have their worker
            "service.part": part,  # as in the log
            "host.name": host,
            "process.pid": process,
        }
    )


def _context(trace: Trace, *, is_remote: bool = False) -> SpanContext:
    trace_id, span_id = int(trace.trace_id, 16), int(trace.span_id, 16)
    return SpanContext(trace_id, span_id, is_remote, TraceFlags(TraceFlags.SAMPLED))


def _shown(value: str | float) -> str | float:
    """Return a value without secrets, and without what protobuf refuses; texts are cut short."""
    if not isinstance(value, str):
        return value
    return secrecy.without_secrets(plain(value))[:_LONGEST]
