"""Commands of operators that are killed in mid-work, and given again."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import Final

from sqlalchemy import Update, delete, func, select, update

from console.verification.verify import AREAS
from models.base import now
from models.dead_letter import DeadLetter
from models.event import Event, EventName
from models.ledger import Arrival, Attempt, Document, Handover, State
from tests.fault.fault import Fault
from tests.fault.running import until
from tests.fault.trial import Trial
from worker import faults as points
from worker.archive import Archive

_KILLED: Final = -9
_LONG_AGO: Final = timedelta(days=400)
_IMBALANCED: Final = "imbalanced"
_RETRY: Final = ("dead", "retry", "--all-matching", "--reason", _IMBALANCED, "--note", "再试")

_REPAIR: Final = (
    *("verify", "--repair", "--yes", "--patience", "0"),
    *(word for area in sorted(set(AREAS) - {"history"}) for word in ("--skip", area)),
)


def faults() -> Iterator[Fault]:
    """Yield them all."""
    for point in ("decide.entered", "decide.committed"):
        yield _killed(point, _some_dead, *_RETRY, "--yes", "--json")
    for point in ("repair.entered", "repair.committed"):
        yield _killed(point, _forget_a_beginning, *_REPAIR, "--json")
    yield _killed("prune.forgotten", _old_tracebacks, "prune", "--only", "attempts", "--json")
    yield _killed("prune.unlinked", _old_originals, "prune", "--only", "done", "--json")
    yield _killed("prune.aside", _old_orphan, "prune", "--only", "orphans", "--json")


def _killed(point: str, prepare: Callable[[Trial], None], *command: str) -> Fault:
    """Return the fault: a command is killed at a point; given again, it does its work."""

    def inject(trial: Trial) -> None:
        prepare(trial)
        points.arm(trial.faults, point, "kill")
        trial.note()
        killed, repeated = (_run(trial, *command) for _ in range(2))
        assert (killed, repeated) == (_KILLED, 0), (killed, repeated)

    return Fault(f"SIGKILL at {point}", inject, by_hand=not point.startswith("decide."))


def _run(trial: Trial, *command: str) -> int:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "console.cli.main", *command],
        env=trial.running.environment | {"GOUJI_KEEP_DONE": "1"},
        cwd=trial.running.directory,
        capture_output=True,
        check=False,
    )
    if done.returncode == 0:
        json.loads(done.stdout)
    return done.returncode


def _some_dead(trial: Trial) -> None:
    """Wait for some that the command is about: others may be dead, and those be retried still."""
    mine = DeadLetter.reason == _IMBALANCED, DeadLetter.resolution.is_(None)
    counted = select(func.count()).select_from(DeadLetter).where(*mine)

    def some() -> bool:
        with trial.running.database.reading() as session:
            return (session.scalar(counted) or 0) >= 3

    until(some, 300, trial.running.story)


def _forget_a_beginning(trial: Trial) -> None:
    """Take away a line of the timeline that a repair can write again."""
    with trial.running.database.transaction() as session:
        stored = select(Document.id).where(Document.state == State.STORED).limit(1)
        begun = Event.name == EventName.DOCUMENT_RECEIVED
        mine = Event.document_id == stored.scalar_subquery()
        session.execute(
            delete(Event).where(begun, mine).execution_options(synchronize_session=False)
        )


def _old_tracebacks(trial: Trial) -> None:
    for _ in range(5):  # not everything that comes in ends as a report
        trial.strike("work.fetched", "EIO")
    over = select(Document.id).where(Document.state == State.STORED)
    failed = Attempt.traceback.is_not(None), Attempt.document_id.in_(over)
    aged = update(Attempt).values(started_at=now() - _LONG_AGO)
    until(lambda: _changed(trial, aged.where(*failed)), 300, trial.running.story)
    _changed(trial, aged.where(Attempt.outcome.is_not(None)))  # what came before is older


def _old_originals(trial: Trial) -> None:
    moved = update(Arrival).where(Arrival.handover == Handover.MOVED)
    aged = moved.values(seen_at=now() - _LONG_AGO)
    until(lambda: _changed(trial, aged), 300, trial.running.story)


def _old_orphan(trial: Trial) -> None:
    archive = Archive(trial.running.settings.archive)
    stored = archive.put(BytesIO(b"nobody's %d" % trial.injected), limit=100)
    [path] = archive.root.rglob(stored.sha256)
    long_ago = time.time() - _LONG_AGO.total_seconds()
    os.utime(path, (long_ago, long_ago))


def _changed(trial: Trial, statement: Update) -> int:
    """Change rows, and return how many."""
    with trial.running.database.transaction() as session:
        return session.connection().execute(statement).rowcount
