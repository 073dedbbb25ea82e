"""The supervisor, on real child processes."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from console.journal import Journal, RotatingFile
from console.lock import AlreadyRunning, hold, holder
from console.parts import Child
from console.supervise import Supervisor
from tests.processes import is_alive
from worker import logs
from worker.embedded import ending

SLEEPER = "import signal,time\nprint('up', flush=True)\ntime.sleep(60)"
DEAF = (
    "import signal,time\nsignal.signal(15, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)"
)
ORPHAN = r"""
import os, subprocess, sys
from console.parent import die_with_parent
subprocess.Popen([sys.executable, "-c", "import os, time\n"
    "from console.parent import die_with_parent\n"
    "die_with_parent()\n"
    "print(os.getpid(), flush=True)\n"
    "time.sleep(60)"])
import time
time.sleep(60)
"""


LEAVING = r"""
import subprocess, sys
left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(left.pid, flush=True)
raise SystemExit(3)
"""


def until(condition: Callable[[], object], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def until_looking(supervisor: Supervisor, condition: Callable[[], object]) -> None:
    def look() -> object:
        supervisor.look()
        return condition()

    until(look)


class Desk:
    """A journal, the lines it kept, and children that run Python code."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.journal = Journal(directory)
        logs.configure("up", form="json", stream=self.journal.stream("up"))

    def child(self, name: str, code: str) -> Child:
        return Child(name, [sys.executable, "-c", code], self.journal)

    def said(self, part: str, text: bytes = b"") -> list[bytes]:
        kept = self.directory / f"{part}.log"
        lines = kept.read_bytes().splitlines() if kept.exists() else []
        return [line for line in lines if text in line]

    def events(self, name: str) -> list[dict[str, object]]:
        return [event for line in self.said("up") if (event := orjson.loads(line))["event"] == name]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.journal.close()


@pytest.mark.process
def test_a_part_that_dies_is_started_again(desk: Desk) -> None:
    # Given a part that runs
    child = desk.child("watch", SLEEPER)
    supervisor = Supervisor([child], grace=5)
    supervisor.start()
    first = child.pid
    assert first is not None
    until(lambda: desk.said("watch", b"up"))

    # When it is killed
    os.kill(first, signal.SIGKILL)
    until_looking(supervisor, lambda: desk.events("part.died"))

    # Then the log says so, and it runs again after the delay
    until_looking(supervisor, lambda: len(desk.said("watch", b"up")) == 2)
    assert child.pid != first
    assert desk.events("part.died")[0]["how"] == "killed by SIGKILL"
    assert desk.events("part.died")[0]["restart_in"] == 0.5
    assert [event["part"] for event in desk.events("part.started")] == ["watch", "watch"]
    supervisor.stop()
    assert child.ended() == "killed by SIGTERM"


@pytest.mark.process
def test_delays_grow_and_other_parts_go_on(desk: Desk) -> None:
    # Given one part that ends at once and one that runs
    broken, sound = desk.child("work", "raise SystemExit(3)"), desk.child("watch", SLEEPER)
    supervisor = Supervisor([sound, broken], grace=5)
    supervisor.start()

    # When it has failed three times
    until_looking(supervisor, lambda: len(desk.events("part.died")) == 3)

    # Then each wait was longer, and the other part was never touched
    delays = [event["restart_in"] for event in desk.events("part.died")]
    assert delays == [0.5, 1.0, 2.0]
    assert {event["how"] for event in desk.events("part.died")} == {"exit 3"}
    assert sound.ended() is None
    supervisor.stop()


@pytest.mark.process
def test_stopping_ends_the_last_part_first_and_by_force_when_it_is_deaf(desk: Desk) -> None:
    # Given a part that heeds SIGTERM and, after it, one that does not
    first, deaf = desk.child("watch", SLEEPER), desk.child("work", DEAF)
    supervisor = Supervisor([first, deaf], grace=0)
    supervisor.start()
    until(lambda: desk.said("work", b"up") and desk.said("watch", b"up"))

    # When everything is stopped
    began = time.monotonic()
    supervisor.stop()

    # Then both are gone, the later one first
    assert time.monotonic() - began < 20
    stopped = [(event["part"], event["how"]) for event in desk.events("part.stopped")]
    assert stopped == [("work", "killed by SIGKILL"), ("watch", "killed by SIGTERM")]


@pytest.mark.process
def test_a_part_that_cannot_start_stops_those_before_it(desk: Desk) -> None:
    # Given a part whose program is not there
    sound = desk.child("watch", SLEEPER)
    missing = Child("work", ["/nowhere/python"], desk.journal)

    # When all are started
    with pytest.raises(FileNotFoundError):
        Supervisor([sound, missing], grace=5).start()

    # Then none is left running
    assert sound.ended() == "killed by SIGTERM"


@pytest.mark.process
def test_all_are_asked_at_once_and_share_the_time(desk: Desk) -> None:
    # Given six parts that heed nobody, and three seconds to end in
    deaf = [desk.child(f"work{n}", DEAF) for n in range(6)]
    supervisor = Supervisor(deaf, grace=3)
    supervisor.start()
    until(lambda: all(desk.said(part.name, b"up") for part in deaf))

    # When everything is stopped, then none is waited for after the other
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 15
    assert {part.ended() for part in deaf} == {"killed by SIGKILL"}


@pytest.mark.process
def test_run_returns_when_told_to_stop(desk: Desk) -> None:
    # Given a running part and a stop that comes later
    supervisor = Supervisor([desk.child("watch", SLEEPER)], grace=5)
    supervisor.start()
    stop = threading.Event()
    timer = threading.Timer(0.3, stop.set)
    timer.start()

    # When the supervisor runs
    supervisor.run(stop)

    # Then it comes back
    timer.join()
    supervisor.stop()


@pytest.mark.process
def test_a_process_dies_with_its_parent_even_by_sigkill(desk: Desk) -> None:
    # Given a child with a child of its own
    child = desk.child("work", ORPHAN)
    child.start()
    until(lambda: desk.said("work"))
    grandchild = int(desk.said("work")[0])
    assert is_alive(grandchild)

    # When the one in the middle is killed
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)

    # Then the other is gone too
    until(lambda: not is_alive(grandchild))
    child.stop(1)


def test_one_holder_of_a_data_directory(tmp_path: Path) -> None:
    # Given a directory that is held
    with hold(tmp_path):
        # Then nobody else can hold it, and it is known who does
        with pytest.raises(AlreadyRunning, match=str(os.getpid())), hold(tmp_path):
            pass
        assert holder(tmp_path) == os.getpid()

    # And after that anybody can, though the file is still there
    assert (tmp_path / "up.lock").exists()
    assert holder(tmp_path) is None
    with hold(tmp_path):
        pass


def test_asking_who_holds_a_directory_keeps_nobody_from_holding_it(tmp_path: Path) -> None:
    # Given somebody who asks all the time
    with hold(tmp_path):
        pass
    stop, asked = threading.Event(), [0]

    def ask() -> None:
        while not stop.is_set():
            assert holder(tmp_path) in (None, os.getpid())
            asked[0] += 1

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    # When it is held again and again
    try:
        until(lambda: asked[0] > 0)
        for _ in range(300):
            with hold(tmp_path):
                pass
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    # Then nothing came in between, and asking has made no file either
    assert asked[0] > 0
    assert holder(tmp_path / "nowhere") is None


def test_log_files_rotate_and_stay_bounded(tmp_path: Path) -> None:
    # Given a file that takes 40 bytes, and two old ones
    file = RotatingFile(tmp_path / "work.log", limit=40, keep=2)

    # When ten lines of ten bytes are written
    for number in range(10):
        file.write(b"line %04d" % number)
    file.close()

    # Then the newest are there, in order, and nothing more
    kept = [path.read_bytes() for path in sorted(tmp_path.iterdir(), reverse=True)]
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "work.log",
        "work.log.1",
        "work.log.2",
    ]
    assert b"".join(kept).split() == [
        word for number in range(10) for word in (b"line", b"%04d" % number)
    ]


def test_a_log_that_cannot_be_written_does_not_stall_a_part(tmp_path: Path) -> None:
    # Given a journal whose directory is gone
    heard: list[bytes] = []
    journal = Journal(tmp_path / "gone", lambda _part, line: heard.append(line))

    # When a line comes
    journal.line("work", b"hello")
    journal.close()

    # Then the listener has it all the same
    until(lambda: heard == [b"hello"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device")
def test_a_full_disk_does_not_stall_a_part(tmp_path: Path) -> None:
    # Given a journal on a disk that is full
    heard: list[bytes] = []
    (tmp_path / "work.log").symlink_to("/dev/full")
    journal = Journal(tmp_path, lambda _part, line: heard.append(line))

    # When lines come
    for line in (b"one", b"two"):
        journal.line("work", line)
    journal.close()

    # Then the listener has them all the same
    until(lambda: heard == [b"one", b"two"])


@pytest.mark.process
def test_what_a_part_leaves_behind_ends_as_soon_as_that_is_noticed(desk: Desk) -> None:
    # Given a part that ends and leaves a process of its own
    child = desk.child("work", LEAVING)
    child.start()
    until(lambda: desk.said("work"))
    left = int(desk.said("work")[0])

    # When its end is noticed
    until(lambda: child.ended() == "exit 3")

    # Then nothing works on unwatched until the next start
    until(lambda: not is_alive(left))
    child.stop(1)


def test_every_signal_has_a_name() -> None:
    assert [ending(code) for code in (None, 0, 3, -9, -35)] == [
        None,
        "exit 0",
        "exit 3",
        "killed by SIGKILL",
        "killed by signal 35",
    ]
