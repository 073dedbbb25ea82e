"""The units of systemd: what it says of them itself, and that what they name is there."""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.check import documents, doors, understood
from deploy.check.programs import run
from worker import settings
from worker.errors import SettingsError

INSTALLED: Final = "/opt/gouji/bin/gouji"
"""Where the units look for the program."""

COMMON: Final = "gouji-.service.d/10-common.conf"
TARGET: Final = "gouji.target"

_EXPOSED: Final = "20"
"""Tenths: above an exposure of 2.0 of 10 a unit is not confined enough."""

_PATIENCE: Final = 30.0

_MANY: Final = frozenset(
    {"Environment", "LoadCredential", "SystemCallFilter", "Wants", "After", "Requires", "Before"}
)
"""Keys that add to what was said before, where others replace it."""

Said = list[tuple[str, str]]


def said(path: Path) -> Said:
    """Return the keys and values of a unit or drop-in, in order."""
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and line[0] not in "#;[")
    return [(key.strip(), value.strip()) for key, _, value in pairs]


def values(pairs: Said, key: str) -> list[str]:
    """Return what is said of a key."""
    return [value for name, value in pairs if name == key]


def variables(pairs: Said) -> dict[str, str]:
    """Return the environment of a unit."""
    found = [one.partition("=") for one in values(pairs, "Environment")]
    return {name: value for name, _, value in found}


def faults(place: Path) -> Iterator[str]:
    """Yield what is wrong with ``systemd/`` of the directory."""
    folder = place / "systemd"
    names = sorted(path.name for path in folder.glob("*.service"))
    yield from _by_systemd(folder, names)
    common = said(folder / COMMON)
    for name in names:
        own = said(folder / name)
        yield from (f"{name}: {why}" for why in _twice(own, common))
        yield from (f"{name}: {why}" for why in _unit(own + common))
    lines = (line for name in names for line in values(said(folder / name), "ExecStart"))
    yield from doors.unrun((line.split()[1] for line in lines), "unit")
    wanted = " ".join(values(said(folder / TARGET), "Wants")).split()
    for name in wanted:
        if name not in names:
            yield f"{TARGET}: Wants={name}: there is no such unit"
    try:
        settings.load(folder / "gouji.toml", {})
    except SettingsError as error:
        yield f"gouji.toml: {error}"


def _by_systemd(folder: Path, names: list[str]) -> Iterator[str]:
    """Yield what systemd says; it wants the program to be there, so another one stands for it."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(folder, place, dirs_exist_ok=True)
        copies = [Path(place, name) for name in names]
        for copy in copies:
            text = copy.read_text("utf-8")
            copy.write_text(text.replace(f"{INSTALLED} ", f"{sys.executable} "), "utf-8")
        _, _, err = run("systemd-analyze", "--man=no", "verify", *copies, Path(place, TARGET))
        for line in dict.fromkeys(err.splitlines()):  # unknown keys end with 0 and are said only
            yield line.replace(f"{place}/", "")
        for copy in copies:
            options = ("--no-pager", "--offline=yes", f"--threshold={_EXPOSED}")
            code, out, err = run("systemd-analyze", "security", *options, copy)
            if code != 0:
                last = (out.splitlines() or err.splitlines() or [""])[-1]
                yield f"{copy.name}: {last.strip('→ ')}"


def _twice(own: Said, common: Said) -> Iterator[str]:
    """Yield what a unit says in vain: a drop-in is read after it."""
    for key in sorted({key for key, _ in own} & {key for key, _ in common} - _MANY):
        yield f"{key}= is said in vain: {COMMON} says it too, and is read later"


def _unit(pairs: Said) -> Iterator[str]:
    for line in values(pairs, "ExecStart"):
        program, *arguments = line.split()
        if program != INSTALLED:
            yield f"ExecStart={program}: that is not {INSTALLED}"
        yield from understood.command(arguments)
    environment = variables(pairs)
    ours = {name: value for name, value in environment.items() if name.startswith("GOUJI_")}
    plain = {name: value for name, value in ours.items() if name != "GOUJI_CONFIG"}
    yield from understood.environment(plain)
    loaded = {one.partition(":")[0] for one in values(pairs, "LoadCredential")}
    for value in environment.values():
        for name in re.findall(r"%d/(\w+)", value):
            if name not in loaded:
                yield f"Environment=: %d/{name}: there is no LoadCredential={name}"
    if values(pairs, "Type") == ["notify"]:
        watchdog = values(pairs, "WatchdogSec")
        if not watchdog:
            yield "WatchdogSec= is missing: nobody would notice that it hangs"
        elif documents.seconds(watchdog[0]) < _PATIENCE:
            yield f"WatchdogSec= is below {_PATIENCE:.0f}: signs of life come every few seconds"
        stop = documents.seconds(values(pairs, "TimeoutStopSec")[0])
        if stop <= documents.grace(ours):
            yield "TimeoutStopSec= is not above GOUJI_GRACE"
