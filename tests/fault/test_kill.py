"""Parts are killed in the middle of a run: every file still ends in exactly one state, once."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models.dead_letter import DeadLetter
from models.event import Event, EventName
from models.filing import StoredReport
from models.ledger import Arrival, ArrivalState, Document, State
from tests.fault.material import (
    Dropped,
    Expected,
    drop,
    expected,
    ignorable,
    material,
    move_in_whole,
    write_slowly,
)
from tests.fault.running import Running, until
from tests.processes import is_alive

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc"),
]

_LONG = 120.0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.end()


@pytest.mark.soak
def test_nothing_is_lost_or_done_twice_whatever_is_killed(running: Running) -> None:
    # Given a running gouji and sixty files, when each part is killed in the middle
    files, ignored = run_with_kills(running, count=60, seconds=300)

    # Then the end state is that of a run nobody disturbed
    check_end_state(running, expected(files, ignored))


@pytest.mark.soak
def test_a_thousand_files_and_every_part_killed(running: Running) -> None:
    # Given a thousand files, when each part is killed in the middle
    files, ignored = run_with_kills(running, count=1000, seconds=900)
    assert len(files) == 1000

    # Then the end state is that of a run nobody disturbed
    check_end_state(running, expected(files, ignored))


def run_with_kills(
    running: Running, *, count: int, seconds: float
) -> tuple[list[Dropped], list[Dropped]]:
    """Drop files in six lots, kill something in the middle of each, wait until all is done."""
    files, ignored = material(random.Random(20), count), ignorable(8)
    lots = [files[n * count // 6 : (n + 1) * count // 6] for n in range(6)]
    running.start()
    drop(ignored, running.inbox)

    drop(lots[0], running.inbox)
    _in_the_middle(running, 1)
    os.kill(running.worker_processes()[0], signal.SIGKILL)

    drop(lots[1], running.inbox)
    _in_the_middle(running, len(lots[0]) // 2)
    os.kill(running.parts()["broker"], signal.SIGKILL)

    drop(lots[2], running.inbox)
    os.kill(running.parts()["watch"], signal.SIGKILL)
    lots[3] = move_in_whole(lots[3], running.inbox, running.directory, "整批")
    _in_the_middle(running, len(lots[0]))

    before, started = running.finished(), threading.Event()
    writer = write_slowly(lots[4], running.inbox, started)
    try:
        drop(lots[5], running.inbox)
        _in_the_middle(running, before + 1)
        kill_all_at_once(running)
        assert 0 < running.finished() < count - len(lots[4]), "that was not in the middle"
        running.start()
    finally:
        started.set()
        writer.join()

    everything = [file for lot in lots for file in lot]
    running.wait_until_at_rest(len(everything), seconds)
    assert running.stop() == 0
    return everything, ignored


def _in_the_middle(running: Running, finished: int) -> None:
    """Wait until every part runs and so many documents are done with."""
    parts = {"broker", "watch", "work"}
    until(
        lambda: parts <= set(running.parts()) and running.worker_processes(), _LONG, running.story
    )
    until(lambda: running.finished() >= finished, _LONG, running.story)


def kill_all_at_once(running: Running) -> None:
    """Kill the supervisor, and see that nothing of it is left."""
    left = [*running.parts().values(), *running.worker_processes()]
    running.kill()
    until(lambda: not any(map(is_alive, left)), 60, lambda: list(map(is_alive, left)))


def check_end_state(running: Running, wanted: Expected) -> None:
    """Compare ledger, store, archive, inbox and timeline with what must have come of it."""
    check_ledger(running, wanted)
    check_effects(running, wanted)
    check_inbox(running, wanted)
    check_stories(running, wanted)


def check_ledger(running: Running, wanted: Expected) -> None:
    with running.database.reading() as session:
        documents = dict(session.execute(select(Document.sha256, Document.state)).all())
        names = list(session.scalars(select(Arrival.path).where(Arrival.state != "ignored")))
        states = Counter(session.scalars(select(Arrival.state)))
    assert documents == {sha256: state for sha256, (state, _) in wanted.documents.items()}
    assert Counter(names) == Counter(wanted.arrivals)
    assert states[ArrivalState.ACCEPTED] == len(wanted.documents)
    assert states[ArrivalState.DUPLICATE] == wanted.duplicates


def check_effects(running: Running, wanted: Expected) -> None:
    with running.database.reading() as session:
        reports = list(session.scalars(select(StoredReport.document_id)))
        stored = set(session.scalars(select(Document.id).where(Document.state == State.STORED)))
        dead = dict(
            session.execute(
                select(Document.sha256, DeadLetter.reason).join(
                    DeadLetter, DeadLetter.document_id == Document.id
                )
            ).all()
        )
        letters = session.scalar(select(func.count()).select_from(DeadLetter))
    assert sorted(reports) == sorted(stored)
    assert dead == {sha: why for sha, (state, why) in wanted.documents.items() if state == "dead"}
    assert letters == len(dead)
    for sha256 in wanted.documents:
        assert (running.data / "archive" / sha256[:2] / sha256).exists()


def check_inbox(running: Running, wanted: Expected) -> None:
    paths = (path.relative_to(running.inbox) for path in running.inbox.rglob("*") if path.is_file())
    left = {os.fsencode(path) for path in paths if path.parts[0] != ".gouji"}
    assert left == wanted.ignored


def check_stories(running: Running, wanted: Expected) -> None:
    """Each document was received once and ended once, in the timeline as in the ledger."""
    ends = {
        "stored": EventName.REPORT_STORED,
        "unpacked": EventName.DOCUMENT_UNPACKED,
        "dead": EventName.DOCUMENT_DEAD,
    }
    with running.database.reading() as session:
        states = dict(session.execute(select(Document.id, Document.state)).all())
        events = select(Event.document_id, Event.name).where(Event.document_id.is_not(None))
        told = Counter((row[0], row[1]) for row in session.execute(events))
        duplicates = session.scalar(
            select(func.count()).where(Event.name == EventName.DOCUMENT_DUPLICATE)
        )
    assert duplicates == wanted.duplicates
    for document_id, state in states.items():
        assert told[document_id, EventName.DOCUMENT_RECEIVED] == 1
        assert told[document_id, EventName.ATTEMPT_STARTED] >= 1
        assert told[document_id, ends[state]] == 1
        assert sum(told[document_id, name] for name in ends.values()) == 1
    for document_id in (min(states), max(states)):
        names = story_of(running, document_id)
        assert EventName.DOCUMENT_RECEIVED in names
        assert ends[states[document_id]] in names


def story_of(running: Running, document_id: int) -> list[str]:
    """Return the names of the events that ``gouji events`` tells of a document."""
    gouji = [sys.executable, "-P", "-m", "console.cli.main"]
    told = subprocess.run(
        [*gouji, "events", "--document", str(document_id), "--json"],
        env=running.environment,
        cwd=running.directory,
        capture_output=True,
        check=True,
    ).stdout
    return [json.loads(line)["event"] for line in told.splitlines()]
