"""How long every command takes from its start to its end.

The floor is Python that does nothing, ``python -c pass``. ``--help`` of each command says what
loading it costs; ``status``, ``dead list`` and ``reports list`` ask a small ledger besides, and
``status`` the embedded queue, which runs. All of them take turns, so that other load falls on none
alone. By the clock is what a person waits; CPU time, which the kernel tells of a process that has
ended, says much the same on a busy machine.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

from console.cli.main import COMMANDS
from models.session import Database
from tests.bench.measured import Line, Measured, Size, compared, middle
from tests.bench.processes import ROOT
from tests.console.cli.conftest import BALANCED, add, imbalanced
from tests.databases import migrated
from worker import logs
from worker.embedded import ensure
from worker.inspection import inspect
from worker.settings import Settings

TITLE: Final = "from the start of a command to its end"
FLOOR: Final = "python -c pass"
SHOWN: Final = ("gouji --help", "gouji status", "gouji dead list", "gouji reports list")


class _Spent(NamedTuple):
    """What one run took: seconds by the clock, and of CPU."""

    wall: float
    cpu: float


def run(size: Size) -> Measured:
    """Measure; there are ``starts`` turns."""
    with tempfile.TemporaryDirectory(prefix="gouji-") as name, ensure(Settings(Path(name))):
        _fill(Path(name))
        found = [_turn(Path(name)) for _ in range(size.starts)]
    figures: dict[str, Any] = {what: _middle([turn[what] for turn in found]) for what in found[0]}
    for one in figures.values():
        one["ratio"] = one["ms"] / figures[FLOOR]["ms"]
    return Measured(TITLE, tuple(_lines(figures)), figures)


def _fill(directory: Path) -> None:
    """Have a report and a dead letter."""
    url = f"sqlite:///{directory / 'gouji.db'}"
    migrated(url)
    logs.configure("bench", level="error")
    database = Database.at(url)
    add(database, inspect(BALANCED.read_bytes(), "balanced.txt"), "balanced.txt")
    add(database, inspect(imbalanced(), "imbalanced.txt"), "imbalanced.txt")
    database.close()


def _commands() -> dict[str, list[str]]:
    gouji = [sys.executable, "-P", "-m", "console.cli.main"]
    helps = {f"gouji {name} --help": [*gouji, name, "--help"] for name in COMMANDS}
    shown = {what: [*gouji, *what.split()[1:]] for what in SHOWN}
    return {FLOOR: [sys.executable, "-c", "pass"], **shown, **helps}


def _turn(directory: Path) -> dict[str, _Spent]:
    return {what: _spent(command, directory) for what, command in _commands().items()}


def _spent(command: list[str], directory: Path) -> _Spent:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GOUJI_")}
    environment = kept | {"GOUJI_DATA_DIR": str(directory), "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=directory, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    _, told = process.communicate()
    assert process.returncode == 0, told.decode("utf-8", "replace")
    return _Spent(wall, usage.ru_utime + usage.ru_stime)


def _middle(spent: list[_Spent]) -> dict[str, float]:
    return {
        "ms": middle([one.wall * 1000 for one in spent]),
        "cpu_ms": middle([one.cpu * 1000 for one in spent]),
    }


def _lines(figures: dict[str, Any]) -> list[Line]:
    helps = [what for what in figures if what.endswith("--help") and what not in SHOWN]
    slowest = max(helps, key=lambda what: float(figures[what]["ms"]))
    return [
        line
        for what in (*SHOWN, slowest)
        for line in (_line(what, what, "ms", figures), _line("  of CPU", what, "cpu_ms", figures))
    ]


def _line(said: str, what: str, key: str, figures: dict[str, Any]) -> Line:
    ours, floor = figures[what][key], figures[FLOOR][key]
    return compared(said, "ms", ours, floor, ours / floor)
