"""Connections that are lost in the middle of the work cost nothing: no attempt, no doubling."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.filing import StoredReport
from models.ledger import AttemptOutcome, State
from tests.databases import SERVER, empty
from tests.losing import cut, lose_at_commit
from tests.worker.house import House, house, imbalanced, raising, stored
from tests.worker.unpack_house import pipeline
from tests.worker.unpacking.archives import REPORTS, zipped
from worker import faults
from worker.errors import ArchiveError, Transient

pytestmark = pytest.mark.skipif(not SERVER, reason="GOUJI_TEST_DATABASE_URL is not set")

ENDS = {
    "store": (stored, State.STORED, AttemptOutcome.STORED),
    "bury": (imbalanced, State.DEAD, AttemptOutcome.DEAD),
    "retry": (raising(*[ArchiveError("away")] * 99), State.QUEUED, AttemptOutcome.RETRY),
}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with empty("postgresql", tmp_path) as url, house(tmp_path, database_url=url) as built:
        yield built


def at(point: str, strike: Callable[[], None]) -> Callable[[str], None]:
    """Return what strikes once at a fault point."""
    left = [strike]

    def reached(name: str) -> None:
        if name == point and left:
            left.pop()()

    return reached


def check(home: House, document_id: int, kind: str) -> None:
    _, state, outcome = ENDS[kind]
    assert home.document(document_id).state == state
    assert [attempt.outcome for attempt in home.attempts(document_id)] == [outcome]
    assert home.count(StoredReport) == (kind == "store")
    assert len(home.letters(document_id)) == (kind == "bury")
    assert len(home.story(document_id)) == {"store": 2, "bury": 3, "retry": 2}[kind]


def work(home: House, document_id: int, kind: str) -> None:
    try:
        home.pipeline(ENDS[kind][0]).run(document_id, "m")
    except Transient:
        assert kind == "retry"


@pytest.mark.parametrize("kind", ENDS)
@pytest.mark.parametrize("step", ["claim.entered", "work.inspected", "{}.entered"])
def test_a_connection_lost_before_the_commit(home: House, kind: str, step: str) -> None:
    # Given a document, and a server that ends every connection at some point of the work
    document_id = home.receive(b"a report")
    faults.handle(at(step.format(kind), lambda: cut(home.database)))

    # When it is worked on
    work(home, document_id, kind)

    # Then it went on as if nothing had been
    check(home, document_id, kind)


@pytest.mark.parametrize("kind", ENDS)
@pytest.mark.parametrize("number", [1, 2], ids=["claim", "end"])
@pytest.mark.parametrize("committed", [False, True])
def test_a_connection_lost_at_the_commit(
    home: House, monkeypatch: pytest.MonkeyPatch, kind: str, number: int, committed: bool
) -> None:
    # Given a document, and a commit of which nobody hears
    document_id = home.receive(b"a report")
    lose_at_commit(home.database, monkeypatch, number=number, committed=committed)

    # When it is worked on
    work(home, document_id, kind)

    # Then it went on as if nothing had been
    check(home, document_id, kind)


@pytest.mark.parametrize("committed", [False, True])
def test_members_are_entered_once(
    home: House, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    # Given an archive, and the commit of its members of which nobody hears
    document_id = home.arrive(zipped(REPORTS), "年报.zip")
    lose_at_commit(home.database, monkeypatch, number=2, committed=committed)

    # When it is unpacked
    pipeline(home).run(document_id)

    # Then each member has arrived once
    assert home.document(document_id).state == State.UNPACKED
    assert len(home.arrivals(document_id)) == len(REPORTS)
    assert home.story(document_id).count("document.unpacked") == 1


@pytest.mark.parametrize("committed", [False, True])
def test_a_message_dies_once(home: House, monkeypatch: pytest.MonkeyPatch, committed: bool) -> None:
    document_id = home.receive(b"a report")
    lose_at_commit(home.database, monkeypatch, committed=committed)
    home.pipeline().abandon(document_id, "m", ArchiveError("away"))
    assert len(home.letters(document_id)) == 1
    assert home.story(document_id) == ["document.dead"]
