"""One network with its servers for all tests of a process, and a house of its own for each."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.hosts.house import House, Servers
from tests.hosts.network import Network, need_network
from tests.objects import need_objects
from tests.servers import PostgresServer, RedisServer

_numbers = count()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Return what runs on host A."""
    need_network()
    need_objects()
    for server in (PostgresServer, RedisServer):
        if not server.available() and not os.environ.get("CI"):
            pytest.skip(f"{server.kind} is not installed")
    with Network() as network, Servers(network) as running:
        yield running


@pytest.fixture
def house(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Return an installation with nothing running yet."""
    for name, value in servers.objects.environment.items():
        monkeypatch.setenv(name, value)
    made = House(servers, next(_numbers), tmp_path)
    try:
        yield made
    finally:
        made.end()
