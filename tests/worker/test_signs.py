"""Signs of life go to a real datagram socket and to a file, and nobody there is no error."""

import os
import time
from pathlib import Path

import pytest

from tests.worker.listening import listening
from worker.errors import SettingsError
from worker.settings import Settings
from worker.signs import EVERY, Signs


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("abstract", [False, True])
def test_the_first_sign_says_ready_and_the_last_stopping(abstract: bool) -> None:
    # Given a watchdog that waits for 20 seconds
    clock = Clock()
    with listening(abstract=abstract) as listener:
        signs = Signs(listener.address, watchdog=20.0, clock=clock)

        # When the part works for a while and ends
        for _ in range(31):
            signs.alive()
            clock.now += 0.5
        signs.stopping()
        signs.stopping()
        signs.alive()

        # Then it was ready once, told every five seconds, and ended once
        assert listener.rest() == ["READY=1", *["WATCHDOG=1"] * 3, "STOPPING=1"]


def test_a_short_watchdog_is_told_twice_as_often() -> None:
    clock = Clock()
    with listening() as listener:
        signs = Signs(listener.address, watchdog=2.0, clock=clock)
        for _ in range(9):
            signs.alive()
            clock.now += 0.5
        assert listener.rest() == ["READY=1", *["WATCHDOG=1"] * 4]


def test_without_a_watchdog_it_is_told_nothing_more() -> None:
    clock = Clock()
    with listening() as listener:
        signs = Signs(listener.address, clock=clock)
        for _ in range(5):
            signs.alive()
            clock.now += EVERY
        assert listener.rest() == ["READY=1"]


def test_nobody_who_hears_it_is_no_error(tmp_path: Path) -> None:
    signs = Signs(str(tmp_path / "nobody"))
    signs.alive()
    signs.stopping()


def test_the_listener_is_taken_out_of_the_environment() -> None:
    # Given the environment that systemd makes
    environ = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "30000000", "KEPT": "1"}
    environ["WATCHDOG_PID"] = str(os.getpid())

    # When a part begins
    signs = Signs.of(Settings(), environ)

    # Then what it starts cannot speak in its place
    assert environ == {"KEPT": "1"}
    assert signs.heard


def test_a_part_of_the_whole_tells_nobody(tmp_path: Path) -> None:
    # Given what gouji up has in its environment and settings
    settings = Settings(alive_file=str(tmp_path / "alive"))
    environ = {"NOTIFY_SOCKET": "/run/x"}

    # Then a part that it started leaves both to it
    assert not Signs.of(settings, environ, alone=False).heard


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative"])
def test_an_address_of_another_kind_is_nobody(address: str) -> None:
    assert not Signs.of(Settings(), {"NOTIFY_SOCKET": address}).heard


def test_the_watchdog_of_another_process_is_not_ours() -> None:
    clock = Clock()
    with listening() as listener:
        environ = {"NOTIFY_SOCKET": listener.address, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}
        signs = Signs.of(Settings(), environ)
        signs._clock = clock
        for _ in range(3):
            signs.alive()
            clock.now += EVERY
        assert listener.rest() == ["READY=1"]


def test_the_file_is_touched_and_taken_away(tmp_path: Path) -> None:
    # Given the file of a process that was killed here before
    path = tmp_path / "alive"
    path.touch()
    clock = Clock()
    signs = Signs(file=path, clock=clock)
    assert not path.exists()

    # When the part works
    signs.alive()
    os.utime(path, (1.0, 1.0))
    clock.now += EVERY
    signs.alive()

    # Then the file is as young as the last sign; and it goes with the part
    assert time.time() - path.stat().st_mtime < 60
    signs.stopping()
    assert not path.exists()


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such directory"):
        Signs.of(Settings(alive_file=str(tmp_path / "nowhere" / "alive")), {})
