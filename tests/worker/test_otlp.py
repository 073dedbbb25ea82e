"""Spans on their way to a collector: one that takes them, one that does not, one that hangs."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from logging.handlers import MemoryHandler
from pathlib import Path
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from models.event import EventName
from models.ledger import State
from models.trace import Trace
from tests.collector import Collector, collecting
from tests.worker.house import House, house, until
from worker import secrecy, tracing
from worker.delivery import Watched
from worker.errors import SettingsError
from worker.otlp import messaging_system, probe
from worker.settings import Settings, load
from worker.tracing import Span

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as built:
        yield built


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        yield built


@pytest.fixture
def lines() -> list[dict[str, Any]]:
    """Every line that is logged."""
    with_ids: list[dict[str, Any]] = []

    def keep(_logger: object, _method: str, event: Any) -> Any:
        with_ids.append(dict(event))
        raise structlog.DropEvent

    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    return with_ids


def named(lines: list[dict[str, Any]], name: EventName) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == name]


def some_span(**differing: Any) -> Span:
    return Span(Trace.begun(), None, "arrival", 1, 2, **differing)


def test_headers_and_compression_are_those_of_the_standard_variables(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given the variables that every exporter knows
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=SECRET4711key,x-tenant=a%20b")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=prod")
    monkeypatch.setattr(secrecy, "_kept", set())

    # When a span is exported, to a base address with a path
    settings = Settings(otlp_endpoint=f"{collector.url}/otel/")
    with tracing.exported(settings, "work"):
        tracing._export([some_span()])

    # Then it has come with them, where collectors listen for traces
    until(lambda: collector.spans)
    [(path, headers)] = collector.requests
    assert path == "/otel/v1/traces"
    assert (headers["x-api-key"], headers["x-tenant"]) == ("SECRET4711key", "a b")
    assert headers["content-encoding"] == "gzip"
    assert collector.spans[0].resource["deployment.environment.name"] == "prod"
    # And no log tells the key from now on
    assert secrecy.without_secrets("refused: SECRET4711key") == "refused: ***"


def test_what_protobuf_refuses_costs_no_batch(collector: Collector) -> None:
    # Given spans of which one has half a character in it, and one has no end
    bad = some_span(attributes={"file.path": "a\udcc4b" + "x" * 2000}, error="\0\udcff")

    # When they are exported
    with tracing.exported(Settings(otlp_endpoint=collector.url), "work"):
        tracing._export([some_span(), bad])

    # Then both have come, readable and cut short
    until(lambda: len(collector.spans) == 2)
    _, second = collector.spans
    assert len(second.attributes["file.path"]) == 1000
    assert second.attributes["file.path"].startswith("a?b")
    assert second.failed


def test_a_collector_that_is_down_costs_nothing_but_its_spans(
    home: House, lines: list[dict[str, Any]]
) -> None:
    # Given nobody at the address
    settings = Settings(data_dir=home.settings.data_dir, otlp_endpoint=NOWHERE)
    ids = [home.receive(b"%d" % n, traceparent=str(Trace.begun())) for n in range(5)]

    # When documents are worked on and the process ends
    tracing.begin(settings, "work")
    pipeline, began = home.pipeline(), time.monotonic()
    for document_id in ids:
        pipeline.run(document_id)
    ending = time.monotonic()
    tracing.end(0.5)

    # Then they are stored, no slower, and the end came within its time
    assert {home.document(one).state for one in ids} == {State.STORED}
    assert time.monotonic() - ending < 30, "the time to end is bounded"
    assert ending - began < 120
    # And it is told once, with the reason
    until(lambda: named(lines, EventName.TRACES_NOT_EXPORTED))
    [told] = named(lines, EventName.TRACES_NOT_EXPORTED)
    assert "refused" in told["error"]
    assert 0 < told["lost"] <= 5 * 4
    assert named(lines, EventName.TRACES_EXPORTED) == []


def test_a_collector_that_hangs_holds_up_neither_work_nor_end(collector: Collector) -> None:
    # Given a collector that does not answer, and more spans than may wait
    collector.open.clear()
    settings = Settings(otlp_endpoint=collector.url)
    tracing.begin(settings, "work")

    # When they are told
    began = time.monotonic()
    tracing._export(some_span() for _ in range(5000))
    told = time.monotonic()
    tracing.end(0.2)
    ended = time.monotonic()

    # Then nobody waited for it
    assert told - began < 30  # of the 60 after which it answers all the same
    assert ended - told < 20
    # And what hung ends by itself when it answers
    collector.open.set()
    until(lambda: not [one for one in threading.enumerate() if "Otel" in one.name])


class Moody(SpanExporter):
    """An exporter that fails on demand, and says so as OpenTelemetry's own does."""

    failing = True

    def export(self, spans: Any) -> SpanExportResult:
        if not self.failing:
            return SpanExportResult.SUCCESS
        logging.getLogger("opentelemetry.exporter.x").error("code: %s", 503)
        logging.getLogger("opentelemetry.exporter.x").error("gave up")
        return SpanExportResult.FAILURE


def test_an_outage_is_told_once_in_a_while(
    lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an exporter that fails
    to_the_log = MemoryHandler(1000)
    monkeypatch.setattr(logging.getLogger(), "handlers", [to_the_log])
    moment = 0.0
    moody = Moody()
    watched = Watched(moody, clock=lambda: moment)
    batch = [ReadableSpan("a")] * 3

    # When batch after batch fails, for more than five minutes
    for _ in range(301):
        watched.export(batch)
        moment += 1

    # Then it is told twice, with the first reason and how many spans are lost
    told = named(lines, EventName.TRACES_NOT_EXPORTED)
    assert [(line["lost"], line["error"]) for line in told] == [
        (3, "code: 503"),
        (903, "code: 503"),
    ]

    # And that it is over, once
    moody.failing = False
    watched.export(batch)
    watched.export(batch)
    assert [line["lost"] for line in named(lines, EventName.TRACES_EXPORTED)] == [903]
    # And the library itself has logged nothing
    assert to_the_log.buffer == []


def test_it_is_tried_out_with_nothing_in_it(collector: Collector) -> None:
    # A collector that takes it, one that refuses it, none
    assert probe(Settings(otlp_endpoint=collector.url)) is None
    collector.status = 401
    assert "401" in str(probe(Settings(otlp_endpoint=collector.url)))
    assert "refused" in str(probe(Settings(otlp_endpoint=NOWHERE)))
    assert collector.spans == []


def test_without_the_extra_it_is_told_what_to_install(
    home: House, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an installation without gouji[otel]
    for name in [one for one in sys.modules if one.startswith(("worker.otlp", "worker.delivery"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    # When the settings ask for traces
    tracing.begin(Settings(otlp_endpoint=NOWHERE), "work")

    # Then the log says how to get it, and the work goes on
    [told] = named(lines, EventName.TRACES_NOT_EXPORTED)
    assert "pip install 'gouji[otel]'" in told["error"]
    assert not tracing.wanted()
    document_id = home.receive(b"a")
    home.pipeline().run(document_id)
    assert home.document(document_id).state == State.STORED


def test_variables_that_cannot_be_used_are_told_and_end_nothing(
    lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a provider of credentials that is not there
    name = "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER"
    monkeypatch.setenv(name, "nobody")

    # When traces are to be exported
    tracing.begin(Settings(otlp_endpoint=NOWHERE), "work")

    # Then
    [told] = named(lines, EventName.TRACES_NOT_EXPORTED)
    assert "nobody" in told["error"]
    assert not tracing.wanted()


@pytest.mark.parametrize(
    "url",
    [
        "collector:4318",
        "grpc://collector:4317",
        "http://",
        "http://user:SECRET@collector:4318",
        "https://collector/?key=SECRET",
        "http://collector:port",
    ],
)
def test_an_address_that_cannot_be_one_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SettingsError, match="otlp_endpoint: an http or https URL") as caught:
        load(None, {"GOUJI_OTLP_ENDPOINT": url})
    assert "SECRET" not in str(caught.value)


def test_addresses_that_are_fine() -> None:
    for url in ("http://127.0.0.1:4318", "https://[::1]:4318/otel", "http://a/v1/traces", ""):
        assert load(None, {"GOUJI_OTLP_ENDPOINT": url}).otlp_endpoint == url


def test_what_a_broker_is_called() -> None:
    urls = ("redis://a", "rediss://a", "unix:///a", "amqp://a", "amqps://a")
    assert [messaging_system(url) for url in urls] == ["redis"] * 3 + ["rabbitmq"] * 2


@pytest.mark.process
def test_nothing_of_it_is_loaded_where_no_address_is_set(tmp_path: Path) -> None:
    # Given every module of the parts, loaded as they load them, and tracing begun without address
    # (the client of Redis looks for opentelemetry.metrics by itself, where that is installed)
    code = """
import sys
import console.cli.main, console.cli.work, console.cli.watch, console.cli.push, console.cli.ingest
import watcher.run, watcher.serve, worker.app
from worker import tracing
tracing.begin(worker.app.configured(), "work")
ours = ("opentelemetry.exporter", "opentelemetry.sdk.trace", "google", "requests", "worker.otlp")
print([name for name in sys.modules if name.startswith(ours)])
"""
    # When they are loaded in a fresh interpreter
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    # Then
    assert (done.stdout, done.stderr) == ("[]\n", "")
