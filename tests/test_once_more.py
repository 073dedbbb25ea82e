"""A test that fails runs once more on the machine that runs them on every change, and is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

UNSTEADY = """
import gc
import warnings

from tests.fault.accounts import PromiseBrokenError

class Connection:
    closed = False

    def __del__(self):
        if not self.closed:
            warnings.warn("left open", ResourceWarning)

runs = {"unsteady": 0, "wrong": 0, "broken": 0}

def test_unsteady():
    connection = Connection()
    connection.pool = [connection]
    gc.collect()
    runs["unsteady"] += 1
    assert runs["unsteady"] == 2
    connection.closed = True

def test_wrong():
    runs["wrong"] += 1
    assert False

def test_broken_promise():
    runs["broken"] += 1
    if runs["broken"] == 1:
        raise PromiseBrokenError("1 lost")

def test_of_all_these():
    assert runs == {"unsteady": 2, "wrong": 2, "broken": 1}
"""


def outcome(place: Path, **environment: str) -> str:
    """Run the tests of a file as ours are run; return what is said."""
    file = place / "test_unsteady.py"
    file.write_text(UNSTEADY, "utf-8")
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    settings = os.fspath(ROOT / "pyproject.toml")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-c", settings]
    done = subprocess.run(
        [*command, "--rootdir", os.fspath(ROOT), os.fspath(file)],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.process
def test_in_ci_both_ends_of_an_unsteady_test_are_told_and_a_broken_promise_stays(
    tmp_path: Path,
) -> None:
    said = outcome(tmp_path, CI="true")
    assert "2 failed, 2 passed, 2 rerun" in said
    assert "RERUN" in said
    assert "assert 1 == 2" in said
    assert "PromiseBrokenError: 1 lost" in said


@pytest.mark.process
def test_at_the_desk_it_fails_at_once(tmp_path: Path) -> None:
    said = outcome(tmp_path)
    assert "4 failed" in said
    assert "RERUN" not in said
