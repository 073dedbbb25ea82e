"""The Scrapy project of the crawler guide, run as it stands, against a site of this machine."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.fault.running import Running, until
from tests.watcher.site import serving
from tests.worker.reading import html_pages, office_files, pdf_drawn

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "docs" / "examples" / "scrapy"
WORD, DRAWN, PAGE = office_files.reports(3, first=40)
CORRECTED = office_files.reports(1, first=43)[0]

pytestmark = [pytest.mark.process, pytest.mark.soak]


def _list(*links: tuple[str, str]) -> str:
    anchors = "".join(f'<li><a href="{address}">{said}</a></li>' for address, said in links)
    return f"<html><meta charset='utf-8'><body><ul>{anchors}</ul></body></html>"


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A site: a list over two pages, with a page, a notice with a file, and a file at once."""
    site = tmp_path / "site"
    site.mkdir()
    news, first = ("news.html", "要闻"), ("t1.html", "甲局2023年政府信息公开工作年度报告")
    (site / "index.html").write_text(_list(news, first, ("index_1.html", "下一页")), "utf-8")
    second, third = ("t2.html", "乙局年报"), ("nb.pdf", "丙局政府信息公开年度报告")
    (site / "index_1.html").write_text(_list(second, third), "utf-8")
    (site / "news.html").write_text(_list(("t1.html", "甲局2023年年报")), "utf-8")
    (site / "t1.html").write_text(_list(("nb.docx", "附件")), "utf-8")
    (site / "t2.html").write_bytes(
        html_pages.page(PAGE, random.Random(1), "word", "bare").encode("gb18030")
    )
    (site / "nb.docx").write_bytes(office_files.word(WORD))
    (site / "nb.pdf").write_bytes(pdf_drawn.Drawing().report(DRAWN, random.Random(1)))
    return site


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROJECT, tmp_path / "project"))


@pytest.fixture
def running(project: Path) -> Iterator[Running]:
    """A ``gouji up`` in the project's directory; only its port is any that is free."""
    settings = project / "gouji.toml"
    settings.write_text(settings.read_text("utf-8").replace("8350", "0"), "utf-8")
    running = Running(project)
    yield running
    running.end()


def _gouji(running: Running, *words: str) -> bytes:
    return subprocess.run(
        [sys.executable, "-P", "-m", "console.cli.main", *words],
        env=running.environment,
        cwd=running.directory,
        capture_output=True,
        timeout=300,
        check=True,
    ).stdout


def _address(running: Running) -> str:
    log = running.data / "logs" / "push.log"

    def said() -> list[str]:
        lines = log.read_bytes().split(b"\n")[:-1] if log.exists() else []  # whole ones
        told = [orjson.loads(line) for line in lines if line.startswith(b"{")]
        return [one["address"] for one in told if one["event"] == "push.listening"]

    until(said, 120, running.story)
    return said()[-1]


def _crawl(running: Running, site: str, token: str) -> None:
    command = [sys.executable, "-m", "scrapy", "crawl", "reports"]
    subprocess.run(
        [*command, "-a", f"start={site}/index.html", "-s", "DOWNLOAD_DELAY=0"],
        cwd=running.directory,
        env=os.environ
        | {"PUSH_URL": _address(running), "PUSH_TOKEN": token, "PYTHONPATH": str(ROOT)},
        check=True,
        timeout=300,
    )


def _stored(running: Running) -> list[tuple[str, int]]:
    told = orjson.loads(_gouji(running, "reports", "list", "--all-versions", "--json"))
    return sorted((one["publisher"], one["year"]) for one in told)


def test_the_project_of_the_guide_brings_every_report_in(running: Running, pages: Path) -> None:
    # Given gouji with the settings of the example, and a token
    _gouji(running, "init")
    token = orjson.loads(_gouji(running, "token", "create", "crawler", "--json"))["token"]
    running.start()
    known = [(report.publisher, report.year) for report in (WORD, DRAWN, PAGE)]

    with serving(pages) as site:
        # When the site is crawled
        _crawl(running, site, token)
        running.wait_until_at_rest(3, 300)

        # Then every report is stored, as page, as attachment and as a file of its own
        assert _stored(running) == sorted(known)

        # When it is crawled again after a correction at the same address
        (pages / "nb.docx").write_bytes(office_files.word(CORRECTED))
        _crawl(running, site, token)
        until(lambda: running.finished() >= 4, 300, running.story)

    # Then only that is new
    assert _stored(running) == sorted([*known, (CORRECTED.publisher, CORRECTED.year)])
    assert running.stop() == 0
