"""A real Scrapy project crawls a local site; feed, directory and pipeline bring in the same."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.watcher.pushing import SOURCE, pushing
from tests.watcher.station import SETTLE, Station
from worker.source import Source

SPIDER = Path(__file__).parent / "scrapy_project" / "reports.py"

pytestmark = pytest.mark.process


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A site: pages, attachments, a 404, a redirect, a duplicate."""
    site = tmp_path / "site"
    site.mkdir()
    links = "".join(f'<a href="t{n}.html">{n}</a>' for n in range(4))
    (site / "index.html").write_text(links, "utf-8")
    (site / "t0.html").write_text(
        '<title>甲市2023年年报</title><a href="年报.txt">a</a><a href="missing.pdf">b</a>', "utf-8"
    )
    (site / "t1.html").write_text('<title>乙</title><a href="moved.txt">moved</a>', "utf-8")
    (site / "t2.html").write_text('<title>丙</title><a href="copy.txt">copy</a>', "utf-8")
    (site / "t3.html").write_text("<title>丁</title><p>一份网页形式的报告</p>", "utf-8")
    (site / "年报.txt").write_text("甲市年报", "gbk")
    (site / "copy.txt").write_text("甲市年报", "gbk")
    (site / "there.txt").write_text("乙市年报", "utf-8")
    return site


@pytest.fixture
def site(pages: Path) -> Iterator[str]:
    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *rest: Any) -> None:
            super().__init__(*rest, directory=str(pages))

        def do_GET(self) -> None:
            if self.path == "/moved.txt":
                self.send_response(302)
                self.send_header("Location", "/there.txt")
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def station(directory: Path, broker_url: str, source: Source) -> Station:
    directory.mkdir()
    return Station(directory, broker_url=broker_url, sources=(source,))


def contents(station: Station) -> set[str]:
    return {document.sha256 for document in station.documents()}


def test_feed_directory_and_pipeline_bring_in_the_same(
    tmp_path: Path, pages: Path, site: str, empty_broker: str
) -> None:
    # Given one crawl that writes a feed, saves files and pushes, and a house for each way
    out = tmp_path / "out"
    (out / "files").mkdir(parents=True)
    feed = Source("feed", out / "items.jl", kind="feed", files=out / "files", mode="scan")
    crawl = Source("crawl", out / "files", kind="crawl", settle=SETTLE, mode="scan")
    stations = [
        station(tmp_path / source.kind, empty_broker, source) for source in (feed, crawl, SOURCE)
    ]
    with pushing(stations[2]) as (server, secret):
        environment = os.environ | {
            "SITE": site,
            "OUT": str(out),
            "PUSH_URL": server.address,
            "PUSH_TOKEN": secret,
            "sys.executablePATH": str(Path(__file__).parents[2]),
        }

        def crawled() -> list[set[str]]:
            subprocess.run(
                [sys.executable, "-m", "scrapy", "runspider", str(SPIDER)],
                cwd=tmp_path,
                env=environment,
                check=True,
                timeout=120,
            )
            for one in stations:
                one.settle(5)
            return [contents(one) for one in stations]

        # When it has run, and once more after a correction at the same address
        first = crawled()
        (pages / "there.txt").write_text("乙市年报（更正）", "utf-8")
        second = crawled()
    for one in stations:
        one.close()
    # Then every way brought the same three documents, and then the corrected one
    assert [len(found) for found in first] == [3, 3, 3]
    assert first[0] == first[1] == first[2]
    assert [len(found) for found in second] == [4, 4, 4]
    assert second[0] == second[1] == second[2]
    # And feed and pipeline know the address and the title of each
    for one in (stations[0], stations[2]):
        arrivals = {arrival.url: arrival for arrival in one.arrivals()}
        found = arrivals[f"{site}/%E5%B9%B4%E6%8A%A5.txt"]
        assert found.hints == {"title": "甲市2023年年报"}
        assert found.fetched_at is not None
