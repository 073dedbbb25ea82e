"""A real object store with an S3 door: OpenStack Swift, four servers on one disk.

Debian has it as ``python3-swift``; it runs under the system's Python. As on S3, an upload is there
whole or not at all, signatures and checksums are verified, and listings come in pages.
"""

import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

_PYTHON: Final = "/usr/bin/python3"
_PROGRAM: Final = str(Path(__file__).with_name("swift_servers.py"))
_SERVERS: Final = ("account-server", "container-server", "object-server", "proxy-server")
_START: Final = 120.0
PAGE: Final = 50
"""The most objects of one page of a listing; a thousand on S3."""

_KEY, _SECRET = "gouji:robot", "not-so-secret"

_SWIFT: Final = """\
[swift-hash]
swift_hash_path_suffix = gouji
[storage-policy:0]
name = only
default = yes
"""
_STORAGE: Final = """\
[DEFAULT]
bind_ip = {host}
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}
mount_check = false
log_statsd_host =
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
_PROXY: Final = """\
[DEFAULT]
bind_ip = {host}
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors gatekeeper proxy-logging cache listing_formats s3api tempauth slo
  proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
use = egg:swift#memcache
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
max_bucket_listing = {page}
[filter:tempauth]
use = egg:swift#tempauth
user_gouji_robot = {secret} .admin
[filter:slo]
use = egg:swift#slo
"""


def need_objects() -> None:
    """Skip the test where Swift is not installed, but not in CI."""
    look = [_PYTHON, "-c", "import swift.proxy.server"]
    there = Path(_PYTHON).exists() and _succeeds(look)
    if not there and not os.environ.get("CI"):
        pytest.skip("python3-swift is not installed")


class Objects:
    """The store: started, killed, started again.

    Args:
        folder: where it keeps everything.
        host: the address it listens on.
        within: what stands before its command lines: ``ip netns exec NAME``.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", within: Sequence[str] = ()) -> None:
        self._folder = folder
        self._host = host
        self._within = tuple(within)
        self._ports = dict(zip(_SERVERS, _free_ports(len(_SERVERS)), strict=True))
        self._process: subprocess.Popen[bytes] | None = None
        self._write()

    @property
    def environment(self) -> dict[str, str]:
        """What a client has in its environment."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def url(self) -> str:
        """The S3 endpoint."""
        return f"http://{self._host}:{self.port}"

    @property
    def port(self) -> int:
        """The port of the S3 endpoint."""
        return self._ports["proxy-server"]

    def start(self) -> None:
        """Start every server and wait until they answer."""
        ports = [str(self._ports[name]) for name in _SERVERS[:3]]
        command = [*self._within, _PYTHON, _PROGRAM, str(self._folder), self._host, *ports]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _START
        while not all(self._listens(port) for port in self._ports.values()):
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill every server at once."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        """Let it take connections and say nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it speak again."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _listens(self, port: int) -> bool:
        # from within: the address may be of another network
        ask = "import socket,sys;socket.create_connection((sys.argv[1],int(sys.argv[2])),1)"
        command = [*self._within, _PYTHON, "-c", ask, self._host, str(port)]
        if self._within:
            return _succeeds(command)
        with suppress(OSError), socket.create_connection((self._host, port), 1):
            return True
        return False

    def _write(self) -> None:
        (self._folder / "disk").mkdir(parents=True, exist_ok=True)
        (self._folder / "swift.conf").write_text(_SWIFT)
        user = pwd.getpwuid(os.getuid()).pw_name
        common = {
            "host": self._host,
            "user": user,
            "folder": self._folder,
            "secret": _SECRET,
            "page": PAGE,
        }
        for name, port in self._ports.items():
            form = _PROXY if name == "proxy-server" else _STORAGE
            kind = name.partition("-")[0]
            text = form.format(port=port, kind=kind, **common)
            (self._folder / f"{name}.conf").write_text(text)


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
