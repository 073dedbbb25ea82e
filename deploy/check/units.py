"""The units of systemd: what it says of them itself, and that what they name is there."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
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

_INIT: Final = "gouji-init.service"
_RELATED: Final = ("After", "Before", "Requires", "Wants", "PartOf", "WantedBy")

_CONFINED: Final = (
    "DynamicUser StateDirectoryMode"
    " NoNewPrivileges CapabilityBoundingSet AmbientCapabilities ProtectSystem ProtectHome"
    " ProtectClock ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelModules"
    " ProtectKernelTunables ProtectProc ProcSubset PrivateTmp PrivateDevices PrivateUsers"
    " DevicePolicy RemoveIPC LockPersonality RestrictRealtime RestrictSUIDSGID RestrictNamespaces"
    " RestrictAddressFamilies SystemCallArchitectures SystemCallFilter UMask"
)
"""systemd.exec(5): what every unit says of what it may not do."""

_STORE: Final = "/etc/credstore/gouji."
_CONFIG: Final = "/etc/gouji/gouji.toml"

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
        yield from (f"{name}: {why}" for why in _related(own + common, names))
        if name != _INIT:
            yield from (f"{name}: {why}" for why in _part(own + common))
    lines = (line for name in names for line in values(said(folder / name), "ExecStart"))
    yield from doors.unrun((line.split()[1] for line in lines), "unit")
    yield from (f"{TARGET}: {why}" for why in _related(said(folder / TARGET), names))
    yield from _inbox(folder)


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
    plain = {name: value for name, value in environment.items() if name != "GOUJI_CONFIG"}
    yield from understood.environment(plain)
    yield from doors.alone(ours)
    yield from _placed(pairs, ours)
    for key in sorted(set(_CONFINED.split()) - {key for key, _ in pairs}):
        yield f"{key}= is missing"
    yield from _credentials(pairs)
    if values(pairs, "Type") == ["notify"]:
        yield from _patient(pairs, documents.grace(ours))


def _placed(pairs: Said, ours: Mapping[str, str]) -> Iterator[str]:
    """Yield where a unit would look for its settings and its data, and they are elsewhere."""
    state = values(pairs, "StateDirectory")
    if values(pairs, "WorkingDirectory") != [f"%S/{name}" for name in state]:
        yield "WorkingDirectory= is not the StateDirectory= of the unit"
    if ours.get("GOUJI_DATA_DIR") not in [f"%S/{name}" for name in state]:
        yield f"GOUJI_DATA_DIR={ours.get('GOUJI_DATA_DIR')} is not the StateDirectory= of the unit"
    if ours.get("GOUJI_CONFIG") != _CONFIG:
        yield f"GOUJI_CONFIG is not {_CONFIG}"
    if TARGET not in " ".join(values(pairs, "WantedBy")).split():
        yield f"WantedBy= lacks {TARGET}"


def _credentials(pairs: Said) -> Iterator[str]:
    """Yield credentials that are named and not loaded, and those that are loaded for nobody."""
    told = variables(pairs).values()
    pieces = (one.partition(":") for one in values(pairs, "LoadCredential"))
    loaded = {name: path for name, _, path in pieces}
    for value in told:
        for name in re.findall(r"%d/(\w+)", value):
            if name not in loaded:
                yield f"Environment=: %d/{name}: there is no LoadCredential={name}"
    for name, path in sorted(loaded.items()):
        if path != f"{_STORE}{name}":
            yield f"LoadCredential={name}: {path} is not {_STORE}{name}"
        if f"%d/{name}" not in told:
            yield f"LoadCredential={name}: no Environment= says %d/{name}"


def _patient(pairs: Said, grace: float) -> Iterator[str]:
    """Yield where systemd would not notice that a part hangs, or would not let it end.

    Args:
        pairs: what the unit says.
        grace: seconds that gouji takes to end.
    """
    watchdog = values(pairs, "WatchdogSec")
    if not watchdog:
        yield "WatchdogSec= is missing: nobody would notice that it hangs"
    elif documents.seconds(watchdog[0]) < _PATIENCE:
        yield f"WatchdogSec= is below {_PATIENCE:.0f}: signs of life come every few seconds"
    stop = documents.seconds(values(pairs, "TimeoutStopSec")[0])
    if stop <= grace:
        yield "TimeoutStopSec= is not above GOUJI_GRACE"


def _related(pairs: Said, units: list[str]) -> Iterator[str]:
    """Yield the units of ours that are named, and that there are not."""
    for key in _RELATED:
        for name in " ".join(values(pairs, key)).split():
            if name.startswith("gou") and name not in {*units, TARGET}:
                yield f"{key}={name}: there is no such unit"


def _part(pairs: Said) -> Iterator[str]:
    """Yield why a part would not be started in its turn, again when it ends, or stay in bounds."""
    for key in ("Requires", "After"):
        if _INIT not in " ".join(values(pairs, key)).split():
            yield f"{key}= lacks {_INIT}"
    for key, value in (("Type", "notify"), ("NotifyAccess", "main"), ("Restart", "always")):
        if values(pairs, key) != [value]:
            yield f"{key}= is not {value}"
    works = any(line.split()[1:2] == ["work"] for line in values(pairs, "ExecStart"))
    if works and not values(pairs, "MemoryMax"):
        yield "MemoryMax= is missing: documents of strangers are read here"


def _inbox(folder: Path) -> Iterator[str]:
    """Yield where the settings, the units, and what is made at boot do not speak of one inbox."""
    try:
        watched = settings.load(folder / "gouji.toml", {}).watched
    except SettingsError as error:
        yield f"gouji.toml: {error}"
        return
    lines = [line.split() for line in _lines(folder / "gouji.tmpfiles")]
    made = {line[1]: line[4] for line in lines}
    groups = {line.split()[1] for line in _lines(folder / "gouji.sysusers")}
    for path in {os.fspath(source.path) for source in watched}:
        if path not in made:
            yield f"gouji.toml: {path}: gouji.tmpfiles does not make it"
        for name in (_INIT, "gouji-watch.service"):
            unit = said(folder / name)
            if path not in values(unit, "ReadWritePaths"):
                yield f"{name}: ReadWritePaths= lacks {path}"
            if made.get(path) not in values(unit, "SupplementaryGroups"):
                yield f"{name}: SupplementaryGroups= lacks {made.get(path)}, whose {path} is"
    for group in sorted(set(made.values()) - groups - {"root"}):
        yield f"gouji.tmpfiles: {group}: gouji.sysusers does not make that group"


def _lines(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
