"""Everything in one process tree: queue, migrations, watcher, workers; started and ended whole."""

import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from console import samples
from console.journal import Journal
from console.lock import hold
from console.parts import Child, Part, gouji
from console.recover import recover
from console.screen import Screen, forward
from console.supervise import Supervisor
from console.web.exposure import demand_user
from models import migrations
from models.event import EventName
from models.session import Database
from worker import logs
from worker.embedded import EmbeddedServer
from worker.reading import ocr
from worker.settings import Settings
from worker.signs import Signs

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def prepare(settings: Settings) -> None:
    """Make the data directory and the logs' for this user alone, and the watched folders.

    What others may do with a data directory that was there before is taken away from them. They
    drop files into the folders: who may is up to the umask.

    Raises:
        OSError: one of them cannot be made.
    """
    for folder in (settings.data_dir, settings.data_dir / "logs"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_private(settings.data_dir)
    for source in settings.drops:
        source.path.mkdir(parents=True, exist_ok=True)


def make_private(folder: Path) -> None:
    """Take away from group and others what they may do with a directory and what lies in it.

    Deeper than that nothing can be reached. What belongs to another user is left, for the doctor
    to tell.
    """
    for path in (folder, *folder.iterdir()):
        with suppress(PermissionError, FileNotFoundError):
            mode = path.lstat().st_mode
            if mode & 0o077 and not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(mode) & 0o700)


@dataclass(slots=True)
class Stop:
    """Set by the first signal; the second ends the process at once, and its children with it."""

    event: threading.Event = field(default_factory=threading.Event)
    code: int = 0

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Heed the signals for as long as the block runs."""
        before = {number: signal.signal(number, self._heed) for number in _STOPPING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heed(self, number: int, _frame: FrameType | None) -> None:
        if self.event.is_set():
            os._exit(128 + number)
        self.code = 128 + number if number == signal.SIGINT else 0
        self.event.set()


class Service:
    """What ``gouji up`` runs.

    ``on_ready`` is called once everything runs; ``meanwhile`` five times a second after that,
    with the database.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        config: Path | None,
        pretty: bool,
        with_samples: bool,
        on_ready: Callable[[], None],
        meanwhile: Callable[[Database], None],
    ) -> None:
        self._settings = settings
        self._options = () if config is None else ("--config", str(config))
        self._pretty = pretty
        self._samples = with_samples
        self._on_ready = on_ready
        self._meanwhile = meanwhile
        self._hindered = False

    def run(self) -> int:
        """Run until a signal comes; return the exit code: 0, or 130 after Ctrl-C.

        Raises:
            AlreadyRunning: another one has the data directory.
            BrokerUnreachable: the embedded server cannot be started.
            Exposed: the web console would be open to others, and there is no user.
            OSError: a directory cannot be used.
        """
        prepare(self._settings)
        signs = Signs.of(self._settings)
        stop = Stop()
        with ExitStack() as stack:
            stack.enter_context(hold(self._settings.data_dir))
            stack.enter_context(stop.heeded())
            journal = Journal(self._settings.data_dir / "logs", self._listener())
            stack.callback(journal.close)
            logs.configure(
                "up", form="json", level=self._settings.log_level, stream=journal.stream("up")
            )
            database = self._database()
            stack.callback(database.close)
            demand_user(self._settings, database)
            self._supervise(journal, database, stop, signs)
        return stop.code

    def _supervise(self, journal: Journal, database: Database, stop: Stop, signs: Signs) -> None:
        logs.log(EventName.SERVICE_STARTED, pid=os.getpid())
        supervisor = Supervisor(self._parts(journal, database), grace=self._settings.grace)
        drops = self._settings.drops[:1] if self._samples else ()
        serve = [samples.Serving(source.path) for source in drops]
        supervisor.start()

        def meanwhile() -> None:
            signs.alive()
            self._look_on(database, serve)

        try:
            self._on_ready()
            supervisor.run(stop.event, meanwhile)
        finally:
            signs.stopping()
            supervisor.stop()
            logs.log(EventName.SERVICE_STOPPED, pid=os.getpid())

    def _look_on(
        self, database: Database, serve: Sequence[Callable[[Database], None]] = ()
    ) -> None:
        with self._unhindered():
            for one in (*serve, self._meanwhile):
                one(database)
            self._hindered = False

    @contextmanager
    def _unhindered(self) -> Iterator[None]:
        """Go on without what only shows something; what is in its way is told once."""
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            if not self._hindered:
                told = {"what": "up", "error": str(error)}
                logs.log(EventName.INTAKE_FAILED, level="warning", **told)
            self._hindered = True

    def _listener(self) -> Callable[[str, bytes], None]:
        if not self._pretty:
            return forward
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return Screen(sys.stderr, colour=sys.stderr.isatty() and not plain).line

    def _database(self) -> Database:
        url = self._settings.database
        before = migrations.current(url)
        if migrations.upgrade(url):
            logs.log(EventName.DATABASE_MIGRATED, before=before, after=migrations.head())
        return Database.at(url)

    def _parts(self, journal: Journal, database: Database) -> list[Part]:
        parts: list[Part] = [] if self._settings.broker_url else [EmbeddedServer(self._settings)]
        before = partial(recover, self._settings, database)
        workers = self._workers()
        settings = self._settings
        beside = {
            "push": settings.pushed is not None,
            "notify": bool(settings.notify_webhook or settings.notify_apprise),
            "console": bool(settings.console_host),
        }
        singles = ["watch", *(name for name, wanted in beside.items() if wanted)]
        return [
            *parts,
            *(Child(name, gouji(*self._options, name), journal) for name in singles),
            *(Child(name, command, journal, before_start=before) for name, command in workers),
        ]

    def _workers(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return names and commands of the workers: scans have their own, where OCR is there.

        A scan takes minutes; were there enough of them, nobody would be left for anything else.
        """
        work = (*self._options, "work")
        if ocr.missing():
            return [("work", gouji(*work))]
        few = ("--processes", str(self._settings.ocr_processes), "--threads", "1")
        return [
            ("work", gouji(*work, "--queues", "fast,slow,urgent")),
            ("ocr", gouji(*work, "--queues", "ocr", *few)),
        ]
