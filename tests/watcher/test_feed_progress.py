"""A feed source: every line counts once, however the feed is appended to, torn or replaced."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.watcher.feeding import append, checkpoint, contents, line, named, save, source
from tests.watcher.station import SETTLE, Killed, Station
from watcher.intake import Intake
from worker.archive import Archive
from worker.errors import ArchiveError


@pytest.fixture
def station(build: Callable[..., Station], tmp_path: Path) -> Station:
    (tmp_path / "files").mkdir()
    return build(sources=(source(tmp_path),))


def test_a_feed_is_read_on_and_never_again(station: Station) -> None:
    # Given a feed that grows between looks and over a restart
    for n in range(6):
        append(station, line(text=f"{n}"))
        station.turn(SETTLE)
        if n % 2:
            station.restart()
    # Then each line was read once
    assert contents(station) == [b"%d" % n for n in range(6)]
    assert station.states() == {"queued": 6, "accepted": 6}
    found = checkpoint(station)
    data = (station.inbox / "items.jl").read_bytes()
    assert (found.offset, found.number) == (len(data), 6)
    assert found.proof == hashlib.sha256(data).hexdigest()


def test_truncated_and_written_anew_it_is_read_anew_without_doubling(station: Station) -> None:
    # Given a feed that was read
    file = save(station, "full/a.pdf")
    lines = [line(text=f"{n}", url=f"http://a/{n}") for n in range(5)]
    append(station, *lines, line(files=[file]))
    station.turn()
    # When -O truncates it and the crawl writes the same and more, seen short or not
    (station.inbox / "items.jl").write_bytes(b"".join(lines[:2]))
    station.turn(SETTLE)
    append(station, *lines[2:], line(files=[file]), line(text="new"))
    station.turn(SETTLE)
    # Then only what is new came in
    assert station.states() == {"queued": 7, "accepted": 7}
    assert contents(station)[-1] == b"new"


def test_overwritten_by_another_of_the_same_length_it_is_read_anew(station: Station) -> None:
    # Given a long feed in which one figure in the middle is all that a new crawl changes
    lines = [line(text=f"{n:4}", url=f"http://a/{n}") for n in range(1000)]
    path = append(station, *lines)
    for _ in range(10):
        station.turn()
    assert len(contents(station)) == 1000
    lines[500] = line(text="9999", url="http://a/500")
    # When it is overwritten in place, also while the watcher is away
    path.write_bytes(b"".join(lines))
    for _ in range(10):
        station.turn(SETTLE)
    assert contents(station)[1000:] == [b"9999"]
    lines[501] = line(text="8888", url="http://a/501")
    station.watcher.close()
    path.write_bytes(b"".join(lines) + line(text="end"))
    station.restart()
    for _ in range(10):
        station.turn(SETTLE)
    # Then
    assert contents(station)[1001:] == [b"8888", b"end"]


@pytest.mark.parametrize("name", ["items.jl.1", "items-1.jl", "old/items.jl"])
@pytest.mark.parametrize("away", [False, True])
def test_what_a_rotated_feed_still_holds_is_read_too(
    station: Station, name: str, away: bool
) -> None:
    # Given a feed that is read, appended to, renamed and begun anew between two looks
    path = append(station, line(text="one"))
    station.turn()
    if away:
        station.watcher.close()
    append(station, line(text="two"))
    (path.parent / name).parent.mkdir(exist_ok=True)
    path.rename(path.parent / name)
    append(station, line(text="three"))
    if away:
        station.restart()
    # When
    for _ in range(3):
        station.turn(SETTLE)
    # Then
    assert sorted(contents(station)) == [b"one", b"three", b"two"]


def test_a_copy_in_its_place_is_read_on(station: Station, tmp_path: Path) -> None:
    # Given a feed that rsync replaces by a longer copy: another inode, the same beginning
    path = append(station, line(text="one"))
    station.turn()
    with structlog.testing.capture_logs() as logs:
        (tmp_path / "copy").write_bytes(path.read_bytes() + line(text="two"))
        (tmp_path / "copy").rename(path)
        station.turn(SETTLE)
    # Then it is not begun anew
    assert contents(station) == [b"one", b"two"]
    assert "feed.restarted" not in [entry["event"] for entry in logs]


@pytest.mark.parametrize("step", ["archived", "entered", "committed", "sent"])
def test_killed_after_any_step_nothing_is_lost_or_doubled(station: Station, step: str) -> None:
    # Given
    append(station, *(line(text=f"{n % 7}", url=f"http://a/{n}") for n in range(10)))
    station.restart(die_at=f"intake.{step}")
    with pytest.raises(Killed):
        station.turn()
    # When
    station.restart()
    station.turn()
    station.age(10)
    station.restart()
    station.turn(10)
    # Then
    assert station.states() == {"queued": 7, "accepted": 7, "duplicate": 3}
    assert station.events().count("document.received") == 7


def test_an_archive_that_is_full_stops_the_feed_and_nothing_is_lost(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(station, line(text="one"), line(text="two"))
    with monkeypatch.context() as patch:

        def full(*_: Any, **__: Any) -> Any:
            raise ArchiveError("archive: cannot be written: No space left on device")

        patch.setattr(Archive, "put", full)
        station.turn()
        station.turn(1)
    assert contents(station) == []
    for _ in range(3):
        station.turn(60)

    assert contents(station) == [b"one", b"two"]


def test_nothing_is_hashed_twice(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a feed that was read
    append(station, *(line(files=[save(station, f"{n}.pdf", b"%d" % n)]) for n in range(5)))
    station.turn()
    taken: list[int] = []
    real = Intake.take

    def take(self: Intake, origin: Any, items: Any) -> Any:
        taken.append(len(items))
        return real(self, origin, items)

    monkeypatch.setattr(Intake, "take", take)
    # When it is begun anew
    (station.inbox / "items.jl").rename(station.inbox / "away")
    append(station, *(line(files=[named(f"{n}.pdf", b"%d" % n)], year=2023) for n in range(5)))
    station.turn(SETTLE)
    # Then its files are recognised by their versions; what it says now is added
    assert taken == []
    assert [arrival.hints for arrival in station.arrivals()] == [{"year": 2023}] * 5
