"""What earlier runs of tests have left in the temporary directory fails no run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FULL = """
import errno
import os

def test_that_somebody_writes_where_an_earlier_run_was(tmp_path):
    def full(*_, **__):
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))

    os.rmdir = full
"""


@pytest.mark.process
def test_a_directory_of_an_earlier_run_that_cannot_be_removed_fails_no_run(tmp_path: Path) -> None:
    # Given more earlier runs than are kept, and directories that are never empty
    for number in range(5):
        (tmp_path / "pytest-of-nobody" / f"pytest-{number}" / "kept").mkdir(parents=True)
    (tmp_path / "pytest-of-nobody").chmod(0o700)
    file = tmp_path / "test_full.py"
    file.write_text(FULL, "utf-8")

    # When tests run, of which one has a directory
    settings = os.fspath(ROOT / "pyproject.toml")
    command = [sys.executable, "-m", "pytest", "-c", settings, "--rootdir", os.fspath(ROOT)]
    done = subprocess.run(
        [*command, os.fspath(file)],
        cwd=ROOT,
        env=os.environ | {"PYTEST_DEBUG_TEMPROOT": os.fspath(tmp_path), "LOGNAME": "nobody"},
        capture_output=True,
        text=True,
        check=False,
    )

    # Then the run ends as they did
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 passed" in done.stdout
