"""Servers of the tests' own that may be broken: Redis, RabbitMQ and PostgreSQL.

Each keeps its data in a directory of its own below the system's temporary one, listens on a free
port that it keeps over restarts, and ends with the process that started it.

``python -m tests.servers COMMAND...`` runs a command with all three for the tests to use.
"""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Final, Self

_READY_WITHIN: Final = 120.0
_LOOK_EVERY: Final = 0.05
_EPHEMERAL: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST: Final = 10_000
_TRIES: Final = 100
_PR_SET_PDEATHSIG: Final = 1
_libc: Final = ctypes.CDLL(None)


class Server(ABC):
    """A server that is started, killed and started again with the data it had.

    Args:
        host: the address it listens on.
        directory: where it keeps everything; of its own below the temporary directory without one.
        options: further arguments of the program, as it takes them.
    """

    kind: ClassVar[str]

    def __init__(
        self, *, host: str = "127.0.0.1", directory: Path | None = None, options: Sequence[str] = ()
    ) -> None:
        self.host = host
        self.port = free_port(host)
        self.options = list(options)
        self._given = directory
        self._directory: Path | None = directory
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @abstractmethod
    def available(cls) -> bool:
        """Tell whether the programs are installed."""

    @property
    @abstractmethod
    def url(self) -> str:
        """The URL for ``broker_url`` or ``database_url``; the same after a restart."""

    @property
    def directory(self) -> Path:
        """Where it keeps its data and its log; made when first asked for."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix=f"gouji-{self.kind}-"))
        return self._directory

    @property
    def pid(self) -> int | None:
        """The process id, ``None`` while it does not run."""
        return None if self._process is None else self._process.pid

    @property
    def log(self) -> str:
        """What the server said; empty before its first start."""
        path = self.directory / "server.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def start(self) -> None:
        """Start it, with the data it had, and wait until it answers.

        Raises:
            RuntimeError: it ended, or did not answer in time; the message ends with its log.
        """
        self._prepare()
        self._process = self._spawn(self._arguments())
        deadline = time.monotonic() + _READY_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.kind} does not start: {self.log[-2000:]}")
            time.sleep(_LOOK_EVERY)

    def kill(self) -> None:
        """End it at once by SIGKILL, with all of its processes; its data stays as it is."""
        if self._process is not None:
            self._end(signal.SIGKILL)

    def shut(self, within: float = 60.0) -> None:
        """End it as its operator would; its data stays. By force when that takes too long."""
        if self._process is not None:
            self._process.send_signal(self._polite)
            try:
                self._process.wait(within)
            except subprocess.TimeoutExpired:
                self._end(signal.SIGKILL)
            self._process = None

    def pause(self) -> None:
        """Stop it without ending it: connections stay, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Remove its data; only while it does not run."""
        for path in self.directory.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def stop(self) -> None:
        """End it and remove its data."""
        self.kill()
        if self._directory is not None and self._given is None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    _polite: ClassVar[signal.Signals] = signal.SIGTERM

    @abstractmethod
    def _arguments(self) -> list[str]: ...

    def _prepare(self) -> None:
        self.directory.mkdir(exist_ok=True)

    def _environment(self) -> Mapping[str, str]:
        return os.environ

    def _as(self) -> dict[str, Any]:
        return {}

    def _spawn(self, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        with (self.directory / "server.log").open("ab") as output:
            return subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=self._environment(),
                start_new_session=True,
                preexec_fn=_dying_with(os.getpid()),  # noqa: PLW1509 - a single system call
                **self._as(),
            )

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), 2) as connection:
                connection.settimeout(2)
                return self._greets(connection)
        except OSError:
            return False

    @abstractmethod
    def _greets(self, connection: socket.socket) -> bool: ...

    def _signal(self, number: signal.Signals) -> None:
        for pid in () if self._process is None else _family(self._process.pid):
            _send(pid, number)

    def _end(self, number: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        family = _family(process.pid)
        for pid in family:
            _send(pid, number)
        process.wait()
        while any(map(_alive, family)):
            time.sleep(_LOOK_EVERY)
        self._process = None


class RedisServer(Server):
    """Redis or Valkey, with an append-only file; ``maxmemory`` is told in ``options``."""

    kind = "redis"

    @classmethod
    def available(cls) -> bool:
        """Tell whether a server is installed; the embedded one is not asked."""
        return cls._program() is not None

    @property
    def url(self) -> str:
        """The URL for ``broker_url``."""
        return f"redis://{self.host}:{self.port}/0"

    @staticmethod
    def _program() -> str | None:
        return shutil.which("redis-server") or shutil.which("valkey-server")

    def _arguments(self) -> list[str]:
        return [
            self._program() or "redis-server",
            *("--bind", self.host, "--port", str(self.port), "--protected-mode", "no"),
            *("--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"),
            *("--dir", os.fspath(self.directory)),
            *self.options,
        ]

    def _greets(self, connection: socket.socket) -> bool:
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))


class RabbitServer(Server):
    """RabbitMQ with an epmd and an Erlang cookie of its own; no plugin, user guest.

    ``options`` are lines of ``rabbitmq.conf``.
    """

    kind = "rabbitmq"
    _home: ClassVar = Path("/usr/lib/rabbitmq/bin")  # what /usr/sbin has runs as another user

    def __init__(
        self, *, host: str = "127.0.0.1", directory: Path | None = None, options: Sequence[str] = ()
    ) -> None:
        super().__init__(host=host, directory=directory, options=options)
        self._epmd_port, self._dist_port = free_port(), free_port()
        self._epmd: subprocess.Popen[bytes] | None = None

    @classmethod
    def available(cls) -> bool:
        """Tell whether the server is installed where Debian puts it."""
        return (cls._home / "rabbitmq-server").exists()

    @property
    def url(self) -> str:
        """The URL for ``broker_url``."""
        return f"amqp://guest:guest@{self.host}:{self.port}/%2F"

    def stop(self) -> None:
        """End it and its epmd, and remove its data."""
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None
        super().stop()

    def control(self, *arguments: str) -> str:
        """Run ``rabbitmqctl`` for this server and return what it says.

        Takes about two seconds.

        Raises:
            CalledProcessError: it failed.
        """
        command = [os.fspath(self._home / "rabbitmqctl"), *arguments]
        done = subprocess.run(
            command, env=self._environment(), check=True, capture_output=True, cwd=self.directory
        )
        return done.stdout.decode()

    def virtual_hosts(self, count: int) -> list[str]:
        """Make virtual hosts and return their URLs."""
        grant = 'rabbit_auth_backend_internal:set_permissions(<<"guest">>, V, P, P, P, <<"t">>)'
        names = [f"t{number}" for number in range(count)]
        listed = ", ".join(f'<<"{name}">>' for name in names)
        self.control(
            "eval",
            f'P = <<".*">>, [begin rabbit_vhost:add(V, <<"t">>), {grant} end || V <- [{listed}]].',
        )
        return [self.url.removesuffix("%2F") + name for name in names]

    def _arguments(self) -> list[str]:
        return [os.fspath(self._home / "rabbitmq-server")]

    def _prepare(self) -> None:
        super()._prepare()
        lines = ["loopback_users = none", "log.file.level = warning", *self.options]
        (self.directory / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (self.directory / "plugins").write_text("[].\n")
        if self._epmd is None:
            self._epmd = self._spawn(["epmd", "-port", str(self._epmd_port)])

    def _environment(self) -> Mapping[str, str]:
        kept = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": os.fspath(self.directory)}
        return kept | {
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": os.fspath(self.directory / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_ENABLED_PLUGINS_FILE": os.fspath(self.directory / "plugins"),
            "RABBITMQ_LOG_BASE": os.fspath(self.directory / "log"),
            "RABBITMQ_MNESIA_BASE": os.fspath(self.directory / "data"),
            "RABBITMQ_NODENAME": f"gouji-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": self.host,
            "RABBITMQ_NODE_PORT": str(self.port),
            # idle schedulers otherwise spin, which starves a small machine
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the server, with its process id
        }

    def _greets(self, connection: socket.socket) -> bool:
        connection.sendall(b"AMQP\x00\x00\x09\x01")
        return connection.recv(1) == b"\x01"  # a method frame: Connection.Start


class PostgresServer(Server):
    """PostgreSQL that trusts everyone; runs as the user postgres where the tests run as root.

    ``options`` are arguments of the server such as ``-c``, ``max_connections=20``.
    """

    kind = "postgres"
    _polite = signal.SIGINT  # fast: does not wait for its clients

    @classmethod
    def available(cls) -> bool:
        """Tell whether the server is installed."""
        return cls._bin() is not None

    @property
    def url(self) -> str:
        """The URL for ``database_url``."""
        return f"postgresql+psycopg://postgres@{self.host}:{self.port}/postgres"

    @staticmethod
    def _bin() -> Path | None:
        if found := shutil.which("postgres"):
            return Path(found).resolve().parent
        versions = Path("/usr/lib/postgresql").glob("*/bin")
        return max(versions, key=lambda path: float(path.parent.name), default=None)

    def _as(self) -> dict[str, Any]:
        if os.getuid() != 0:
            return {}
        return {"user": "postgres", "group": "postgres", "extra_groups": []}

    def _prepare(self) -> None:
        super()._prepare()
        if (self.directory / "db").exists():
            return
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
        made = self._spawn(
            [
                os.fspath((self._bin() or Path()) / "initdb"),
                *("-D", os.fspath(self.directory / "db"), "-U", "postgres", "-E", "UTF8"),
                *("-A", "trust", "--locale", "C.UTF-8", "--no-sync"),
            ]
        )
        if made.wait() != 0:
            raise RuntimeError(f"initdb failed: {self.log[-2000:]}")
        with (self.directory / "db" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all all trust\n")

    def _arguments(self) -> list[str]:
        return [
            os.fspath((self._bin() or Path()) / "postgres"),
            *("-D", os.fspath(self.directory / "db"), "-k", os.fspath(self.directory)),
            *("-h", self.host, "-p", str(self.port)),
            *self.options,
        ]

    def _greets(self, connection: socket.socket) -> bool:
        # StartupMessage of protocol 3.0; R is AuthenticationOk, E an error such as "starting up"
        body = b"\x00\x03\x00\x00user\x00postgres\x00\x00"
        connection.sendall((len(body) + 4).to_bytes(4, "big") + body)
        return connection.recv(1) == b"R"


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port on which nothing listens now.

    It is none that the kernel gives to those who connect or ask for any: before a server listens
    there, and while it is away between an end and a start, hundreds of others may.
    """
    low = int(_EPHEMERAL.read_text().split()[0]) if _EPHEMERAL.exists() else 0
    for _ in range(_TRIES if low > _LOWEST else 0):
        port = _LOWEST + secrets.randbelow(low - _LOWEST)
        with socket.socket() as listener, suppress(OSError):
            listener.bind((host, port))
            return port
    with socket.socket() as listener:
        listener.bind((host, 0))
        return int(listener.getsockname()[1])


def _family(pid: int) -> list[int]:
    """Return a process and all that descends from it: PostgreSQL's children leave its group."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it ended first
        os.kill(pid, number)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _dying_with(parent: int) -> Callable[[], None]:
    def prepare() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def main(command: Sequence[str]) -> int:
    """Run a command with a server of each kind, and return how it ended.

    The tests take the URLs from ``GOUJI_TEST_DATABASE_URL``, ``GOUJI_TEST_REDIS_URL`` and
    ``GOUJI_TEST_RABBITMQ_URL``.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    redis, rabbitmq = RedisServer(), RabbitServer()
    postgres = PostgresServer(options=["-c", "fsync=off", "-c", "max_connections=200"])
    processes = (os.cpu_count() or 1) + 2  # of tests at once, at most: tests/conftest.py
    with redis, rabbitmq, postgres:
        urls = {
            "GOUJI_TEST_DATABASE_URL": postgres.url,
            "GOUJI_TEST_REDIS_URL": redis.url,
            "GOUJI_TEST_RABBITMQ_URL": " ".join(rabbitmq.virtual_hosts(processes)),
        }
        return subprocess.run(command, env=os.environ | urls, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
