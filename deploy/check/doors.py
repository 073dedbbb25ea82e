"""Where the parts listen, and whether those that need settings of their own have them."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from console.cli.main import COMMANDS
from worker.errors import SettingsError
from worker.secret_files import SUFFIX
from worker.settings import PREFIX, load
from worker.source import Source

CONFIG: Final = f"{PREFIX}CONFIG"
PARTS: Final = frozenset(name for name, entry in COMMANDS.items() if entry.stays) - {"up"}
"""Commands that run for good; each has a service, a unit, and a deployment somewhere."""

_CONSOLE_PORT: Final = f"{PREFIX}CONSOLE_PORT"
_SHARED: Final = (f"{PREFIX}DATABASE_URL", f"{PREFIX}BROKER_URL")
_CHANNELS: Final = (f"{PREFIX}NOTIFY_WEBHOOK", f"{PREFIX}NOTIFY_APPRISE")


def unrun(run: Iterable[str], what: str) -> Iterator[str]:
    """Yield the parts that none of these commands is, each told as run by no such thing."""
    yield from (f"no {what} runs gouji {name}" for name in sorted(PARTS.difference(run)))


def port(words: Sequence[str], variables: Mapping[str, str], config: str | None) -> str | None:
    """Return the port at which a command listens, ``None`` where it listens nowhere.

    Args:
        words: the arguments of ``gouji``.
        variables: its environment.
        config: what the file of settings says that it is given, if it is given one.
    """
    if words[:1] == ["console"]:
        return variables.get(_CONSOLE_PORT)
    if words[:1] != ["push"] or config is None:
        return None
    try:
        source = _pushed(config)
    except SettingsError:
        return None  # ``faults`` says why
    return None if source is None else str(source.port)


def faults(words: Sequence[str], variables: Mapping[str, str], config: str | None) -> Iterator[str]:
    """Yield why a part would not start, or be reached by nobody; see :func:`port`."""
    if CONFIG in variables and config is None:
        yield f"{CONFIG}: {variables[CONFIG]}: no such file is mounted there"
    elif words[:1] == ["push"]:
        yield from _unreached(config or "")
    if words[:1] == ["notify"] and not _told(variables) & set(_CHANNELS):
        yield f"nobody is to be told: there is no {' and no '.join(_CHANNELS)}"


def alone(variables: Iterable[str]) -> Iterator[str]:
    """Yield why a part would have a database or a queue of its own, which no other part sees."""
    told = _told(variables)
    yield from (f"{name} is missing: it would be alone" for name in _SHARED if name not in told)


def _told(variables: Iterable[str]) -> set[str]:
    """Return the settings that are given, be it in files of secrets."""
    return {name.removesuffix(SUFFIX) for name in variables}


def _unreached(config: str) -> Iterator[str]:
    try:
        source = _pushed(config)
    except SettingsError as error:
        yield str(error)
        return
    if source is None:
        yield "gouji push has no source of kind push"
    elif source.host == "localhost" or ip_address(source.host).is_loopback:
        yield f"gouji push listens at {source.host}: nobody else reaches it"


def _pushed(config: str) -> Source | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gouji.toml"
        path.write_text(config, "utf-8")
        return load(path, {}).pushed
