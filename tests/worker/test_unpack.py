"""Archives in the pipe: every member is entered once, all of them or none."""

import os
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from models.base import now
from models.event import Event, EventName
from models.filing import StoredReport
from models.ledger import ArrivalState, AttemptOutcome, Document, State
from tests.worker.house import House, house
from tests.worker.seeds import SEEDS
from tests.worker.unpack_house import Killed, names, pipeline, settle, stopping_at
from tests.worker.unpacking.archives import (
    REPORTS,
    sevenzipped,
    tarred,
    zipped,
)
from worker import faults
from worker.errors import Transient

STEPS = [point for point in faults.POINTS if point.startswith("unpack.")]


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def test_every_member_becomes_an_arrival(home: House) -> None:
    # Given an archive from the web with two reports, one of them twice, and litter
    files = [*REPORTS, ("again.txt", REPORTS[0][1]), ("__MACOSX/._甲.txt", b"x"), ("d/", b"")]
    when = datetime(2024, 3, 1, tzinfo=UTC)
    told = {"url": "https://example.org/a.zip", "fetched_at": when, "hints": {"year": 2023}}
    container = home.arrive(zipped(files), "2024/年报.zip", **told)
    sent: list[tuple[int, str]] = []

    # When it is worked on
    pipeline(home, sent.extend).run(container)

    # Then it is unpacked
    assert home.document(container).state == State.UNPACKED
    (attempt,) = home.attempts(container)
    assert (attempt.outcome, attempt.stage) == (AttemptOutcome.UNPACKED, "unpack")

    # And each member came in below its archive, with what was said about that
    found = home.arrivals(container)
    assert names(found) == [
        ("2024/年报.zip!/年报/甲.txt", "accepted"),
        ("2024/年报.zip!/年报/乙.html", "accepted"),
        ("2024/年报.zip!/again.txt", "duplicate"),
        ("2024/年报.zip!/__MACOSX/._甲.txt", "ignored"),
    ]
    assert [one.path.decode() for one in found] == [one.name for one in found]
    assert {(one.url, one.fetched_at) for one in found[:3]} == {(told["url"], when)}
    assert found[0].said.year == 2023
    assert found[3].why == "name: __MACOSX"
    assert found[2].document_id == found[0].document_id

    # And the new ones are sent
    assert sent == [(one.document_id, "fast") for one in found[:2]]
    first = home.document(sent[0][0])
    assert (first.name, first.state) == ("甲.txt", State.RECEIVED)
    assert home.archive.get(first.sha256) == REPORTS[0][1]


def test_the_story_tells_which_archive_a_member_came_from(home: House) -> None:
    # Given
    container = home.arrive(zipped(REPORTS), "a.zip")

    # When
    pipeline(home).run(container)

    # Then the archive tells how many, and each member whence
    with home.database.reading() as session:
        events = list(session.scalars(select(Event).order_by(Event.id)))
    (unpacked,) = [event for event in events if event.name == EventName.DOCUMENT_UNPACKED]
    counts = {key: unpacked.data[key] for key in ("members", "accepted", "duplicate", "ignored")}
    assert unpacked.document_id == container
    assert counts == {"members": 2, "accepted": 2, "duplicate": 0, "ignored": 0}
    received = [event for event in events if event.name == EventName.DOCUMENT_RECEIVED]
    assert [event.data["file"] for event in received] == [
        "a.zip!/年报/甲.txt",
        "a.zip!/年报/乙.html",
    ]
    assert {event.data["container"] for event in received} == {container}
    assert all(event.arrival_id and event.document_id for event in received)


def test_reports_in_an_archive_are_stored(home: House) -> None:
    # Given the seeds in a 7z archive in a tar archive
    inner = sevenzipped([(path.name, path.read_bytes()) for path in sorted(SEEDS.iterdir())])
    container = home.arrive(tarred([("inner.7z", inner)]), "a.tar")

    # When everything is worked on
    settle(home)

    # Then each is stored, and both archives are unpacked
    assert home.count(StoredReport) == len(list(SEEDS.iterdir()))
    (nested,) = home.arrivals(container)
    assert nested.document_id is not None
    assert home.document(nested.document_id).state == State.UNPACKED
    assert {one.name.rpartition("!/")[0] for one in home.arrivals(nested.document_id)} == {
        "a.tar!/inner.7z"
    }


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kill", [True, False], ids=["killed", "failed"])
def test_members_are_entered_all_or_none(home: House, step: str, kill: bool) -> None:
    # Given a worker that is stopped between two steps
    container = home.arrive(zipped(REPORTS), "a.zip")
    error: BaseException = Killed() if kill else OSError(28, "No space left on device")
    faults.handle(stopping_at(step, error))

    # When it is
    with pytest.raises((Killed, Transient)):
        pipeline(home).run(container)
    faults.handle(None)

    # Then everything of it is there, or nothing
    done = step == "unpack.committed"
    assert len(home.arrivals(container)) == 2 * done
    assert home.count(Document) == 1 + 2 * done
    assert (home.document(container).state == State.UNPACKED) == done

    # And whoever goes on brings it to the same end, once
    with home.database.transaction() as session:
        session.execute(update(Document).values(lease_expires_at=now() - timedelta(1)))
    pipeline(home).run(container)
    assert names(home.arrivals(container)) == [
        ("a.zip!/年报/甲.txt", "accepted"),
        ("a.zip!/年报/乙.html", "accepted"),
    ]
    assert home.story(container).count("document.unpacked") == 1
    assert home.document(container).state == State.UNPACKED


def test_a_stopped_worker_leaves_nothing_in_the_archive_but_members(home: House) -> None:
    # Given a worker that is killed when the members are unpacked
    container = home.arrive(zipped(REPORTS), "a.zip")
    faults.handle(stopping_at("unpack.unpacked", Killed()))
    with pytest.raises(Killed):
        pipeline(home).run(container)

    # Then there is no half-written file
    assert os.listdir(home.archive.root / ".incoming") == []  # noqa: PTH208


def test_whoever_lost_the_claim_enters_nothing(home: House) -> None:
    # Given a worker that takes so long that another unpacks the archive meanwhile
    container = home.arrive(zipped(REPORTS), "a.zip")

    def overtake(at: str) -> None:
        if at == "unpack.archived":
            faults.handle(None)
            with home.database.transaction() as session:
                session.execute(update(Document).values(lease_expires_at=now() - timedelta(1)))
            pipeline(home).run(container)

    # When it goes on
    faults.handle(overtake)
    pipeline(home).run(container)

    # Then each member is there once
    assert len(home.arrivals(container)) == 2
    assert home.story(container)[-1] == "attempt.superseded"


def test_archives_with_the_same_members_at_once(home: House) -> None:
    # Given two archives that share a member, both about to be entered
    first = home.arrive(zipped([("a.txt", b"one"), ("b.txt", b"two")]), "1.zip")
    second = home.arrive(zipped([("c.txt", b"two"), ("a.txt", b"one")]), "2.zip")
    barrier = threading.Barrier(2)

    def wait(at: str) -> None:
        if at == "unpack.archived":
            barrier.wait(60)

    faults.handle(wait)

    def work(document_id: int) -> None:
        try:
            pipeline(home).run(document_id)
        except Transient:  # a deadlock that the database broke: it comes again
            faults.handle(None)
            pipeline(home).run(document_id)

    # When they are worked on at the same time
    threads = [threading.Thread(target=work, args=(one,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then each content is one document, and every member arrived
    states = [one.state for container in (first, second) for one in home.arrivals(container)]
    assert sorted(states) == ["accepted", "accepted", "duplicate", "duplicate"]
    assert home.count(Document) == 4


def test_endless_races_are_not_the_fault_of_the_archive(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given others who bring the same contents each time between looking and writing
    def racing(*_: object) -> NoReturn:
        raise IntegrityError("INSERT", {}, Exception("documents.sha256"))

    container = home.arrive(zipped(REPORTS), "a.zip")
    with monkeypatch.context() as patch:
        patch.setattr("worker.unpack._Entering.all", racing)

        # When it is worked on
        with pytest.raises(Transient):
            pipeline(home).run(container)

    # Then it waits, and is unpacked when they are done
    assert home.document(container).state == State.QUEUED
    pipeline(home).run(container)
    assert home.document(container).state == State.UNPACKED


def test_a_member_that_is_known_is_a_duplicate(home: House) -> None:
    # Given a document
    known = home.arrive(b"known", "known.txt")

    # When it comes again in an archive, with a file of its own name and content twice
    container = home.arrive(zipped([("k.txt", b"known")]), "a.zip")
    pipeline(home).run(container)

    # Then
    (found,) = home.arrivals(container)
    assert (found.document_id, found.state) == (known, ArrivalState.DUPLICATE)
    assert "document.duplicate" in home.story(known)


def test_a_queue_that_is_away_undoes_nothing(home: House) -> None:
    # Given a way to the queue that fails
    def failing(_documents: Sequence[tuple[int, str]]) -> NoReturn:
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    container = home.arrive(zipped(REPORTS), "a.zip")

    # When
    pipeline(home, failing).run(container)

    # Then the members wait for the sweeper
    assert home.document(container).state == State.UNPACKED
    with home.database.reading() as session:
        received = session.scalars(select(Document).where(Document.state == State.RECEIVED))
        assert len(received.all()) == 2
