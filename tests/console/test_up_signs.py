"""``gouji up`` tells whoever runs it how it stands; its parts leave that to it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.worker.listening import listening
from worker.settings import PREFIX

pytestmark = pytest.mark.process


def test_it_is_ready_once_and_ends_once(tmp_path: Path) -> None:
    # Given a manager that listens, and a file for a probe
    alive = tmp_path / "alive"
    plain = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    settings = {"GOUJI_ALIVE_FILE": str(alive), "GOUJI_CONSOLE_PORT": "0"}
    with listening() as manager:
        told = {"NOTIFY_SOCKET": manager.address}
        running = subprocess.Popen(
            [sys.executable, "-P", "-m", "console.cli.main", "up"],
            cwd=tmp_path,
            env=plain | settings | told,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            # When everything was started
            manager.wait_for("READY=1", 120)
            assert alive.exists()

            # And is told to end
            running.terminate()
            assert running.wait(60) == 0
        finally:
            running.kill()
            running.wait()
        said = manager.rest()

    # Then that was said once each, and by nobody else
    assert said == ["READY=1", "STOPPING=1"]
    assert not alive.exists()
