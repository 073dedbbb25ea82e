"""Many work together, or one alone."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest
from dramatiq.middleware import TimeLimitExceeded
from dramatiq.threading import raise_thread_exception

from models.disclosure.hints import NONE, Hints
from models.ledger import State
from tests.worker.house import House, house, stored, until
from worker.company import Company
from worker.errors import NotBegun, Stopping
from worker.inspection import Inspection, Timing


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


class Worker(threading.Thread):
    """A thread that comes in, stays until it is let go, and can be asked whether it is in."""

    def __init__(self, way: AbstractContextManager[None]) -> None:
        super().__init__(daemon=True)
        self.inside, self._leave, self._way = threading.Event(), threading.Event(), way

    def run(self) -> None:
        with self._way:
            self.inside.set()
            self._leave.wait(30)

    def leave(self) -> None:
        self._leave.set()
        self.join(30)


@contextmanager
def coming(way: AbstractContextManager[None]) -> Iterator[Worker]:
    worker = Worker(way)
    worker.start()
    try:
        yield worker
    finally:
        worker.leave()


def test_many_work_together() -> None:
    # Given one who works, when another comes, then both are in
    company = Company()
    with coming(company.together()) as first, coming(company.together()) as second:
        assert first.inside.wait(30)
        assert second.inside.wait(30)


def test_one_works_alone_and_goes_before_newcomers() -> None:
    # Given one who works, one who wants to be alone, and a newcomer
    company = Company()
    with coming(company.together()) as first:
        assert first.inside.wait(30)
        with coming(company.alone()) as alone:
            until(lambda: company._waiting == 1)
            with coming(company.together()) as newcomer:
                assert not alone.inside.is_set()

                # When the first has left, then the one is alone
                first.leave()
                assert alone.inside.wait(30)
                assert not newcomer.inside.is_set()

                # And the newcomer comes after it
                alone.leave()
                assert newcomer.inside.wait(30)


def test_two_who_want_to_be_alone_are_so_in_turn() -> None:
    # Given one who is alone, when another wants to be, then it is when the first has left
    company = Company()
    with coming(company.alone()) as first:
        assert first.inside.wait(30)
        with coming(company.alone()) as second:
            until(lambda: company._waiting == 1)
            assert not second.inside.is_set()
            first.leave()
            assert second.inside.wait(30)


class Suspect:
    """A document that must be tried by itself, and waits while another takes its time."""

    def __init__(self, home: House, expected: type[Exception]) -> None:
        self.outcomes: list[Exception] = []
        self.id, self._expected = home.receive(b"a report", unfinished=1), expected
        self.other, self._busy, self.go_on = home.receive(b"long"), Flag(), Flag()
        self.pipeline = home.pipeline(self._slow)
        self._threads = [Thread(target=self.pipeline.run, args=(self.other,))]
        self._threads[0].start()
        assert self._busy.wait(30)
        self.thread = Thread(target=self._run)
        self._threads.append(self.thread)
        self.thread.start()
        until(lambda: self.pipeline._company._waiting == 1)

    def _slow(self, data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        self._busy.set()
        assert self.go_on.wait(30)
        return stored(data, name, timing, hints=hints)

    def _run(self) -> None:
        try:
            self.pipeline.run(self.id)
        except self._expected as error:
            self.outcomes.append(error)

    def end(self) -> None:
        """Let the other go on, and wait for both."""
        self.go_on.set()
        for thread in self._threads:
            thread.join(30)


def test_a_time_limit_while_others_are_waited_for_refuses_nothing(home: House) -> None:
    # Given a document that waits for another to be done, when its time is up meanwhile
    suspect = Suspect(home, NotBegun)
    ident = suspect.thread.ident
    raise_thread_exception(ident, TimeLimitExceeded)  # type: ignore[no-untyped-call]
    suspect.thread.join(30)

    # Then its message is to come back, and it is stored when the other is done
    assert len(suspect.outcomes) == 1
    suspect.end()
    suspect.pipeline.run(suspect.id)
    states = [home.document(each).state for each in (suspect.id, suspect.other)]
    assert states == [State.STORED] * 2


def test_who_waited_when_the_process_was_told_to_end_begins_nothing(home: House) -> None:
    # Given a document that waits for another to be done
    suspect = Suspect(home, Stopping)

    # When the process is told to end, and then the other is done
    suspect.pipeline.stopping.set()
    suspect.end()

    # Then it is left to others, and no attempt has begun
    assert len(suspect.outcomes) == 1
    assert home.document(suspect.id).state == State.QUEUED
    assert home.document(suspect.other).state == State.STORED
    assert home.attempts(suspect.id) == []
