"""Is the console ready: does all it depends on answer, asked within a bounded time.

What is told outside is one of a few words: addresses and what servers say stay in the log.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from models import migrations
from models.event import EventName
from models.session import Database
from worker.archive import Archive
from worker.errors import ArchiveError, BrokerUnreachable
from worker.inbox import Inbox
from worker.logs import log
from worker.settings import Settings

WITHIN: Final = 2.0
"""Seconds in which everything has to answer; what is asked at once is asked at the same time."""
_KEPT: Final = 2.0
_KEPT_STORE: Final = 30.0
"""Seconds for which an object store is believed: each look is paid for."""

_TOO_SLOW: Final = "no answer in time"

_head = cache(migrations.head)


class Unready(Exception):  # noqa: N818 - it is what was found
    """Something is not as it has to be; the message is fit to be told to anybody."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a look; ``problem`` is empty where all is well. Milliseconds."""

    problem: str
    took: float

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        well = {"status": "failed" if self.problem else "ok", "ms": round(self.took, 1)}
        return well | ({"problem": self.problem} if self.problem else {})


class Check:
    """Looks at one thing, in a thread that nobody has to wait for.

    While one look hangs there is no second one.

    Args:
        name: what it is.
        look: raises where it is not well.
        kept: seconds for which what was found is believed.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        look: Callable[[], None],
        kept: float = _KEPT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._look = look
        self._kept = kept
        self._clock = clock
        self._found: Found | None = None
        self._until = clock()
        self._told = ""
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin to look, unless somebody does or it was done a moment ago."""
        hangs = self._thread is not None and self._thread.is_alive()
        if not hangs and self._clock() >= self._until:
            self._found = None
            self._thread = threading.Thread(target=self._run, name="readiness", daemon=True)
            self._thread.start()

    def end(self, deadline: float) -> Found:
        """Return what was found, waiting until then at most."""
        thread = self._thread
        if thread is not None:
            thread.join(max(0.0, deadline - self._clock()))
        found = self._found or Found(_TOO_SLOW, WITHIN * 1000)
        self._tell(found.problem, found.problem)
        return found

    def _run(self) -> None:
        started = self._clock()
        problem = detail = ""
        try:
            self._look()
        # whatever goes wrong, a probe is answered
        except Exception as error:  # noqa: BLE001
            problem, detail = _said(error), f"{type(error).__name__}: {error}"
        moment = self._clock()
        self._until = moment + self._kept
        self._tell(problem, detail)
        self._found = Found(problem, (moment - started) * 1000)

    def _tell(self, problem: str, detail: str) -> None:
        """Log what has changed since the last look."""
        if problem != self._told:
            self._told = problem
            level = "warning" if problem else "info"
            log(EventName.CONSOLE_READINESS, level=level, what=self.name, error=detail or None)


def _said(error: Exception) -> str:
    if isinstance(error, Unready):
        return str(error)
    if isinstance(error, ArchiveError):
        return "cannot be written"
    return "unreachable" if isinstance(error, SQLAlchemyError | BrokerUnreachable) else "failed"


class Readiness:
    """All checks of a console; several threads may ask.

    Args:
        checks: what is looked at.
        clock: monotonic seconds.
    """

    def __init__(
        self, checks: tuple[Check, ...], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._checks = checks
        self._clock = clock
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Settings, database: Database, archive: Archive) -> "Readiness":
        """Return the checks of an installation."""
        kept = _KEPT if archive.is_directory else _KEPT_STORE
        return cls(
            (
                Check("database", partial(_database, database)),
                Check("broker", partial(_broker, settings)),
                Check("archive", partial(_archive, archive), kept),
            )
        )

    def look(self) -> Mapping[str, Found]:
        """Return how each stands; takes no longer than ``WITHIN`` seconds."""
        with self._lock:
            deadline = self._clock() + WITHIN
            for check in self._checks:
                check.begin()
            return {check.name: check.end(deadline) for check in self._checks}


def _database(database: Database) -> None:
    with database.reading() as session:
        revision = migrations.revision(session.connection())
    if revision != _head() and not migrations.is_newer(revision):
        raise Unready("not migrated")


def _broker(settings: Settings) -> None:
    inbox = Inbox(settings)
    try:
        inbox.ping()
    finally:
        inbox.close()


def _archive(archive: Archive) -> None:
    archive.probe()
