"""Hosts as network namespaces on one bridge. Host A, where the servers are, is this machine itself.

A host is cut off in two ways: its cable is pulled (the link goes down), or its packets vanish on
the way while the link is up. In neither is anybody told that a connection has ended.
"""

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest

_FORWARDING, _DISABLED = "3", "0"
WAYS: Final = ("unplugged", "silent")
"""How a host may be cut off."""


def need_network() -> None:
    """Skip the test where namespaces cannot be made, but not in CI."""
    why = _missing()
    if why and not os.environ.get("CI"):
        pytest.skip(f"no hosts of its own network: {why}")


def _missing() -> str:
    name = f"gouji-{secrets.token_hex(3)}"
    try:
        _ip("netns", "add", name)
        _ip("netns", "del", name)
    except FileNotFoundError:
        return "iproute2 is not installed"
    except subprocess.CalledProcessError as error:
        return str(error.stderr.decode().strip())
    return ""


class Network:
    """A bridge with an address of host A, and hosts on it; all of it is gone afterwards."""

    def __init__(self) -> None:
        self._tag = secrets.token_hex(3)
        self._bridge = f"gj{self._tag}"
        self._subnet = f"10.{secrets.randbelow(64) + 128}.{secrets.randbelow(256)}"
        self._hosts: list[Host] = []

    @property
    def address(self) -> str:
        """The address of host A."""
        return f"{self._subnet}.1"

    def __enter__(self) -> Self:
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("addr", "add", f"{self.address}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for host in self._hosts:
            host.remove()
        _ip("link", "del", self._bridge)

    def host(self) -> "Host":
        """Return another host."""
        number = len(self._hosts) + 2
        host = Host(f"gj{self._tag}-{number}", f"{self._subnet}.{number}", self._bridge)
        self._hosts.append(host)
        host.plug_in()
        return host


class Host:
    """A host: processes started here see nothing but the bridge."""

    def __init__(self, name: str, address: str, bridge: str) -> None:
        self.name = name
        self.address = address
        self._bridge = bridge

    def plug_in(self) -> None:
        """Make it, and connect it to the bridge."""
        _ip("netns", "add", self.name)
        _ip("link", "add", self.name, "type", "veth", "peer", "eth0", "netns", self.name)
        _ip("link", "set", self.name, "master", self._bridge, "up")
        for words in (("link", "set", "lo", "up"), ("link", "set", "eth0", "up")):
            _ip("-n", self.name, *words)
        _ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", "eth0")

    def cut_off(self, way: str) -> None:
        """Cut it off."""
        if way == "unplugged":
            _ip("link", "set", self.name, "down")
        else:  # the port of the bridge drops what comes from either side
            _bridge("link", "set", "dev", self.name, "state", _DISABLED)

    def join(self) -> None:
        """Connect it again, however it was cut off."""
        _ip("link", "set", self.name, "up")
        deadline = time.monotonic() + 10
        while True:
            try:
                _bridge("link", "set", "dev", self.name, "state", _FORWARDING)
            except subprocess.CalledProcessError:  # the link is not there yet
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> subprocess.Popen[bytes]:
        """Start a process here; what it says is in ``folder/out``."""
        with (folder / "out").open("ab") as out:
            return subprocess.Popen(
                ["ip", "netns", "exec", self.name, *command],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def processes(self) -> list[int]:
        """Return the processes that run here."""
        return [int(word) for word in _ip("netns", "pids", self.name).split()]

    def signal(self, number: signal.Signals) -> None:
        """Send every process here a signal."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def remove(self) -> None:
        """End its processes and take it away."""
        deadline = time.monotonic() + 10
        while self.processes() and time.monotonic() < deadline:
            self.signal(signal.SIGKILL)
            time.sleep(0.05)
        _ip("netns", "del", self.name)


def _ip(*words: str) -> str:
    return _run("ip", *words)


def _bridge(*words: str) -> str:
    return _run("bridge", *words)


def _run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True).stdout.decode()
