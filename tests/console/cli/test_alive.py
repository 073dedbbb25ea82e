"""``gouji alive``: the probe of a container looks at one file, and at nothing that may be away."""

import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.cli.main import cli


@pytest.fixture
def alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, which is not there yet; database and queue are nowhere."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "alive"
    monkeypatch.setenv("GOUJI_ALIVE_FILE", str(path))
    monkeypatch.setenv("GOUJI_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    return path


def ask(*options: str) -> Result:
    return CliRunner().invoke(cli, ["alive", *options])


def test_a_part_that_gave_a_sign_lately_is_alive(alive: Path) -> None:
    alive.touch()
    assert ask().exit_code == 0


def test_one_that_is_not_ready_is_not(alive: Path) -> None:
    result = ask()
    assert result.exit_code == 1
    assert "not ready" in result.stderr


def test_one_that_was_silent_too_long_is_not(alive: Path) -> None:
    # Given a sign of two minutes ago
    alive.touch()
    long_ago = time.time() - 120
    os.utime(alive, (long_ago, long_ago))

    # Then it depends on how long is too long
    assert ask().exit_code == 1
    assert ask("--within", "300").exit_code == 0


def test_without_the_setting_it_says_so(alive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOUJI_ALIVE_FILE", "")
    result = ask()
    assert result.exit_code == 2
    assert "alive_file" in result.stderr
