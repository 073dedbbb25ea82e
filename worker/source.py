"""The places where files come in, as ``[[source]]`` tables of ``gouji.toml`` name them."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from worker.errors import SettingsError

FEED_SUFFIXES: Final = (".jl", ".jsonl", ".warc", ".gz")
_INGEST: Final = "ingest"
"""What files named on the command line come from; no source may have its name."""
_LONGEST_NAME: Final = 64
_KEYS: Final = {
    "drop": ("name", "path", "kind", "settle", "mode"),
    "crawl": ("name", "path", "kind", "settle", "mode", "ignore"),
    "feed": ("name", "path", "kind", "settle", "mode", "files"),
    "push": (
        *("name", "kind", "host", "port", "exposed", "proxies"),
        *("rate", "failures", "connections", "timeout"),
    ),
}
"""What can be said of each kind of source."""
_HERE: Final = "127.0.0.1"
_MODES: Final = ("auto", "scan")


@dataclass(frozen=True, slots=True)
class Source:
    """A configured place where files come in.

    ``kind`` is ``drop`` (files are ours to move away), ``crawl`` (a directory that is never
    touched), ``feed`` (JSON Lines or WARC: a file, or a directory of them) or ``push`` (HTTP; it
    has no path). ``settle`` is in seconds; ``None`` means 2 s on local file systems and 30 s on
    network mounts. ``mode`` ``auto`` uses file system events where they can be trusted, ``scan``
    never does. ``ignore`` are globs of paths in a ``crawl`` that are not read. ``files`` is what
    paths in a ``feed`` are relative to; its own directory when it is ``None``.

    Of ``push``: ``exposed`` lets it listen where other machines reach it, without TLS. ``proxies``
    are the addresses whose ``X-Forwarded-For`` is believed. ``rate`` is requests a minute of one
    token, ``failures`` a minute without a valid token from one address, ``connections`` all at
    once; ``timeout`` is seconds for headers, and for a body beyond what its size explains.
    """

    name: str
    path: Path = Path()
    kind: Literal["drop", "crawl", "feed", "push"] = "drop"
    settle: float | None = None
    mode: Literal["auto", "scan"] = "auto"
    ignore: tuple[str, ...] = ()
    files: Path | None = None
    host: str = _HERE
    port: int = 8350
    exposed: bool = False
    proxies: tuple[str, ...] = ()
    rate: int = 1200
    failures: int = 20
    connections: int = 100
    timeout: float = 30.0

    @property
    def folder(self) -> Path:
        """The directory that is watched: a feed may be named as a file in it."""
        named = self.kind == "feed" and self.path.suffix in FEED_SUFFIXES
        return self.path.parent if named and not self.path.is_dir() else self.path


def known(key: str, where: str, names: Iterable[str]) -> str:
    """Return the key, which must be one of the names.

    Raises:
        SettingsError: it is not; the message tells which one is near.
    """
    names = tuple(names)
    if key in names:
        return key
    import difflib

    near = difflib.get_close_matches(key, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise SettingsError(f"{where}: unknown setting {key!r}{hint}")


def parse(tables: Any, base: Path) -> tuple[Source, ...]:
    """Return the sources that the tables describe; relative paths start at ``base``.

    Raises:
        SettingsError: a key is unknown, a value is not usable, or two sources are at odds.
    """
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SettingsError("source: tables are expected, each headed [[source]]")
    found = unlike(tuple(_source(table, base) for table in tables))
    if sum(source.kind == "push" for source in found) > 1:
        raise SettingsError("source: there can be one of kind 'push'")
    return found


def unlike(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Return the sources, no two of which may have one name.

    Raises:
        SettingsError: two have.
    """
    names = [source.name for source in sources]
    if len(set(names)) != len(names):
        raise SettingsError("source: two sources have the same name")
    return sources


def _source(table: dict[str, Any], base: Path) -> Source:
    where = f"source {table.get('path', table.get('name', ''))}".strip()
    kind = table.get("kind", "drop")
    if kind not in _KEYS:
        raise SettingsError(f"{where}: kind {kind!r} is none of {', '.join(_KEYS)}")
    for key in table:
        known(key, f"{where} ({kind})", _KEYS[kind])
    if kind != "push" and "path" not in table:
        raise SettingsError(f"{where}: 'path' is missing")
    if table.get("mode", "auto") not in _MODES:
        raise SettingsError(f"{where}: mode {table['mode']!r} is neither 'auto' nor 'scan'")
    values = {key: _value(where, key, table[key], base) for key in table}
    if kind == "push":
        _demand_hidden(where, values.get("host", _HERE), values.get("exposed", False))
    own = "push" if kind == "push" else values["path"].name or values["path"].resolve().name
    name = table.get("name", own)
    return Source(**values | {"name": _name(where, name)})


def _name(where: str, name: Any) -> str:
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME:
        raise SettingsError(f"{where}: a name of 1 to {_LONGEST_NAME} characters is expected")
    if name == _INGEST:
        raise SettingsError(f"{where}: the name {name!r} is taken; set another")
    return name


def _value(where: str, key: str, value: Any, base: Path) -> Any:
    if key in ("path", "files"):
        if not isinstance(value, str):
            raise SettingsError(f"{where}: {key} {value!r} is not text")
        return base / Path(value).expanduser()
    convert = _CONVERTED.get(key)
    return value if convert is None else convert(where, key, value)


def _demand_hidden(where: str, host: str, exposed: bool) -> None:
    """Demand that a host is reached from this machine alone: tokens would go in the clear."""
    from ipaddress import ip_address

    try:
        hidden = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        hidden = False
    if not hidden and not exposed:
        raise SettingsError(
            f"{where}: host: {host!r} is reached from other machines, and there is no TLS; "
            "put a proxy that adds it before 127.0.0.1, or set exposed = true"
        )


def _seconds(where: str, key: str, value: Any) -> float:
    seconds = float(value) if isinstance(value, int | float) else math.nan
    if not math.isfinite(seconds):
        raise SettingsError(f"{where}: {key}: {value!r} is not usable: a finite number is expected")
    if seconds < 0:
        raise SettingsError(f"{where}: {key}: {value!r} is below 0")
    return seconds


def _port(where: str, _key: str, value: Any) -> int:
    if not isinstance(value, int) or value not in range(1 << 16):
        raise SettingsError(f"{where}: port: {value!r} is not a port: 0 to 65535 is expected")
    return value


def _count(where: str, key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SettingsError(f"{where}: {key}: {value!r} is not a whole number above 0")
    return value


def _switch(where: str, key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{where}: {key}: {value!r} is neither true nor false")
    return value


def _text(where: str, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise SettingsError(f"{where}: {key}: {value!r} is not text")
    return value


def _addresses(where: str, key: str, value: Any) -> tuple[str, ...]:
    from ipaddress import ip_address

    addresses = [value] if isinstance(value, str) else value
    try:
        return tuple(str(ip_address(address)) for address in addresses)
    except (TypeError, ValueError):
        raise SettingsError(f"{where}: {key}: {value!r}: IP addresses are expected") from None


def _globs(where: str, _key: str, value: Any) -> tuple[str, ...]:
    globs = [value] if isinstance(value, str) else value
    if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
        raise SettingsError(f"{where}: ignore: {value!r} is not usable: globs are expected")
    return tuple(globs)


_CONVERTED: Final[dict[str, Callable[[str, str, Any], Any]]] = {
    "settle": _seconds,
    "timeout": _seconds,
    "port": _port,
    "ignore": _globs,
    "host": _text,
    "exposed": _switch,
    "proxies": _addresses,
    "rate": _count,
    "failures": _count,
    "connections": _count,
}
"""How the values of keys are checked; the others are by those who use them."""
