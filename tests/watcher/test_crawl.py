"""A crawl source: taken in once, completed by sidecars, and never touched."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert

from models.ledger import Arrival
from models.session import Database
from tests.watcher.station import SETTLE, Station
from watcher import copying
from watcher import crawl as crawl_module
from watcher.crawl import Crawl
from watcher.crawled import CrawlSource
from watcher.filesystem import signature
from worker.settings import Settings
from worker.source import Source

COUNT = 2_000
SAID = {
    "url": "http://www.example.gov.cn/2024/t1.html",
    "fetched_at": "2024-02-03T04:05:06+08:00",
    "publisher": "某市水利局",
    "title": "某市水利局2023年政府信息公开工作年度报告",
    "year": 2023,
    "depth": 4,
}


@pytest.fixture
def station(build: Callable[..., Station], tmp_path: Path) -> Station:
    return build(sources=(source(tmp_path),))


def source(directory: Path, **options: Any) -> Source:
    return Source("crawl", directory / "inbox", kind="crawl", settle=SETTLE, mode="scan", **options)


def sidecar(station: Station, name: str, **said: Any) -> Path:
    return station.drop(f"{name}.json", json.dumps(said).encode())


def by_path(station: Station) -> dict[str, Arrival]:
    return {os.fsdecode(arrival.path): arrival for arrival in station.arrivals()}


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Collect the paths of every file whose bytes are read."""
    paths: list[bytes] = []
    real = copying.copy

    def copy(root: bytes, item: Any, *rest: Any, **options: Any) -> Any:
        paths.append(item.path)
        return real(root, item, *rest, **options)

    monkeypatch.setattr("watcher.intake.copy", copy)
    return paths


def test_files_come_in_and_stay_where_they_are(station: Station) -> None:
    # Given a mirror with a query in a name and a name that is not UTF-8
    names = ["site/a.html", "site/down.jsp?f=年报.pdf", os.fsdecode("年报.doc".encode("gbk"))]
    before = {}
    for name in names:
        path = station.drop(name, name.encode("utf-8", "surrogateescape"))
        before[path] = (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes())
    # When
    station.settle(10)
    # Then they are in, and nothing of them was touched, and nothing was made beside them
    assert station.states() == {"queued": 3, "accepted": 3}
    assert {arrival.name for arrival in station.arrivals()} == {*names[:2], "年报.doc"}
    assert {document.name for document in station.documents()} == {
        "a.html",
        "down.jsp?f=年报.pdf",
        "年报.doc",
    }
    after = {
        path: (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes())
        for path in station.inbox.rglob("*")
        if path.is_file()
    }
    assert after == before
    assert [arrival.handover for arrival in station.arrivals()] == ["none"] * 3


def test_nothing_is_read_again_when_nothing_changed(station: Station, hashed: list[bytes]) -> None:
    # Given files that are in
    for n in range(20):
        station.drop(f"{n % 3}/{n}.html", b"%d" % n)
    station.settle()
    assert len(hashed) == 20
    # When they are scanned again, also by a watcher that has just been started, and touched
    station.settle()
    station.restart()
    station.settle()
    assert len(hashed) == 20
    # Then the ledger is not asked about what is known either
    asked: list[str] = []
    event.listen(
        station.database.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: asked.append(statement),
    )
    station.turn(SETTLE)
    assert [statement for statement in asked if "FROM arrivals" in statement] == []


def test_a_changed_file_is_a_new_arrival_and_a_new_document(station: Station) -> None:
    # Given a file that is in, with its sidecar
    path = station.drop("t1.html", b"first")
    sidecar(station, "t1.html", **SAID)
    station.settle()
    # When it is replaced by a corrected one, as crawlers do, with the sidecar left as it is
    path.write_bytes(b"corrected")
    station.settle()
    # Then both are there, from the same address
    files = [arrival for arrival in station.arrivals() if arrival.state != "sidecar"]
    assert [(arrival.state, arrival.url) for arrival in files] == [("accepted", SAID["url"])] * 2
    assert [station.archive.get(document.sha256) for document in station.documents()] == [
        b"first",
        b"corrected",
    ]


def test_the_same_bytes_under_two_names_are_a_duplicate(station: Station) -> None:
    station.drop("a.html", b"same")
    station.drop("b.html", b"same")
    station.settle()

    assert station.states() == {"queued": 1, "accepted": 1, "duplicate": 1}


def test_a_sidecar_that_is_there_travels_with_its_file(station: Station) -> None:
    # Given
    station.drop("down.jsp?f=年报.pdf", b"pdf")
    sidecar(station, "down.jsp?f=年报.pdf", **SAID)
    # When
    station.settle()
    # Then
    assert station.states() == {"queued": 1, "accepted": 1, "sidecar": 1}
    arrival = by_path(station)["down.jsp?f=年报.pdf"]
    assert arrival.url == SAID["url"]
    assert arrival.fetched_at == datetime(2024, 2, 2, 20, 5, 6, tzinfo=UTC)
    assert arrival.hints == {
        "publisher": SAID["publisher"],
        "title": SAID["title"],
        "year": 2023,
    }
    assert "arrival.completed" not in station.events()


def test_a_sidecar_that_comes_later_completes_the_arrival(
    station: Station, hashed: list[bytes]
) -> None:
    # Given a file that came in alone
    station.drop("t1.html")
    station.settle()
    assert by_path(station)["t1.html"].url is None
    # When its sidecar comes, is written anew, and nothing more happens for a while
    written = sidecar(station, "t1.html", url="http://example.gov.cn/1")
    station.settle()
    assert by_path(station)["t1.html"].url == "http://example.gov.cn/1"
    written.write_text(json.dumps(SAID), "utf-8")
    station.settle(5)
    station.restart()
    station.settle(5)
    # Then what it said last is known, each change is told once, and the file was not read again
    arrival = by_path(station)["t1.html"]
    assert (arrival.url, arrival.hints and arrival.hints["year"]) == (SAID["url"], 2023)
    assert station.events().count("arrival.completed") == 2
    assert station.states() == {"queued": 1, "accepted": 1, "sidecar": 2}
    assert hashed == [b"t1.html"]


def test_a_sidecar_waits_for_its_file(station: Station) -> None:
    # Given a sidecar whose file is late
    sidecar(station, "t1.html", **SAID)
    station.settle(3)
    assert station.states() == {}
    # When the file comes
    station.drop("t1.html")
    station.settle(10)
    # Then they belong together
    assert by_path(station)["t1.html"].url == SAID["url"]
    assert station.states() == {"queued": 1, "accepted": 1, "sidecar": 1}


def test_a_sidecar_left_without_its_file_is_told_and_still_serves_it_later(
    station: Station,
) -> None:
    # Given a sidecar whose file does not come for long
    sidecar(station, "t1.html", **SAID)
    station.settle(40)
    station.restart()
    station.settle(40)
    assert station.states() == {"ignored": 1}
    assert [arrival.why for arrival in station.arrivals()] == ["without its file: t1.html"]
    assert station.events() == ["file.ignored"]
    # When it comes after all
    station.drop("t1.html")
    station.settle(10)
    # Then
    assert by_path(station)["t1.html"].url == SAID["url"]
    assert station.states() == {"queued": 1, "accepted": 1, "sidecar": 1}


@pytest.mark.parametrize(
    "data", [b"{torn", b"[1]", b"\xff\xfe", b"[" * 100_000, b'"' + b"x" * (2 << 20) + b'"', b""]
)
def test_a_sidecar_that_cannot_be_read_is_told_and_does_no_harm(
    station: Station, data: bytes
) -> None:
    # Given
    station.drop("t1.html")
    station.drop("t1.html.json", data)
    # When
    station.settle(10)
    # Then the file is in; the sidecar is no document and is told once
    assert station.states() == {"queued": 1, "accepted": 1, "ignored": 1}
    why = by_path(station)["t1.html.json"].why
    assert why is not None
    assert why.startswith("sidecar: ")
    # When it is mended
    sidecar(station, "t1.html", **SAID)
    station.settle()
    # Then it counts
    assert by_path(station)["t1.html"].url == SAID["url"]


def test_json_of_its_own_is_a_file_like_any_other(station: Station) -> None:
    # Given JSON beside no file of that name, and beside one without an extension
    station.drop("crawl.json", b"{}")
    station.drop("view", b"page")
    station.drop("view.json", json.dumps(SAID).encode())
    # When
    station.settle()
    # Then the first is a document (which the worker will refuse), the second a sidecar
    assert station.states() == {"queued": 2, "accepted": 2, "sidecar": 1}
    assert by_path(station)["view"].url == SAID["url"]


def test_a_done_marker_stays_too(station: Station) -> None:
    station.drop("a.html")
    station.drop("a.html.done", b"")
    station.turn()
    station.turn()
    assert station.states().get("accepted") == 1
    station.settle(5)

    assert station.states() == {"queued": 1, "accepted": 1, "sidecar": 1}
    assert station.left() == ["a.html", "a.html.done"]


def test_a_sidecar_newer_than_the_file_names_it_complete(station: Station) -> None:
    # Given a file that events keep from resting, and a sidecar that has rested, written after it
    sidecar(station, "a.html", **SAID)
    station.turn()
    path = station.drop("a.html")
    written = (station.inbox / "a.html.json").stat().st_mtime_ns
    os.utime(path, ns=(written, written - 1))
    station.turn(SETTLE)
    # When the watcher looks again
    station.turn()
    # Then no further rest is asked for
    assert station.states().get("accepted") == 1


def test_a_sidecar_written_in_advance_names_nothing_complete(station: Station) -> None:
    # Given a sidecar that was there before the file, which grows
    written = sidecar(station, "a.html", **SAID)
    os.utime(written, ns=(1, 1))
    path = station.drop("a.html", b"")
    for n in range(5):
        with path.open("ab") as out:
            out.write(b"%d" % n)
        station.turn(SETTLE)
    # When it rests
    station.settle()
    # Then it came in once, whole
    assert [station.archive.get(one.sha256) for one in station.documents()] == [b"01234"]


def test_names_that_are_never_read_and_globs_that_are_not_wanted(
    build: Callable[..., Station], tmp_path: Path
) -> None:
    # Given litter, a symlink out of the root, and what the settings leave out
    station = build(sources=(source(tmp_path, ignore=("*.css", "static/*", "robots.txt")),))
    (station.inbox / "link").symlink_to("/etc/passwd")
    for name in ("Thumbs.db", "a.css", "a.css.json", "static/x.js", "robots.txt", "in.html"):
        station.drop(name)
    # When
    station.settle(10)
    # Then litter is recorded as in a drop, what is left out is not even that
    assert station.states() == {"ignored": 2, "queued": 1, "accepted": 1}
    # When the settings change
    station.settings = Settings(
        data_dir=station.settings.data_dir,
        broker_url=station.settings.broker_url,
        scan_interval=0.0,
        sources=(source(tmp_path),),
    )
    station.restart()
    station.settle(40)
    # Then what they let in now is read
    assert station.states() == {"queued": 1, "accepted": 1, "duplicate": 3, "ignored": 3}


def test_the_ledger_away_for_a_while_costs_nothing_but_time(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.drop("a.html")
    with monkeypatch.context() as patch:

        def away(*_: Any) -> Any:
            raise OSError("away")

        patch.setattr(Database, "reading", away)
        station.turn()
        station.turn(SETTLE)
        assert station.watcher._guarded[0].paused
    station.settle(10)

    assert station.states() == {"queued": 1, "accepted": 1}


def test_no_more_candidates_than_memory_is_meant_for(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given more new files than may be candidates at a time
    monkeypatch.setattr(crawl_module, "_MOST_CANDIDATES", 30)
    monkeypatch.setattr(crawl_module, "_FEW_CANDIDATES", 10)
    for n in range(100):
        station.drop(f"{n}.html", b"%d" % n)
    [tended] = station.watcher.sources
    assert isinstance(tended, CrawlSource)
    # When
    most = 0
    for _ in range(40):
        station.turn(SETTLE)
        most = max(most, tended.crawl.unsettled)
    # Then all of them came in, a part at a time
    assert most == 30
    assert station.states() == {"queued": 100, "accepted": 100}


def test_many_known_files_are_scanned_without_reading_one(
    build: Callable[..., Station], tmp_path: Path
) -> None:
    # Given a mirror of many files whose versions the ledger has
    count = COUNT
    station = build(sources=(source(tmp_path),))
    rows = []
    for n in range(count):
        folder = station.inbox / str(n % 100)
        if n < 100:
            folder.mkdir()
        path = folder / f"{n}.html"
        path.touch()
        version = signature(path.stat())._asdict()
        relative = os.fsencode(path.relative_to(station.inbox))
        rows.append({"path": relative, "name": "x", "state": "sidecar", **version})
    with station.database.transaction() as session:
        columns = {"source": "crawl", "handover": "none"}
        session.execute(insert(Arrival), [columns | row for row in rows])
    crawl = Crawl(station.settings.sources[0], station.settings, station.database)
    # When it is scanned by a watcher that has just begun, and again
    for _ in range(2):
        crawl.poll()
    # Then none is a candidate, and little is remembered of each
    assert crawl.unsettled == 0
    assert len(crawl._seen) == count
    crawl.close()
