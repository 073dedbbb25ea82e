"""A feed source: what its lines bring, and what is wrong with them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from tests.watcher.feeding import append, checkpoint, contents, line, named, save, source, waiting
from tests.watcher.station import SETTLE, Station
from worker.source import Source


@pytest.fixture
def station(build: Callable[..., Station], tmp_path: Path) -> Station:
    (tmp_path / "files").mkdir()
    return build(sources=(source(tmp_path),))


def test_files_that_a_line_names_come_in_with_what_it_says(station: Station) -> None:
    # Given a line as Scrapy writes it, \uXXXX and all
    files = [save(station, "full/0a1b.pdf", b"one"), save(station, "full/0a1c.doc", b"two")]
    files[1]["status"] = "uptodate"
    written = line(
        url="http://example.gov.cn/2024/t1.html",
        title="某市水利局2023年政府信息公开工作年度报告",
        publisher=["某市水利局"],
        year="2023年",
        fetched_at="Sat, 03 Feb 2024 04:05:06 GMT",
        file_urls=[file["url"] for file in files],
        files=files,
    )
    assert b"\\u" in written
    append(station, written)
    # When
    station.turn()
    # Then both came in at once: the line is their done marker
    assert station.states() == {"queued": 2, "accepted": 2}
    one, two = station.arrivals()
    assert (one.url, two.url) == (files[0]["url"], files[1]["url"])
    assert one.fetched_at == datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert one.hints == two.hints
    assert one.hints == {
        "publisher": "某市水利局",
        "title": "某市水利局2023年政府信息公开工作年度报告",
        "year": 2023,
    }
    assert (station.inbox.parent / "files/full/0a1b.pdf").exists()
    assert (station.inbox / "items.jl").read_bytes() == written


def test_a_digest_for_a_name_gives_way_to_the_name_in_the_url(station: Station) -> None:
    file = save(station, f"full/{'a' * 40}.pdf")
    file["url"] = "http://example.gov.cn/down.jsp?f=%E5%B9%B4%E6%8A%A5.pdf"
    append(station, line(files=[file]))
    station.turn()

    assert [document.name for document in station.documents()] == ["down.jsp?f=年报.pdf"]


def test_pages_that_a_line_holds_become_documents(station: Station) -> None:
    # Given pages held as HTML, as text, as both, and HTML that declares what it was decoded from
    append(
        station,
        line(url="http://example.gov.cn/a.html", html="<p>年报</p>", text="年报"),
        line(url="http://example.gov.cn/b.html", html="<meta charset=gb2312><p>年报</p>"),
        line(text="没有网址"),
        line(url="http://example.gov.cn/none.html", html="", file_urls=[], files=[]),
    )
    # When
    station.turn()
    # Then
    assert contents(station) == [
        "<p>年报</p>".encode(),
        "\ufeff<meta charset=gb2312><p>年报</p>".encode(),
        "没有网址".encode(),
    ]
    names = [document.name for document in station.documents()]
    assert names[:2] == ["a.html", "b.html"]
    assert names[2].startswith("items.jl#")
    assert station.arrivals()[0].url == "http://example.gov.cn/a.html"


def test_a_correction_at_the_same_address_is_a_new_document(station: Station) -> None:
    append(station, line(url="http://example.gov.cn/a.html", text="first"))
    station.turn()
    append(station, line(url="http://example.gov.cn/a.html", text="corrected"))
    append(station, line(url="http://example.gov.cn/a.html", text="corrected"))
    station.turn(SETTLE)

    assert contents(station) == [b"first", b"corrected"]
    assert station.states() == {"queued": 2, "accepted": 2}


def test_a_torn_last_line_waits_for_its_end(station: Station) -> None:
    # Given a line of which only a part is there
    whole = line(text="年报")
    append(station, line(text="before"), whole[:10])
    station.turn()
    station.turn(60)
    assert contents(station) == [b"before"]
    # When the rest comes
    append(station, whole[10:])
    station.turn(SETTLE)
    # Then
    assert contents(station) == [b"before", "年报".encode()]


def test_a_last_line_without_a_newline_is_taken_once_it_rested(station: Station) -> None:
    append(station, line(text="one").rstrip(b"\n"))
    station.turn()
    assert contents(station) == []
    station.turn(SETTLE)
    assert contents(station) == [b"one"]
    # And what is appended to it afterwards is read too
    append(station, b"\n", line(text="two"))
    station.turn(SETTLE)
    assert contents(station) == [b"one", b"two"]


def test_a_torn_line_that_nobody_ends_is_told_once(
    build: Callable[..., Station], tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    station = build(sources=(source(tmp_path),), unsettled_after=100.0)
    append(station, b'{"text": "torn')
    with structlog.testing.capture_logs() as logs:
        for _ in range(30):
            station.turn(10)

    assert [entry["event"] for entry in logs].count("feed.stalled") == 1


def test_bad_lines_are_told_and_passed_over(station: Station) -> None:
    # Given every kind of bad line between two good ones
    bad = [
        b"not json\n",
        b"[1, 2]\n",
        b'{"text": 7}\n',
        b'{"files": {"path": "a"}}\n',
        b'{"files": ["a"]}\n',
        b'{"files": [{"url": "x"}]}\n',
        b'{"files": [{"path": "a", "status": "failed"}]}\n',
        b'{"files": [{"path": "a", "checksum": "xyz"}]}\n',
        b"\xff\xfe\x00\n",
        b"[" * 100_000 + b"\n",
    ]
    append(station, line(text="one"), *bad, b"\n", line(text="two"))
    # When
    with structlog.testing.capture_logs() as logs:
        station.turn()
        station.turn(SETTLE)
    # Then
    assert contents(station) == [b"one", b"two"]
    told = [entry for entry in logs if entry["event"] == "feed.line_bad"]
    assert [entry["line"] for entry in told] == list(range(2, 12))


def test_a_line_that_follows_on_a_torn_one_is_saved(station: Station) -> None:
    # Given a crawl that was killed in a line, and another that appended to the same feed
    file = save(station, "full/a.pdf")
    append(station, line(text="x" * 50, url="http://a")[:30], line(title="t", files=[file]))
    # When
    with structlog.testing.capture_logs() as logs:
        station.turn()
    # Then the torn one is told, the other counts
    assert contents(station) == [b"pdf"]
    assert [entry["event"] for entry in logs].count("feed.line_bad") == 1


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "full/../../secret.txt",
        "/etc/passwd",
        "",
        ".",
        "full//a",
        "a\0b",
        "\ud800",
        "长" * 667,
    ],
)
def test_paths_that_leave_the_files_root_are_refused(station: Station, path: str) -> None:
    # Given a file outside of the root
    (station.inbox.parent / "secret.txt").write_bytes(b"secret")
    append(station, line(files=[{"path": path, "status": "downloaded"}]), line(text="after"))
    # When
    with structlog.testing.capture_logs() as logs:
        station.turn()
    # Then
    assert contents(station) == [b"after"]
    assert [entry["event"] for entry in logs].count("feed.line_bad") == 1


def test_symlinks_are_not_followed(station: Station) -> None:
    # Given a link to a file outside, and a directory that is one
    outside = station.inbox.parent / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_bytes(b"secret")
    files = station.inbox.parent / "files"
    (files / "link.txt").symlink_to(outside / "secret.txt")
    (files / "folder").symlink_to(outside)
    append(station, line(files=[{"path": "link.txt"}, {"path": "folder/secret.txt"}]))
    # When
    for _ in range(5):
        station.turn(10)
    # Then
    assert contents(station) == []
    assert [arrival.why for arrival in station.arrivals()] == ["symlink"]
    assert len(waiting(station)) == 1


def test_a_file_that_is_late_is_waited_for_while_the_feed_goes_on(station: Station) -> None:
    # Given a line whose file is not there yet, and one after it
    late = named("full/late.pdf", b"late")
    append(station, line(title="迟到", files=[late]), line(text="after"))
    station.turn()
    assert contents(station) == [b"after"]
    assert waiting(station) == ["full/late.pdf: not there"]
    # When it comes, half of it first, over a restart
    save(station, "full/late.pdf", b"la")
    station.turn(10)
    assert [why.partition(" ")[2][:8] for why in waiting(station)] == ["checksum"]
    station.restart()
    save(station, "full/late.pdf", b"late")
    station.turn(10)
    # Then
    assert contents(station) == [b"after", b"late"]
    assert station.arrivals()[-1].hints == {"title": "迟到"}
    assert waiting(station) == []


def test_a_path_that_cannot_be_looked_at_holds_nothing_up(station: Station) -> None:
    # Given a line whose path leads in a circle, between others
    (station.inbox.parent / "files" / "loop").symlink_to("loop")
    paths = [save(station, "a.pdf", b"a"), named("loop/x.pdf"), save(station, "b.pdf", b"b")]
    append(station, *(line(files=[one]) for one in paths))
    station.turn()
    # Then the others come in, and it is waited for
    assert contents(station) == [b"a", b"b"]
    assert waiting(station) == ["loop/x.pdf: Too many levels of symbolic links"]
    # When it is looked for again, then that holds nothing up either
    append(station, line(files=[save(station, "c.pdf", b"c")]))
    station.turn(10)
    assert contents(station) == [b"a", b"b", b"c"]
    # And when it is there, it comes in
    (station.inbox.parent / "files" / "loop").unlink()
    save(station, "loop/x.pdf")
    station.turn(10)
    assert contents(station)[-1] == b"pdf"
    assert waiting(station) == []


def test_what_a_url_or_a_time_may_hold_reaches_every_database(station: Station) -> None:
    # Given a page whose URL holds a quoted NUL, and that was fetched when nobody can have
    lines = [
        line(url=f"http://example.gov.cn/{n}/a%00b.html", text=f"page {n}", fetched_at=at)
        for n, at in enumerate(("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 10**12))
    ]
    append(station, *lines)
    station.turn()
    # Then it comes in all the same
    assert [document.name for document in station.documents()] == ["ab.html"] * 3
    assert [arrival.fetched_at for arrival in station.arrivals()] == [None] * 3


def test_files_that_never_come_right_are_given_up_and_told(
    build: Callable[..., Station], tmp_path: Path
) -> None:
    # Given a file that is missing, and one that is not what its line says
    (tmp_path / "files").mkdir()
    station = build(sources=(source(tmp_path),), unsettled_after=0.0)
    wrong = save(station, "wrong.pdf", b"right")
    save(station, "wrong.pdf", b"wrong")
    append(station, line(files=[named("missing.pdf"), wrong]))
    # When
    station.turn()
    station.turn(10)
    # Then what lies there is accounted for, and both are told
    assert waiting(station) == []
    assert contents(station) == []
    assert station.states() == {"ignored": 1}
    assert station.events().count("feed.file_refused") == 2
    # When a later line says what it is
    append(station, line(files=[named("wrong.pdf", b"wrong")]))
    station.turn(10)
    # Then it counts
    assert contents(station) == [b"wrong"]


def test_a_line_longer_than_memory_is_meant_for_is_passed_over(
    build: Callable[..., Station], tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    station = build(sources=(source(tmp_path),), max_bytes=5000)
    append(station, line(text="one"), line(text="x" * 3_000_000), line(text="two"))
    with structlog.testing.capture_logs() as logs:
        station.turn()
    assert contents(station) == [b"one", b"two"]
    assert [entry["line"] for entry in logs if entry["event"] == "feed.line_bad"] == [2]
    assert checkpoint(station).number == 3


def test_every_feed_of_a_directory_in_turn(build: Callable[..., Station], tmp_path: Path) -> None:
    # Given feeds in a directory, and its files root in it too
    files = tmp_path / "inbox" / "files"
    files.mkdir(parents=True)
    station = build(
        sources=(Source("feed", tmp_path / "inbox", kind="feed", files=files, mode="scan"),)
    )
    (files / "saved.jl").write_bytes(line(text="not a feed"))
    (files / "a.pdf").write_bytes(b"pdf")
    (station.inbox / "2024").mkdir()
    append(station, *(line(text=f"a{n}") for n in range(450)), name="2024/a.jl")
    append(station, line(text="b"), line(files=[{"path": "a.pdf"}]), name="b.jsonl")
    append(station, b"not a feed", name="notes.txt")
    # When
    for _ in range(8):
        station.turn(SETTLE)
    # Then
    assert len(contents(station)) == 452
    assert b"not a feed" not in contents(station)


def test_the_same_line_twice_in_a_batch_is_one_arrival(station: Station) -> None:
    file = save(station, "a.pdf")
    append(station, *(line(files=[file], title=f"{n}") for n in range(3)))
    station.turn()

    assert station.states() == {"queued": 1, "accepted": 1}


def test_without_a_files_root_paths_are_relative_to_the_feed(
    build: Callable[..., Station], tmp_path: Path
) -> None:
    station = build(
        sources=(Source("feed", tmp_path / "inbox" / "items.jl", kind="feed", mode="scan"),)
    )
    station.drop("full/a.pdf", b"pdf")
    append(station, line(files=[{"path": "full/a.pdf"}]))
    station.turn()

    assert contents(station) == [b"pdf"]
