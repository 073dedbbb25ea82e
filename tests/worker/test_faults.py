"""Fault points: each is in the code once, and does what the file of its name says."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from worker import faults

ROOT = Path(__file__).parents[2]
CODE = [path for part in ("worker", "watcher", "console") for path in (ROOT / part).rglob("*.py")]


def test_every_point_is_in_the_code_and_in_the_table() -> None:
    reached = Counter(
        point
        for path in CODE
        for point in re.findall(r'\breach\("([\w.]+)"', path.read_text("utf-8"))
    )
    assert set(reached) == set(faults.POINTS)


def reaching(directory: Path, *points: str) -> subprocess.CompletedProcess[str]:
    """Reach points in a process of its own; it prints each when it has passed it."""
    code = (
        f"from worker.faults import reach\nfor p in {points!r}:\n reach(p)\n print(p, flush=True)"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, faults.VARIABLE: str(directory)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_point_that_is_not_armed_does_nothing(tmp_path: Path) -> None:
    assert reaching(tmp_path, "claim.committed").stdout.split() == ["claim.committed"]


@pytest.mark.parametrize(("action", "code"), [("kill", -signal.SIGKILL), ("exit", 70)])
def test_an_armed_point_ends_one_process(tmp_path: Path, action: str, code: int) -> None:
    # Given
    faults.arm(tmp_path, "claim.committed", action)
    # When two processes come to it
    first = reaching(tmp_path, "claim.entered", "claim.committed")
    second = reaching(tmp_path, "claim.committed")
    # Then the first ends there, and the second goes on
    assert (first.returncode, first.stdout.split()) == (code, ["claim.entered"])
    assert (second.returncode, second.stdout.split()) == (0, ["claim.committed"])


def test_an_armed_point_fails_as_the_system_does(tmp_path: Path) -> None:
    faults.arm(tmp_path, "archive.copied", "ENOSPC")
    assert (
        "OSError: [Errno 28] No space left on device" in reaching(tmp_path, "archive.copied").stderr
    )


def test_a_point_armed_for_one_document_fails_for_it_every_time(tmp_path: Path) -> None:
    # Given
    faults.arm(tmp_path, "work.fetched", "exit", "毒.txt")
    # When another document comes to it, then that one, twice
    code = "import sys; from worker.faults import reach; reach('work.fetched', sys.argv[1])"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, faults.VARIABLE: str(tmp_path)}
    codes = [
        subprocess.run([*command, name], env=environment, cwd=ROOT, check=False).returncode
        for name in ("好.txt", "毒.txt", "毒.txt")
    ]
    # Then
    assert codes == [0, 70, 70]


def test_only_points_that_exist_can_be_armed(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        faults.arm(tmp_path, "claim.comitted", "kill")
