"""One JSON object a line, and nothing told before it is committed."""

import errno
import gc
import io
import logging
import select as select_module
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from sqlalchemy import select

from models.base import Base
from models.event import Event, EventName
from models.session import Database
from models.trace import Trace
from worker import logs


class Stream(io.TextIOWrapper):
    """A stream like stderr, whose lines can be looked at."""

    def __init__(self) -> None:
        self.raw_bytes = io.BytesIO()
        super().__init__(self.raw_bytes, encoding="utf-8")

    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.raw_bytes.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level


@pytest.fixture
def stream() -> Stream:
    made = Stream()
    logs.configure("work", form="json", level="info", stream=made)
    return made


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database.at(f"sqlite:///{tmp_path / 'gouji.db'}")
    Base.metadata.create_all(made.engine)
    yield made
    made.close()


def test_a_line_is_a_json_object(stream: Stream) -> None:
    # Given logging as JSON
    # When an event is logged
    logs.log(EventName.BROKER_STARTED, server="/usr/bin/valkey-server", path=Path("数据"))

    # Then it is one line with name, level, time and who said it
    (line,) = stream.lines()
    assert line["event"] == "broker.started"
    assert line["level"] == "info"
    assert line["service.name"] == "gouji"
    assert line["service.part"] == "work"
    assert line["schema_version"] == logs.SCHEMA_VERSION
    assert line["path"] == "数据"
    assert line["timestamp"].endswith("+00:00")


def test_other_threads_say_who_they_are_too(stream: Stream) -> None:
    # Given a thread that was started after logging was set up
    thread = threading.Thread(target=logs.log, args=(EventName.SERVICE_STARTED,))

    # When it logs
    thread.start()
    thread.join()

    # Then its line names the part
    assert stream.lines()[0]["service.part"] == "work"


def test_levels_below_the_least_are_not_written(stream: Stream) -> None:
    # Given the level info
    # When something is logged below it, then nothing is written
    logs.log(EventName.STAGE_FINISHED, level="debug")
    assert stream.lines() == []


def test_an_exception_is_told_without_local_variables(stream: Stream) -> None:
    # Given a function with a secret in a local variable
    def fail() -> None:
        secret = "hunter2"  # noqa: F841, S105 - it must not be logged
        raise ValueError("no")

    # When its exception is logged
    try:
        fail()
    except ValueError:
        logs.log(EventName.PART_DIED, level="error", exc_info=True)

    # Then the traceback is there, the secret is not
    text = orjson.dumps(stream.lines()).decode()
    assert "fail" in text
    assert "hunter2" not in text


def test_libraries_log_the_same_way(stream: Stream) -> None:
    # Given a library that uses the standard library's logging
    # When it warns, and when it chats
    logging.getLogger("some.library").warning("disk is %s", "slow")
    logging.getLogger("some.library").info("hello")

    # Then the warning is a line like any other
    (line,) = stream.lines()
    assert (line["event"], line["logger"]) == ("library.logged", "some.library")
    assert line["message"] == "disk is slow"


def test_people_get_something_they_can_read() -> None:
    # Given a stream for people
    out = io.StringIO()
    logs.configure("watch", form="console", stream=out)

    # When an event is logged
    logs.log(EventName.SERVICE_STARTED)

    # Then it is not JSON
    assert "service.started" in out.getvalue()
    assert not out.getvalue().startswith("{")


def test_an_event_is_told_when_it_is_committed(stream: Stream, database: Database) -> None:
    # Given a transaction in which something happens
    with database.transaction() as session:
        logs.record(session, EventName.DOCUMENT_RECEIVED, document_id=7, size=3)
        session.flush()
        assert stream.lines() == []

    # When it is committed
    # Then the log and the timeline tell the same
    (line,) = stream.lines()
    assert (line["event"], line["document_id"], line["size"]) == ("document.received", 7, 3)
    with database.reading() as session:
        event = session.scalars(select(Event)).one()
    assert (event.name, event.document_id, event.data) == ("document.received", 7, {"size": 3})


def test_what_was_rolled_back_is_never_told(stream: Stream, database: Database) -> None:
    # Given a transaction that fails after something happened
    def fail() -> None:
        with database.transaction() as session:
            logs.record(session, EventName.DOCUMENT_RECEIVED, document_id=7)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    # When another one commits
    with database.transaction() as session:
        logs.record(session, EventName.DOCUMENT_QUEUED, document_id=8)

    # Then only that is told
    assert [line["event"] for line in stream.lines()] == ["document.queued"]


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_savepoint_tells_nothing_yet(stream: Stream, database: Database, end: str) -> None:
    # Given a transaction with an event
    with database.transaction() as session:
        logs.record(session, EventName.DOCUMENT_RECEIVED, document_id=7)
        session.flush()

        # When a savepoint inside it ends
        savepoint = session.begin_nested()
        finish: Callable[[], None] = getattr(savepoint, end)
        finish()
        assert stream.lines() == []

    # Then the event is told with the transaction
    assert [line["document_id"] for line in stream.lines()] == [7]


def test_the_stream_need_not_be_kept(tmp_path: Path) -> None:
    # Given a stream that only the logging knows
    path = tmp_path / "log"
    logs.configure("work", form="json", stream=path.open("w"))
    gc.collect()

    # When an event is logged, then it is written
    logs.log(EventName.SERVICE_STARTED)
    assert b"service.started" in path.read_bytes()
    logging.getLogger().handlers[0].stream.close()  # type: ignore[attr-defined]


def test_a_log_nobody_can_read_stops_nothing(database: Database) -> None:
    # Given a log whose reader is gone
    class Broken(io.BytesIO):
        def write(self, _data: Any) -> int:
            raise BrokenPipeError

    logs.configure("work", form="json", stream=io.TextIOWrapper(Broken()))

    # When an event is recorded
    with database.transaction() as session:
        logs.record(session, EventName.DOCUMENT_RECEIVED, document_id=7)

    # Then it is in the timeline all the same
    with database.reading() as session:
        assert session.scalars(select(Event.document_id)).all() == [7]


def test_a_library_may_log_where_nobody_can_read() -> None:
    # Given a log on a full disk
    class Full(io.BytesIO):
        def write(self, _data: Any) -> int:
            raise OSError(errno.ENOSPC, "no space left on device")

    logs.configure("work", form="json", stream=io.TextIOWrapper(Full()))

    # When a thread of a library logs, then it goes on
    logging.getLogger("dramatiq").warning("the connection was lost")


def test_the_lines_of_a_transaction_are_written_in_portions_that_a_pipe_takes_whole(
    stream: Stream, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a log whose writes are counted
    written: list[int] = []
    real = logs._portions

    def counted(lines: Any) -> Iterator[bytes]:
        for portion in real(lines):
            written.append(len(portion))
            yield portion

    monkeypatch.setattr(logs, "_portions", counted)

    # When a transaction with many events is committed, one of them below the least level
    with database.transaction() as session:
        for number in range(100):
            logs.record(session, EventName.FILE_MOVED, document_id=number, to="数据/a.txt")
        logs.record(session, EventName.STAGE_FINISHED, level="debug", document_id=1)

    # Then the lines are those that would have been written one by one
    lines = stream.lines()
    assert [line["document_id"] for line in lines] == list(range(100))
    logs.log(EventName.FILE_MOVED, document_id=1, to="数据/a.txt")
    assert stream.lines()[-1].keys() == lines[0].keys()
    # And several went at a time, no more than a pipe takes without a break
    assert len(written) < 20
    assert max(written) <= select_module.PIPE_BUF


def test_a_trace_that_is_known_is_not_looked_up(stream: Stream, database: Database) -> None:
    # Given an event whose span the caller knows, of an arrival that the ledger does not have
    trace = Trace.begun()

    # When it is recorded
    with database.transaction() as session:
        logs.record(session, EventName.FILE_MOVED, arrival_id=7, trace=trace)

    # Then its line tells it
    (line,) = stream.lines()
    assert (line["trace_id"], line["span_id"]) == (trace.trace_id, trace.span_id)
