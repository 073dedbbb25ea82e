"""A real ``gouji up`` in a directory of its own, its processes, and what its ledger says."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from models.ledger import FINAL, Arrival, ArrivalState, Document, Handover
from models.session import Database
from tests.processes import children_of
from worker.settings import Settings, load

QUICK = {
    "SETTLE": "0.3",
    "SCAN_INTERVAL": "1",
    "SWEEP_INTERVAL": "1",
    "LEASE": "20",
    "UNSETTLED_AFTER": "3",
    "GRACE": "8",
    "RETRY_MIN": "0.3",
    "RETRY_MAX": "2",
    "MAX_RETRIES": "20",  # a disk that is full for 8 s outlasts the usual five
    "LOG_FORMAT": "json",
    "WORKER_PROCESSES": "2",
    "WORKER_THREADS": "2",
}


def until(condition: Callable[[], object], seconds: float, why: Callable[[], object]) -> None:
    """Wait for a condition; when time is up, fail and say how things stand.

    A database that cannot be asked, because it is what was broken, does not fulfil it.
    """
    deadline = time.monotonic() + seconds
    while (answer := _asked(condition)) is not True:
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {answer} {why()}"
        time.sleep(0.05)


def _asked(condition: Callable[[], object]) -> bool | SQLAlchemyError:
    try:
        return bool(condition())
    except SQLAlchemyError as error:
        return error


class Running:
    """``gouji up``, started, killed and started again."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.inbox = directory / "inbox"
        self.data = directory / "var"
        self.directory = directory
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GOUJI_")}
        folders = {"DATA_DIR": str(self.data), "INBOX": str(self.inbox)}
        own = folders | {"CONSOLE_PORT": "0"} | QUICK | settings
        self.environment = kept | {f"GOUJI_{name}": value for name, value in own.items()}
        self.settings: Settings = load(None, self.environment)
        self.database = Database.at(self.settings.database)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start it and wait until every part has begun."""
        before = len(self.pids_seen())
        with (self.directory / "up.err").open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "console.cli.main", "up", *options],
                env=self.environment,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
        until(lambda: len(self.pids_seen()) > before and self.parts(), 120, self.story)

    def pids_seen(self) -> list[str]:
        """Return the log lines that say that workers were started."""
        log = self.data / "logs" / "up.log"
        lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
        return [line for line in lines if '"part.started"' in line and '"work"' in line]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it with a signal, and return its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(120)

    def kill(self) -> None:
        """Kill it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(60)

    def end(self) -> None:
        """Make sure that nothing is left, whatever the test did."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self.database.close()

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self._process is not None
        return self._process.pid

    def parts(self) -> dict[str, int]:
        """Return the parts that run now by name: broker, watch, work."""
        found = {}
        for pid, words in children_of(self.pid).items():
            if "work" in words:
                found["ocr" if "ocr" in words else "work"] = pid
            elif "watch" in words or "console" in words:
                found["watch" if "watch" in words else "console"] = pid
            elif "-server" in words[0]:  # it rewrites its own command line
                found["broker"] = pid
        return found

    def worker_processes(self) -> list[int]:
        """Return the processes that the workers' master has forked."""
        master = self.parts().get("work")
        return [] if master is None else sorted(children_of(master))

    def finished(self) -> int:
        """Return how many documents have come to their end, but for those out of archives."""
        held = select(Arrival.document_id).where(Arrival.container_id.is_not(None))
        ended = Document.state.in_(FINAL) & Document.id.not_in(
            held.where(Arrival.document_id.is_not(None))
        )
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(Document).where(ended)) or 0

    def at_rest(self, arrivals: int) -> bool:
        """Tell whether as many files have arrived, and nothing is under way any more."""
        with self.database.reading() as session:
            states = Counter(session.scalars(select(Document.state)))
            files = Arrival.container_id.is_(None)
            came = session.execute(select(Arrival.state, Arrival.handover).where(files)).all()
        taken = [handover for state, handover in came if state != ArrivalState.IGNORED]
        return (
            len(taken) >= arrivals
            and set(states) <= set(FINAL)
            and set(taken) <= {Handover.MOVED, Handover.NONE, Handover.DELETED}
        )

    def wait_until_at_rest(self, arrivals: int, seconds: float) -> None:
        """Wait until so many files have arrived and are done with."""
        until(lambda: self.at_rest(arrivals), seconds, self.story)

    def story(self) -> str:
        """Say how things stand, for the message of a test that fails."""
        try:
            with self.database.reading() as session:
                documents = Counter(session.scalars(select(Document.state)))
                arrivals = Counter(session.execute(select(Arrival.state, Arrival.handover)).all())
        # only for the message; the tables may not be there yet
        except Exception as error:  # noqa: BLE001
            return f"{error}\n{self._errors()}"
        return f"{dict(documents)} {dict(arrivals)}\n{self._errors()}"

    def _errors(self) -> str:
        path = self.directory / "up.err"
        lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
        loud = [line for line in lines if '"level":"info"' not in line]
        return "\n".join(loud[-15:])
