"""Old history: what is forgotten of it, and what never is."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from models.base import now
from models.event import Event, EventName
from models.ledger import Attempt, AttemptOutcome, State
from tests.worker.house import House, house
from watcher.history import DETAILS, forget_events, forget_tracebacks
from worker.logs import record

STORY = (
    EventName.FILE_SETTLED,
    EventName.DOCUMENT_RECEIVED,
    EventName.DOCUMENT_QUEUED,
    EventName.ATTEMPT_STARTED,
    EventName.DOCUMENT_RETRIED,
    EventName.DOCUMENT_DUPLICATE,
    EventName.REPORT_STORED,
    EventName.FILE_MOVED,
)
SPINE = (
    EventName.FILE_SETTLED,
    EventName.DOCUMENT_RECEIVED,
    EventName.DOCUMENT_RETRIED,
    EventName.REPORT_STORED,
    EventName.FILE_MOVED,
)
TOMORROW = now() + timedelta(days=1)


@pytest.fixture
def old(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def tell(place: House, document_id: int | None, *names: EventName) -> None:
    with place.database.transaction() as session:
        for name in names:
            record(session, name, document_id=document_id)
            session.flush()


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        (State.STORED, SPINE),
        (State.UNPACKED, SPINE),
        (State.DISCARDED, SPINE),
        (State.DEAD, STORY),
        (State.PROCESSING, STORY),
        (State.QUEUED, STORY),
        (State.RECEIVED, STORY),
    ],
)
def test_what_is_kept_of_a_document(old: House, state: State, kept: tuple[EventName, ...]) -> None:
    # Given a document whose story is old
    document_id = old.receive(b"a", state=state)
    tell(old, document_id, *STORY)
    # When looked at only, nothing goes
    wanted = len(STORY) - len(kept)
    assert sum(forget_events(old.database, TOMORROW, dry_run=True)) == wanted
    assert old.story(document_id) == list(STORY)
    # When details are forgotten
    assert sum(forget_events(old.database, TOMORROW, dry_run=False)) == wanted
    # Then its beginning, its end, what it came to and what was decided stay
    assert old.story(document_id) == list(kept)
    assert sum(forget_events(old.database, TOMORROW, dry_run=False)) == 0


def test_what_is_young_is_kept(old: House) -> None:
    document_id = old.receive(b"a", state=State.STORED)
    tell(old, document_id, *STORY)

    assert list(forget_events(old.database, now() - timedelta(days=1), dry_run=False)) == []
    assert old.story(document_id) == list(STORY)


def test_of_what_belongs_to_no_document_only_the_audit_trail_is_kept(old: House) -> None:
    tell(old, None, EventName.TOKEN_CREATED, EventName.FILE_IGNORED, EventName.TOKEN_REVOKED)

    assert sum(forget_events(old.database, TOMORROW, dry_run=False)) == 1
    with old.database.reading() as session:
        assert list(session.scalars(select(Event.name))) == ["token.created", "token.revoked"]


def test_many_are_forgotten_some_at_a_time(old: House) -> None:
    # Given more than go at once, with what stays in between
    document_id = old.receive(b"a", state=State.STORED)
    details = [EventName.ATTEMPT_STARTED] * 700
    tell(old, document_id, *details, EventName.REPORT_STORED, *details)
    # When they are forgotten
    batches = list(forget_events(old.database, TOMORROW, dry_run=False))
    # Then no transaction had more than a page
    assert max(batches) <= 500
    assert sum(batches) == 1398
    assert old.story(document_id) == ["attempt.started", "report.stored", "attempt.started"]


def test_decisions_and_results_are_no_details() -> None:
    kept = {name for name in EventName if name not in DETAILS}
    assert {"document.dead", "document.discarded", "document.retried", "report.stored"} <= kept
    assert {"report.restored", "token.created", "token.revoked", "document.received"} <= kept
    assert not any(name.startswith(("stage.", "attempt.")) for name in kept)


@pytest.mark.parametrize(
    ("state", "outcome", "kept"),
    [
        (State.STORED, AttemptOutcome.RETRY, None),
        (State.STORED, None, "Traceback"),  # it may run still
        (State.DEAD, AttemptOutcome.DEAD, "Traceback"),
        (State.QUEUED, AttemptOutcome.RETRY, "Traceback"),
    ],
)
def test_tracebacks_of_finished_documents_are_forgotten(
    old: House, state: State, outcome: AttemptOutcome | None, kept: str | None
) -> None:
    # Given an old attempt that failed
    document_id = old.receive(b"a", state=state)
    with old.database.transaction() as session:
        values = {"document_id": document_id, "number": 1, "worker": "w", "parser_version": "1"}
        session.add(Attempt(**values, outcome=outcome, error="why", traceback="Traceback"))
    # When it is young, or looked at only, nothing goes
    assert sum(forget_tracebacks(old.database, now() - timedelta(days=1), dry_run=False)) == 0
    assert sum(forget_tracebacks(old.database, TOMORROW, dry_run=True)) == (kept is None)
    # When tracebacks are forgotten
    assert sum(forget_tracebacks(old.database, TOMORROW, dry_run=False)) == (kept is None)
    # Then the attempt itself stays
    [attempt] = old.attempts(document_id)
    assert (attempt.number, attempt.error, attempt.traceback) == (1, "why", kept)


def test_the_page_after_a_round_is_reached(old: House) -> None:
    # Given an event that is told late, out of the order of time
    document_id = old.receive(b"a", state=State.STORED)
    tell(old, document_id, *STORY)
    with old.database.transaction() as session:
        session.execute(update(Event).where(Event.name == "document.queued").values(at=TOMORROW))
    # When details are forgotten, then those around it go all the same
    assert sum(forget_events(old.database, now() + timedelta(hours=1), dry_run=False)) == 2
