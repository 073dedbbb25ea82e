"""The house: import names are ours alone, file names say what is in them, files stay small."""

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import console
import models
import watcher
import worker

ROOT = Path(__file__).parents[1]
NAMES = ("models", "watcher", "worker", "console")
LONGEST = 400


def python_files() -> list[Path]:
    folders = [ROOT / name for name in (*NAMES, "deploy", "tests")]
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_an_import_name_belongs_to_this_distribution_only(name: str) -> None:
    # Given what is installed beside us
    owners = set(packages_distributions().get(name, ()))

    # Then nobody else provides the name
    assert owners <= {"gouji"}


@pytest.mark.parametrize("module", [models, watcher, worker, console])
def test_the_names_are_imported_from_this_tree(module: object) -> None:
    assert Path(str(module.__file__)).parent.parent == ROOT  # type: ignore[attr-defined]


def test_no_file_is_named_for_what_does_not_fit_elsewhere() -> None:
    vague = {"utils", "util", "common", "helpers", "helper", "misc"}
    assert [path for path in python_files() if path.stem in vague] == []


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files()
        if (lines := sum(map(bool, map(str.strip, path.read_text("utf-8").splitlines())))) > LONGEST
        and "versions" not in path.parts  # a migration is a record, whatever its length
    }
    assert long == {}


@pytest.mark.process
def test_importing_any_module_opens_and_prints_nothing() -> None:
    # Given every module but the one whose import is its purpose (the list dramatiq loads)
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in python_files()
        if path.is_relative_to(ROOT / "tests") is False
        and "migrations" not in path.parts
        and path.name not in ("app.py", "__main__.py")
    ]
    code = f"""
import ctypes, importlib, os, threading  # libffi keeps itself open on some systems
before = len(os.listdir('/dev/fd'))
for name in {modules!r}:
    importlib.import_module(name)
assert len(os.listdir('/dev/fd')) == before, 'a file or connection was opened'
assert threading.active_count() == 1, threading.enumerate()
"""

    # When they are imported in a fresh interpreter
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    # Then nothing was opened, started or printed
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
