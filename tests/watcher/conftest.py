"""A real broker for the session, a station for each test, and an eye on threads left behind."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.watcher.station import Station
from worker.embedded import ensure
from worker.settings import Settings


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive(), f"{thread} was left running"


@pytest.fixture(scope="session")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("broker"))
    with ensure(settings):
        yield settings.broker


@pytest.fixture
def empty_broker(broker_url: str) -> str:
    with redis.Redis.from_url(broker_url) as client:
        client.flushall()
    return broker_url


@pytest.fixture
def build(tmp_path: Path, empty_broker: str) -> Iterator[Callable[..., Station]]:
    with ExitStack() as stack:

        def make(**settings: Any) -> Station:
            station = Station(tmp_path, **({"broker_url": empty_broker} | settings))
            stack.callback(station.close)
            return station

        yield make


@pytest.fixture
def station(build: Callable[..., Station]) -> Station:
    return build()
