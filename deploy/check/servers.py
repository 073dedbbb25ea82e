"""Programs that are not ours: would they understand what they are told, and keep what they must."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from worker.embedded import find_server

VALKEY: Final = "valkey-server"

HOMES: Final = {
    "postgres": "/var/lib/postgresql/data",
    "valkey/valkey": "/data",
    "prom/prometheus": "/prometheus",
    "prom/alertmanager": "/alertmanager",
    "grafana/grafana": "/var/lib/grafana",
}
"""Where each image keeps what must outlive its container."""

_VARIABLES: Final = {
    "postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "PGDATA"},
    "grafana/grafana": {
        "GF_SECURITY_ADMIN_PASSWORD__FILE",
        "GF_ANALYTICS_REPORTING_ENABLED",
        "GF_ANALYTICS_CHECK_FOR_UPDATES",
    },
}
"""The variables of the environment that are used here, of those that each image reads."""

_NEEDED: Final = {
    "postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE"},
    "grafana/grafana": {"GF_SECURITY_ADMIN_PASSWORD__FILE"},
}

_WITHIN: Final = 20.0


def called(image: str) -> str:
    """Return the name of an image without its tag."""
    return image.rpartition(":")[0] or image


def unread(image: str, variables: Iterable[str]) -> Iterator[str]:
    """Yield the variables that an image would not read, or lacks; ours are looked at elsewhere."""
    name, told = called(image), set(variables)
    known, needed = _VARIABLES.get(name, set()), _NEEDED.get(name, set())
    yield from (f"environment: {name} reads no {one}" for one in sorted(told - known))
    yield from (f"environment: {name} needs {one}" for one in sorted(needed - told))


def homeless(image: str, kept: Iterable[str]) -> Iterator[str]:
    """Yield that an image keeps nothing, where none of the mounted volumes is its home."""
    home = HOMES.get(called(image))
    if home is not None and home not in set(kept):
        yield f"no volume that stays is at {home}, where {called(image)} keeps what it has"


def refused(words: Sequence[str]) -> Iterator[str]:
    """Yield what Valkey says against its command; it is started, in a place of its own.

    Its file of secrets is left out, and it listens at no port.
    """
    if words[:1] != [VALKEY]:
        return
    options = [word for word in words[1:] if not word.startswith("/run/")]
    with tempfile.TemporaryDirectory() as folder:
        if "--dir" in options[:-1]:
            options[options.index("--dir") + 1] = folder
        socket, log = Path(folder, "socket"), Path(folder, "log")
        own = ["--port", "0", "--unixsocket", os.fspath(socket), "--logfile", ""]
        with (
            log.open("wb") as out,
            subprocess.Popen(  # noqa: S603 - the server that comes with us
                [find_server(), *options, *own], cwd=folder, stdout=out, stderr=out
            ) as server,
        ):
            ends = time.monotonic() + _WITHIN
            while server.poll() is None and not socket.exists() and time.monotonic() < ends:
                time.sleep(0.01)
            started = server.poll() is None and socket.exists()
            server.kill()
        if not started:
            lines = log.read_text("utf-8", "replace").split("\n")
            said = [line for line in lines if line.strip() and not line.startswith("***")]
            yield f"{VALKEY}: {' '.join(said[-2:]) or 'does not start'}"
