"""``gouji events``."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from console.cli.moments import SINCE
from console.fields import FIELDS
from console.reference.markdown import texts_of
from console.titles import TITLES
from models.event import EventName
from models.ledger import Arrival, Document
from models.trace import Trace
from tests.console.cli.conftest import Place
from worker.logs import record


def names(place: Place, *options: str) -> list[str]:
    return [event["event"] for event in place.lines("events", *options)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--document", "1"], ["file.settled", "document.received", "report.stored"]),
        (["--name", "不平"], ["file.settled", "document.received", "document.dead"]),
        (["--arrival", "1"], ["file.settled", "document.received"]),
        (["--attempt", "2"], ["document.dead"]),
        (["--event", "report.stored"], ["report.stored"]),
        (["--event", "document", "--name", "不平"], ["document.received", "document.dead"]),
        (["--level", "warning"], ["document.dead"]),
        (["--limit", "2"], ["document.received", "document.dead"]),
        (["--since", "1h", "--level", "error"], []),
        (["--document", "1", "--name", "不平"], []),
    ],
)
def test_tells_the_story(seeded: Place, options: list[str], expected: list[str]) -> None:
    assert names(seeded, *options) == expected


def test_a_document_is_found_by_its_sha256(seeded: Place) -> None:
    # Given
    sha256 = seeded.json("reports", "list")[0]["sha256"]

    # Then
    assert names(seeded, "--document", sha256[:8]) == names(seeded, "--document", "1")
    assert names(seeded, "--document", sha256.upper()) == names(seeded, "--document", "1")


def test_old_events_are_left_out(seeded: Place) -> None:
    # Given
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()

    # Then
    assert names(seeded, "--since", tomorrow) == []


def test_readable_lines_have_both_names(seeded: Place) -> None:
    # When
    lines = seeded.run("events", "--document", "1").stdout.splitlines()

    # Then
    assert lines[0][19:] == "  file.settled           文件已静止     arrival=1 file=平衡.txt"
    assert lines[2][19:] == "  report.stored          报告入库       document=1"


@pytest.mark.parametrize(
    "options", [["--document", "77"], ["--document", "abcdef"], ["--name", "无"]]
)
def test_what_is_not_there_is_not_found(seeded: Place, options: list[str]) -> None:
    assert seeded.error("events", *options)[0] == 3


@pytest.mark.parametrize("document", ["x", "ab", "无"])
def test_what_names_no_document_is_usage(seeded: Place, document: str) -> None:
    code, error = seeded.error("events", "--document", document)
    assert code == 2
    assert "SHA-256" in error["message"]


def test_an_event_that_there_is_not_names_the_nearest_few(seeded: Place) -> None:
    code, error = seeded.error("events", "--event", "nope")
    assert code == 2
    assert "nearest of" in error["message"]
    assert len(error["message"]) < 200


def test_a_time_that_is_none_is_usage(seeded: Place) -> None:
    assert seeded.error("events", "--since", "yesterday")[0] == 2


def test_times_are_read_as_utc() -> None:
    assert SINCE.convert("2024-05-01T08:00:00+08:00", None, None) == datetime(
        2024, 5, 1, tzinfo=UTC
    )


def test_every_event_has_a_chinese_title() -> None:
    assert set(TITLES) == set(EventName)
    assert len(set(TITLES.values())) == len(TITLES)


def test_every_field_of_an_event_has_a_chinese_name() -> None:
    told = {name for entry in texts_of("events").values() for name in entry["fields"]}
    of_the_log = {"document_id", "arrival_id", "attempt_id", "trace_id", "span_id", "logger"}
    assert set(FIELDS) == told | of_the_log


@pytest.mark.process
def test_follows_what_happens(seeded: Place) -> None:
    # Given
    command = [sys.executable, "-m", "console.cli.main", "events", "--follow", "--json"]
    process = subprocess.Popen(
        [*command, "--document", "1", "--limit", "1"],
        cwd=seeded.root,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        first = orjson.loads(process.stdout.readline())

        # When
        with seeded.database.transaction() as session:
            record(session, EventName.DOCUMENT_RETRIED, document_id=2)
            record(session, EventName.DOCUMENT_RESENT, document_id=1)
        second = orjson.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=30)

    # Then
    assert first["event"] == "report.stored"
    assert second["event"] == "document.resent"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--event", "nosuch"], 2),
        (["--name", ""], 2),
        (["--arrival", "999"], 3),
        (["--attempt", "999"], 3),
        (["--arrival", str(2**63)], 2),
    ],
)
def test_what_cannot_match_is_told(seeded: Place, options: list[str], code: int) -> None:
    assert seeded.error("events", *options)[0] == code


def test_a_trace_is_told_by_its_id_or_a_header(seeded: Place) -> None:
    # Given an arrival with a trace, and the document it brought
    trace = Trace.begun()
    with seeded.database.transaction() as session:
        session.get_one(Arrival, 1).traceparent = str(trace)
        session.get_one(Document, 1).traceparent = str(trace)

    # Then its story is told, and no other
    story = ["file.settled", "document.received", "report.stored"]
    assert names(seeded, "--trace", trace.trace_id) == story
    assert names(seeded, "--trace", str(trace).upper()) == story
    assert names(seeded, "--trace", trace.trace_id, "--event", "report") == ["report.stored"]
    assert names(seeded, "--trace", Trace.begun().trace_id) == []


@pytest.mark.parametrize("trace", ["12", "0" * 32, "x" * 32])
def test_what_is_no_trace_is_refused(seeded: Place, trace: str) -> None:
    code, error = seeded.error("events", "--trace", trace)
    assert code == 2
    assert "32" in error["message"]


def test_yes_and_no_are_told_as_json_has_them(seeded: Place) -> None:
    with seeded.database.transaction() as session:
        record(session, EventName.REPORT_STORED, document_id=1, again=True)
    assert "again=true" in seeded.run("events", "--limit", "1").stdout
