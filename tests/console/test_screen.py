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
        "- 忽略 ignored a.tmp · 名称属于从不读取的 name: a.tmp"
    ]


def test_a_dead_letter_is_told_why_in_both_languages() -> None:
    dead = {"event": "document.dead", "document_id": 1, "file": "空.pdf"}
    assert shown(dead | {"reason": "empty", "message": "the file is empty"}) == [
        "✗ 死信 dead    空.pdf · 空文件 empty: 文件为空 the file is empty"
    ]


def test_a_warning_is_told_by_its_title_its_file_and_what_was_said() -> None:
    # Given warnings as the watcher logs them, with the ids of their trace
    ids = {"trace_id": "0" * 32, "span_id": "0" * 16, "service.part": "watch", "timestamp": "x"}
    unsettled = {"event": "file.unsettled", "source": "inbox", "file": "年报.pdf", "waited": 1800.0}
    lost = {
        "event": "source.lost",
        "source": "inbox",
        "why": "the directory cannot be reached: Permission denied",
    }

    # Then each is told in Chinese first, and without the ids
    assert shown(unsettled | ids | {"level": "warning"}, lost | ids | {"level": "error"}) == [
        "! work 文件迟迟未静止 file.unsettled · 年报.pdf · source=inbox waited=1800.0",
        f"! work 来源失联 source.lost · 目录无法访问：没有权限 {lost['why']} · source=inbox",
    ]


def test_a_part_that_died_is_told_how() -> None:
    died = {"event": "part.died", "part": "work", "how": "killed by SIGKILL", "restart_in": 0.5}
    assert shown(died) == [
        "! work 退出 died (被 SIGKILL 终止 killed by SIGKILL); 0.5 秒后重启 restart in 0.5 s"
    ]
