"""One installation over several hosts: servers on A, parts of gouji on the others."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

from sqlalchemy import create_engine, make_url, select, text

from models import migrations
from models.ledger import Arrival, Document
from models.session import Database
from tests.hosts.network import Host, Network
from tests.objects import ObjectServer
from tests.servers import PostgresServer, RedisServer
from worker import faults
from worker.archive import Archive
from worker.archives.s3 import connect

QUICK: Final = {
    "SETTLE": "0.3",
    "SCAN_INTERVAL": "1",
    "SWEEP_INTERVAL": "1",
    "LEASE": "30",
    "GRACE": "8",
    "RETRY_MIN": "0.3",
    "RETRY_MAX": "2",
    "LOG_FORMAT": "json",
    "WORKER_PROCESSES": "1",
    "WORKER_THREADS": "2",
}
"""Settings that make things happen soon."""


def until(condition: Callable[[], object], seconds: float, why: Callable[[], object]) -> None:
    """Wait for a condition; when time is up, fail and say how things stand."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {why()}"
        time.sleep(0.1)


@dataclass
class Servers:
    """What runs on host A."""

    network: Network
    postgres: PostgresServer = field(init=False)
    redis: RedisServer = field(init=False)
    objects: ObjectServer = field(init=False)

    def __enter__(self) -> Self:
        host = self.network.address
        self.postgres = PostgresServer(host=host, options=["-c", "fsync=off"])
        self.redis = RedisServer(host=host)
        self.objects = ObjectServer(host=host)
        for server in (self.postgres, self.redis, self.objects):
            server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self.objects, self.redis, self.postgres):
            server.stop()


class Site:
    """A host with parts of gouji on it, and a directory of its own."""

    def __init__(self, host: Host, folder: Path, settings: Mapping[str, str]) -> None:
        self.host = host
        self.folder = folder
        self.inbox = folder / "inbox"
        self.faults = folder / "faults"
        self.faults.mkdir(parents=True)
        own = {
            "GOUJI_DATA_DIR": os.fspath(folder / "var"),
            "GOUJI_INBOX": os.fspath(self.inbox),
            faults.VARIABLE: os.fspath(self.faults),
        }
        self._environment = dict(settings) | own
        self._processes: list[subprocess.Popen[bytes]] = []

    def run(self, *words: str) -> None:
        """Start a command of gouji here."""
        command = [sys.executable, "-P", "-m", "console.cli.main", *words]
        self._processes.append(self.host.start(command, self._environment, self.folder))

    def python(self, program: str) -> subprocess.Popen[bytes]:
        """Start a program of some lines here."""
        process = self.host.start([sys.executable, "-c", program], self._environment, self.folder)
        self._processes.append(process)
        return process

    def stop_at(self, point: str) -> None:
        """Let the next process here that reaches a point stop there."""
        faults.arm(self.faults, point, "stop")

    def stopped(self) -> bool:
        """Tell whether a process here has stopped."""
        return any(_state(pid) == "T" for pid in self.host.processes())

    def go_on(self) -> None:
        """Let what has stopped go on."""
        self.host.signal(signal.SIGCONT)

    def said(self) -> str:
        """Return everything that was said here."""
        path = self.folder / "out"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def end(self) -> None:
        """End whatever runs here."""
        while self.host.processes():
            self.host.signal(signal.SIGKILL)
            time.sleep(0.05)
        for process in self._processes:
            process.wait(60)


class House:
    """A database, a queue and a bucket of one test, and the sites that use them."""

    def __init__(self, servers: Servers, number: int, folder: Path) -> None:
        self._servers = servers
        self._folder = folder
        self._name = f"gouji_{uuid4().hex}"
        server = servers.postgres.url
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {self._name}"))
        engine.dispose()
        url = make_url(server).set(database=self._name).render_as_string(hide_password=False)
        migrations.upgrade(url)
        self.database = Database.at(url)
        bucket = self._name.replace("_", "-")
        connect().call_s3("create_bucket", Bucket=bucket)
        self.archive = Archive(f"s3://{bucket}/archive", folder / "scratch")
        self.settings = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            **servers.objects.environment,
            **{f"GOUJI_{name}": value for name, value in QUICK.items()},
            "GOUJI_DATABASE_URL": url,
            "GOUJI_BROKER_URL": servers.redis.url.removesuffix("0") + str(number % 16),
            "GOUJI_ARCHIVE_URL": f"s3://{bucket}/archive",
        }
        self.sites: list[Site] = []

    def site(self, **settings: str) -> Site:
        """Return another host, with nothing on it yet."""
        host = self._servers.network.host()
        named = {f"GOUJI_{name}": value for name, value in settings.items()}
        site = Site(host, self._folder / host.name, self.settings | named)
        self.sites.append(site)
        return site

    def story(self) -> str:
        """Say how things stand."""
        said = "\n".join(f"--- {one.host.name}\n{one.said()[-1500:]}" for one in self.sites)
        return f"{states(self.database)}\n{said}"

    def end(self) -> None:
        """End every process of every site."""
        for site in self.sites:
            site.end()
        self.database.close()


def states(database: Database) -> tuple[dict[str, int], int]:
    """Count documents by state, and what has arrived as a file."""
    with database.reading() as session:
        found = Counter(session.scalars(select(Document.state)))
        query = select(Arrival.id).where(Arrival.container_id.is_(None))
        return dict(found), len(session.scalars(query).all())


def at_rest(database: Database, arrivals: int) -> bool:
    """Tell whether so many files have arrived and nothing is under way."""
    found, came = states(database)
    return came >= arrivals and not {"received", "queued", "processing"} & set(found)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
