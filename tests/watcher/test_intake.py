"""Intake: killed anywhere, raced, out of room or out of touch, every file arrives exactly once."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sqlalchemy import text

from models.ledger import Document
from tests.watcher.station import SETTLE, Killed, Station
from tests.watcher.test_drop import make_too_long
from watcher.copying import Changed, copy
from watcher.filesystem import Signature, look
from watcher.intake import INGEST, ingest
from watcher.register import Origin, Taken
from watcher.settle import Settled
from worker.archive import Archive, Stored
from worker.errors import ArchiveError


@pytest.mark.parametrize("step", ["archived", "entered", "committed", "sent", "moved"])
def test_killed_after_any_step_nothing_is_lost_or_doubled(station: Station, step: str) -> None:
    # Given a watcher that dies at this step, and files among which are duplicates
    for n in range(10):
        station.drop(f"{n}/报告.txt", b"content %d" % (n % 7))
    station.restart(die_at=f"intake.{step}")
    with pytest.raises(Killed):
        station.settle()
    # When it is started again, and what it had sent or not is swept
    station.restart()
    station.settle(10)
    station.age(10)
    station.restart()
    station.settle()
    # Then
    assert station.states() == {"queued": 7, "accepted": 7, "duplicate": 3}
    assert station.left() == []
    assert len(station.done()) == 10
    assert [arrival.handover for arrival in station.arrivals()] == ["moved"] * 10
    assert not (station.inbox / "0").exists()
    assert station.events().count("document.received") == 7
    assert station.events().count("file.moved") == 10
    assert station.queue.outstanding() >= 7


def test_what_no_database_takes_keeps_nothing_else_back(station: Station) -> None:
    # Given a batch in which one has a number that does not fit
    station.drop("a.txt", b"a")
    station.drop("b.txt", b"b")
    root = os.fsencode(station.inbox)
    origin = Origin("drop", root, ours=True)
    good = [Settled(path, look(root, path) or Signature(0, 0, 0)) for path in (b"a.txt", b"b.txt")]
    bad = Settled(b"c.txt", Signature(1, 1, 1 << 70), why="of no use")
    # When it is taken in
    taken = station.watcher._intake.take(origin, [good[0], bad, good[1]])
    # Then the others are, and it is told
    outcomes = {one.item.path: one.outcome for one in taken}
    assert outcomes == {b"a.txt": "accepted", b"b.txt": "accepted", b"c.txt": "failed"}


def test_killed_between_moving_and_writing_it_down(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a watcher that dies after the rename
    station.drop("a.txt")

    def die(*_: Any) -> None:
        raise Killed("unwritten")

    with monkeypatch.context() as patch:
        patch.setattr("watcher.handover._write", die)
        with pytest.raises(Killed):
            station.settle()
    assert station.left() == []
    assert [arrival.handover for arrival in station.arrivals()] == ["pending"]
    # When
    station.restart()
    station.turn()
    # Then it is found where it was moved to
    [arrival] = station.arrivals()
    assert arrival.handover == "moved"
    assert arrival.moved_to is not None
    assert (station.inbox / os.fsdecode(arrival.moved_to)).exists()
    assert station.events()[-1] == "file.moved"


def test_two_watchers_on_one_directory_double_nothing(build: Callable[..., Station]) -> None:
    # Given two watchers that saw the same files come to rest
    one, two = build(), build()
    for n in range(20):
        one.drop(f"{n}.txt", b"%d" % n)
    for station in (one, two):
        station.turn()
    # When both take them in, the second after the first has committed but not moved
    one.restart(die_at="intake.committed")
    one.turn()
    with pytest.raises(Killed):
        one.turn(SETTLE)
    two.turn(SETTLE)
    one.restart()
    one.settle()
    # Then
    assert one.states() == {"queued": 20, "accepted": 20}  # sent when it started again
    assert one.left() == []
    assert len(one.done()) == 20
    assert one.events().count("file.moved") == 20


def test_a_race_in_the_database_ends_in_recognition(
    build: Callable[..., Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given another watcher that commits the same file between our look and our write
    one, two = build(), build()
    one.drop("a.txt")
    two.turn()
    from watcher import register as module

    real, calls = module._arrivals, []

    def blind_once(*args: Any) -> Any:
        calls.append(args)
        return {} if len(calls) == 1 else real(*args)

    one.settle(2)
    one.drop("a.txt")
    os.utime(one.inbox / "a.txt", ns=(one.arrivals()[0].mtime_ns,) * 2)
    folder = one.inbox / ".gouji"
    [original] = list(folder.rglob("a.txt"))
    original.rename(one.inbox / "a.txt")
    monkeypatch.setattr(module, "_arrivals", blind_once)
    # When
    one.settle(3)
    # Then
    assert len(calls) >= 2
    assert one.states() == {"queued": 1, "accepted": 1}
    assert one.left() == []


def test_a_file_that_changes_while_it_is_copied_settles_again(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a file that is appended to in the middle of the copy
    path = station.drop("a.txt", b"first")
    real = Archive.put

    def put(self: Archive, source: BinaryIO, *, limit: int) -> Stored:
        with path.open("ab") as out:
            out.write(b" and more")
        return real(self, source, limit=limit)

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "put", put)
        station.settle()
    assert station.states() == {}
    # When it rests
    station.settle(4)
    # Then only the last version came in, and nothing of the others was kept
    [document] = station.documents()
    assert station.archive.get(document.sha256).startswith(b"first and more")
    assert len([file for file in station.archive.root.rglob("*") if file.is_file()]) == 1


def test_a_file_that_was_replaced_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"old")
    found = look(os.fsencode(tmp_path), b"a.txt")
    assert found is not None
    (tmp_path / "a.txt").write_bytes(b"newer")

    with pytest.raises(Changed):
        copy(os.fsencode(tmp_path), Settled(b"a.txt", found), Archive(str(tmp_path / "x")), 100)


def test_no_room_in_the_archive_keeps_files_until_there_is(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a full disk
    station.drop("a.txt")
    station.drop("b.txt", b"other")

    def full(*_: Any, **__: Any) -> Stored:
        raise ArchiveError("archive: cannot be written: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "put", full)
        station.settle(20)
    assert station.states() == {}
    assert station.left() == ["a.txt", "b.txt"]
    # When there is room again
    station.turn(300.0)
    station.settle()
    # Then
    assert station.states() == {"queued": 2, "accepted": 2}


def test_a_database_that_is_away_is_waited_for(station: Station) -> None:
    # Given a ledger without its tables
    with station.database.transaction() as session:
        session.execute(text("ALTER TABLE arrivals RENAME TO gone"))
    station.drop("a.txt")
    station.settle(10)
    assert station.left() == ["a.txt"]
    # When they are back
    with station.database.transaction() as session:
        session.execute(text("ALTER TABLE gone RENAME TO arrivals"))
    station.turn(60.0)
    station.settle()
    # Then
    assert station.states() == {"queued": 1, "accepted": 1}
    assert station.left() == []


def test_a_broker_that_is_away_keeps_nothing_back(
    build: Callable[..., Station],
) -> None:
    # Given no broker
    station = build(broker_url="unix:///nowhere/broker.sock")
    station.drop("a.txt")
    station.settle()
    # Then the document is received and its original moved away
    assert station.states() == {"received": 1, "accepted": 1}
    assert station.left() == []
    assert station.events().count("document.send_failed") == 1
    # When there is one, then the sweeper sends it
    station.age(10)
    later = build(sweep_interval=0.0)
    later.turn()
    assert later.states() == {"queued": 1, "accepted": 1}
    assert later.queue.outstanding() == 1


def test_what_the_queue_has_no_room_for_waits_in_the_ledger(
    build: Callable[..., Station],
) -> None:
    station = build(max_outstanding=3)
    for n in range(5):
        station.drop(f"{n}.txt", b"%d" % n)
    station.settle()

    assert station.states() == {"queued": 3, "received": 2, "accepted": 5}
    assert station.queue.outstanding() == 3
    assert station.left() == []


def test_a_thousand_files_at_once(build: Callable[..., Station]) -> None:
    # Given room for them, and 1,000 files, 100 of them duplicates
    station = build(max_outstanding=2000)
    for n in range(1000):
        station.drop(f"{n % 10}/{n}.txt", b"%d" % (n % 900))
    # When
    station.settle(10)
    # Then
    assert station.states() == {"queued": 900, "accepted": 900, "duplicate": 100}
    assert station.left() == []
    assert len(station.done()) == 1000
    assert station.queue.outstanding() == 900


def run(station: Station, *paths: Path) -> list[Taken]:
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int, _taken: Taken) -> None:
        told.append((done, total))

    taken = ingest(
        paths,
        settings=station.settings,
        database=station.database,
        archive=station.archive,
        inbox=station.queue,
        progress=progress,
    )
    assert told == [(n + 1, len(taken)) for n in range(len(taken))]
    return taken


def test_ingest_copies_and_never_moves(station: Station, tmp_path: Path) -> None:
    # Given a file, and a directory with one more, a duplicate and something to ignore
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (tmp_path / "one.txt").write_bytes(b"one")
    (folder / "deep" / "two.txt").write_bytes(b"two")
    (folder / "again.txt").write_bytes(b"one")
    (folder / ".hidden").write_bytes(b"x")
    # When
    taken = run(station, tmp_path / "one.txt", folder)
    # Then
    outcomes = {Path(one.file).name: str(one.outcome) for one in taken}
    assert outcomes == {
        "one.txt": "accepted",
        "two.txt": "accepted",
        "again.txt": "duplicate",
        ".hidden": "ignored",
    }
    assert station.states() == {"queued": 2, "accepted": 2, "duplicate": 1, "ignored": 1}
    assert {arrival.source for arrival in station.arrivals()} == {"ingest"}
    assert {arrival.handover for arrival in station.arrivals()} == {"none"}
    assert (folder / "deep" / "two.txt").exists()
    # And when it is done again, everything is known
    again = run(station, tmp_path / "one.txt", folder)
    assert {str(one.outcome) for one in again} == {"known", "ignored"}
    assert all(one.document_id for one in again if str(one.outcome) == "known")


def test_ingest_takes_what_is_named_even_if_a_source_would_ignore_it(
    station: Station, tmp_path: Path
) -> None:
    # Given a file that was ignored before as a part of its directory
    (tmp_path / "folder").mkdir()
    hidden = tmp_path / "folder" / ".hidden"
    hidden.write_bytes(b"report")
    assert [str(one.outcome) for one in run(station, hidden.parent)] == ["ignored"]
    # When it is named itself, through a symlink
    (tmp_path / "link").symlink_to(hidden)
    [taken] = run(station, tmp_path / "link")
    # Then
    assert str(taken.outcome) == "accepted"
    assert station.states() == {"queued": 1, "accepted": 1}


def test_ingest_takes_what_is_named_twice_once(station: Station, tmp_path: Path) -> None:
    # Given a file, and one that its directory would have ignored
    (tmp_path / "one.txt").write_bytes(b"one")
    (tmp_path / ".two").write_bytes(b"two")
    # When both are named, and their directory, and one of them again
    taken = run(station, tmp_path / "one.txt", tmp_path / ".two", tmp_path, tmp_path / "one.txt")
    # Then each is taken once
    outcomes = {Path(one.file).name: str(one.outcome) for one in taken}
    assert outcomes["one.txt"] == outcomes[".two"] == "accepted"
    assert len(taken) == len(outcomes)


def test_ingest_says_what_it_could_not_take(station: Station, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    [taken] = run(station, tmp_path / "pipe")
    assert str(taken.outcome) == "failed"
    with pytest.raises(FileNotFoundError):
        run(station, tmp_path / "missing")


def test_ingest_goes_on_after_what_cannot_be_reached(
    station: Station, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a folder too deep to be read, a file that cannot be looked at, and another
    make_too_long(station.inbox, "too-deep-to-be-read/")
    station.drop("a.txt")
    station.drop("bad.txt")
    lstat, opened = os.lstat, os.open

    def failing(act: Any) -> Any:
        def fail(path: Any, *more: Any, **options: Any) -> Any:
            if os.fsencode(path).endswith(b"bad.txt"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return act(path, *more, **options)

        return fail

    monkeypatch.setattr(os, "lstat", failing(lstat))
    monkeypatch.setattr(os, "open", failing(opened))
    # When
    taken = run(station, station.inbox)
    # Then the other is taken in, and what was not is told
    assert sorted(str(one.outcome) for one in taken) == ["accepted", "failed"]
    assert capsys.readouterr().out.count("intake.failed") == 2


def test_ingest_does_not_mistake_an_edited_file_with_an_old_time(
    station: Station, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"first")
    run(station, path)
    times = path.stat()
    path.write_bytes(b"other")
    os.utime(path, ns=(times.st_mtime_ns, times.st_mtime_ns))

    [taken] = run(station, path)

    assert str(taken.outcome) == "failed"
    assert "another content" in taken.why
    assert len(station.documents()) == 1


def test_the_origin_of_ingest_is_the_whole_file_system() -> None:
    assert (INGEST.name, INGEST.root, INGEST.ours) == ("ingest", b"/", False)
    assert Document.__tablename__ == "documents"
