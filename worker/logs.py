"""Structured logs: one JSON object a line, and the same events in the timeline table.

An event recorded inside a transaction is written to the log only after the commit, so that the
log never tells of something that was rolled back.
"""

import io
import logging
import select
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

import orjson
import structlog
from sqlalchemy import Table, insert
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.orm import Session
from structlog.typing import EventDict, Processor, WrappedLogger

from models.base import now
from models.event import Event, EventName
from models.trace import Trace
from worker.secrecy import cleaned
from worker.traced import About, as_ids, traces

SCHEMA_VERSION: Final = 1
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_OUTAGE_OVER: Final = 30.0
"""Seconds without a word about a lost connection after which an outage counts as over."""
_PENDING: Final = "gouji_pending_events"
_UNTRACED: Final = "gouji_untraced_lines"
_UNWRITTEN: Final = "gouji_unwritten_events"
_INSERT: Final = insert(cast("Table", Event.__table__))


def _stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.setdefault("timestamp", datetime.now(UTC).isoformat(timespec="milliseconds"))
    return event


def _version(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["schema_version"] = SCHEMA_VERSION
    return event


def _clean(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: cleaned(value) for key, value in event.items()}


def _service(part: str) -> Processor:
    """Say who logs; not through context variables, which threads start without."""

    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service.name"] = "gouji"
        event["service.part"] = part
        return event

    return add


class _Json(NamedTuple):
    """How JSON lines are written."""

    part: str
    least: int
    out: Any
    processors: Sequence[Processor]


_json: _Json | None = None


def configure(
    part: str,
    *,
    form: str = "auto",
    level: str = "info",
    stream: io.TextIOBase | None = None,
    worded: Processor | None = None,
) -> None:
    """Set up logging for this process, on stderr.

    Args:
        part: the name of the part, logged as ``service.part`` (``watch``, ``work``, ...).
        form: ``json``, ``console`` (coloured, for people) or ``auto``: console on a terminal.
        level: the least level that is written.
        stream: where to write instead of stderr.
        worded: what puts a line for people into words.
    """
    global _json  # noqa: PLW0603 - the log is that of the process
    _json = None
    out: Any = stream or sys.stderr
    pretty = form == "console" or (form == "auto" and out.isatty())
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _service(part),
        _stamp,
    ]
    if pretty:
        processors += [structlog.processors.format_exc_info, _clean]
        processors += [] if worded is None else [worded]
        processors.append(structlog.dev.ConsoleRenderer(colors=out.isatty()))
        factory: Any = structlog.WriteLoggerFactory(out)
    else:
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        processors += [
            structlog.processors.ExceptionRenderer(tracebacks),
            _clean,
            _version,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ]
        factory = structlog.BytesLoggerFactory(out.buffer)
        _json = _Json(part, _LEVELS[level], out.buffer, processors)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=factory,
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    _adopt_foreign(level, out, sparing=pretty)


def _dumps(value: Any, **_: Any) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)


def _unread() -> suppress:
    """A log that nobody can read any more (broken pipe, full disk) must not stop the work."""
    return suppress(OSError)


class _Foreign(logging.Handler):
    """Hands records of libraries that use the standard library's logging to structlog.

    It keeps the stream alive, whose buffer is all that structlog holds.
    """

    def __init__(self, stream: object, *, sparing: bool) -> None:
        super().__init__()
        self.stream = stream
        self._sparing = sparing
        self._outage: float | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._sparing and self._repeats(record):
            return
        with _unread():
            structlog.get_logger().log(
                record.levelno,
                "library.logged",
                logger=record.name,
                message=record.getMessage(),
                exc_info=record.exc_info if record.exc_info and record.exc_info[0] else None,
            )

    def _repeats(self, record: logging.LogRecord) -> bool:
        """Tell whether a client says once more that its server is away: one line an outage."""
        if "connection" not in record.getMessage().lower():
            return False
        before, self._outage = self._outage, time.monotonic()
        return before is not None and self._outage - before < _OUTAGE_OVER


def _adopt_foreign(level: str, stream: object, *, sparing: bool) -> None:
    root = logging.getLogger()
    root.handlers = [_Foreign(stream, sparing=sparing)]
    root.setLevel(max(_LEVELS[level], logging.WARNING))


def log(name: EventName, *, level: str = "info", **data: Any) -> None:
    """Write an event to the log only; for what belongs to no document and no arrival."""
    form = _form()
    if form is not None and _LEVELS[level] < form.least:
        return  # before anything is made of it
    with _unread():
        structlog.get_logger().log(_LEVELS[level], str(name), **data)


def _form() -> _Json | None:
    """Return how lines are written, ``None`` where it is no JSON, or was set up by another."""
    if _json is None or structlog.get_config()["processors"] is not _json.processors:
        return None
    return _json


def _write_lines(told: Sequence[tuple[EventName, str, dict[str, Any]]]) -> bool:
    """Write the lines of many events at once, as ``log`` would one by one.

    Returns:
        Whether they were written: not where the log is no JSON.
    """
    form = _form()
    if form is None:
        return False
    around = cleaned(structlog.contextvars.get_contextvars())
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    always: dict[str, Any] = {"service.name": "gouji", "service.part": form.part}
    always |= {"timestamp": moment, "schema_version": SCHEMA_VERSION}
    lines = (
        _dumps({**around, **line, "event": str(name), "level": level, **always}) + b"\n"
        for name, level, line in told
        if _LEVELS[level] >= form.least
    )
    with _unread():
        for part in _portions(lines):
            form.out.write(part)
            form.out.flush()
    return True


def _portions(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join lines to portions that a pipe takes whole, whoever else writes to it."""
    portion = b""
    for line in lines:
        if portion and len(portion) + len(line) > select.PIPE_BUF:
            yield portion
            portion = b""
        portion += line
    if portion:
        yield portion


def record(
    session: Session,
    name: EventName,
    *,
    document_id: int | None = None,
    arrival_id: int | None = None,
    attempt_id: int | None = None,
    level: str = "info",
    trace: Trace | None = None,
    message_id: str | None = None,
    **data: Any,
) -> None:
    """Write an event to the timeline and to the log, when the transaction commits.

    ``data`` must be JSON; file contents and secrets never belong here. ``trace`` is the span that
    it belongs to, where the caller knows it; else the ledger is asked at the end. ``message_id``
    stands in the log only, where that is about another message than the one that is worked on.
    """
    told: dict[str, Any] = cleaned(data)
    ids = {"document_id": document_id, "arrival_id": arrival_id, "attempt_id": attempt_id}
    line = {key: value for key, value in ids.items() if value is not None} | told
    if message_id is not None:
        line["message_id"] = message_id
    session.info.setdefault(_PENDING, []).append((name, level, line))
    if trace is None:
        session.info.setdefault(_UNTRACED, []).append(line)
    else:
        line |= as_ids(trace)
    row = {"at": now(), "name": str(name), "level": level, "data": told, **ids}
    session.info.setdefault(_UNWRITTEN, []).append(row)


@sqlalchemy_event.listens_for(Session, "before_commit")
def _write_rows(session: Session) -> None:
    """Insert the events of a transaction, in one statement."""
    if session.in_nested_transaction():
        return  # they belong to the transaction around it
    rows = session.info.pop(_UNWRITTEN, [])
    if rows:
        session.connection().execute(_INSERT, rows)


@sqlalchemy_event.listens_for(Session, "before_commit")
def _trace_pending(session: Session) -> None:
    """Give each line the ids of its trace, while the ledger can still be asked in one go."""
    if session.in_nested_transaction():
        return
    lines = session.info.pop(_UNTRACED, [])
    if not lines:
        return
    session.flush()
    about = [
        About(line.get("document_id"), line.get("arrival_id"), line.get("attempt_id"))
        for line in lines
    ]
    for line, trace in zip(lines, traces(session, about), strict=True):
        line |= as_ids(trace)


@sqlalchemy_event.listens_for(Session, "after_commit")
def _write_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint was released; nothing is committed yet
    told = session.info.pop(_PENDING, [])
    if told and not _write_lines(told):
        for name, level, line in told:
            log(name, level=level, **line)


@sqlalchemy_event.listens_for(Session, "after_rollback")
def _forget_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return  # back to a savepoint; the transaction goes on
    for kept in (_PENDING, _UNTRACED, _UNWRITTEN):
        session.info.pop(kept, None)
