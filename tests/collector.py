"""An OpenTelemetry collector for tests: takes traces over HTTP, as protobuf."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Taken:
    """A span as it came: ids as hexadecimal digits, ``parent`` empty where there is none."""

    trace_id: str
    span_id: str
    parent: str
    name: str
    kind: int
    began: int
    ended: int
    failed: bool
    message: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    links: list[tuple[str, str]]


@dataclass
class Collector:
    """What was sent, and how it is answered; it waits for ``open`` before it answers."""

    url: str = ""
    status: int = 200
    spans: list[Taken] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Decode a request."""
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest.FromString(body)
        self.requests.append((path, headers))
        if self.status == 200:
            for of in request.resource_spans:
                resource = _values(of.resource.attributes)
                for scope in of.scope_spans:
                    self.spans += [_taken(span, resource) for span in scope.spans]

    def named(self, name: str) -> list[Taken]:
        """Return the spans of a name, oldest first."""
        return sorted((one for one in self.spans if one.name == name), key=lambda one: one.began)


@contextmanager
def collecting(status: int = 200) -> Iterator[Collector]:
    """Have a collector on a free port of this machine."""
    collector = Collector(status=status)
    collector.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.open.wait(60)
            collector.take(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            self.send_response(collector.status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.open.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _taken(span: Any, resource: dict[str, Any]) -> Taken:
    return Taken(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.status.code == span.status.STATUS_CODE_ERROR,
        span.status.message,
        _values(span.attributes),
        resource,
        [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
    )


def _values(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    return getattr(value, str(value.WhichOneof("value")))
