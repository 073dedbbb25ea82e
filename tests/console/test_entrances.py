"""``gouji up`` with a source of every kind: what comes in by each ends in the same way."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
from sqlalchemy import select

from models import token
from models.ledger import Arrival, Document
from tests.fault.running import Running, until
from worker.settings import load

pytestmark = pytest.mark.process
SEEDS = Path(__file__).parents[1] / "data" / "seeds"
KINDS = ("drop", "crawl", "feed", "push")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    for name in ("mirror", "crawl/files"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "gouji.toml").write_text(
        '[[source]]\nname = "drop"\npath = "inbox"\nsettle = 0.3\n'
        '[[source]]\nkind = "crawl"\nname = "crawl"\npath = "mirror"\nsettle = 0.3\n'
        '[[source]]\nkind = "feed"\nname = "feed"\npath = "crawl/items.jl"\nfiles = "crawl/files"\n'
        '[[source]]\nkind = "push"\nport = 0\n',  # any that is free when it is taken
        "utf-8",
    )
    running = Running(tmp_path)
    running.settings = load(tmp_path / "gouji.toml", running.environment)
    yield running
    running.end()


@pytest.mark.soak
def test_every_way_in(running: Running, tmp_path: Path) -> None:
    # Given one report for each way in
    running.start()
    with running.database.transaction() as session:
        secret = token.issue(session, "crawler")
    seeds = sorted(SEEDS.glob("*.txt"))[: len(KINDS)]
    url = "http://example.gov.cn/report.txt"
    # When each is brought in by its way; what is told of a file is there before it
    (tmp_path / "inbox" / "a.txt").write_bytes(seeds[0].read_bytes())
    (tmp_path / "mirror" / "a.txt.json").write_text(json.dumps({"url": url}))
    (tmp_path / "mirror" / "a.txt").write_bytes(seeds[1].read_bytes())
    (tmp_path / "crawl" / "files" / "a.txt").write_bytes(seeds[2].read_bytes())
    with (tmp_path / "crawl" / "items.jl").open("a") as feed:
        feed.write(json.dumps({"url": url, "files": [{"path": "a.txt"}]}) + "\n")
    assert _post(_port(running), secret, seeds[3].read_bytes(), url) == 202

    # Then all of them are processed, and each is where it was or where it belongs
    def ended() -> bool:
        with running.database.reading() as session:
            states = list(session.scalars(select(Document.state)))
        return len(states) == len(KINDS) and set(states) <= {"stored", "dead"}

    until(lambda: ended() and running.at_rest(len(KINDS)), 120, running.story)
    with running.database.reading() as session:
        arrivals = {row.source: row for row in session.scalars(select(Arrival)) if row.document_id}
    assert set(arrivals) == set(KINDS)
    assert {name: arrivals[name].url for name in KINDS} == {
        "drop": None,
        "crawl": url,
        "feed": url,
        "push": url,
    }
    assert not (tmp_path / "inbox" / "a.txt").exists()
    assert (tmp_path / "mirror" / "a.txt").exists()
    assert (tmp_path / "crawl" / "files" / "a.txt").exists()
    assert running.stop() == 0


def _port(running: Running) -> int:
    """Return the port on which pushes are taken, once they are."""
    log = running.data / "logs" / "push.log"

    def said() -> list[str]:
        lines = log.read_bytes().splitlines() if log.exists() else []
        told = [orjson.loads(line) for line in lines if line.startswith(b"{")]
        return [one["address"] for one in told if one["event"] == "push.listening"]

    until(said, 60, running.story)
    return urlsplit(said()[-1]).port or 0


def _post(port: int, secret: str, data: bytes, url: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {secret}", "X-Gouji-Url": url}
    try:
        connection.request("POST", "/api/v1/documents", data, headers)
        return connection.getresponse().status
    finally:
        connection.close()
