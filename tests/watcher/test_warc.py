"""WARC files: what crawlers received, record by record, however it was packed or cut off."""

import gzip
import io
import os
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from tests.watcher.site import serving
from tests.watcher.station import SETTLE, Station
from watcher.http_message import Undecodable, body
from watcher.item import Bad, Held
from watcher.tail import Batch, Mark
from watcher.warc import WarcTail
from worker.source import Source

LIMIT = 1_000_000


def record(kind: str, block: bytes, url: str = "http://a/1", **headers: str) -> bytes:
    media = "application/http; msgtype=response" if kind == "response" else "text/html"
    lines = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:{zlib.crc32(block + url.encode()):08x}>",
        f"WARC-Target-URI: <{url}>",
        "WARC-Date: 2024-02-03T04:05:06Z",
        f"Content-Type: {media}",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"Content-Length: {len(block)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def response(data: bytes, status: int = 200, media: str = "text/html", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} OK", f"Content-Type: {media}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def chunked(data: bytes) -> bytes:
    pieces = [data[at : at + 7] for at in range(0, len(data), 7)]
    return b"".join(b"%x;x=y\r\n%s\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"


def page(n: int) -> bytes:
    return f"<p>第 {n} 页</p>".encode() * 3


def read(data: bytes, mark: Mark = Mark(), most: int = 100) -> Batch:  # noqa: B008 - immutable
    tail = WarcTail(mark, LIMIT)
    stream = io.BytesIO(data)
    assert tail.proved(stream, len(data))
    return tail.read(stream, most, 1 << 30, rested=False)


def held(batch: Batch) -> list[bytes]:
    return [one.entry.data for one in batch.brought if isinstance(one.entry, Held)]


def bad(batch: Batch) -> list[str]:
    return [one.entry.why for one in batch.brought if isinstance(one.entry, Bad)]


RECORDS = [
    record("warcinfo", b"software: a crawler"),
    record("request", b"GET / HTTP/1.1\r\n\r\n"),
    record("response", response(page(1)), "http://a/1"),
    record("response", response(chunked(page(2)), Transfer_Encoding="chunked"), "http://a/2"),
    record(
        "response", response(gzip.compress(page(3), mtime=0), Content_Encoding="gzip"), "http://a/3"
    ),
    record("response", response(b"not found", status=404), "http://a/404"),
    record("response", response(b"", status=301, Location="/1"), "http://a/moved"),
    record("revisit", response(b""), "http://a/1"),
    record("metadata", b"fetchTimeMs: 7"),
    record("resource", page(4), "file:///a/4"),
    record("response", response(b"p{}", media="text/css"), "http://a/a.css"),
]
PAGES = [page(1), page(2), page(3), page(4)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_responses_and_resources_are_documents(pack: Callable[[bytes], bytes]) -> None:
    # Given
    data = b"".join(pack(one) for one in RECORDS)
    # When
    batch = read(data)
    # Then
    assert held(batch) == PAGES
    assert bad(batch) == []
    assert (batch.mark.offset, batch.mark.number, batch.more) == (len(data), len(RECORDS), False)
    entry = batch.brought[0].entry
    assert isinstance(entry, Held)
    assert entry.hints.url == "http://a/1"
    assert entry.hints.fetched_at == datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_cut_off_at_any_byte_it_waits_and_goes_on(pack: Callable[[bytes], bytes]) -> None:
    # Given a file of which only the beginning is there
    data = b"".join(pack(one) for one in RECORDS[1:5])
    for cut in range(0, len(data), 3):
        first = read(data[:cut])
        # When the rest comes
        second = read(data, first.mark)
        # Then every record came once
        assert held(first) + held(second) == PAGES[:3], cut
        assert bad(first) + bad(second) == [], cut


def test_another_file_under_its_name_is_noticed() -> None:
    data = b"".join(RECORDS)
    mark = read(data).mark
    other = data.replace(b"urn:uuid", b"urn:other")

    for changed, proved in ((data, True), (data + RECORDS[0], True), (other, False)):
        tail = WarcTail(mark, LIMIT)
        assert tail.proved(io.BytesIO(changed), len(changed)) is proved
    assert not WarcTail(mark, LIMIT).proved(io.BytesIO(data[:-9]), len(data) - 9)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_damaged_record_is_told_and_passed_over(pack: Callable[[bytes], bytes]) -> None:
    # Given a record whose bytes are damaged between good ones
    packed = [pack(one) for one in RECORDS[2:5]]
    middle = bytearray(packed[1])
    middle[5:200] = b"\0" * 195
    # When
    batch = read(packed[0] + bytes(middle) + packed[2])
    # Then
    assert held(batch) == [page(1), page(3)]
    assert len(bad(batch)) == 1
    assert batch.more is False


def test_what_is_too_large_or_cut_off_is_told() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000, mtime=0)
    data = b"".join(
        gzip.compress(one, mtime=0)
        for one in (
            record("response", response(b"x" * (4 * LIMIT)), "http://a/large"),
            record("response", response(bomb, Content_Encoding="gzip"), "http://a/bomb"),
            record("response", response(b"<p>"), "http://a/cut", **{"WARC-Truncated": "length"}),
            record("response", response(b"x", Content_Encoding="br"), "http://a/br"),
            record("response", b"no HTTP at all", "http://a/none"),
            record("response", response(page(1))),
        )
    )
    batch = read(data)

    assert held(batch) == [page(1)]
    assert [why.rpartition(" ")[2] for why in bad(batch)] == [
        f"http://a/{name}" for name in ("large", "bomb", "cut", "br", "none")
    ]


def test_reading_stops_at_what_a_batch_may_bring_and_goes_on() -> None:
    data = b"".join(gzip.compress(one, mtime=0) for one in RECORDS)
    found, mark, more = [], Mark(), True
    while more:
        batch = read(data, mark, most=1)
        found += held(batch)
        mark, more = batch.mark, batch.more

    assert found == PAGES


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (response(page(1), Transfer_Encoding="chunked"), page(1)),
        (response(page(1), Content_Encoding="gzip"), page(1)),
        (response(zlib.compress(page(1)), Content_Encoding="deflate"), page(1)),
        (response(zlib.compress(page(1))[2:-4], Content_Encoding="deflate"), page(1)),
        (
            response(
                chunked(gzip.compress(page(1), mtime=0)),
                Transfer_Encoding="chunked",
                Content_Encoding="gzip",
            ),
            page(1),
        ),
    ],
)
def test_bodies_are_decoded_even_when_headers_lie(message: bytes, expected: bytes) -> None:
    assert body(message, LIMIT) == (200, "text/html", expected)


@pytest.mark.parametrize(
    "message",
    [
        response(b"5\r\nabcde\r\nzz\r\n", Transfer_Encoding="chunked"),
        response(b"5\r\nabc", Transfer_Encoding="chunked"),
        response(gzip.compress(page(1), mtime=0)[:-9], Content_Encoding="gzip"),
        response(b"x", Content_Encoding="zstd"),
        b"",
    ],
)
def test_bodies_that_cannot_be_decoded(message: bytes) -> None:
    with pytest.raises(Undecodable):
        body(message, LIMIT)


def source(directory: Path) -> Source:
    return Source("feed", directory / "inbox", kind="feed", mode="scan")


def contents(station: Station) -> list[bytes]:
    return [station.archive.get(document.sha256) for document in station.documents()]


def test_a_warc_is_a_feed_that_is_read_on(build: Callable[..., Station], tmp_path: Path) -> None:
    # Given a file that is written while it is watched, and a restart
    station = build(sources=(source(tmp_path),))
    path = station.inbox / "crawl.warc.gz"
    for one in RECORDS:
        packed = gzip.compress(one, mtime=0)
        with path.open("ab") as out:
            out.write(packed[:20])
            out.flush()
            station.turn(SETTLE)
            out.write(packed[20:])
        station.turn(SETTLE)
        station.restart()
    # Then
    assert contents(station) == PAGES
    assert station.states() == {"queued": 4, "accepted": 4}
    assert station.arrivals()[0].url == "http://a/1"
    # When another takes its place, with one page corrected
    with structlog.testing.capture_logs() as logs:
        path.write_bytes(
            b"".join(map(gzip.compress, [*RECORDS[:2], record("response", response(b"<p>new"))]))
        )
        station.turn(SETTLE)
    # Then only that is new
    assert contents(station)[4:] == [b"<p>new"]
    assert "feed.restarted" in [entry["event"] for entry in logs]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text('<a href="a.html">a</a><a href="b.txt">b</a>')
    (tmp_path / "site/a.html").write_text("<p>年报</p>", "utf-8")
    (tmp_path / "site/b.txt").write_text("年报", "gbk")

    with serving(tmp_path / "site") as address:
        yield address


@pytest.mark.process
@pytest.mark.skipif(not (shutil.which("wget") or os.environ.get("CI")), reason="needs wget")
@pytest.mark.parametrize("options", [[], ["--no-warc-compression"]])
def test_what_wget_writes_is_read(
    build: Callable[..., Station], tmp_path: Path, site: str, options: list[str]
) -> None:
    # Given a mirror made by wget
    station = build(sources=(source(tmp_path),))
    warc = str(station.inbox / "crawl")
    command = ["wget", "-q", "-r", "--no-proxy", f"--warc-file={warc}", *options, f"{site}/"]
    subprocess.run(command, cwd=tmp_path, check=False, timeout=120)
    # When
    for _ in range(3):
        station.turn(SETTLE)
    # Then its pages came in, and wget's own log and arguments did not
    found = {arrival.url for arrival in station.arrivals()}
    assert found == {f"{site}/", f"{site}/a.html", f"{site}/b.txt"}
    assert "年报".encode("gbk") in contents(station)
