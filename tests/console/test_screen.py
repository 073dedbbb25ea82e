"""What ``gouji up`` shows of the log."""

import io
from typing import Any

import orjson

from console.screen import Screen


def shown(*events: dict[str, Any]) -> list[str]:
    stream = io.StringIO()
    screen = Screen(stream, colour=False)
    for event in events:
        screen.line("work", orjson.dumps(event))
    return stream.getvalue().splitlines()


def test_a_duplicate_keeps_its_own_name_and_its_document_its() -> None:
    # Given a document, a duplicate of it, and its report
    lines = shown(
        {"event": "document.received", "document_id": 1, "file": "000.txt"},
        {"event": "document.duplicate", "document_id": 1, "file": "dup_of_000.txt"},
        {"event": "report.stored", "document_id": 1},
        {"event": "report.stored", "document_id": 2, "file": "二.txt"},
    )

    # Then each line has the name it is about
    assert lines == [
        "= 重复 duplicate dup_of_000.txt",
        "✓ 入库 stored  000.txt",
        "✓ 入库 stored  二.txt",
    ]


def test_an_archive_tells_how_many_it_brought() -> None:
    assert shown(
        {"event": "document.unpacked", "document_id": 1, "file": "a.zip", "members": 5}
        | {"accepted": 3, "duplicate": 2, "ignored": 0},
        {"event": "document.unpacked", "document_id": 2, "file": "b.zip", "members": 1}
        | {"accepted": 0, "duplicate": 0, "ignored": 1},
    ) == [
        "+ 拆包 unpacked a.zip · 新 new 3 · 重复 duplicate 2",
        "+ 拆包 unpacked b.zip · 忽略 ignored 1",
    ]


def test_a_long_message_is_cut_between_words_and_shows_it() -> None:
    # Given a message of many words
    [line] = shown({"event": "x", "level": "error", "message": "word " * 100})

    # Then it ends after a whole one
    assert line.endswith("word…")
    assert len(line) <= 160


def test_an_outage_of_the_queue_is_told_once() -> None:
    # Given what watcher, workers and libraries say of one outage, then its end, and another
    library = {
        "event": "library.logged",
        "logger": "dramatiq.worker.ConsumerThread(fast)",
        "level": "critical",
        "message": "Consumer encountered a connection error: x",
    }
    away = {"event": "broker.unreachable", "level": "error", "error": "x"}
    lines = shown(library, away, library, {"event": "broker.started"}, away)

    # Then there is one line each
    assert len(lines) == 2
    assert all("队列连不上 the queue cannot be reached" in line for line in lines)


def test_an_ignored_file_is_told_with_the_reason() -> None:
    assert shown({"event": "file.ignored", "file": "a.tmp", "why": "name: a.tmp"}) == [
        "- 忽略 ignored a.tmp · name: a.tmp"
    ]
