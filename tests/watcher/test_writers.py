"""Whether somebody writes: told by leases where there are any."""

import errno
import fcntl
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from watcher.writers import Writers, writers_at

_LEASE_BREAK = Path("/proc/sys/fs/lease-break-time")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")


def refuse_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the kernel refuse leases, as it does for files of another owner."""
    asked = fcntl.fcntl

    def refusing(descriptor: int, command: int, argument: Any = 0) -> Any:
        if command == fcntl.F_SETLEASE:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return asked(descriptor, command, argument)

    monkeypatch.setattr(fcntl, "fcntl", refusing)


def test_writers_are_seen_readers_are_not(tmp_path: Path) -> None:
    root, path = os.fsencode(tmp_path), tmp_path / "a"
    path.write_bytes(b"x")
    with path.open("rb"):
        assert writers_at(root, b"a") is Writers.NONE
    with path.open("ab"):
        assert writers_at(root, b"a") is Writers.SOME
    with path.open("r+b") as stream:
        mapped = mmap.mmap(stream.fileno(), 1)
    assert writers_at(root, b"a") is Writers.SOME
    mapped.close()
    assert writers_at(root, b"a") is Writers.NONE


def test_a_writer_that_is_killed_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a"
    program = "import sys, time; out = open(sys.argv[1], 'wb'); print(flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert writers_at(os.fsencode(tmp_path), b"a") is Writers.SOME
        child.kill()
    assert writers_at(os.fsencode(tmp_path), b"a") is Writers.NONE


def test_what_is_no_file_is_unknown(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in (b"pipe", b"missing"):
        assert writers_at(os.fsencode(tmp_path), name) is Writers.UNKNOWN


def test_where_there_are_no_leases_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"x")
    refuse_leases(monkeypatch)

    with (tmp_path / "a").open("ab"):
        assert writers_at(os.fsencode(tmp_path), b"a") is Writers.UNKNOWN


def test_writers_who_come_while_it_is_asked_do_no_harm(tmp_path: Path) -> None:
    # Given a process with the usual way of taking signals, and another that opens all the time
    assert signal.getsignal(signal.SIGIO) is signal.SIG_DFL
    path, stop = tmp_path / "a", threading.Event()
    waited: list[float] = []
    path.write_bytes(b"x")

    def write() -> None:
        while not stop.is_set():
            begun = time.monotonic()
            path.open("ab").close()
            waited.append(time.monotonic() - begun)

    thread = threading.Thread(target=write)
    thread.start()
    # When it is asked all the time
    seen = set()
    deadline = time.monotonic() + 120
    try:
        while len(waited) < 2000 and time.monotonic() < deadline:
            seen.add(writers_at(os.fsencode(tmp_path), b"a"))
    finally:
        stop.set()
        thread.join()
    # Then nobody was killed, and nobody waited until the kernel takes a lease away
    assert len(waited) >= 2000
    assert max(waited) < int(_LEASE_BREAK.read_text()) / 2
    assert Writers.UNKNOWN not in seen
