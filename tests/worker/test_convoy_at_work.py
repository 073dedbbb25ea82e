"""Documents that are worked on together by real threads of Dramatiq, while things go wrong."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import CurrentMessage, Retries, TimeLimitExceeded
from sqlalchemy import event

from models import session as sessions
from models.disclosure.hints import NONE, Hints
from models.ledger import Arrival, ArrivalState, State
from models.trace import Trace
from tests.claiming import claimed
from tests.worker.house import House, house, imbalanced, stored, until
from worker import logs
from worker import pipeline as pipelines
from worker.actors import declare
from worker.app import _again
from worker.convoy import Hint
from worker.errors import ArchiveError, NotBegun
from worker.inbox import PROCESS
from worker.inspection import Inspection, Timing
from worker.lifecycle import Abandoned, Ahead, Bindings, Prefetch
from worker.pipeline import Pipeline
from worker.waiting import URGENT, line_up


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        yield built


def receive(home: House, count: int) -> list[int]:
    return [home.receive(b"%d" % n, traceparent=str(Trace.begun())) for n in range(count)]


@contextmanager
def working(pipeline: Pipeline, ids: Sequence[Any], threads: int = 1) -> Iterator[StubBroker]:
    """Have messages with these arguments worked off for as long as the block runs."""
    middleware = [
        Prefetch(),
        Ahead(pipeline.convoy),
        Bindings(),
        CurrentMessage(),
        Abandoned(lambda: pipeline),
        Retries(min_backoff=1, max_backoff=2, retry_when=_again),
    ]
    broker = StubBroker(middleware=middleware)
    declare(broker, pipeline.run, again_after=1)
    worker = dramatiq.Worker(broker, worker_timeout=10, worker_threads=threads)
    for one in ids:
        arguments = one if isinstance(one, tuple) else (one,)
        broker.enqueue(dramatiq.Message("fast", PROCESS, arguments, {}, {}))
    worker.start()
    try:
        yield broker
    finally:
        worker.stop()


def states(home: House, ids: Sequence[int]) -> list[str]:
    return [home.document(one).state for one in ids]


@pytest.mark.parametrize("refused", [None, b"1"], ids=["while it waits", "while one is refused"])
def test_a_database_that_is_away_in_the_midst_is_nobodys_fault(
    home: House, monkeypatch: pytest.MonkeyPatch, refused: bytes | None
) -> None:
    # Given a lock that is held for longer than anybody waits, from the first document on
    monkeypatch.setattr(pipelines, "_PATIENCE", 0.05)
    monkeypatch.setattr(sessions, "BUSY_TIMEOUT_MS", 100)
    ids = receive(home, 6)
    path = home.settings.data_dir / "gouji.db"
    holder = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    begun = threading.Event()

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        if not begun.is_set():
            holder.execute("BEGIN IMMEDIATE")
            begun.set()
            threading.Timer(0.6, holder.rollback).start()
            threading.Event().wait(0.1)
        return (imbalanced if data == refused else stored)(data, name, timing)

    # When they are worked on together
    wanted = [State.DEAD if refused == b"%d" % n else State.STORED for n in range(6)]
    with working(home.pipeline(inspect), ids):
        until(lambda: states(home, ids) == wanted)
    holder.close()

    # Then each ends as it should, and none of them counts as lost
    assert [home.document(one).unfinished for one in ids] == [0] * 6


@pytest.mark.parametrize("arguments", [(), ([1],), (2**70,), ("7",), (None,)], ids=repr)
def test_a_message_that_nobody_of_us_wrote_harms_no_other(
    home: House, arguments: tuple[Any, ...]
) -> None:
    ids = receive(home, 3)
    with working(home.pipeline(), [*ids, arguments]):
        until(lambda: states(home, ids) == [State.STORED] * 3)
    assert [home.letters(one) for one in ids] == [[], [], []]


def test_an_arrival_of_another_release_harms_no_other(home: House) -> None:
    # Given a document of which something is said that this release does not know
    ids = receive(home, 4)
    version: dict[str, Any] = {"inode": 1, "size": 1, "mtime_ns": 1, "document_id": ids[3]}
    where = {"source": "inbox", "path": b"x", "name": "x", "state": ArrivalState.ACCEPTED}
    with home.database.transaction() as session:
        session.add(Arrival(**where, **version, hints={"newer": "x"}))

    # When it lies in memory beside others, then they are stored
    with working(home.pipeline(), ids):
        until(lambda: states(home, ids[:3]) == [State.STORED] * 3)


def test_slow_documents_go_together_in_smaller_numbers(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given documents of which a few use up all patience
    monkeypatch.setattr(pipelines, "_PATIENCE", 0.1)
    ids = receive(home, 60)
    pause = threading.Event()

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        pause.wait(0.02)
        return stored(data, name, timing)

    # When they are worked off, then they are not given back again and again
    with working(home.pipeline(inspect), ids):
        until(lambda: states(home, ids) == [State.STORED] * 60)
    assert sum(len(home.attempts(one)) for one in ids) < 60 * 3


def test_every_thread_has_its_share(home: House) -> None:
    # Given two threads, and a document that is read until another thread has read one too
    ids = receive(home, 12)
    seen: set[int] = set()
    both = threading.Event()

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        seen.add(threading.get_ident())
        if len(seen) > 1:
            both.set()
        assert both.wait(120), "the other thread waits for what this one has taken along"
        return stored(data, name, timing)

    with working(home.pipeline(inspect), ids, threads=2):
        until(lambda: states(home, ids) == [State.STORED] * 12)


def test_what_was_taken_along_is_left_wherever_it_is_interrupted(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a time limit that strikes when others have been taken along
    ids = receive(home, 3)
    pipeline = home.convoy(ids)
    take = pipeline.convoy.take

    def interrupted(*arguments: Any) -> list[Hint]:
        take(*arguments)
        raise TimeLimitExceeded

    monkeypatch.setattr(pipeline.convoy, "take", interrupted)
    with pytest.raises(NotBegun):
        pipeline.run(ids[0], f"m{ids[0]}")

    # When their turn comes, then they are worked on
    monkeypatch.undo()
    for one in reversed(ids):
        pipeline.run(one, f"m{one}")
    assert states(home, ids) == [State.STORED] * 3


def test_nobody_waits_for_a_document_that_hangs(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given two threads, and a document that is read until all others are done
    monkeypatch.setattr(pipelines, "_PATIENCE", 600.0)  # nothing is given back for slowness alone
    ids = receive(home, 12)
    others = threading.Event()

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        if data == b"0":
            assert others.wait(120), "what it had taken along waits for it"
        return stored(data, name, timing)

    # When they are worked on together, then the other thread takes over what this one has not begun
    with working(home.pipeline(inspect), ids, threads=2):
        until(lambda: states(home, ids[1:]) == [State.STORED] * 11)
        assert states(home, ids[:1]) == [State.PROCESSING]
        others.set()
        until(lambda: states(home, ids[:1]) == [State.STORED])
    assert [len(home.attempts(one)) for one in ids] == [1] * 12


def test_what_is_claimed_is_given_back_wherever_it_is_interrupted(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a time limit that strikes when others have been claimed along with a document
    ids = receive(home, 3)
    pipeline = home.convoy(ids)

    def interrupted(hints: Iterable[Hint]) -> None:
        raise TimeLimitExceeded

    monkeypatch.setattr(pipeline.convoy, "wait", interrupted)
    with pytest.raises(NotBegun):
        pipeline.run(ids[0], f"m{ids[0]}")

    # Then nothing is held, and they wait as if they had not been begun
    assert pipeline.held == ()
    assert states(home, ids) == [State.QUEUED] * 3
    assert [home.document(one).unfinished for one in ids] == [0] * 3


def test_what_is_taken_over_is_given_back_wherever_that_is_interrupted(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a document that hangs, and another thread whose turn is interrupted as it takes over
    ids = receive(home, 2)
    begun, over = threading.Event(), threading.Event()

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        begun.set()
        assert over.wait(30)
        return stored(data, name, timing)

    def interrupted(lead: Hint) -> None:
        raise TimeLimitExceeded

    pipeline = home.pipeline(inspect)
    pipeline.convoy.follow(lambda: [Hint(ids[1], "rider")])
    lead = threading.Thread(target=pipeline.run, args=(ids[0], "lead"))
    lead.start()
    assert begun.wait(30)
    monkeypatch.setattr(pipeline, "_take_over", interrupted)
    with pytest.raises(NotBegun):
        pipeline.run(ids[1], "rider")

    # Then it waits as if it had not been begun, and what hung is stored
    over.set()
    lead.join(30)
    assert states(home, ids) == [State.STORED, State.QUEUED]
    assert pipeline.held == ()


def test_what_is_urgent_takes_nobody_along(home: House) -> None:
    # Given documents of which an operator waits for the first
    ids = receive(home, 3)
    with home.database.transaction() as session:
        line_up(session, ids[:1], URGENT)
    seen: list[list[str]] = []

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        seen.append(states(home, ids))
        return stored(data, name, timing)

    pipeline = home.convoy(ids, inspect)
    pipeline.run(ids[0], "m")

    # Then nobody else was claimed meanwhile
    assert seen == [[State.PROCESSING, State.QUEUED, State.QUEUED]]


def test_what_is_refused_ends_together_with_what_is_stored(home: House) -> None:
    # Given documents of which every other does not balance
    ids = receive(home, 8)

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        return (imbalanced if int(data) % 2 else stored)(data, name, timing)

    pipeline = home.convoy(ids, inspect)
    commits: list[str] = []
    event.listen(home.database.engine, "commit", lambda _: commits.append("commit"))

    # When they are worked on together
    pipeline.run(ids[0], f"m{ids[0]}")

    # Then one transaction claims them, one ends them, and each has ended as it should
    assert states(home, ids) == [State.STORED, State.DEAD] * 4
    assert [len(home.letters(one)) for one in ids] == [0, 1] * 4
    assert len(commits) == 2


def test_what_others_owe_is_not_held_against_a_report(home: House) -> None:
    # Given another thread whose attempt could not be given back
    ids = receive(home, 2)
    other = claimed(home.database, ids[1])
    assert other is not None

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        pipeline._unsettled.append((other, ArchiveError("away")))
        return stored(data, name, timing)

    pipeline = home.pipeline(inspect)
    pipeline.run(ids[0], "m")
    assert states(home, ids[:1]) == [State.STORED]


def test_the_time_of_others_is_none_of_ones_own(home: House) -> None:
    # Given documents of which one takes long
    ids = receive(home, 6)

    def inspect(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        threading.Event().wait(3.0 if data == b"2" else 0)
        return stored(data, name, timing)

    pipeline = home.convoy(ids, inspect)
    pipeline.run(ids[0], f"m{ids[0]}")

    # Then it is known which
    took = [home.attempts(one)[0].duration_ms or 0 for one in ids]
    assert max(took) == took[2]
    assert sum(took[:2] + took[3:]) < took[2]


def test_every_line_is_about_the_message_of_its_document(
    home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given documents that are worked on together, and a log
    logs.configure("work", form="json")
    ids = receive(home, 3)
    with working(home.pipeline(), ids):
        until(lambda: states(home, ids) == [State.STORED] * 3)

    # Then what is told of each names one message, its own
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    named = {(line["document_id"], line["message_id"]) for line in lines if "attempt_id" in line}
    assert {document_id for document_id, _ in named} == set(ids)
    assert len(named) == len({message_id for _, message_id in named}) == 3
