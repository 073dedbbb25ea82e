"""A station for each test, and an eye on threads left behind."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.watcher.station import Station


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive(), f"{thread} was left running"


@pytest.fixture
def build(tmp_path: Path, stack: dict[str, Any]) -> Iterator[Callable[..., Station]]:
    with ExitStack() as open_stations:

        def make(**settings: Any) -> Station:
            station = Station(tmp_path, **(stack | settings))
            open_stations.callback(station.close)
            return station

        yield make


@pytest.fixture
def station(build: Callable[..., Station]) -> Station:
    return build()
