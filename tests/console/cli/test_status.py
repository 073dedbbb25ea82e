"""``gouji status``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.labels import QUEUE_AWAY
from tests.console.cli.conftest import Place
from worker.embedded import ensure
from worker.inbox import Inbox
from worker.settings import load


def test_counts_every_state(seeded: Place) -> None:
    # When
    told = seeded.json("status")

    # Then
    assert told["documents"] == {
        "received": 0,
        "queued": 0,
        "processing": 0,
        "stored": 1,
        "unpacked": 0,
        "dead": 1,
        "discarded": 0,
        "duplicate": 0,
        "ignored": 1,
    }
    assert told["arrivals"] == {"accepted": 2, "duplicate": 0, "ignored": 1, "sidecar": 0}
    assert [source["source"] for source in told["sources"]] == ["inbox"]
    assert told["sources"][0]["path"] == "收件"
    assert told["sources"][0]["unsettled"] == 1
    assert told["sources"][0]["last_scan_at"].endswith("Z")


def test_works_while_the_queue_is_away(seeded: Place) -> None:
    # When
    told = seeded.json("status")
    code, error = seeded.error("status", "--strict")

    # Then
    assert told["queue"] is None
    assert told["notes"] == [f"queue: {QUEUE_AWAY}: gouji up 未运行 is not running"]
    assert (code, error["code"]) == (6, "broker")


def test_a_configured_broker_that_is_away_is_noted(
    seeded: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setenv("GOUJI_BROKER_URL", "redis://127.0.0.1:1/0")

    # When
    told = seeded.json("status")

    # Then
    assert told["queue"] is None
    assert "cannot be reached" in told["notes"][0]


def test_people_see_names_in_chinese(seeded: Place) -> None:
    # When
    lines = [line.rstrip() for line in seeded.run("status").stdout.splitlines()]

    # Then
    assert lines[:7] == [
        "文档       状态         件数",
        "Documents  State       Count",
        "────────────────────────────",
        "已收到     received        0",
        "排队中     queued          0",
        "处理中     processing      0",
        "已入库     stored          1",
    ]
    assert (
        "到达 Arrivals: 收取 accepted 2  重复 duplicate 0  忽略 ignored 1  附带信息 sidecar 0"
        in lines
    )
    assert lines[-1] == "时间按本机时区 Times are those of this machine: UTC+00:00"
    assert f"队列 Queue: {QUEUE_AWAY}: gouji up 未运行 is not running" in lines


@pytest.fixture
def queue(seeded: Place) -> Iterator[Inbox]:
    settings = load()
    with ensure(settings):
        inbox = Inbox(settings)
        yield inbox
        inbox.close()


@pytest.mark.process
def test_counts_what_waits_on_the_queue(seeded: Place, queue: Inbox) -> None:
    # Given
    queue.send([(1, "fast"), (2, "fast"), (3, "ocr")])

    # Then
    assert seeded.json("status")["queue"] == {
        "fast": 2,
        "slow": 0,
        "ocr": 1,
        "urgent": 0,
        "outstanding": 3,
    }


def test_without_a_database_it_says_what_to_do(bare: Path) -> None:
    # When
    result = Place(bare, None).run("status")  # type: ignore[arg-type]

    # Then
    assert result.exit_code == 6
    assert "there is no database yet" in result.stderr
