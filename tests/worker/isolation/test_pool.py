"""Files that do their worst: each gets its reason, and the next one is read as if nothing was."""

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from dramatiq.middleware import Shutdown, raise_thread_exception

from models.disclosure.finding import Reason
from tests.processes import is_alive
from tests.sampling import sampled
from tests.worker.house import until
from tests.worker.isolation.hostile import GOOD
from worker.errors import Transient
from worker.isolation import pool, ward
from worker.isolation.limits import Limits
from worker.isolation.pool import Isolated
from worker.isolation.reading import Reading

_HOSTILE = "tests.worker.isolation.hostile"
_LIMITS = Limits(seconds=60.0, memory=150_000_000, pieces=10_000, characters=1_000_000)
_HASTE = 1.5  # s; for files that would take for ever
_PROMPT = 30.0  # s; a keeper may have to start first, on a machine that is busy with other tests

pytestmark = pytest.mark.process


@pytest.fixture
def isolated() -> Iterator[Isolated]:
    before = _descriptors()
    with closing(Isolated(_LIMITS, _HOSTILE)) as built:
        yield built
    assert not _descriptors() - before
    assert not _children()


def _descriptors() -> Counter[str]:
    """What is open; what other tests left open may be closed at any time."""
    opened: Counter[str] = Counter()
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them
            opened[str(path.readlink())] += 1
    return opened


def _children() -> list[int]:
    """The processes that this one has forked and not waited for."""
    pids: list[str] = []
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # a thread that has just ended
            pids += path.read_text().split()
    return [int(pid) for pid in pids if "keeper" in _command(int(pid))]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _text(reading: Reading) -> str:
    assert reading.pages is not None, reading.refusal
    return "\n".join(reading.pages.lines())


@pytest.mark.parametrize(
    ("deed", "reason", "told"),
    sampled(
        [
            ("loop", "timeout", r"more than 1\.5 s"),
            ("regex", "timeout", r"more than 1\.5 s"),
            ("c_sleep", "timeout", r"more than 1\.5 s"),
            ("stop", "timeout", r"more than 1\.5 s"),
            ("deaf", "timeout", r"more than 1\.5 s"),
            ("fork:loop", "timeout", r"more than 1\.5 s"),
            ("memory", "too_large", "more than 150 MB of memory$"),
            ("mapped_memory", "too_large", "150 MB of memory: the reader was ended by SIGABRT"),
            ("rust_memory", "too_large", "150 MB of memory: the reader was ended by SIGABRT"),
            ("signal:9", "too_large", "150 MB of memory: the reader was ended by SIGKILL"),
            ("signal:24", "timeout", "processor time"),
            ("segfault", "unreadable", r"the reader crashed \(SIGSEGV\)"),
            ("abort", "unreadable", r"the reader crashed \(SIGABRT\)"),
            ("signal:31", "unreadable", r"the reader crashed \(SIGSYS\)"),
            ("signal:40", "unreadable", r"the reader crashed \(signal 40\)"),
            ("fork:abort", "unreadable", r"the reader crashed \(SIGABRT\)"),
            ("fork:away abort", "unreadable", r"the reader crashed \(SIGABRT\)"),
            ("exit:0", "unreadable", "exit code 0"),
            ("exit:3", "unreadable", "exit code 3"),
            ("exit:70", "unreadable", "ended by something else"),
            ("sys_exit:0", "unreadable", "the reader failed: SystemExit: 0"),
            ("interrupt", "unreadable", "the reader failed: KeyboardInterrupt"),
            ("recursion", "unreadable", "nested too deeply"),
            ("raise:unspeakable", "unreadable", "the reader failed: .*Unspeakable"),
            ("raise:long", "unreadable", "the reader failed: ValueError: x{400,500}$"),
            ("raise:surrogates", "unreadable", r"the reader failed: ValueError: .*\?"),
            ("raise:refused", "encrypted", "a password is needed"),
            ("cells:100000", "too_large", "more than 10,000 paragraphs and cells"),
            ("rows:100000", "too_large", "more than 10,000 paragraphs and cells"),
            ("characters:1000001", "too_large", "more than 1,000,000 characters"),
            ("sheet:20000000", "too_large", "more than 1,000,000 characters"),
            ("garbage:none", "unreadable", "the reader failed: AttributeError"),
            ("garbage:text", "unreadable", "the reader failed: AttributeError"),
            ("garbage:number", "unreadable", "the reader failed: TypeError"),
            ("garbage:object", "unreadable", "the reader failed: TypeError"),
            ("kill_keeper", "unreadable", "ended by something else, twice"),
            ("close_all", "unreadable", "ended by something else, twice|the reader failed"),
            ("babble", "unreadable", "the reader failed: |ended by something else"),
            ("type hangs", "timeout", r"more than 1\.5 s"),
            ("type is refused", "truncated", "no end of the directory"),
        ],
        3,
    ),
)
def test_each_gets_its_reason_and_the_next_is_read(
    isolated: Isolated, deed: str, reason: str, told: str
) -> None:
    # Given a child that has read something already
    if f"{_HASTE}" in told.replace("\\", ""):
        isolated.limits = replace(_LIMITS, seconds=_HASTE)
    assert isolated(b"good").pages == GOOD

    # When a file does its worst
    began = time.monotonic()
    reading = isolated(deed.encode())
    took = time.monotonic() - began

    # Then it is refused in time with its reason, and the next one is read at once
    assert reading.pages is None
    assert reading.refusal is not None
    assert str(reading.refusal.reason) == reason, reading.refusal
    assert re.search(told, reading.refusal.message), reading.refusal.message
    assert took < _HASTE + 2 * _PROMPT
    began = time.monotonic()
    assert isolated(b"good").pages == GOOD
    assert time.monotonic() - began < _PROMPT


def test_a_stack_that_overflows_in_c_is_a_crash() -> None:
    with closing(Isolated(_LIMITS, _HOSTILE)) as built:
        reading = built(b"c_stack")
    assert reading.refusal is not None
    assert str(reading.refusal.reason) == "unreadable"
    assert re.search(r"crashed \(SIGSEGV\)|nested too deeply", reading.refusal.message)


@pytest.mark.parametrize("deed", ["print", "slow:0.1", "good", "later"])
def test_what_looks_bad_and_is_not_is_read(isolated: Isolated, deed: str) -> None:
    assert isolated(deed.encode()) == Reading("text/hostile", GOOD)
    assert isolated(b"good").pages == GOOD


@pytest.mark.parametrize("data", [b"segfault", b"raise:unspeakable"])
def test_a_failure_leaves_its_trace(isolated: Isolated, data: bytes) -> None:
    refusal = isolated(data).refusal
    assert refusal is not None
    assert refusal.traceback is not None
    assert "hostile.py" in refusal.traceback


@pytest.mark.parametrize("deed", ["fork:", "fork:away"])
def test_what_a_file_forks_goes_with_the_child(isolated: Isolated, deed: str) -> None:
    # When a file leaves a process behind
    pid = int(_text(isolated(deed.encode())))

    # Then that process does not outlive the pool, and holds up nothing
    assert isolated(b"good").pages == GOOD
    isolated(b"exit:1")
    until(lambda: _text(isolated(b"told:pid")) != str(pid))
    isolated.close()
    until(lambda: not is_alive(pid))


def test_a_crash_is_laid_to_the_file_that_causes_it(isolated: Isolated) -> None:
    # Given a file that makes the child crash a moment after it was read
    assert isolated(b"later").pages == GOOD

    # When another one is being read then
    reading = isolated(b"slow:0.2")

    # Then that one is read nevertheless
    assert reading.pages == GOOD


def test_a_lone_surrogate_does_not_pass(isolated: Isolated) -> None:
    reading = isolated(b"surrogate")
    assert _text(reading) == "a?b"
    assert reading.pages is not None
    assert reading.pages.warnings == ("?",)


def test_the_child_can_neither_write_nor_connect_nor_see_secrets(
    isolated: Isolated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a secret in the environment, and somebody who listens
    monkeypatch.setenv("GOUJI_DATABASE_URL", "postgresql://u:secret@h/d")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        # When a file goes after them
        written = isolated(f"write:{tmp_path / 'x'}".encode())
        connected = isolated(f"connect:{port}".encode())

    # Then it gets nowhere
    assert written.refusal is not None
    assert "OSError" in written.refusal.message or "PermissionError" in written.refusal.message
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size == 0
    assert "GOUJI" not in _text(isolated(b"told:environment"))
    assert _text(isolated(b"standard_input")) == "b''"
    assert _text(isolated(b"told:core")) == "(0, 0)"
    assert int(_text(isolated(b"told:niceness"))) >= os.nice(0) + 5
    if _may_leave_the_network():
        assert connected.refusal is not None
        assert "Network is unreachable" in connected.refusal.message


def _may_leave_the_network() -> bool:
    return (
        subprocess.run(["unshare", "-Un", "true"], check=False, capture_output=True).returncode == 0
    )


def test_a_child_serves_many_and_is_replaced_in_time() -> None:
    # Given a child that may serve three
    limits = Limits(documents=3)

    # When seven are read
    with closing(Isolated(limits, _HOSTILE)) as isolated:
        pids = [_text(isolated(b"told:pid")) for _ in range(7)]
        parents = {_text(isolated(b"told:parent")) for _ in range(7)}

    # Then each child had three, and one keeper had them all
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]
    assert len(parents) == 1


def test_a_child_that_swells_is_replaced(isolated: Isolated) -> None:
    # Given a child, and one that has read something big
    first = _text(isolated(b"told:pid"))
    assert _text(isolated(b"told:pid")) == first
    isolated(b"characters:" + b"0" * 60_000_000 + b"1")

    # Then another one follows
    assert _text(isolated(b"told:pid")) != first


def test_readers_are_loaded_in_the_child_when_first_needed() -> None:
    with closing(Isolated()) as isolated:
        assert isolated("文本".encode()).pages is not None
    code = (
        "import sys; from worker.isolation.pool import Isolated; i = Isolated(); i(b'text');"
        "print([m for m in sys.modules if m in ('lxml', 'selectolax', 'pypdfium2', 'olefile')])"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout == "[]\n"


def test_threads_have_children_of_their_own(isolated: Isolated) -> None:
    # Given four threads of which one reads a file that hangs
    isolated.limits = replace(_LIMITS, seconds=6)
    readings: dict[int, Reading] = {}
    deeds = [b"c_sleep", b"slow:0.3", b"slow:0.3", b"segfault"]

    def read(number: int) -> None:
        readings[number] = isolated(deeds[number])

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]

    # When they read at the same time
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then each gets its own
    reasons = [r.refusal and r.refusal.reason for _, r in sorted(readings.items())]
    assert reasons == [Reason.TIMEOUT, None, None, Reason.UNREADABLE]


def test_an_interrupted_thread_takes_its_child_along(tmp_path: Path) -> None:
    # Given a thread in the middle of a file that hangs
    isolated = Isolated(Limits(seconds=600), _HOSTILE)
    caught = []

    def read() -> None:
        try:
            isolated(f"touch_and_sleep:{tmp_path}".encode())
        except Shutdown:
            caught.append(time.monotonic())

    thread = threading.Thread(target=read)
    thread.start()
    until(lambda: list(tmp_path.glob("begun-*")))

    # When it is interrupted as Dramatiq does
    began = time.monotonic()
    raise_thread_exception(thread.ident, Shutdown)  # type: ignore[no-untyped-call]
    thread.join(2 * _PROMPT)

    # Then it ends soon, and nothing is left
    assert caught[0] - began < _PROMPT
    assert not _children()
    isolated.close()


@pytest.mark.parametrize("deed", ["loop", "c_sleep", "stop", "fork:away loop"])
def test_nothing_outlives_a_parent_that_is_killed(deed: str) -> None:
    # Given a parent in the middle of a file that hangs
    code = (
        "import sys; from worker.isolation.limits import Limits;"
        "from worker.isolation.pool import Isolated;"
        f"i = Isolated(Limits(seconds=600), {_HOSTILE!r});"
        "[print(i(x).pages.blocks[0].text, flush=True) for x in (b'told:pid', b'told:parent')];"
        f"i({deed.encode()!r})"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child, keeper = (int(parent.stdout.readline()) for _ in range(2))
        time.sleep(0.2)

        # When it is killed
        parent.kill()

    # Then the keeper and its child end
    until(lambda: not is_alive(child) and not is_alive(keeper))


def test_a_keeper_killed_while_idle_is_replaced(isolated: Isolated) -> None:
    keeper = int(_text(isolated(b"told:parent")))
    os.kill(keeper, 9)
    assert isolated(b"good").pages == GOOD


def test_a_child_killed_while_idle_is_replaced(isolated: Isolated) -> None:
    child = int(_text(isolated(b"told:pid")))
    os.kill(child, 9)
    assert isolated(b"good").pages == GOOD


def test_the_start_of_a_process_takes_none_of_the_time_of_a_file() -> None:
    # Given a keeper that takes longer to come up than a file may take
    with closing(Isolated(Limits(seconds=2), "tests.worker.isolation.sleepy")) as isolated:
        # When the first file comes, then it is read
        assert isolated(b"good").pages == GOOD


def test_a_file_that_nobody_took_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given keepers that do not come up in time
    monkeypatch.setattr(ward, "_BEGIN_WITHIN", 0.3)
    with (
        closing(Isolated(Limits(seconds=60), "tests.worker.isolation.sleepy")) as isolated,
        pytest.raises(Transient),
    ):
        isolated(b"good")


def test_where_no_process_starts_it_passes() -> None:
    with closing(Isolated(entry="no.such.module")) as isolated, pytest.raises(Transient):
        isolated(b"x")


def test_a_closed_pool_keeps_nothing(isolated: Isolated) -> None:
    isolated.close()
    assert isolated(b"good").pages == GOOD
    assert not _children()


def test_the_real_readers_are_the_default() -> None:
    assert Isolated().entry == pool.CHOOSE == "worker.reading.choose"
