"""Spans on their way out of the process, where the settings name somebody who takes them.

A span is told when its transaction commits, so that nobody hears of what was rolled back. Whatever
becomes of it afterwards, the work does not wait for it and never fails of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from time import time_ns
from typing import Final, Protocol

from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.orm import Session

from models.event import EventName
from models.trace import Trace
from worker.logs import log
from worker.settings import Settings

INSTALL: Final = "pip install 'gouji[otel]' (or make otel)"
GRACE: Final = 2.0
"""Seconds at most that a process waits at its end for what is still to be sent."""

_PENDING: Final = "gouji_pending_spans"


class Kind(Enum):
    """What a span is to those beside it. Source: OpenTelemetry, Tracing API, SpanKind."""

    INTERNAL = "internal"
    PRODUCER = "producer"
    """It sets off work that is done later, by others."""
    CONSUMER = "consumer"
    """It is such work."""


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took time. ``began`` and ``ended`` are nanoseconds since 1970 in UTC.

    Attributes:
        trace: its ids.
        parent: the id of the span of the same trace that it is part of, if any.
        name: what it is, the same for all of its sort.
        began: when it began.
        ended: when it ended.
        kind: what it is to those beside it.
        attributes: what is known of it; those of OpenTelemetry's semantic conventions by their
            names, the others by names with ``gouji.`` before them.
        error: why it failed, if it did.
        about: the span of another trace that it concerns, if any.
    """

    trace: Trace
    parent: str | None
    name: str
    began: int
    ended: int
    kind: Kind = Kind.INTERNAL
    attributes: Mapping[str, str | int | float] = field(default_factory=dict)
    error: str | None = None
    about: Trace | None = None


class Exporter(Protocol):
    """Somebody who takes spans; several threads may call it."""

    def __call__(self, span: Span, /) -> None:
        """Take a span; returns at once."""

    def close(self, seconds: float, /) -> None:
        """Send what was taken, within so many seconds, and stop."""


_exporter: Exporter | None = None


def wanted() -> bool:
    """Tell whether anybody takes spans: what none are made for need not be looked up."""
    return _exporter is not None


def tell(session: Session, spans: Callable[[int], Iterable[Span]]) -> None:
    """Have spans told when the transaction commits.

    Args:
        session: an open transaction.
        spans: makes them, given when that was.
    """
    if wanted():
        session.info.setdefault(_PENDING, []).append(spans)


def begin(settings: Settings, part: str) -> None:
    """Have the spans of this process exported, if the settings say so; to be called after a fork.

    Where that cannot be, the log tells why, and the process goes on without.
    """
    if settings.otlp_endpoint:
        use(_connected(settings, part))


def use(exporter: Exporter | None) -> None:
    """Have spans taken by this one from now on; by nobody, where it is ``None``."""
    global _exporter  # noqa: PLW0603 - spans come from all over the process
    _exporter = exporter


def end(seconds: float = GRACE) -> None:
    """Send what is still to be sent, and take no more."""
    exporter = _exporter
    use(None)
    if exporter is not None:
        exporter.close(seconds)


@contextmanager
def exported(settings: Settings, part: str) -> Iterator[None]:
    """Export the spans of what is done meanwhile."""
    begin(settings, part)
    try:
        yield
    finally:
        end()


def _connected(settings: Settings, part: str) -> Exporter | None:
    try:
        from worker.otlp import Otlp

        return Otlp(settings, part)
    except ImportError as error:
        why = f"otlp_endpoint: 缺 gouji[otel] is missing: {INSTALL} ({error})"
    # what its variables in the environment ask for cannot be had
    except (OSError, RuntimeError, ValueError) as error:
        why = f"{type(error).__name__}: {error}"
    log(EventName.TRACES_NOT_EXPORTED, level="warning", error=why)
    return None


@sqlalchemy_event.listens_for(Session, "after_commit")
def _tell_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint was released; nothing is committed yet
    pending, moment = session.info.pop(_PENDING, []), time_ns()
    try:
        for spans in pending:
            _export(spans(moment))
    # it is committed: whatever is wrong with a span must not make the work look undone
    except Exception as error:  # noqa: BLE001
        why = f"{type(error).__name__}: {error}"
        log(EventName.TRACES_NOT_EXPORTED, level="error", error=why)


def _export(spans: Iterable[Span]) -> None:
    exporter = _exporter
    if exporter is not None:
        for span in spans:
            if span.trace.sampled:
                exporter(span)


@sqlalchemy_event.listens_for(Session, "after_rollback")
def _forget_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return  # back to a savepoint; the transaction goes on
    session.info.pop(_PENDING, None)
