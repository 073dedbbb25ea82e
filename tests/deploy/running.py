"""Processes as Compose and systemd would start them: same commands, same environment, other paths.

What a container or a unit has at a fixed path has its place in a directory of the test.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg

from tests.servers import PostgresServer, RedisServer
from tests.tools import absent

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
BIN: Final = Path(sys.executable).parent
"""Where ``gouji`` and ``python3`` are; in the image that is /opt/gouji/bin."""

SEEDS: Final = sorted((Path(__file__).parents[1] / "data" / "seeds").glob("*.txt"))
_ENDS_WITHIN: Final = 180.0


class Place:
    """Where paths of a container or of a unit are in this test.

    Args:
        paths: the path there, and the one here; the first that fits is taken.
        texts: other texts that are replaced everywhere, such as ports and hosts.
    """

    def __init__(self, paths: Mapping[str, Path | str], texts: Mapping[str, str]) -> None:
        self._paths = {there: os.fspath(here) for there, here in paths.items()}
        self._texts = dict(texts)

    def here(self, text: str) -> str:
        """Return a text with the paths of here."""
        there = "|".join(map(re.escape, self._paths))
        text = re.sub(rf"(?<![\w/])(?:{there})(?!\w)", lambda one: self._paths[one[0]], text)
        # at once and as whole words: neither a new port nor a random password has one in it
        words = (rf"\b{old}\b" if old.isalnum() else re.escape(old) for old in self._texts)
        old = "|".join(words)
        return re.sub(old, lambda one: self._texts[one[0]], text) if old else text

    def environment(self, *said: Mapping[str, str]) -> dict[str, str]:
        """Return what is said, the later over the earlier, and nothing of the test's own."""
        whole = {name: value for one in said for name, value in one.items()}
        return {name: self.here(value) for name, value in whole.items()}


class Running:
    """A process that was started; what it wrote is in ``log``."""

    def __init__(
        self, name: str, words: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.environment = dict(environment)
        self._log = folder / f"{name}.log"
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                list(words),
                env=self.environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        """What it wrote so far."""
        return self._log.read_text("utf-8", "replace")

    def end(self) -> int:
        """Ask it to end as an orchestrator does, and return its exit code."""
        self.process.terminate()
        return self.process.wait(_ENDS_WITHIN)

    def kill(self) -> None:
        """End all that is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def servers(password: str, broker_password: str) -> Iterator[dict[str, str]]:
    """Have a PostgreSQL with the user and database gouji, and a Redis with a password.

    Yields what the addresses of the topology are here.
    """
    for server in (PostgresServer, RedisServer):
        if not server.available():
            absent(server.__name__)
    options = ["--requirepass", broker_password]
    with PostgresServer() as database, RedisServer(options=options) as broker:
        url = database.url.replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE gouji LOGIN PASSWORD '{password}'")
            connection.execute("CREATE DATABASE gouji OWNER gouji")
        yield {
            "@database:5432/": f"@127.0.0.1:{database.port}/",
            "@broker:6379/": f"@127.0.0.1:{broker.port}/",
        }
