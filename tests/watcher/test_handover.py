"""Originals moved away: only the version that was archived, overwriting nothing."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from models.ledger import Handover
from tests.watcher.station import Station
from watcher.handover import HandingOver, Moved, _original
from watcher.register import Origin


def handovers(station: Station) -> list[str]:
    return [arrival.handover for arrival in station.arrivals()]


def block(station: Station) -> Path:
    """Put something in the way of the folder for originals."""
    obstacle = station.inbox / ".gouji"
    obstacle.write_bytes(b"")
    return obstacle


def test_what_cannot_be_moved_is_told_once_and_undoes_nothing(station: Station) -> None:
    # Given a source whose folder for originals cannot be made
    obstacle = block(station)
    station.drop("a.txt")
    # When
    station.settle(10)
    # Then the document is on its way all the same
    assert station.states() == {"queued": 1, "accepted": 1}
    assert handovers(station) == ["failed"]
    assert station.events().count("file.move_failed") == 1
    # And when the way is free, it is moved
    obstacle.unlink()
    station.turn(700.0)
    assert handovers(station) == ["moved"]
    assert station.left() == []


def test_what_cannot_be_moved_is_tried_again_soon_and_then_ever_more_seldom(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given one that could not be moved, and a watcher that is asked how often it tries
    obstacle = block(station)
    station.drop("a.txt")
    station.settle()
    tried: list[float] = []
    redo = HandingOver.redo

    def counted(self: HandingOver, origin: Origin, states: Sequence[Handover]) -> list[Moved]:
        tried.append(station.clock.now)
        return redo(self, origin, states)

    monkeypatch.setattr(HandingOver, "redo", counted)

    # When half an hour passes
    begun = station.clock.now
    for _ in range(360):
        station.turn(5.0)

    # Then it is tried after a quarter of a minute, twice as long, and so on up to ten minutes
    pauses = [after - before for before, after in pairwise([begun, *tried])]
    assert pauses == pytest.approx([15, 30, 60, 120, 240, 480, 600], abs=10.0)

    # And the next one that cannot be moved does not wait for the first one's turn
    obstacle.unlink()
    station.turn(700.0)
    (station.inbox / ".gouji").rename(station.inbox.parent / "aside")
    obstacle = block(station)
    station.drop("b.txt", b"another")
    station.settle()
    obstacle.unlink()
    station.turn(20.0)
    assert handovers(station) == ["moved", "moved"]


def test_a_restart_tries_again(station: Station) -> None:
    obstacle = block(station)
    station.drop("a.txt")
    station.settle()
    obstacle.unlink()
    station.restart()
    station.turn()

    assert handovers(station) == ["moved"]
    assert station.states() == {"queued": 1, "accepted": 1}


def test_a_new_version_of_a_file_that_could_not_be_moved_comes_in(station: Station) -> None:
    block(station)
    station.drop("a.txt", b"first")
    station.settle()
    station.drop("a.txt", b"second!")
    station.settle()

    assert station.states() == {"queued": 2, "accepted": 2}


def test_a_folder_that_is_a_symlink_is_not_followed(station: Station, tmp_path: Path) -> None:
    # Given a trap that would carry originals out of the source
    (tmp_path / "elsewhere").mkdir()
    (station.inbox / ".gouji").symlink_to(tmp_path / "elsewhere")
    station.drop("a.txt")
    # When
    station.settle()
    # Then
    assert handovers(station) == ["failed"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_names_that_are_taken_and_names_that_are_long(station: Station) -> None:
    # Given a name of the greatest length that comes five times with other contents
    name = "长" * 83 + "x.txt"
    for n in range(5):
        station.drop(name, b"%d" % n)
        station.settle(2)
    # Then all five were kept
    assert station.left() == []
    folder = next((station.inbox / ".gouji" / "done").iterdir())
    assert sorted(path.read_bytes() for path in folder.iterdir()) == [b"%d" % n for n in range(5)]


def test_an_original_replaced_meanwhile_is_left_alone(station: Station) -> None:
    # Given an arrival whose original was replaced before it could be moved
    station.drop("a.txt", b"old")
    station.restart(die_at="intake.committed")
    with pytest.raises(BaseException, match="committed"):
        station.settle()
    station.drop("b.txt", b"newer").replace(station.inbox / "a.txt")
    # When what is pending is done again
    origin = Origin("drop", os.fsencode(station.inbox), ours=True)
    [moved] = HandingOver(station.database).redo(origin, [Handover.PENDING])
    # Then
    assert moved.handover is Handover.NONE
    assert (station.inbox / "a.txt").read_bytes() == b"newer"
    assert station.events().count("file.vanished") == 1


def test_a_file_put_back_is_the_known_one(station: Station) -> None:
    # Given a file that was moved away
    station.drop("a.txt")
    station.settle()
    [arrival] = station.arrivals()
    assert arrival.moved_to is not None
    # When somebody moves it back
    (station.inbox / os.fsdecode(arrival.moved_to)).rename(station.inbox / "a.txt")
    station.settle()
    # Then it is moved away again, and nothing else happens
    assert station.states() == {"queued": 1, "accepted": 1}
    assert station.left() == []


def test_another_content_with_the_identity_of_a_known_file_comes_in(station: Station) -> None:
    # Given a file put back with other bytes, but the same inode, size and time
    station.drop("a.txt", b"first")
    station.settle()
    [arrival] = station.arrivals()
    assert arrival.moved_to is not None
    path = station.inbox / "a.txt"
    (station.inbox / os.fsdecode(arrival.moved_to)).rename(path)
    path.write_bytes(b"other")
    os.utime(path, ns=(arrival.mtime_ns, arrival.mtime_ns))
    # When
    station.settle(4)
    # Then
    assert {station.archive.get(one.sha256) for one in station.documents()} == {b"first", b"other"}
    assert station.left() == []


def test_the_folder_is_that_of_the_day_it_was_seen(station: Station) -> None:
    station.drop("a.txt")
    station.settle()

    [arrival] = station.arrivals()
    day = arrival.seen_at.astimezone(UTC).date().isoformat()
    assert arrival.moved_to == f".gouji/done/{day}/a.txt".encode()
    assert datetime.now(UTC) >= arrival.seen_at


def test_of_two_watchers_that_move_one_original_one_tells_of_it(station: Station) -> None:
    # Given a watcher that moved an original and was not heard of, and another that has moved it
    station.restart(die_at="move.put")
    station.drop("a.txt")
    with pytest.raises(BaseException, match="put"):
        station.settle()
    origin = Origin("drop", os.fsencode(station.inbox), ours=True)
    late = HandingOver(station.database)
    originals = [_original(row) for row in late._arrivals(origin)]
    HandingOver(station.database).redo(origin, [Handover.PENDING])
    told = station.events()

    # When the first goes on with what it had read
    late._carry_out(origin, originals)

    # Then the ledger says what it said, once
    assert handovers(station) == ["moved"]
    assert station.events() == told
