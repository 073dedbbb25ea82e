"""Archives in the pipe: every member is entered once, all of them or none."""

import gzip
import os
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from models.base import now
from models.disclosure.finding import Reason
from models.event import Event, EventName
from models.filing import StoredReport
from models.ledger import Arrival, ArrivalState, AttemptOutcome, Document, State
from tests.worker.house import House, house
from tests.worker.seeds import SEEDS
from tests.worker.unpacking.archives import (
    REPORTS,
    patched,
    sevenzipped,
    special,
    tarred,
    zipped,
    zipped_in_gbk,
)
from worker import inspection
from worker.errors import Transient
from worker.isolation.reading import Refusal
from worker.pipeline import Pipeline
from worker.spool import in_process
from worker.unpack import Send, Unpacker
from worker.unpacking.members import Member, Sink

STEPS = ["unpacked", "archived", "entered", "committed"]


class Killed(BaseException):
    """Ends a worker where it stands, as SIGKILL does: nothing is written down any more."""


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def pipeline(
    home: House,
    send: Send = lambda _: None,
    checkpoint: Callable[[str], None] = lambda _: None,
    unpack: Callable[[bytes, Sink], Refusal | None] = in_process,
) -> Pipeline:
    """The pipe as a worker has it, but for the processes that read."""
    unpacker = Unpacker(home.database, home.archive, unpack, send, checkpoint)
    return Pipeline(home.database, home.archive, home.settings, inspection.inspect, unpacker)


def stopping_at(step: str, error: BaseException) -> Callable[[str], None]:
    """Return a checkpoint that raises at one step."""

    def checkpoint(at: str) -> None:
        if at == step:
            raise error

    return checkpoint


def names(arrivals: Sequence[Arrival]) -> list[tuple[str, str]]:
    return [(arrival.name, arrival.state) for arrival in arrivals]


def settle(home: House) -> None:
    """Work on everything that waits, until nothing does."""
    while True:
        with home.database.reading() as session:
            waiting = select(Document.id).where(Document.state.in_(("received", "queued")))
            found = list(session.scalars(waiting))
        if not found:
            return
        for document_id in found:
            pipeline(home).run(document_id)


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


def test_names_in_gbk_are_kept_as_bytes_and_read(home: House) -> None:
    # Given
    name = "精誠市\\报表.txt"
    assert name.encode("gbk").count(b"\\") == 2
    container = home.arrive(zipped_in_gbk([(name, b"x")]), "a.zip")

    # When
    pipeline(home).run(container)

    # Then a backslash separates, but not one that is the half of a character
    (found,) = home.arrivals(container)
    assert found.path == b"a.zip!/" + "精誠市/报表.txt".encode("gbk")
    assert found.name == "a.zip!/精誠市/报表.txt"


@pytest.mark.parametrize(
    ("named", "inside"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\报告\\a.txt", "报告/a.txt"),
        ("C:a.txt", "a.txt"),
        ("a/../../b.txt", "a/b.txt"),
        ("./a//b.txt", "a/b.txt"),
        ("..", "a"),
        ("x" * 3000, "x" * 3000),
    ],
)
def test_a_name_never_leads_out_of_the_archive(home: House, named: str, inside: str) -> None:
    # Given a member with such a name
    container = home.arrive(zipped([(named, b"x")]), "a.zip")

    # When
    pipeline(home).run(container)

    # Then its bytes are taken under a name that stays inside
    (found,) = home.arrivals(container)
    assert (found.name, found.state) == (f"a.zip!/{inside}", "accepted")
    assert b".." not in found.path
    assert len(found.path) < 1100


def test_what_the_archive_called_it_is_told(home: House) -> None:
    # Given
    container = home.arrive(zipped([("../a.txt", b"x")]), "a.zip")

    # When
    pipeline(home).run(container)

    # Then
    with home.database.reading() as session:
        name = EventName.DOCUMENT_RECEIVED
        (event,) = session.scalars(select(Event).where(Event.name == name))
    assert event.data["named"] == "../a.txt"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kill", [True, False], ids=["killed", "failed"])
def test_members_are_entered_all_or_none(home: House, step: str, kill: bool) -> None:
    # Given a worker that is stopped between two steps
    container = home.arrive(zipped(REPORTS), "a.zip")
    error: BaseException = Killed() if kill else OSError(28, "No space left on device")
    stopped = pipeline(home, checkpoint=stopping_at(step, error))

    # When it is
    with pytest.raises((Killed, Transient)):
        stopped.run(container)

    # Then everything of it is there, or nothing
    done = step == "committed"
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
    with pytest.raises(Killed):
        pipeline(home, checkpoint=stopping_at("unpacked", Killed())).run(container)

    # Then there is no half-written file
    assert os.listdir(home.archive.root / ".incoming") == []  # noqa: PTH208


def test_whoever_lost_the_claim_enters_nothing(home: House) -> None:
    # Given a worker that takes so long that another unpacks the archive meanwhile
    container = home.arrive(zipped(REPORTS), "a.zip")

    def checkpoint(at: str) -> None:
        if at == "archived":
            with home.database.transaction() as session:
                session.execute(update(Document).values(lease_expires_at=now() - timedelta(1)))
            pipeline(home).run(container)

    # When it goes on
    pipeline(home, checkpoint=checkpoint).run(container)

    # Then each member is there once
    assert len(home.arrivals(container)) == 2
    assert home.story(container)[-1] == "attempt.superseded"


def test_archives_with_the_same_members_at_once(home: House) -> None:
    # Given two archives that share a member, both about to be entered
    first = home.arrive(zipped([("a.txt", b"one"), ("b.txt", b"two")]), "1.zip")
    second = home.arrive(zipped([("c.txt", b"two"), ("a.txt", b"one")]), "2.zip")
    barrier = threading.Barrier(2)

    def checkpoint(at: str) -> None:
        if at == "archived":
            barrier.wait(10)

    def work(document_id: int) -> None:
        worker = pipeline(home, checkpoint=checkpoint)
        try:
            worker.run(document_id)
        except Transient:  # a deadlock that the database broke: it comes again
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


def test_litter_cannot_break_the_ledger(home: House) -> None:
    # Given entries with a NUL in the name, half a character, and a size beyond any number
    vast = special(".vast", tarfile.FIFOTYPE)
    vast.size = 2**70
    strange = [(".nul\0", b"x"), ("~$\udcc4", b"x"), ("a.txt", b"x")]
    data = tarred(strange, vast, format=tarfile.PAX_FORMAT, errors="surrogateescape")
    container = home.arrive(data, "a.tar")

    # When
    pipeline(home).run(container)

    # Then
    assert home.document(container).state == State.UNPACKED, home.letters(container)[0].message
    found = home.arrivals(container)
    assert sorted(one.state for one in found) == ["accepted", "ignored", "ignored", "ignored"]


def test_members_of_one_name_and_content_all_arrive(home: House) -> None:
    # Given a tar archive to which a file was added twice
    container = home.arrive(tarred([("a.txt", b"x"), ("a.txt", b"x"), ("a.txt", b"y")]), "a.tar")

    # When
    pipeline(home).run(container)

    # Then
    assert names(home.arrivals(container)) == [
        ("a.tar!/a.txt", "accepted"),
        ("a.tar!/a.txt", "duplicate"),
        ("a.tar!/a.txt", "accepted"),
    ]


def test_an_archive_of_the_same_path_brings_its_own_members(home: House) -> None:
    # Given an archive that is replaced by another with the same names and sizes
    first = home.arrive(zipped([("a.txt", b"1")]), "a.zip")
    second = home.arrive(zipped([("a.txt", b"2")]), "a.zip")

    # When
    for container in (first, second):
        pipeline(home).run(container)

    # Then
    assert [one.state for one in home.arrivals(second)] == ["accepted"]


def test_an_empty_member_ends_like_any_empty_file(home: House) -> None:
    # Given
    container = home.arrive(zipped([("a.txt", b"")]), "a.zip")

    # When
    settle(home)

    # Then
    (found,) = home.arrivals(container)
    assert found.document_id is not None
    (letter,) = home.letters(found.document_id)
    assert letter.reason == Reason.EMPTY


def test_a_member_that_is_too_large_to_read_ends_so_by_itself(home: House) -> None:
    # Given one member beyond max_bytes beside a small one
    container = home.arrive(zipped([("big.txt", b"x" * 3000), ("a.txt", b"x")]), "a.zip")
    settings = {"max_bytes": 1000}

    # When
    home.pipeline(inspection.inspect, **settings).run(container)
    big = home.arrivals(container)[0].document_id
    assert big is not None
    home.pipeline(inspection.inspect, **settings).run(big)

    # Then
    assert home.document(container).state == State.UNPACKED
    assert [letter.reason for letter in home.letters(big)] == [Reason.TOO_LARGE]


def test_an_archive_that_is_refused_leaves_nothing_behind(home: House) -> None:
    # Given an archive whose last member is damaged
    damaged = patched(zipped([*REPORTS, ("z", b"xxyyxx")], 0), b"xxyyxx", b"xxzyxx")
    container = home.arrive(damaged, "a.zip")

    # When
    pipeline(home).run(container)

    # Then it is dead, and none of its members is there
    (letter,) = home.letters(container)
    assert (letter.reason, letter.stage) == (Reason.UNREADABLE, "unpack")
    assert letter.message.startswith("z is damaged")
    assert home.arrivals(container) == []
    assert home.count(Document) == 1


def test_a_dead_archive_can_be_processed_again(home: House) -> None:
    # Given an archive that some version could not unpack
    def failing(data: bytes, sink: Sink) -> Refusal | None:
        in_process(data, sink)
        return Refusal(Reason.UNREADABLE, "the reader failed: Bug", "Traceback: ...")

    container = home.arrive(zipped(REPORTS), "a.zip")
    pipeline(home, unpack=failing).run(container)
    assert home.attempts(container)[0].traceback == "Traceback: ..."
    assert home.arrivals(container) == []

    # When an operator lets it be tried again
    with home.database.transaction() as session:
        session.execute(update(Document).values(state=State.QUEUED))
    pipeline(home).run(container)

    # Then
    assert home.document(container).state == State.UNPACKED
    assert len(home.arrivals(container)) == 2


def test_an_archive_too_deep_inside_others_is_refused(home: House) -> None:
    # Given four archives, one inside the other
    data = zipped([("report.txt", b"x")])
    for n in (3, 2, 1):
        data = zipped([(f"{n}.zip", data)])
    home.arrive(data, "0.zip")

    # When
    settle(home)

    # Then the innermost is dead, and says what to do
    with home.database.reading() as session:
        found = select(Document).where(Document.state == State.DEAD)
        (dead,) = session.scalars(found)
    (letter,) = home.letters(dead.id)
    assert dead.name == "3.zip"
    assert letter.reason == Reason.UNSUPPORTED_TYPE
    assert "inside of 3 others; the limit is 2" in letter.message


def test_the_shortest_way_out_counts(home: House) -> None:
    # Given an archive that lies deep inside others and is dropped by itself too
    deep = zipped([("report.txt", b"x")])
    data = deep
    for n in (3, 2, 1):
        data = zipped([(f"{n}.zip", data)])
    home.arrive(data, "0.zip")
    settle(home)
    with home.database.transaction() as session:
        (dead,) = session.scalars(select(Document).where(Document.state == State.DEAD))
        session.add(
            Arrival(
                source="inbox",
                path=b"3.zip",
                name="3.zip",
                inode=99,
                size=1,
                mtime_ns=1,
                state=ArrivalState.DUPLICATE,
                document_id=dead.id,
            )
        )
        dead.state = State.QUEUED

    # When it is tried again
    pipeline(home).run(dead.id)

    # Then
    assert home.document(dead.id).state == State.UNPACKED


def test_archives_inside_one_another_share_one_allowance(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an archive of two archives that expand to 1,000 bytes each, and 2,500 in all allowed
    monkeypatch.setattr("worker.spool.Allowance.__init__.__defaults__", (0, 2000, 2500, 100))
    inner = [zipped([(f"{n}.txt", bytes([65 + n]) * 1000)]) for n in range(3)]
    home.arrive(zipped([(f"{n}.zip", data) for n, data in enumerate(inner)]), "a.zip")

    # When
    settle(home)

    # Then what comes last is too much
    with home.database.reading() as session:
        names = select(Document.name, Document.state).where(Document.name.endswith(".zip"))
        states = dict(session.execute(names.order_by(Document.id)).all())
    assert states == {
        "a.zip": "unpacked",
        "0.zip": "unpacked",
        "1.zip": "unpacked",
        "2.zip": "dead",
    }


def test_an_archive_that_holds_itself_ends(home: House) -> None:
    # Given a document that is taken for an archive which holds that very document
    data = zipped(REPORTS)

    def quine(data: bytes, sink: Sink) -> Refusal | None:
        sink.restart()
        sink.begin(Member(b"self.zip", len(data)))
        sink.write(data)
        return None

    container = home.arrive(data, "a.zip")

    # When
    pipeline(home, unpack=quine).run(container)

    # Then it is a duplicate of itself, and nothing is left to do
    assert names(home.arrivals(container)) == [("a.zip!/self.zip", "duplicate")]
    assert home.document(container).state == State.UNPACKED


def test_a_compressed_file_without_a_name_is_called_like_its_archive(home: House) -> None:
    # Given
    container = home.arrive(gzip.compress(b"x"), "2024/年报.txt.gz")

    # When
    pipeline(home).run(container)

    # Then
    (found,) = home.arrivals(container)
    assert found.name == "2024/年报.txt.gz!/年报.txt"


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


def test_a_rar_archive_is_refused_with_what_to_do(home: House) -> None:
    # Given both kinds of RAR
    for mark in (b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"):
        container = home.arrive(mark + b"x" * 100, "年报.rar")

        # When
        pipeline(home).run(container)

        # Then
        (letter,) = home.letters(container)
        assert letter.reason == Reason.UNSUPPORTED_TYPE
        assert "RAR archive: repack it as ZIP" in letter.message
        assert "请改用 ZIP 重新打包" in letter.message
