"""Originals in ``.gouji/done``: deleted only when the archive has them whole."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from models.base import now
from models.ledger import Arrival
from tests.watcher.station import Killed, Station
from watcher.originals import Originals
from worker import faults

TOMORROW = now() + timedelta(days=1)


@pytest.fixture
def station(build: Callable[..., Station]) -> Station:
    station = build()
    station.drop("a.txt", b"first")
    station.drop("folder/b.txt", b"second")
    station.settle()
    assert station.done() == ["a.txt", "folder/b.txt"]
    return station


def remove(station: Station, *, dry_run: bool = False) -> tuple[int, int]:
    """Return how many files went, and their bytes."""
    originals = Originals(station.settings.drops, station.archive, station.database)
    gone = list(originals.remove(TOMORROW, dry_run=dry_run))
    return sum(one.files for one in gone), sum(one.size for one in gone)


def handovers(station: Station) -> list[str]:
    return [arrival.handover for arrival in station.arrivals()]


def at(station: Station, name: str) -> Path:
    return next((station.inbox / ".gouji" / "done").rglob(name))


def test_old_originals_go_and_leave_no_empty_folder(station: Station) -> None:
    assert remove(station, dry_run=True) == (2, 11)
    assert station.done() == ["a.txt", "folder/b.txt"]

    assert remove(station) == (2, 11)
    assert not (station.inbox / ".gouji" / "done").exists()
    assert handovers(station) == ["deleted", "deleted"]
    assert remove(station) == (0, 0)
    # And the next ones are moved there as ever
    station.drop("c.txt", b"third")
    station.settle()
    assert station.done() == ["c.txt"]


def test_young_ones_stay(station: Station) -> None:
    originals = Originals(station.settings.drops, station.archive, station.database)
    gone = list(originals.remove(now() - timedelta(days=1), dry_run=False))
    assert [one.files for one in gone] == [0]
    assert station.done() == ["a.txt", "folder/b.txt"]


def test_one_whose_bytes_are_not_whole_in_the_archive_stays(station: Station) -> None:
    # Given an archive that lost one content, and the end of another
    first, second = (station.archive.root / d.sha256[:2] / d.sha256 for d in station.documents())
    first.unlink()
    second.chmod(0o600)
    second.write_bytes(b"seco")

    assert remove(station) == (0, 0)
    assert station.done() == ["a.txt", "folder/b.txt"]


def test_one_that_was_written_to_since_stays(station: Station) -> None:
    at(station, "a.txt").write_bytes(b"a note of mine")

    assert remove(station) == (1, 6)
    assert station.done() == ["a.txt"]
    assert handovers(station) == ["moved", "deleted"]


def test_its_done_marker_goes_along(build: Callable[..., Station]) -> None:
    station = build()
    station.drop("a.txt.done", b"")
    station.drop("a.txt", b"marked")
    station.settle()
    assert station.done() == ["a.txt", "a.txt.done"]

    assert remove(station) == (1, 6)
    assert station.done() == []


def test_a_directory_that_is_away_is_left_for_another_time(station: Station) -> None:
    elsewhere = station.inbox.rename(station.inbox.with_name("elsewhere"))
    station.inbox.mkdir()

    assert remove(station) == (0, 0)
    assert handovers(station) == ["moved", "moved"]
    station.inbox.rmdir()
    elsewhere.rename(station.inbox)
    assert remove(station) == (2, 11)


def test_a_kill_after_the_deletion_is_made_up_for(station: Station) -> None:
    # Given a process that is killed before the ledger knows
    def die(point: str, _name: str = "") -> None:
        if point == "prune.unlinked":
            raise Killed(point)

    faults.handle(die)
    with pytest.raises(Killed):
        remove(station)
    faults.handle(None)
    assert handovers(station) == ["moved", "moved"]
    # When the next one comes, then the ledger knows
    assert remove(station) == (0, 0)
    assert handovers(station) == ["deleted", "deleted"]


def test_one_that_is_brought_back_by_hand_is_moved_again(station: Station) -> None:
    # Given an original that somebody moved back, which counted as deleted
    back = at(station, "a.txt").rename(station.inbox / "a.txt")
    assert remove(station) == (1, 6)
    # When it comes to rest
    station.settle()
    # Then it is known, and moved away
    assert not back.exists()
    assert station.done() == ["a.txt"]
    assert handovers(station) == ["moved", "deleted"]


def test_a_symlink_in_its_place_is_not_followed(station: Station, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"first")
    place = at(station, "a.txt")
    place.unlink()
    place.symlink_to(precious)

    assert remove(station)[0] == 1
    assert precious.exists()


def test_nothing_is_asked_of_arrivals_that_were_never_moved(station: Station) -> None:
    with station.database.transaction() as session:
        session.execute(update(Arrival).values(moved_to=None, handover="failed"))

    assert remove(station) == (0, 0)
    assert station.done() == ["a.txt", "folder/b.txt"]
