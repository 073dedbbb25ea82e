"""What is kept for how long, and that the watcher sees to it by itself."""

import io
import os
import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select, update

from models.base import now
from models.event import Event
from models.ledger import Arrival, Document
from tests.watcher.station import Station
from watcher.housekeeping import DAY, Kind, prune, total

HOUR = 3600.0


def make_old(station: Station, days: float) -> None:
    """Let everything have happened so many days ago."""
    with station.database.transaction() as session:
        moment = now() - timedelta(days=days)
        session.execute(update(Event).values(at=moment))
        session.execute(update(Arrival).values(seen_at=moment))
        session.execute(update(Document).values(state="stored"))
    for path in station.archive.root.rglob("*"):
        os.utime(path, (time.time() - days * DAY,) * 2)


def events(station: Station) -> int:
    with station.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


def test_the_watcher_prunes_by_itself_a_little_at_a_time(build: Callable[..., Station]) -> None:
    # Given old documents, old originals and an old orphan
    station = build(keep_events=10, keep_done=10, keep_orphans=10)
    for n in range(30):
        station.drop(f"{n}.txt", b"%d" % n)
    station.settle()
    orphan = station.archive.put(io.BytesIO(b"orphan"), limit=100).sha256
    make_old(station, 11)
    before = events(station)
    # When a little time passes, nothing is done; when more does, all of it
    station.turn(1)
    assert (events(station), len(station.done())) == (before, 30)
    station.turn(HOUR)
    for _ in range(400):
        station.turn(1)
    # Then it is gone, and the documents are not
    assert events(station) < before
    assert station.done() == []
    assert not station.archive.has(orphan)
    assert all(station.archive.has(document.sha256) for document in station.documents())
    assert len(station.documents()) == 30


def test_what_is_kept_for_ever_is(build: Callable[..., Station]) -> None:
    station = build(keep_events=0, keep_attempts=0, keep_done=0, keep_orphans=0)
    station.drop("a.txt")
    station.settle()
    make_old(station, 10_000)

    for kind in Kind:
        batches = prune(station.settings, station.database, station.archive, kind)
        assert total(batches) is None


def test_an_outage_is_waited_out(build: Callable[..., Station]) -> None:
    # Given an archive that cannot be listed when its turn comes
    station = build(keep_orphans=1)
    station.drop("a.txt")
    station.settle()
    orphan = station.archive.put(io.BytesIO(b"orphan"), limit=100).sha256
    make_old(station, 11)
    root = station.archive.root
    away = root.rename(root.with_name("away"))
    root.write_bytes(b"")
    for _ in range(50):
        station.turn(HOUR / 10)
    # When it is there again
    root.unlink()
    away.rename(root)
    for _ in range(30):
        station.turn(HOUR)
        for _ in range(30):
            station.turn(1)
    # Then the orphan goes
    assert not station.archive.has(orphan)
