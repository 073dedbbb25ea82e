"""The commands of the systemd units, run as systemd would: ready, alive, stopping."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from deploy.check import units
from tests.deploy.running import BIN, DEPLOY, Place, Running, servers
from tests.sampling import sampled
from tests.servers import free_port
from tests.worker.listening import Listener, listening
from worker.signs import EVERY

pytestmark = [pytest.mark.process, pytest.mark.soak]

_UNITS: Final = DEPLOY / "systemd"
_PASSWORD: Final = "s3cret"  # noqa: S105 - of servers that live as long as the test
_CREDENTIALS: Final = {
    "database_url": f"postgresql+psycopg://gouji:{_PASSWORD}@database:5432/gouji",
    "broker_url": f"redis://:{_PASSWORD}@broker:6379/0",
    "notify_webhook": "http://127.0.0.1:9/nobody",
}
_SERVING: Final = tuple(
    path.name
    for path in sorted(_UNITS.glob("*.service"))
    if units.values(units.said(path), "Type") == ["notify"]
)
_READY_WITHIN: Final = 120.0


class Host:
    """A host on which the units are installed: their files, in a directory of the test."""

    def __init__(self, folder: Path, addresses: dict[str, str]) -> None:
        self.folder = folder
        credentials = folder / "credentials"
        for name in ("credentials", "state", "etc"):
            (folder / name).mkdir()
        (folder / "state" / "gouji").mkdir()
        self.place = Place(
            {
                "/opt/gouji/bin": BIN,
                "/srv/gouji/inbox": folder / "inbox",
                "/etc/gouji": folder / "etc",
                "%S": folder / "state",
                "%d": credentials,
            },
            addresses,
        )
        for name, value in _CREDENTIALS.items():
            (credentials / name).write_text(f"{self.place.here(value)}\n")
        settings = folder / "etc" / "gouji.toml"
        shutil.copy(_UNITS / "gouji.toml", settings)
        text = self.place.here(settings.read_text())
        ports = f"console_port = {free_port()}\n\n"
        settings.write_text(f"{ports}{text}port = {free_port()}\n")

    def start(self, unit: str, **more: str) -> Running:
        """Start a unit, with its environment and with what systemd adds."""
        said = units.said(_UNITS / unit) + units.said(_UNITS / units.COMMON)
        words = self.place.here(units.values(said, "ExecStart")[0]).split()
        environment = self.place.environment(units.variables(said), more)
        return Running(unit, words, environment, self.folder)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host where gouji-init.service has run."""
    with servers(_PASSWORD, _PASSWORD) as addresses:
        made = Host(tmp_path_factory.mktemp("host"), addresses)
        first = made.start("gouji-init.service")
        assert first.process.wait(_READY_WITHIN) == 0, first.log
        yield made


def test_every_part_has_a_unit() -> None:
    assert set(_SERVING) == {
        f"gouji-{part}.service" for part in ("console", "notify", "ocr", "push", "watch", "work")
    }


@pytest.mark.parametrize("unit", sampled(_SERVING, 2))
def test_a_unit_says_when_it_is_ready_that_it_lives_and_that_it_ends(host: Host, unit: str) -> None:
    # Given a manager that takes two seconds of silence for death
    with listening() as manager:
        running = host.start(unit, NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="2000000")
        try:
            # Then it says that it is ready, and goes on saying that it lives
            _hear(manager, running, "READY=1")
            _hear(manager, running, "WATCHDOG=1")

            # And when it is told to end it says so, and ends well
            assert running.end() == 0, running.log
            said = manager.rest()
        finally:
            running.kill()
    assert said[0] == "READY=1"
    assert said[-1] == "STOPPING=1"
    assert set(said[1:-1]) == {"WATCHDOG=1"}


def _hear(manager: Listener, running: Running, wanted: str) -> None:
    try:
        manager.wait_for(wanted, _READY_WITHIN)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{running.log}") from None


def test_workers_are_not_ready_before_every_process_works(host: Host) -> None:
    # Given workers of whom the manager hears through their master alone
    with listening() as manager:
        running = host.start("gouji-work.service", NOTIFY_SOCKET=manager.address)
        try:
            _hear(manager, running, "READY=1")

            # Then by that time each of the two processes has begun
            children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
            assert len(children.read_text().split()) >= 2
        finally:
            running.kill()


@pytest.mark.soak
def test_workers_fall_silent_when_one_of_two_hangs(host: Host) -> None:
    # Given two worker processes under a watchdog
    with listening() as manager:
        told = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "20000000"}
        running = host.start("gouji-work.service", **told)
        try:
            _hear(manager, running, "WATCHDOG=1")
            pid = running.process.pid
            one = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

            # When one of them hangs
            os.kill(one, signal.SIGSTOP)

            # Then their master is silent for longer than the other one's reports are apart
            manager.silent(4 * EVERY)
            # And speaks again when it goes on
            os.kill(one, signal.SIGCONT)
            _hear(manager, running, "WATCHDOG=1")
        finally:
            running.kill()


def test_a_unit_without_its_secret_does_not_start(host: Host) -> None:
    # Given a credential that came through empty
    secret = host.folder / "credentials" / "broker_url"
    kept = secret.read_text()
    secret.write_text("")
    running = host.start("gouji-work.service")
    try:
        # Then it says so, and takes no embedded queue in its place
        assert running.process.wait(_READY_WITHIN) == 2
        assert "GOUJI_BROKER_URL_FILE" in running.log
    finally:
        running.kill()
        secret.write_text(kept)
