"""Tricks with names, links, special files and JSON: none leads out of a source, or stops one."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models.ledger import Arrival
from tests.watcher.feeding import line, save
from tests.watcher.pushing import SOURCE, pushing
from tests.watcher.station import Station
from tests.watcher.test_push import Client
from tests.watcher.test_scrapy import pipeline
from watcher import sidecar
from watcher.filesystem import look
from watcher.register import Origin, Outcome
from watcher.settle import Settled
from worker import faults
from worker.source import Source

SECRET = b"root:x:0:0: the secret of another"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(SECRET)
    return path


@pytest.fixture(params=["drop", "crawl"])
def station(
    request: pytest.FixtureRequest, build: Callable[..., Station], tmp_path: Path
) -> Station:
    if request.param == "drop":
        return build()
    return build(sources=(Source("crawl", tmp_path / "inbox", "crawl", settle=2.0, mode="scan"),))


def contents(station: Station) -> set[bytes]:
    return {station.archive.get(document.sha256) for document in station.documents()}


def kept(station: Station) -> bytes:
    """Return every byte in the archive, of documents or not."""
    return b"".join(path.read_bytes() for path in station.archive.root.rglob("*") if path.is_file())


def whys(station: Station) -> dict[str, str | None]:
    return {arrival.name: arrival.why for arrival in station.arrivals()}


# --- what lies in a directory ---------------------------------------------------------------------


def test_symlinks_are_not_followed(station: Station, secret: Path, tmp_path: Path) -> None:
    # Given links to a file, to a directory, to nothing, to itself, and to memory
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "inside.txt").write_bytes(SECRET)
    targets = {
        "file.txt": secret,
        "folder": folder,
        "nothing.txt": tmp_path / "nothing",
        "loop": station.inbox / "loop",
        "up": Path(".."),
        "memory.txt": Path("/proc/self/mem"),
    }
    for name, target in targets.items():
        (station.inbox / name).symlink_to(target)
    station.drop("honest.txt", b"honest")
    # When all has come to rest
    station.settle(4)
    # Then only the file that is one was read, and everything else is where it was
    assert contents(station) == {b"honest"}
    assert SECRET not in kept(station)
    assert whys(station)["file.txt"] == "symlink"
    assert secret.read_bytes() == SECRET
    assert (station.inbox / "folder").is_symlink()


def test_special_files_are_not_opened(station: Station) -> None:
    # Given a pipe, a socket and (where one may) a device, each of which would wait for ever
    os.mkfifo(station.inbox / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(station.inbox / "socket.txt"))
        names = {"pipe.txt", "socket.txt"}
        if os.geteuid() == 0:
            os.mknod(station.inbox / "zero.txt", 0o600 | 0o020000, os.makedev(1, 5))
            names.add("zero.txt")
        station.drop("honest.txt", b"honest")
        # When all has come to rest
        begun = time.monotonic()
        station.settle(4)
    # Then nobody waited, and they are ignored
    assert time.monotonic() - begun < 120
    assert contents(station) == {b"honest"}
    assert {name: whys(station)[name] for name in names} == dict.fromkeys(names, "special")


@pytest.mark.parametrize("swap", ["file", "folder"])
def test_a_link_that_takes_the_place_of_a_file_in_between(
    station: Station, secret: Path, tmp_path: Path, swap: str
) -> None:
    # Given a file that has come to rest, and somebody who puts a link in its place just then
    folder = station.inbox / "folder"
    path = station.drop("folder/a.txt", b"x" * len(SECRET))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.txt").write_bytes(SECRET)
    os.utime(elsewhere / "a.txt", ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    station.turn(2.0)
    found = look(os.fsencode(station.inbox), b"folder/a.txt")
    assert found is not None
    if swap == "file":
        path.unlink()
        path.symlink_to(elsewhere / "a.txt")
    else:
        folder.rename(tmp_path / "moved")
        folder.symlink_to(elsewhere)
    # When it is taken in as it was seen
    intake = station.watcher._intake
    [taken] = intake.take(
        Origin("drop", os.fsencode(station.inbox), ours=True), [Settled(b"folder/a.txt", found)]
    )
    # Then nothing is read
    assert taken.outcome in (Outcome.FAILED, Outcome.CHANGED)
    assert kept(station) == b""


def test_a_file_that_is_replaced_while_it_is_open_is_not_taken(
    build: Callable[..., Station], secret: Path
) -> None:
    # Given somebody who replaces a file at the moment it is opened
    station = build()
    path = station.drop("a.txt", b"first")

    def swap(point: str, _name: str = "") -> None:
        if point == "intake.opened":
            faults.handle(None)
            path.unlink()
            path.symlink_to(secret)

    faults.handle(swap)
    # When it has come to rest
    station.settle(4)
    # Then at most what was opened is taken in, and the link stays unread
    assert contents(station) <= {b"first"}
    assert SECRET not in kept(station)
    assert secret.exists()


def test_a_hard_link_is_a_file_and_only_its_name_is_moved(
    build: Callable[..., Station], secret: Path
) -> None:
    # Given another name of a file outside: no one can tell which of two names is the first; whoever
    # could make it may read the file, where the kernel protects hard links
    station = build()
    os.link(secret, station.inbox / "a.txt")
    station.settle()
    assert contents(station) == {SECRET}
    assert secret.read_bytes() == SECRET


@pytest.mark.parametrize(
    "name",
    [
        b"a\\..\\..\\etc\\passwd",
        b"C:\\autoexec.bat",
        b"-rf",
        b"a\nb\r\x1b[2J.txt",
        b"%2e%2e%2fpasswd",
        b"\xff\xfe.txt",
        b"$(reboot).txt",
        b"x" * 251 + b".txt",
        "ﬁ／．．／passwd".encode(),
    ],
)
def test_names_are_nothing_but_names(build: Callable[..., Station], name: bytes) -> None:
    station = build()
    (station.inbox / os.fsdecode(name)).write_bytes(b"report")
    station.settle()
    assert contents(station) == {b"report"}
    [arrival] = station.arrivals()
    assert arrival.path == name
    assert all(character.isprintable() for character in arrival.name)
    assert [path.name for path in station.inbox.iterdir()] == [".gouji"]
    above = {path.name for path in station.inbox.parent.iterdir()}
    assert above == {"inbox", "var"}


def test_our_own_folder_is_no_way_in(build: Callable[..., Station], secret: Path) -> None:
    # Given links in the place of the folders that originals are moved to
    station = build()
    (station.inbox / ".gouji").symlink_to(secret.parent)
    station.drop("a.txt", b"report")
    # When a file is taken in
    station.settle()
    # Then it stays where it is, and nothing was moved through the link
    assert contents(station) == {b"report"}
    assert station.left() == ["a.txt"]
    assert not (secret.parent / "done").exists()


# --- sidecars -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b'{"url": ' + b"[" * 100_000,
        b"[" * 1_000_000,
        b'{"year": 1' + b"0" * 100_000 + b"}",
        b'{"url": "' + b"x" * 2_000_000 + b'"}',
        b'{"title": "\\ud800\\u0000", "year": true, "url": ["a", "b"], "publisher": {}}',
        b'{"fetched_at": 1e400, "title": NaN}',
    ],
    ids=["deep", "deeper", "long number", "huge", "odd", "infinite"],
)
def test_a_sidecar_that_is_a_bomb_says_nothing(
    build: Callable[..., Station], tmp_path: Path, data: bytes
) -> None:
    crawl = Source("crawl", tmp_path / "inbox", "crawl", settle=2.0, mode="scan")
    station = build(sources=(crawl,))
    station.drop("a.txt", b"report")
    station.drop("a.txt.json", data)
    station.settle(4)
    [arrival] = [one for one in station.arrivals() if one.name == "a.txt"]
    assert (arrival.url, arrival.fetched_at) == (None, None)
    assert contents(station) == {b"report"}


@pytest.mark.parametrize("kind", ["symlink", "pipe"])
def test_a_sidecar_that_is_no_file_is_not_read(tmp_path: Path, kind: str) -> None:
    told = tmp_path / "told.json"
    told.write_text('{"title": "of another"}', "utf-8")
    place = tmp_path / "a.txt.json"
    if kind == "symlink":
        place.symlink_to(told)
    else:
        os.mkfifo(place)
    with pytest.raises(OSError, match=r"symbolic|not a regular"):
        sidecar.read(os.fsencode(tmp_path), b"a.txt.json")
    assert not sidecar.beside(os.fsencode(tmp_path), b"a.txt").title


# --- feeds ----------------------------------------------------------------------------------------


@pytest.fixture
def feeds(build: Callable[..., Station], tmp_path: Path) -> Station:
    (tmp_path / "files").mkdir()
    files = tmp_path / "files"
    return build(sources=(Source("feed", tmp_path / "inbox", "feed", mode="scan", files=files),))


@pytest.mark.parametrize(
    "path",
    ["../secret", "/etc/passwd", "a/../../secret", "a\0b", "./a", "a//b", "", "x" * 5000, "link"],
)
def test_what_a_line_names_lies_in_the_files_root(feeds: Station, secret: Path, path: str) -> None:
    (secret.parent / "files" / "link").symlink_to(secret)
    honest = save(feeds, "full/honest.pdf", b"honest")
    with (feeds.inbox / "items.jl").open("ab") as out:
        out.write(line(files=[{"path": path, "url": "http://a/b", "status": "downloaded"}]))
        out.write(line(files=[honest]))
    feeds.settle(4)
    assert contents(feeds) == {b"honest"}
    assert SECRET not in kept(feeds)


def test_a_feed_that_is_no_file_stops_no_other(feeds: Station, secret: Path) -> None:
    # Given an honest feed that is read, and others that turn into a link and a pipe
    for name in ("a.jl", "b.jl", "c.jl"):
        (feeds.inbox / name).write_bytes(line(html=f"<p>{name}</p>"))
    feeds.settle(4)
    (feeds.inbox / "a.jl").unlink()
    (feeds.inbox / "a.jl").symlink_to(secret)
    (feeds.inbox / "b.jl").unlink()
    os.mkfifo(feeds.inbox / "b.jl")
    with (feeds.inbox / "c.jl").open("ab") as out:
        out.write(line(html="<p>more</p>"))
    # When time passes, then the honest one is read on
    feeds.settle(8)
    assert b"<p>more</p>" in contents(feeds)
    assert SECRET not in kept(feeds)


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 1_000_000,
        b'{"a": ' * 1_000_000,
        b'{"files": [' + b"{}," * 1_500_000 + b"{}]}",
        json.dumps({"files": [{"path": f"{n}.pdf"} for n in range(20_000)]}).encode(),
        b'{"a": 1' + b"0" * 1_000_000 + b"}",
    ],
    ids=["deep", "deep objects", "many objects", "many files", "long number"],
)
def test_a_line_that_is_a_bomb_is_passed_over(feeds: Station, bomb: bytes) -> None:
    (feeds.inbox / "items.jl").write_bytes(bomb + b"\n" + line(html="<p>after</p>"))
    feeds.settle(6)
    assert contents(feeds) == {b"<p>after</p>"}
    with feeds.database.reading() as session:
        assert len(list(session.scalars(select(Arrival)))) == 1


def test_a_record_that_names_a_file_is_no_file(feeds: Station, secret: Path) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nreport"
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: file://{secret}\r\n"
        f"WARC-Record-ID: <urn:1>\r\nContent-Type: application/http\r\n"
        f"Content-Length: {len(page)}\r\n\r\n"
    )
    (feeds.inbox / "a.warc").write_bytes(head.encode() + page + b"\r\n\r\n")
    feeds.settle(4)
    assert contents(feeds) == {b"report"}


# --- push, and Scrapy -----------------------------------------------------------------------------


@pytest.fixture
def client(build: Callable[..., Station]) -> Iterator[Client]:
    with pushing(build(sources=(SOURCE,))) as (server, token):
        yield Client(server, token)


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Gouji_Name": "..%2f..%2fetc%2fpasswd"},
        {"X_Gouji_Name": "%00%0a%1b[2J"},
        {"X_Gouji_Name": "%ff%fe"},
        {"X_Gouji_Name": "x" * 5000},
        {"X_Gouji_Name": ".."},
        {"X_Gouji_Url": "file:///etc/passwd"},
        {"X_Gouji_Url": "http://[::1"},
        {"X_Gouji_Url": "http://a/" + "b" * 9000},
        {"X_Gouji_Fetched_At": "9" * 4000},
        {"X_Gouji_Year": "-1", "X_Gouji_Title": "%ed%a0%80"},
        {"Content_Disposition": 'attachment; filename="../../a.txt"'},
    ],
)
def test_what_is_said_of_a_pushed_document_is_only_said(
    client: Client, headers: dict[str, str], tmp_path: Path
) -> None:
    status, told, _ = client.post(b"report", **headers)
    assert status == 202
    assert "/" not in told["name"]
    assert len(told["name"]) <= 255
    assert all(character.isprintable() for character in told["name"])


@pytest.mark.parametrize("path", ["../secret", "full/../../secret", "link"])
def test_the_pipeline_pushes_nothing_from_outside_of_the_store(
    build: Callable[..., Station], tmp_path: Path, secret: Path, path: str
) -> None:
    (tmp_path / "store" / "full").mkdir(parents=True)
    (tmp_path / "store" / "link").symlink_to(secret)
    station = build(sources=(SOURCE,))
    with pushing(station) as door:
        deliverer, counts, _ = pipeline(door, tmp_path)
        item: dict[str, Any] = {"url": "http://a", "files": [{"path": path}]}
        deliverer.deliver(item)
        deliverer.deliver({"url": "http://a", "files": [{"path": os.fspath(secret)}]})
    assert counts == {"gouji/failed": 2}
    assert station.states() == {}
