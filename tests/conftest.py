"""What every test may rely on: logging as a fresh process has it, and an empty database."""

import gc
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog

from tests import brokers, budgets
from tests.brokers import DATABASES, STACKS
from tests.databases import BACKENDS, empty
from tests.fault.accounts import PromiseBrokenError
from worker import faults, tracing
from worker.embedded import ensure
from worker.settings import Settings

hypothesis.settings.register_profile(
    "steady",
    deadline=None,  # machines are busy with others
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize=not budgets.EXPLORE,
)
hypothesis.settings.load_profile("steady")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run more processes of tests than there are cores: a third of the time they wait."""
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep what collection leaves, which is never garbage, from being looked through for any."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest begin first: several processes take a file each.

    Last of all, when what does not run has been left out. Where a machine runs them on every change
    (``CI``), one that fails runs once more and is told of as such: hundreds of processes share the
    machine, and it may have been that. A broken promise never is.
    """
    longest: dict[Path, int] = {}
    for item in items:
        rank = 2 * (item.get_closest_marker("soak") is not None)
        rank += item.get_closest_marker("process") is not None
        longest[item.path] = max(rank, longest.get(item.path, 0))
        if "CI" in os.environ:
            item.add_marker(pytest.mark.flaky(reruns=1, rerun_except=[PromiseBrokenError.__name__]))
    items.sort(key=lambda item: -longest[item.path])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let go of what a failed run left open, before it is told of the second as a fault."""
    if getattr(item, "execution_count", 1) > 1:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            for name in ("last_exc", "last_value", "last_traceback"):  # they hold its frames
                vars(sys).pop(name, None)
            gc.collect()


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """Undo what a test configured, so that the next one starts as a process does."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    structlog.reset_defaults()
    yield
    faults.handle(None)
    tracing.use(None)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level


@pytest.fixture(scope="session")
def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of an embedded broker, for tests that empty it."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("broker"))
    with ensure(settings):
        yield settings.broker


@pytest.fixture(params=STACKS)
def broker_url(request: pytest.FixtureRequest, embedded_broker: str) -> Iterator[str]:
    """Return the URL of an empty broker, of each kind that there is."""
    with brokers.empty(request.param, embedded_broker) as url:
        yield url


@pytest.fixture(params=STACKS)
def stack(
    request: pytest.FixtureRequest, tmp_path: Path, embedded_broker: str
) -> Iterator[dict[str, Any]]:
    """Return what the settings say of an empty broker and an empty database, of each kind."""
    name: str = request.param
    place = tmp_path / "var"
    with brokers.empty(name, embedded_broker) as broker, empty(DATABASES[name], place) as url:
        yield {"broker_url": broker, "database_url": url}


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty database, of each kind that there is."""
    with empty(request.param, tmp_path) as url:
        yield url
