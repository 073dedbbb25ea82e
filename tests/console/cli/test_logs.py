"""``gouji logs``."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from console.log_files import Reader
from tests.console.cli.conftest import Place


def line(second: int, event: str, level: str = "info", **data: Any) -> bytes:
    stamp = f"2025-01-01T00:00:{second:02}.000+00:00"
    return orjson.dumps({"event": event, "level": level, "timestamp": stamp, **data}) + b"\n"


@pytest.fixture
def logged(bare: Path) -> Place:
    logs = bare / "var" / "logs"
    logs.mkdir(parents=True)
    (logs / "work.log.1").write_bytes(line(1, "service.started"))
    (logs / "work.log").write_bytes(
        line(3, "attempt.started", document_id=1)
        + "段错误 Segmentation fault\n".encode()
        + line(6, "document.dead", "warning", document_id=1)
        + b'{"event": "half'
    )
    (logs / "watch.log").write_bytes(
        line(2, "file.settled") + line(4, "document.received", document_id=2)
    )
    return Place(bare, None)  # type: ignore[arg-type]


def told(place: Place, *options: str) -> list[str]:
    return [entry.get("event") or entry["message"] for entry in place.lines("logs", *options)]


def test_merges_the_parts_by_time(logged: Place) -> None:
    assert told(logged) == [
        "service.started",
        "file.settled",
        "attempt.started",
        "段错误 Segmentation fault",
        "document.received",
        "document.dead",
    ]


@pytest.mark.parametrize(
    ("options", "events"),
    [
        (["--level", "warning"], ["document.dead"]),
        (["--event", "document"], ["document.received", "document.dead"]),
        (["--document", "1"], ["attempt.started", "document.dead"]),
        (["--part", "watch"], ["file.settled", "document.received"]),
        (["--since", "2025-01-01T00:00:04Z"], ["document.received", "document.dead"]),
        (["--limit", "1"], ["document.dead"]),
        (["--until", "2025-01-01T00:00:02Z"], ["service.started", "file.settled"]),
        (["--since", "2025-01-01T00:00:02Z", "--until", "2025-01-01T00:00:02Z"], ["file.settled"]),
        (["--since", "1h"], []),
        (["--part", "push"], []),
        (["--part", "notify"], []),
    ],
)
def test_filters(logged: Place, options: list[str], events: list[str]) -> None:
    assert told(logged, *options) == events


def test_readable_lines(logged: Place) -> None:
    # When
    lines = logged.run("logs", "--document", "1").stdout.splitlines()

    # Then
    assert lines[-1] == (
        "2025-01-01 00:00:06  document.dead          成为死信       part=work document_id=1"
    )


def test_without_logs_it_says_what_writes_them(bare: Path) -> None:
    # When
    result = Place(bare, None).run("logs")  # type: ignore[arg-type]

    # Then
    assert result.exit_code == 3
    assert "gouji up" in result.stderr


def test_following_survives_a_rotation(tmp_path: Path) -> None:
    # Given
    log = tmp_path / "work.log"
    log.write_bytes(line(1, "a"))
    reader = Reader(tmp_path)
    assert [entry.event for entry in reader.entries()] == ["a"]
    following = reader.follow()

    # When
    with log.open("ab") as file:
        file.write(line(2, "b"))
    log.rename(tmp_path / "work.log.1")
    log.write_bytes(line(3, "c"))

    # Then
    assert [next(following).event for _ in range(2)] == ["b", "c"]

    # When
    with log.open("ab") as file:
        file.write(line(4, "d"))
    (tmp_path / "watch.log").write_bytes(line(5, "e"))

    # Then
    assert [next(following).event for _ in range(2)] == ["d", "e"]


def test_what_cannot_match_is_told(logged: Place) -> None:
    error = logged.error
    assert error("logs", "--part", "wach")[0] == 2
    assert "'watch'" in error("logs", "--part", "wach")[1]["message"]
    assert error("logs", "--event", "nosuch")[0] == 2
    assert error("logs", "--document", "999")[0] == 3


def test_filters_by_reason_and_trace(logged: Place) -> None:
    # Given lines of two traces, and a crash's last words
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with (logged.root / "var" / "logs" / "ocr.log").open("wb") as file:
        file.write(line(1, "file.settled", trace_id=trace))
        file.write(line(2, "document.dead", trace_id=trace, reason="imbalanced"))
        file.write(line(3, "document.dead", trace_id="0" * 32, reason="timeout"))
        file.write("段错误\n".encode())

    # Then each filter finds its own, and together what matches both
    assert told(logged, "--part", "ocr", "--trace", trace) == ["file.settled", "document.dead"]
    assert told(logged, "--part", "ocr", "--reason", "timeout") == ["document.dead"]
    assert told(logged, "--reason", "timeout", "--trace", trace) == []
    # And a reason that there is not is refused
    assert logged.run("logs", "--reason", "imbalancd").exit_code == 2


def test_following_misses_nothing_when_files_were_renamed_twice(tmp_path: Path) -> None:
    # Given a log that is followed
    log = tmp_path / "work.log"
    log.write_bytes(line(1, "a"))
    reader = Reader(tmp_path)
    assert [entry.event for entry in reader.entries()] == ["a"]

    # When it is rotated twice before anybody looks again
    with log.open("ab") as file:
        file.write(line(2, "b"))
    log.rename(tmp_path / "work.log.2")
    (tmp_path / "work.log.1").write_bytes(line(3, "c") + line(4, "d"))
    log.write_bytes(line(5, "e"))

    # Then every line comes, once and in order
    following = reader.follow()
    assert [next(following).event for _ in range(4)] == ["b", "c", "d", "e"]
