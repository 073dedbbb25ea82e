"""A real object store with an S3 door: OpenStack Swift, four servers on one disk.

Debian has it as ``python3-swift``; it runs under the system's Python. As on S3, an upload is there
whole or not at all, signatures and checksums are verified, and listings come in pages.
"""

import os
import pwd
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.servers import Server, free_port

_PYTHON: Final = "/usr/bin/python3"
_PROGRAM: Final = os.fspath(Path(__file__).with_name("swift_servers.py"))
_KINDS: Final = ("account", "container", "object")
_KEY, _SECRET = "gouji:robot", "not-so-secret"
PAGE: Final = 50
"""The most objects of one page of a listing; a thousand on S3."""

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
    if not ObjectServer.available() and not os.environ.get("CI"):
        pytest.skip("python3-swift is not installed")


class ObjectServer(Server):
    """Swift without replicas; its port is that of the S3 endpoint."""

    kind = "objects"

    def __init__(
        self, *, host: str = "127.0.0.1", directory: Path | None = None, options: Sequence[str] = ()
    ) -> None:
        super().__init__(host=host, directory=directory, options=options)
        self._ports = {kind: free_port(host) for kind in _KINDS}

    @classmethod
    def available(cls) -> bool:
        """Tell whether Swift is installed for the system's Python."""
        look = [_PYTHON, "-c", "import swift.proxy.server"]
        there = Path(_PYTHON).exists()
        return there and subprocess.run(look, check=False, capture_output=True).returncode == 0

    @property
    def url(self) -> str:
        """The S3 endpoint."""
        return f"http://{self.host}:{self.port}"

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

    def _arguments(self) -> list[str]:
        ports = [str(port) for port in self._ports.values()]
        return [_PYTHON, _PROGRAM, os.fspath(self.directory), self.host, *ports]

    def _prepare(self) -> None:
        super()._prepare()
        (self.directory / "disk").mkdir(exist_ok=True)
        (self.directory / "swift.conf").write_text(_SWIFT)
        self._write("proxy", _PROXY, self.port)
        for kind, port in self._ports.items():
            self._write(kind, _STORAGE, port)

    def _write(self, kind: str, form: str, port: int) -> None:
        user = pwd.getpwuid(os.getuid()).pw_name
        where = {"host": self.host, "port": port, "folder": self.directory}
        text = form.format(kind=kind, user=user, secret=_SECRET, page=PAGE, **where)
        (self.directory / f"{kind}-server.conf").write_text(text)

    def _greets(self, connection: socket.socket) -> bool:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        if not connection.recv(12).startswith(b"HTTP/1."):
            return False
        for port in self._ports.values():
            socket.create_connection((self.host, port), 2).close()
        return True
