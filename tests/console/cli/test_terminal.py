"""What only a person at a terminal sees: hints, and questions."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.console.cli.conftest import Place, add
from worker.inspection import inspect

DEADLINE = 120.0


def on_terminal(place: Place, *arguments: str, answer: bytes = b"") -> tuple[int, str, str]:
    """Run gouji with stdin and stderr on a terminal; return exit code, stdout, terminal."""
    leader, follower = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GOUJI_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "console.cli.main", *arguments],
        cwd=place.root,
        env=kept | {"PYTHONPATH": str(Path(__file__).parents[3])},
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=follower,
        text=True,
    )
    os.close(follower)
    os.write(leader, answer)
    out, _ = process.communicate(timeout=DEADLINE)
    shown = drain(leader)
    os.close(leader)
    return process.returncode, out, shown


def drain(terminal: int) -> str:
    """Return what was written to the terminal, up to its end."""
    shown = b""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0)[0]:
            break
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # Linux says EIO when the other side is closed
            break
    return shown.decode()


@pytest.mark.process
def test_a_hint_names_the_next_step(seeded: Place) -> None:
    # When
    code, out, shown = on_terminal(seeded, "dead", "list", "--json")

    # Then
    assert code == 0
    assert out.startswith("[\n")
    assert "dead show 1" in shown


@pytest.mark.process
def test_many_are_decided_about_only_when_a_person_agrees(seeded: Place) -> None:
    # Given
    add(seeded.database, inspect(b"", "空.txt"), "空.txt")
    arguments = ("dead", "discard", "--all-matching", "--note", "x")

    # When
    refused, _, shown = on_terminal(seeded, *arguments, answer=b"n\n")
    agreed, out, _ = on_terminal(seeded, *arguments, answer=b"y\n")

    # Then
    assert (refused, agreed) == (1, 0)
    assert "2 件死信 dead letters?" in shown
    assert out == "已弃置 discarded: 2\n"
