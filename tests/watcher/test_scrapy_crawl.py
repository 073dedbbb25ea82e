"""A real Scrapy project crawls a local site; feed, directory and pipeline bring in the same."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from models.filing import StoredReport
from models.ledger import State
from tests.reports.cells import TruthReport
from tests.watcher.pushing import SOURCE, pushing
from tests.watcher.site import serving
from tests.watcher.station import SETTLE, Station
from tests.worker.reading import html_pages, office_files, pdf_drawn
from worker.inspection import inspect
from worker.pipeline import Pipeline
from worker.rows import load
from worker.source import Source

SPIDER = Path(__file__).parent / "scrapy_project" / "reports.py"
FIRST, SECOND, THIRD, CORRECTED = office_files.reports(4, first=40)

pytestmark = pytest.mark.process

Stored = tuple[str | None, int | None, tuple[tuple[str, object], ...]]


def _notice(title: str, *links: str) -> str:
    anchors = "".join(f'<a href="{link}">附件</a>' for link in links)
    return f"<html><head><title>{title}</title></head><body>{anchors}</body></html>"


def _page(report: TruthReport) -> bytes:
    return html_pages.page(report, random.Random(1), "word", "bare").encode("gb18030")


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A site: notices with attachments, a report as a page, a 404, a redirect, a duplicate."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text(_notice("目录", *(f"t{n}.html" for n in range(4))), "utf-8")
    (site / "t0.html").write_text(_notice("甲年报", "年报.docx", "missing.pdf"), "utf-8")
    (site / "t1.html").write_text(_notice("乙年报", "moved.pdf"), "utf-8")
    (site / "t2.html").write_text(_notice("丙年报", "copy.docx"), "utf-8")
    (site / "t3.html").write_bytes(_page(THIRD))
    (site / "年报.docx").write_bytes(office_files.word(FIRST))
    (site / "copy.docx").write_bytes((site / "年报.docx").read_bytes())
    (site / "there.pdf").write_bytes(pdf_drawn.Drawing().report(SECOND, random.Random(1)))
    return site


@pytest.fixture
def site(pages: Path) -> Iterator[str]:
    with serving(pages, {"/moved.pdf": "/there.pdf"}) as address:
        yield address


def _station(directory: Path, broker_url: str, source: Source) -> Station:
    directory.mkdir()
    return Station(directory, broker_url=broker_url, sources=(source,))


def _worked_off(station: Station) -> list[Stored]:
    """Process what came in, and return every report with its figures."""
    pipeline = Pipeline(station.database, station.archive, station.settings, inspect)
    for document in station.documents():
        if document.state in (State.RECEIVED, State.QUEUED):
            pipeline.run(document.id)
    with station.database.reading() as session:
        ids = session.scalars(select(StoredReport.id)).all()
        reports = [load(session, report_id) for report_id in ids]
    found = [
        (report.publisher, report.year, tuple((key, cell.value) for key, cell in report.cells()))
        for report in reports
    ]
    return sorted(found, key=repr)


@pytest.mark.soak
def test_feed_directory_and_pipeline_bring_in_the_same(
    tmp_path: Path, pages: Path, site: str, embedded_broker: str
) -> None:
    # Given one crawl that writes a feed, saves files and pushes, and a house for each way
    out = tmp_path / "out"
    (out / "files").mkdir(parents=True)
    feed = Source("feed", out / "items.jl", kind="feed", files=out / "files", mode="scan")
    crawl = Source("crawl", out / "files", kind="crawl", settle=SETTLE, mode="scan")
    stations = [
        _station(tmp_path / source.kind, embedded_broker, source)
        for source in (feed, crawl, SOURCE)
    ]
    with pushing(stations[2]) as (server, secret):
        environment = os.environ | {
            "SITE": site,
            "OUT": str(out),
            "PUSH_URL": server.address,
            "PUSH_TOKEN": secret,
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }

        def crawled() -> list[list[Stored]]:
            subprocess.run(
                [sys.executable, "-m", "scrapy", "runspider", str(SPIDER)],
                cwd=tmp_path,
                env=environment,
                check=True,
                timeout=300,
            )
            for one in stations:
                one.settle(5)
            return [_worked_off(one) for one in stations]

        # When it has run, and once more after a correction at the same address
        first = crawled()
        (pages / "there.pdf").write_bytes(pdf_drawn.Drawing().report(CORRECTED, random.Random(1)))
        second = crawled()
    for one in stations:
        one.close()
    # Then every way brought the same three reports, and then the corrected one beside them
    told = [(report.publisher, report.year) for report in (FIRST, SECOND, THIRD)]
    assert sorted(stored[:2] for stored in first[0]) == sorted(told)
    assert first[0] == first[1] == first[2]
    assert [len(found) for found in second] == [4, 4, 4]
    assert second[0] == second[1] == second[2]
    assert set(first[0]) < set(second[0])
    # And feed and pipeline know the address and the title of each
    for one in (stations[0], stations[2]):
        arrivals = {arrival.url: arrival for arrival in one.arrivals()}
        found = arrivals[f"{site}/%E5%B9%B4%E6%8A%A5.docx"]
        assert found.hints == {"title": "甲年报"}
        assert found.fetched_at is not None
