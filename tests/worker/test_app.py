"""Real worker processes on a real queue, killed at bad moments."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from models.base import now
from models.filing import StoredReport
from models.ledger import Attempt, AttemptOutcome, Document, State
from tests import brokers
from tests.processes import is_alive
from tests.worker.faulty_app import begun, may_end, stopping
from tests.worker.house import House, house, until
from worker.embedded import ensure
from worker.inbox import QUEUES, Inbox

pytestmark = pytest.mark.process

_ROOT = Path(__file__).parents[2]
_SEEDS = _ROOT / "tests" / "data" / "seeds"


class Workers:
    """A house with a broker and a Dramatiq master that is started and killed."""

    def __init__(self, home: House, inbox: Inbox) -> None:
        self.home = home
        self.inbox = inbox
        self.data_dir = home.settings.data_dir
        self.master: subprocess.Popen[bytes] | None = None

    def start(self, app: str = "tests.worker.faulty_app", *options: str, threads: int = 1) -> None:
        self._again = partial(self.start, app, *options, threads=threads)
        settings = self.home.settings
        urls = ("broker_url", "database_url")
        changed = ("data_dir", "lease", "grace", "retry_min", "retry_max", *urls)
        own = {f"GOUJI_{name.upper()}": str(getattr(settings, name)) for name in changed}
        command = [sys.executable, "-m", "dramatiq", app, "--processes", "1", "--skip-logging"]
        with (self.data_dir / "work.log").open("ab") as log:
            self.master = subprocess.Popen(
                [*command, "--threads", str(threads), *options],
                env={**os.environ, **own, "GOUJI_LOG_FORMAT": "json"},
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ends(self) -> int:
        """Wait until the master has ended by itself, and return its exit code."""
        assert self.master is not None
        return self.master.wait(90)

    def idle(self) -> None:
        """Wait until every message was worked off, those in the hands of workers included.

        A server that does not tell of those tells of them when the workers have ended.
        """
        until(lambda: self.inbox.outstanding() == 0, why=self.data_dir / "work.log")
        while self.inbox.backlog().unseen:
            assert self.master is not None
            self.master.terminate()
            assert self.ends() == 0
            if self.inbox.outstanding():
                self._again()
                until(lambda: self.inbox.outstanding() == 0, why=self.data_dir / "work.log")

    def kill(self) -> None:
        """Kill the master and all its processes."""
        if self.master is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.master.pid, signal.SIGKILL)
            self.master.wait()

    def send(self, *ids: int, queue: str = "fast") -> None:
        self.inbox.send([(document_id, queue) for document_id in ids])

    def becomes(self, document_id: int, state: State) -> None:
        """Wait until a document has a state."""
        until(
            lambda: self.home.document(document_id).state == state,
            why=self.data_dir / "work.log",
        )

    def tried(self, document_id: int) -> list[Attempt]:
        """Return its attempts but those that were given back before they had begun."""
        attempts = self.home.attempts(document_id)
        return [one for one in attempts if one.outcome != AttemptOutcome.RELEASED]

    def expire(self, document_id: int) -> None:
        """Let the lease of a document run out now."""
        with self.home.database.transaction() as session:
            document = session.get_one(Document, document_id)
            document.lease_expires_at = now() - timedelta(seconds=1)


@contextmanager
def employed(directory: Path, **settings: Any) -> Iterator[Workers]:
    """Have workers, not started yet, for as long as the block runs; none outlives it."""
    with house(directory, **settings) as home, ensure(home.settings):
        inbox = Inbox(home.settings)
        built = Workers(home, inbox)
        try:
            yield built
        finally:
            built.kill()
            inbox.close()


@pytest.fixture
def workers(
    tmp_path: Path, request: pytest.FixtureRequest, stack: dict[str, Any]
) -> Iterator[Workers]:
    changed: dict[str, float] = getattr(request, "param", {})
    with employed(tmp_path, **stack, **changed) as built:
        yield built


def _with(**settings: float) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("workers", [settings], indirect=True)


@pytest.mark.parametrize("options", [(), ("--use-spawn",)], ids=["fork", "spawn"])
def test_documents_go_through_the_real_stages(workers: Workers, options: tuple[str, ...]) -> None:
    # Given the seeds, an empty file and one that is no report, on every queue
    seeds = [workers.home.receive(path.read_bytes()) for path in sorted(_SEEDS.iterdir())]
    others = [workers.home.receive(data) for data in (b"", b"no report")]
    workers.inbox.send([(n, QUEUES[n % 3]) for n in (*seeds, *others)])
    assert workers.inbox.outstanding() == 7

    # When the workers run
    workers.start("worker.app", *options, threads=2)

    # Then reports are stored, the others are dead, and the queue is empty
    for document_id in seeds:
        workers.becomes(document_id, State.STORED)
    for document_id in others:
        workers.becomes(document_id, State.DEAD)
    workers.idle()
    assert workers.home.story(seeds[0]) == ["attempt.started", "report.stored"]
    attempt = workers.home.attempts(seeds[0])[0]
    assert attempt.message_id is not None


def test_the_same_message_ten_times_stores_once(workers: Workers) -> None:
    # Given a document that was sent ten times
    document_id = workers.home.receive(b"a report")
    workers.send(*[document_id] * 10)

    # When the workers have worked everything off
    workers.start(threads=4)
    workers.idle()

    # Then there is one report from one attempt
    assert workers.home.count(StoredReport) == 1
    assert len(workers.home.attempts(document_id)) == 1


def test_a_flushed_broker_loses_and_doubles_nothing(workers: Workers) -> None:
    # Given documents of which some are stored, some wait, and a broker that forgets everything
    early = [workers.home.receive(f"early {n}".encode()) for n in range(5)]
    late = [workers.home.receive(f"late {n}".encode()) for n in range(5)]
    workers.send(*early)
    workers.start()
    for document_id in early:
        workers.becomes(document_id, State.STORED)
    brokers.flush(workers.home.settings.broker)

    # When everything is sent again, twice
    workers.send(*early, *late)
    workers.send(*early, *late)
    for document_id in late:
        workers.becomes(document_id, State.STORED)
    workers.idle()

    # Then each was worked on once
    assert workers.home.count(StoredReport) == 10
    assert all(len(workers.tried(n)) == 1 for n in (*early, *late))


def test_a_worker_killed_in_mid_attempt_loses_nothing(workers: Workers) -> None:
    # Given a worker that is killed while it works on a document
    document_id = workers.home.receive(b"wait for the test")
    workers.send(document_id)
    workers.start()
    until(lambda: begun(workers.data_dir))
    os.kill(begun(workers.data_dir) or 0, signal.SIGKILL)
    assert workers.ends() != 0
    assert workers.home.document(document_id).state == State.PROCESSING

    # When the lease has run out, the document is sent again and there are workers again
    may_end(workers.data_dir)
    workers.expire(document_id)
    workers.send(document_id)
    workers.start()
    workers.becomes(document_id, State.STORED)

    # Then the first attempt is lost, the second stored it, once
    outcomes = [attempt.outcome for attempt in workers.home.attempts(document_id)]
    assert outcomes == [AttemptOutcome.LOST, AttemptOutcome.STORED]
    assert workers.home.count(StoredReport) == 1


def test_a_document_that_kills_its_worker_ends_as_a_crash_loop(workers: Workers) -> None:
    # Given a document that kills every worker that touches it
    document_id = workers.home.receive(b"poison")
    for _ in range(3):
        workers.send(document_id)
        workers.start()
        assert workers.ends() != 0
        workers.expire(document_id)

    # When it is sent once more, with an innocent one behind it
    innocent = workers.home.receive(b"a report")
    workers.send(document_id, innocent)
    workers.start()

    # Then it is dead and not touched again, and the other one is stored
    workers.becomes(document_id, State.DEAD)
    workers.becomes(innocent, State.STORED)
    assert [letter.reason for letter in workers.home.letters(document_id)] == ["crash_loop"]
    assert len(workers.home.attempts(document_id)) == 3


@_with(retry_min=0.1, retry_max=0.2)
def test_a_passing_failure_brings_the_message_back(workers: Workers) -> None:
    # Given an archive that is away for a moment
    document_id = workers.home.receive(b"away")
    workers.send(document_id)

    # When the workers run
    workers.start()

    # Then the second attempt stores the document
    workers.becomes(document_id, State.STORED)
    outcomes = [attempt.outcome for attempt in workers.home.attempts(document_id)]
    assert outcomes == [AttemptOutcome.RETRY, AttemptOutcome.STORED]
    workers.idle()


@_with(lease=3.0, retry_min=0.1, retry_max=0.2)
def test_what_takes_too_long_twice_is_dead_before_its_lease_ends(workers: Workers) -> None:
    # Given a document that never ends, and a lease of three seconds
    document_id = workers.home.receive(b"wait for ever")
    workers.send(document_id)

    # When the workers run
    workers.start()

    # Then it is interrupted, each time
    workers.becomes(document_id, State.DEAD)
    assert [letter.reason for letter in workers.home.letters(document_id)] == ["timeout"]
    outcomes = [attempt.outcome for attempt in workers.tried(document_id)]
    assert outcomes == [AttemptOutcome.RETRY, AttemptOutcome.DEAD]


@_with(grace=20)
def test_sigterm_finishes_what_is_in_hand_and_begins_nothing(workers: Workers) -> None:
    # Given a worker in the middle of a document, with another one behind it
    first, second = workers.home.receive(b"wait"), workers.home.receive(b"a report")
    workers.send(first, second)
    workers.start()
    until(lambda: begun(workers.data_dir))

    # When it is told to end, and the document can be finished a little later
    assert workers.master is not None
    workers.master.terminate()
    until(lambda: stopping(workers.data_dir))
    may_end(workers.data_dir)
    assert workers.ends() == 0

    # Then that one is stored, and the other one waits, message and all
    assert workers.home.document(first).state == State.STORED
    assert workers.home.document(second).state == State.QUEUED
    assert workers.inbox.outstanding() == 1


@_with(grace=3)
def test_sigterm_gives_back_what_cannot_finish(workers: Workers) -> None:
    # Given a worker in the middle of a document that does not end
    document_id = workers.home.receive(b"wait")
    workers.send(document_id)
    workers.start()
    until(lambda: begun(workers.data_dir))

    # When it is told to end
    assert workers.master is not None
    workers.master.terminate()
    assert workers.ends() == 0

    # Then the document is back on the queue, as if it had not been begun
    document = workers.home.document(document_id)
    assert (document.state, document.unfinished) == (State.QUEUED, 0)
    assert [a.outcome for a in workers.home.attempts(document_id)] == [AttemptOutcome.RELEASED]
    assert workers.inbox.outstanding() == 1


@_with(grace=2)
def test_workers_do_not_outlive_their_master(workers: Workers) -> None:
    # Given a worker in the middle of a document
    document_id = workers.home.receive(b"wait")
    workers.send(document_id)
    workers.start()
    until(lambda: begun(workers.data_dir))

    # When the master is killed
    assert workers.master is not None
    workers.master.kill()
    workers.master.wait()

    # Then the worker gives the document back and ends too
    until(lambda: not is_alive(begun(workers.data_dir) or 0))
    assert workers.home.document(document_id).state == State.QUEUED
