"""A backup made under load, brought back: nothing is lost, nothing is doubled, work goes on."""

import hashlib
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select

from console.backup import MANIFEST, Manifest, Unfit, back_up
from console.lock import AlreadyRunning, hold
from console.restore import NotEmpty, restore
from models.filing import StoredReport
from models.ledger import Arrival, Document, State
from tests.fault.running import Running, until
from tests.processes import descendants_of, is_alive
from tests.watcher.station import Station
from tests.worker.house import House, house
from watcher.returning import put_back_unknown
from worker.archive import Archive
from worker.embedded import ensure
from worker.settings import Settings


@pytest.fixture
def place(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        for n in range(5):
            built.receive(b"%d" % n, state=State.STORED)
        yield built


def modes(folder: Path) -> set[int]:
    """Return what group and others may do with anything in a folder, itself included."""
    return {path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("*")]}


def lose(place: House) -> None:
    place.database.close()
    shutil.rmtree(place.settings.data_dir)


def test_what_was_backed_up_is_brought_back(place: House, tmp_path: Path) -> None:
    # Given a backup
    config = tmp_path / "settings.toml"
    config.write_text("# mine\n", "utf-8")
    made = back_up(place.settings, tmp_path / "backup", config)
    assert (made.manifest.documents, made.linked, made.copied) == (5, 5, 0)
    assert (tmp_path / "backup" / "gouji.toml").read_text("utf-8") == "# mine\n"
    # When everything is lost, and the backup is brought back
    digests = {document_id: place.document(document_id).sha256 for document_id in range(1, 6)}
    lose(place)
    restored = restore(place.settings, tmp_path / "backup")
    # Then it is all there, for this user alone
    assert (restored.files, restored.damaged, restored.missing) == (5, (), ())
    assert {number: place.document(number).sha256 for number in digests} == digests
    assert all(place.archive.get(sha256) for sha256 in digests.values())
    assert modes(tmp_path / "backup") == modes(place.settings.data_dir) == {0}
    # And it does not share its files with the backup, which is good for another time
    kept = place.archive.root / digests[1][:2] / digests[1]
    kept.chmod(0o600)
    kept.write_bytes(b"scribble")
    lose(place)
    assert restore(place.settings, tmp_path / "backup").damaged == ()


def test_done_again_only_what_is_new_is_copied(place: House, tmp_path: Path) -> None:
    back_up(place.settings, tmp_path / "backup", None)
    place.receive(b"new", state=State.STORED)

    again = back_up(place.settings, tmp_path / "backup", None)

    assert (again.manifest.documents, again.linked) == (6, 1)
    assert len(list((tmp_path / "backup").glob("gouji-*.db"))) == 1
    lose(place)
    assert restore(place.settings, tmp_path / "backup").files == 6


def test_one_that_is_cut_short_leaves_the_one_before(place: House, tmp_path: Path) -> None:
    # Given a backup, and another that is killed in the middle
    back_up(place.settings, tmp_path / "backup", None)
    place.receive(b"new", state=State.STORED)

    def die(done: int, _of: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(place.settings, tmp_path / "backup", None, die)
    # When it is brought back, then it is the first
    lose(place)
    assert restore(place.settings, tmp_path / "backup").manifest.documents == 5


def test_bytes_that_are_missing_or_damaged_are_told(place: House, tmp_path: Path) -> None:
    # Given an archive that has lost one content and damaged another
    first, second = (place.document(number).sha256 for number in (1, 2))
    (place.archive.root / first[:2] / first).unlink()
    damaged = place.archive.root / second[:2] / second
    damaged.chmod(0o600)
    damaged.write_bytes(b"?")

    made = back_up(place.settings, tmp_path / "backup", None)
    assert set(made.manifest.missing) == {first, second}
    # And a backup one of whose files is damaged later
    third = place.document(3).sha256
    kept = tmp_path / "backup" / "archive" / third[:2] / third
    kept.unlink()
    kept.write_bytes(b"?")
    lose(place)
    restored = restore(place.settings, tmp_path / "backup")
    assert restored.damaged == (third,)
    assert set(restored.missing) == {first, second, third}


def test_nothing_is_overwritten(place: House, tmp_path: Path) -> None:
    back_up(place.settings, tmp_path / "backup", None)
    with pytest.raises(NotEmpty, match=r"gouji\.db"):
        restore(place.settings, tmp_path / "backup")
    empty = replace(place.settings, data_dir=tmp_path / "empty")
    empty.data_dir.mkdir()
    with hold(empty.data_dir), pytest.raises(AlreadyRunning):
        restore(empty, tmp_path / "backup")
    # And where something is there already, that it runs is told before that
    with hold(place.settings.data_dir), pytest.raises(AlreadyRunning):
        restore(place.settings, tmp_path / "backup")


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "other"}', '{"schema": "gouji.backup/1"}'])
def test_what_is_no_backup_is_refused(place: House, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(Unfit):
        restore(place.settings, folder)
    (folder / MANIFEST).write_text(text, "utf-8")
    with pytest.raises(Unfit):
        restore(place.settings, folder)


@pytest.mark.parametrize("change", [{"revision": "9999"}, {"digest": "0" * 64}])
def test_a_newer_or_damaged_backup_is_refused(
    place: House, tmp_path: Path, change: dict[str, str]
) -> None:
    back_up(place.settings, tmp_path / "backup", None)
    path = tmp_path / "backup" / MANIFEST
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | change))
    lose(place)
    with pytest.raises(Unfit):
        restore(place.settings, tmp_path / "backup")
    assert not place.settings.data_dir.exists()


def test_a_directory_that_is_no_place_for_a_backup(place: House, tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="inside"):
        back_up(place.settings, place.settings.data_dir / "backup", None)
    full = tmp_path / "full"
    full.mkdir()
    (full / "letters.txt").write_text("", "utf-8")
    with pytest.raises(Unfit, match="empty"):
        back_up(place.settings, full, None)


def test_a_restore_that_was_cut_short_goes_on(place: House, tmp_path: Path) -> None:
    back_up(place.settings, tmp_path / "backup", None)
    lose(place)

    def die(done: int, _of: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(place.settings, tmp_path / "backup", die)
    assert restore(place.settings, tmp_path / "backup").files == 5
    with pytest.raises(NotEmpty):
        restore(place.settings, tmp_path / "backup")


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    broker = Settings(data_dir=tmp_path / "broker")
    with ensure(broker):
        station = Station(tmp_path, broker_url=broker.broker)
        yield station
        station.close()


@pytest.mark.process
def test_originals_of_a_forgotten_time_come_back(tmp_path: Path, station: Station) -> None:
    # Given two originals before a backup, and three after it, one of which was on its way
    station.drop("before.txt", b"before")
    station.drop("folder/same.txt", b"same before")
    station.settle()
    made = back_up(station.settings, tmp_path / "backup", None)
    station.drop("after.txt", b"after")
    station.drop("folder/same.txt", b"same after")
    station.settle()
    assert len(station.done()) == 4
    moving = station.inbox / ".gouji" / "moving" / "77.abcdef"
    moving.write_bytes(b"on its way")
    # When the backup is brought back
    station.watcher.close()
    station.database.close()
    shutil.rmtree(station.settings.data_dir)
    restored = restore(station.settings, tmp_path / "backup")
    # Then these three lie in the inbox again, each where it was, and come in again
    assert station.left() == ["after.txt", "folder/same.txt", "restored-77"]
    assert len(restored.put_back) == 3
    assert made.manifest.documents == 2
    assert put_back_unknown(station.settings.drops, station.database, made.manifest.made_at) == []
    station.watcher = station._watcher()
    station.settle(6)
    assert station.left() == []
    assert len(station.documents()) == 5


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.end()


SEED = Path(__file__).parents[1] / "data" / "seeds" / "001_978f6dfc59ee8d2b.txt"


def drop(running: Running, numbers: range) -> dict[str, bytes]:
    """Drop reports, each another one; return their contents by digest."""
    text = SEED.read_text("utf-8")
    contents = [f"{text}\n附注{number}\n".encode() for number in numbers]
    for number, data in zip(numbers, contents, strict=True):
        draft = running.inbox / f".{number}.part"
        draft.write_bytes(data)
        draft.rename(running.inbox / f"{number}.txt")
    return {hashlib.sha256(data).hexdigest(): data for data in contents}


@pytest.mark.process
@pytest.mark.soak
def test_a_backup_under_load_is_brought_back_and_work_goes_on(
    running: Running, tmp_path: Path
) -> None:
    # Given a running gouji that is busy, and a backup that is made in the middle
    running.start()
    wanted = drop(running, range(60))
    until(lambda: running.finished() >= 10, 120, running.story)
    dropping = threading.Thread(target=lambda: wanted.update(drop(running, range(60, 90))))
    dropping.start()
    made = back_up(running.settings, tmp_path / "backup", None)
    dropping.join()
    assert 10 <= made.manifest.documents <= 90
    assert made.manifest.missing == ()
    until(lambda: running.finished() >= 40, 120, running.story)
    # When it is killed, its data directory destroyed, and the backup brought back
    left = descendants_of(running.pid)
    running.kill()
    until(lambda: not any(map(is_alive, left)), 60, lambda: list(filter(is_alive, left)))
    running.database.close()
    shutil.rmtree(running.data)
    restored = restore(running.settings, tmp_path / "backup")
    assert (restored.damaged, restored.missing) == ((), ())
    assert Manifest.read(tmp_path / "backup") == restored.manifest
    # And it is started again, with some more to do
    running.start()
    wanted |= drop(running, range(90, 100))

    # Then each report dropped, before or after, is there once and stored once
    until(lambda: running.finished() == 100, 240, running.story)
    assert running.stop(signal.SIGTERM) == 0
    with running.database.reading() as session:
        states = dict(session.execute(select(Document.sha256, Document.state)).all())
        reports = list(session.scalars(select(StoredReport.document_id)))
        arrived = Counter(session.scalars(select(Arrival.state)))
        ids = set(session.scalars(select(Document.id)))
        doubled = session.scalar(
            select(func.count()).select_from(Arrival).where(Arrival.state == "duplicate")
        )
    assert states == dict.fromkeys(wanted, "stored")
    assert sorted(reports) == sorted(ids)
    assert (arrived["accepted"], doubled) == (100, 0)
    archive = Archive(running.settings.archive)
    assert all(archive.get(sha256) == data for sha256, data in wanted.items())
