"""A file that kills its worker each time costs three attempts, and keeps no other waiting."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from models.dead_letter import DeadLetter
from models.event import Event, EventName
from models.ledger import Attempt, AttemptOutcome, Document, State
from tests.fault.material import SEEDS
from tests.fault.running import Running
from worker import faults

pytestmark = [pytest.mark.process, pytest.mark.soak]
POISON = "poison.txt"
LEASE = 300.0
WITHIN = 400.0
PAUSE = 2.0
"""Seconds between two files: with a backlog of their own they would wait for one another."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    (tmp_path / "faults").mkdir()
    running = Running(tmp_path, FAULTS=str(tmp_path / "faults"), LEASE=str(LEASE))
    yield running
    running.end()


def drop(running: Running, name: str, number: int) -> None:
    text = SEEDS[number % len(SEEDS)].read_text("utf-8")
    (running.inbox / name).write_text(f"{text}\n{number}\n", "utf-8")


def state_of(running: Running, name: str) -> str | None:
    with running.database.reading() as session:
        return session.scalar(select(Document.state).where(Document.name == name))


def delays(running: Running) -> dict[str, timedelta]:
    """Return for each report that is stored the time since it was received."""
    found = {}
    with running.database.reading() as session:
        received = select(Event.document_id, Event.at).where(
            Event.name == EventName.DOCUMENT_RECEIVED
        )
        begun = {row.document_id: row.at for row in session.execute(received)}
        stored = select(Event.document_id, Event.at, Document.name).join(
            Document, Document.id == Event.document_id
        )
        for row in session.execute(stored.where(Event.name == EventName.REPORT_STORED)):
            found[row.name] = row.at - begun[row.document_id]
    return found


def test_a_poison_file_costs_three_attempts_and_delays_nobody_by_a_lease(
    running: Running, tmp_path: Path
) -> None:
    # Given a file that kills whatever fetches it, among others that come all the while
    running.start()
    faults.arm(tmp_path / "faults", "work.fetched", "kill", POISON)  # each time it is fetched
    drop(running, POISON, 0)
    number, deadline = 0, time.monotonic() + WITHIN
    while state_of(running, POISON) != State.DEAD:
        assert time.monotonic() < deadline, running.story()
        number += 1
        drop(running, f"innocent-{number}.txt", number)
        time.sleep(PAUSE)

    # When all have come to their end
    running.wait_until_at_rest(number + 1, WITHIN)

    # Then the poison is dead after three attempts, none of which ended
    with running.database.reading() as session:
        query = select(Attempt.outcome).join(Document, Document.id == Attempt.document_id)
        outcomes = list(session.scalars(query.where(Document.name == POISON)))
        reasons = list(session.scalars(select(DeadLetter.reason)))
    assert outcomes == [AttemptOutcome.LOST] * 3
    assert reasons == ["crash_loop"]

    # And every other is stored, each before a lease would have run out
    waited = delays(running)
    assert len(waited) == number
    assert max(waited.values()) < timedelta(seconds=LEASE)
