"""Attempts that never end: they are counted, taken over, and tried alone."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dramatiq.middleware import TimeLimitExceeded
from sqlalchemy import update

from models.base import now
from models.disclosure.finding import Reason
from models.disclosure.hints import NONE, Hints
from models.filing import StoredReport
from models.ledger import Document, State
from tests.claiming import claimed
from tests.worker.house import House, house, imbalanced, raising, stored, until
from worker.claim import CRASH_LIMIT
from worker.errors import Refused, Transient
from worker.inspection import Inspection, Timing

if TYPE_CHECKING:
    from worker.pipeline import Inspect


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def test_the_third_attempt_that_never_ended_is_the_last(home: House) -> None:
    # Given a document whose attempts are claimed and then never end
    document_id = home.receive(b"poison")
    for _ in range(CRASH_LIMIT):
        _claim_and_vanish(home, document_id)

    # When its message comes once more
    home.pipeline(raising(AssertionError("it must not be read"))).run(document_id)

    # Then it is dead without another attempt, and the three are written down as lost
    (letter,) = home.letters(document_id)
    assert letter.reason == Reason.CRASH_LOOP
    assert [attempt.outcome for attempt in home.attempts(document_id)] == ["lost"] * 3
    assert home.document(document_id).state == State.DEAD


def test_a_document_with_a_lost_attempt_is_tried_alone(home: House) -> None:
    # Given a document whose attempt was lost, and another that a thread is busy with
    suspect, other = home.receive(b"suspect", unfinished=1, attempts=1), home.receive(b"other")
    busy, free = threading.Event(), threading.Event()

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        if data == b"other":
            busy.set()
            assert free.wait(30)
        return stored(data, name, timing, hints=hints)

    pipeline = home.pipeline(inspect)
    threads = [threading.Thread(target=pipeline.run, args=(one,)) for one in (other, suspect)]
    threads[0].start()
    assert busy.wait(30)

    # When its message comes, then nothing is begun while the other could be taken along
    threads[1].start()
    until(lambda: pipeline._company._waiting)
    assert home.document(suspect).state == State.QUEUED
    assert [claim.document_id for claim in pipeline.held] == [other]

    # And when the other is done, it is worked on
    free.set()
    for thread in threads:
        thread.join(30)
    assert home.document(suspect).state == State.STORED
    assert home.document(other).state == State.STORED


def test_a_second_unfinished_attempt_is_not_the_last(home: House) -> None:
    # Given a document that two attempts have left unfinished
    document_id = home.receive(b"a report")
    for _ in range(CRASH_LIMIT - 1):
        _claim_and_vanish(home, document_id)

    # When its message comes once more
    home.pipeline().run(document_id)

    # Then it is stored, and the count starts again
    assert home.document(document_id).state == State.STORED
    assert home.document(document_id).unfinished == 0


def test_a_document_whose_lease_runs_is_left_alone(home: House) -> None:
    # Given a document that somebody works on
    document_id = home.receive(b"a report")
    _claim_and_vanish(home, document_id, lease=60)

    # When another message for it comes
    home.pipeline().run(document_id)

    # Then nothing happens
    assert home.document(document_id).state == State.PROCESSING
    assert len(home.attempts(document_id)) == 1


@pytest.mark.parametrize("outcome", ["stored", "imbalanced", "fails"])
def test_whoever_lost_the_claim_writes_nothing(home: House, outcome: str) -> None:
    # Given an inspection that takes so long that another worker takes the document over
    document_id = home.receive(b"a report")
    inspections: dict[str, Inspect] = {
        "stored": stored,
        "imbalanced": imbalanced,
        "fails": raising(Refused(Reason.UNREADABLE, "-")),
    }
    then = inspections[outcome]

    def slow(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        with home.database.transaction() as session:
            session.execute(update(Document).values(lease_expires_at=now() - timedelta(1)))
        _claim_and_vanish(home, document_id, lease=60)
        return then(data, name, timing, hints=hints)

    # When it ends after all
    home.pipeline(slow).run(document_id)

    # Then only the event tells of it
    assert home.document(document_id).state == State.PROCESSING
    assert home.count(StoredReport) == 0
    assert home.letters(document_id) == []
    assert home.story(document_id) == [*["attempt.started"] * 2, "attempt.superseded"]
    assert [attempt.outcome for attempt in home.attempts(document_id)] == ["lost", None]


def test_a_transaction_that_an_error_left_open_locks_nobody_out(home: House) -> None:
    # Given a time limit that strikes where a transaction has just begun
    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        session = home.database._writing()
        session.connection()
        raise TimeLimitExceeded

    document_id = home.receive(b"a report")

    # When it is worked on
    with pytest.raises(Transient, match="too long"):
        home.pipeline(inspect).run(document_id)

    # Then the attempt has ended, which whoever had waited for the lock could not have written
    assert home.document(document_id).state == State.QUEUED
    assert [attempt.outcome for attempt in home.attempts(document_id)] == ["retry"]


def _claim_and_vanish(home: House, document_id: int, lease: float = -1) -> None:
    assert claimed(home.database, document_id, lease) is not None
