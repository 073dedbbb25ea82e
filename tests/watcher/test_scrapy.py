"""The item pipeline, against the real push server."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models import token
from tests.watcher.pushing import SOURCE, pushing
from tests.watcher.station import Station
from watcher.scrapy import GoujiPipeline, Pusher
from watcher.serve import PushServer

DIGEST = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def station(tmp_path: Path, stack: dict[str, Any]) -> Iterator[Station]:
    station = Station(tmp_path, **stack, max_bytes=10_000, sources=(SOURCE,))
    (tmp_path / "store/full").mkdir(parents=True)
    yield station
    station.close()


@pytest.fixture
def door(station: Station) -> Iterator[tuple[PushServer, str]]:
    with pushing(station) as opened:
        yield opened


def pipeline(
    door: tuple[PushServer, str], tmp_path: Path
) -> tuple[GoujiPipeline, Counter[str], list[float]]:
    counts: Counter[str] = Counter()
    slept: list[float] = []
    pusher = Pusher(door[0].address, door[1], slept.append)
    return (
        GoujiPipeline(pusher, tmp_path / "store", lambda name: counts.update([name])),
        counts,
        slept,
    )


def test_files_and_pages_of_an_item_are_pushed(
    station: Station, door: tuple[PushServer, str], tmp_path: Path
) -> None:
    # Given an item as it leaves the files pipeline
    deliverer, counts, _ = pipeline(door, tmp_path)
    (tmp_path / f"store/full/{DIGEST}.pdf").write_bytes(b"%PDF-1.7")
    item: dict[str, Any] = {
        "url": "http://a/t1.html",
        "title": "某市水利局2023年政府信息公开工作年度报告",
        "publisher": ["某市水利局"],
        "year": 2023,
        "html": "<meta charset=gbk><p>年报</p>",
        "files": [{"url": "http://a/%E5%B9%B4.pdf", "path": f"full/{DIGEST}.pdf"}],
    }
    # When
    assert deliverer.deliver(item) is item
    # Then both are in, with what the item says, and the item knows their addresses
    assert counts == {"gouji/pushed": 2}
    assert item["gouji"] == ["/api/v1/documents/1", "/api/v1/documents/2"]
    assert [document.name for document in station.documents()] == ["年.pdf", "t1.html"]
    assert [arrival.url for arrival in station.arrivals()] == [
        "http://a/%E5%B9%B4.pdf",
        "http://a/t1.html",
    ]
    assert station.arrivals()[0].hints == {
        "publisher": "某市水利局",
        "title": "某市水利局2023年政府信息公开工作年度报告",
        "year": 2023,
    }
    page = station.archive.get(station.documents()[1].sha256)
    assert page.decode("utf-8-sig") == item["html"]


def test_what_is_refused_is_counted_and_the_item_goes_on(
    station: Station, door: tuple[PushServer, str], tmp_path: Path
) -> None:
    # Given a file that is too large, one that is gone, and one that is fine
    deliverer, counts, slept = pipeline(door, tmp_path)
    (tmp_path / "store/large.pdf").write_bytes(b"x" * 20_000)
    (tmp_path / "store/fine.pdf").write_bytes(b"x")

    @dataclass
    class Item:
        files: list[dict[str, str]]

    item = Item([{"path": f"{name}.pdf"} for name in ("large", "gone", "fine")])
    # When
    assert deliverer.deliver(item) is item
    # Then
    assert counts == {"gouji/failed": 2, "gouji/pushed": 1}
    assert slept == []
    assert [document.name for document in station.documents()] == ["fine.pdf"]


def test_one_that_is_refused_before_all_was_sent_is_not_tried_again(
    door: tuple[PushServer, str], tmp_path: Path
) -> None:
    # Given a file far larger than what is on its way at a time
    deliverer, counts, slept = pipeline(door, tmp_path)
    (tmp_path / "store/huge.pdf").write_bytes(bytes(50_000_000))
    # When it is pushed, and the server hangs up
    deliverer.deliver({"files": [{"path": "huge.pdf"}]})
    # Then what the server said is heard
    assert counts == {"gouji/failed": 1}
    assert slept == []


def test_a_token_that_does_not_count_is_told(
    station: Station, door: tuple[PushServer, str], tmp_path: Path
) -> None:
    deliverer, counts, _ = pipeline(door, tmp_path)
    with station.database.transaction() as session:
        token.revoke(session, "crawler")
    deliverer.deliver({"text": "年报"})

    assert counts == {"gouji/failed": 1}


def test_a_server_that_is_away_is_tried_again(tmp_path: Path) -> None:
    slept: list[float] = []
    pusher = Pusher("http://127.0.0.1:9", "x", slept.append)
    counts: Counter[str] = Counter()
    GoujiPipeline(pusher, tmp_path, lambda name: counts.update([name])).deliver({"text": "x"})

    assert counts == {"gouji/failed": 1}
    assert slept == [2.0, 4.0, 8.0, 16.0]
