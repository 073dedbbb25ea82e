"""Archives that are refused, and archives inside of archives."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from models.disclosure.finding import Reason
from models.ledger import Arrival, ArrivalState, Document, State
from tests.worker.house import House, house
from tests.worker.unpack_house import names, pipeline, settle
from tests.worker.unpacking.archives import (
    REPORTS,
    patched,
    zipped,
)
from worker import inspection
from worker.isolation.reading import Refusal
from worker.spool import in_process
from worker.unpacking.members import Member, Sink


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


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
