"""What every test may rely on: logging as a fresh process has it, and an empty database."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests import budgets  # noqa: F401 - takes its variables out of the environment first
from tests.databases import BACKENDS, empty
from worker import faults


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """Undo what a test configured, so that the next one starts as a process does."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    structlog.reset_defaults()
    yield
    faults.handle(None)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty database, of each kind that there is."""
    with empty(request.param, tmp_path) as url:
        yield url
