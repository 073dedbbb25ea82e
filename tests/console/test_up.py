"""``gouji up`` as a person sees it, and as a service."""

import codecs
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson
import pytest

from console.checkup import Check, Verdict, checkup
from console.samples import samples
from console.screen import Screen
from tests.fault.running import Running, until
from tests.processes import children_of, is_alive

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.end()


class Terminal:
    """A program on a terminal of its own, and everything it has written there."""

    def __init__(self, command: list[str], *, environment: dict[str, str], folder: Path) -> None:
        self.text = ""
        # a read may end in the middle of a character
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)  # noqa: S606 - it is a terminal
        self._ended: int | None = None

    def read_until(self, words: str, seconds: float = 120.0) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            self._read()

    def press_ctrl_c(self) -> int:
        """Press Ctrl-C, wait for the end, and return the exit code as a shell would see it."""
        os.write(self._master, b"\x03")
        return self.wait()

    def wait(self) -> int:
        while self._read(30.0):
            pass
        self._ended = os.waitpid(self.pid, 0)[1]
        return os.waitstatus_to_exitcode(self._ended)

    def end(self) -> None:
        if self._ended is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._master)

    def _read(self, seconds: float = 0.2) -> bool:
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # what Linux says when the other side has closed
            return False
        self.text += self._decoder.decode(data)
        return bool(data)


GOUJI = [sys.executable, "-P", "-m", "console.cli.main"]


def test_on_a_terminal_it_greets_shows_the_samples_and_ends_quietly(running: Running) -> None:
    # Given a terminal
    environment = running.environment | {"GOUJI_LOG_FORMAT": "auto", "TERM": "xterm"}
    terminal = Terminal(
        [*GOUJI, "up", "--samples"], environment=environment, folder=running.directory
    )
    try:
        # When it runs with the samples until they are worked off
        terminal.read_until("drop reports into the folder")
        code = terminal.press_ctrl_c()
    finally:
        terminal.end()

    # Then it has said where to drop files, shown each report, counted, and ended without a fuss
    assert code == 130, terminal.text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", terminal.text)
    assert str(running.inbox) in plain
    assert len(re.findall(r"✓ 入库 stored  示例市", plain)) == 6
    assert len(re.findall(r"✗ 死信 dead  ", plain)) == 3
    assert re.search(r"勾稽不平 imbalanced: T3\.OUTCOMES 总计: \d+ ≠ \d+", plain)
    assert re.search(r"入库 stored +6", plain)
    assert "Traceback" not in plain
    assert "{" not in plain


def test_make_run_ends_without_an_error_of_make(running: Running, tmp_path: Path) -> None:
    # Given the recipe of make run
    recipe = next(
        line
        for line in (ROOT / "Makefile").read_text("utf-8").splitlines()
        if "up --samples" in line
    )
    program = tmp_path / "gouji"
    program.write_text(f'#!/bin/sh\nexec {" ".join(GOUJI)} "$@"\n', "utf-8")
    program.chmod(0o755)
    (tmp_path / "Makefile").write_text(f"BIN := {tmp_path}\nrun:\n{recipe}\n", "utf-8")
    environment = running.environment | {"GOUJI_LOG_FORMAT": "auto"}
    terminal = Terminal(["make", "run"], environment=environment, folder=tmp_path)
    try:
        # When it runs and Ctrl-C is pressed
        terminal.read_until("is running")
        terminal.press_ctrl_c()
    finally:
        terminal.end()

    # Then make has nothing to complain about
    assert "Stopped" in terminal.text
    assert "***" not in terminal.text


@pytest.mark.soak
def test_as_a_service_it_logs_json_and_ends_with_zero(running: Running) -> None:
    # Given a service that has brought in the samples
    running.start("--samples")
    running.wait_until_at_rest(len(samples()), 120)

    # When a second one is started on the same data
    second = subprocess.run(
        [*GOUJI, "up"],
        check=False,
        env=running.environment,
        cwd=running.directory,
        capture_output=True,
        text=True,
    )

    # Then that one is refused and says who runs
    assert second.returncode == 5
    assert str(running.pid) in second.stderr

    # And the doctor finds all of it well: two that work, and one for scans, once that is there
    def looked_at() -> dict[str, Check]:
        return {check.name: check for check in checkup(running.settings)}

    wanted = Check("workers", Verdict.OK, "3 个进程 processes")
    until(lambda: looked_at()["workers"] == wanted, 60, lambda: looked_at()["workers"])
    checks = looked_at()
    assert {check.verdict for check in checks.values()} == {Verdict.OK, Verdict.WARN}

    # And the first ends with 0, leaves nothing behind, and has logged only JSON
    left = [*running.parts().values(), *running.worker_processes()]
    assert len(left) == 7  # queue, watcher, console, two masters, two processes
    assert running.stop() == 0
    assert not any(map(is_alive, left))
    lines = (running.directory / "up.err").read_bytes().splitlines()
    events = [orjson.loads(line)["event"] for line in lines]
    assert events[-1] == "service.stopped"
    assert events.count("report.stored") == 6
    assert {path.name for path in (running.data / "logs").iterdir()} == {
        "console.log",
        "up.log",
        "watch.log",
        "work.log",
    }

    # And started with the samples again it does not bring them in a second time
    running.start("--samples")
    running.stop()
    assert list(running.inbox.glob("*.txt")) == []
    assert running.at_rest(len(samples()))


def test_stopping_while_it_starts_leaves_nothing(running: Running) -> None:
    # Given an up that has only just begun
    with subprocess.Popen(
        [*GOUJI, "up"], env=running.environment, cwd=running.directory, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until((running.data / "up.lock").exists, 60, running.story)

            # When it is stopped at once
            process.terminate()

            # Then it ends, with everything it had started
            assert process.wait(60) in (0, -signal.SIGTERM)
        finally:
            process.kill()
    until(lambda: not children_of(process.pid), 30, lambda: children_of(process.pid))


def test_the_screen_tells_names_and_keeps_control_characters_out(tmp_path: Path) -> None:
    # Given a screen that has heard of a document with a hostile name
    path = tmp_path / "screen"
    with path.open("w", encoding="utf-8") as stream:
        screen = Screen(stream, colour=False)
        for event in (
            {"event": "document.received", "document_id": 7, "file": "a\x1b[2Jb.txt"},
            {"event": "document.dead", "document_id": 7, "reason": "empty", "message": "x\ny"},
            {"event": "report.stored", "document_id": 8, "rules": ["TEXT.COUNTS"]},
            {"event": "attempt.started", "level": "info"},
            {"event": "broker.unreachable", "level": "error", "error": "refused"},
        ):
            screen.line("work", orjson.dumps(event))
        screen.line("work", b"Traceback (most recent call last):")

    # Then each line is one line, with the name where it is known
    assert path.read_text("utf-8").splitlines() == [
        "✗ 死信 dead    a [2Jb.txt · 空文件 empty: x y",
        "✓ 入库 stored  document 8 · 提示 notes: TEXT.COUNTS",
        "! 队列连不上 the queue cannot be reached: refused",
        "work: Traceback (most recent call last):",
    ]
