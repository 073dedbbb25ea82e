"""The places where files come in, as ``[[source]]`` tables of ``gouji.toml`` name them."""

import difflib
import math
from collections.abc import Iterable
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
    "push": ("name", "kind", "host", "port"),
}
"""What can be said of each kind of source."""
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
    """

    name: str
    path: Path = Path()
    kind: Literal["drop", "crawl", "feed", "push"] = "drop"
    settle: float | None = None
    mode: Literal["auto", "scan"] = "auto"
    ignore: tuple[str, ...] = ()
    files: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8350

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
    name = table.get("name", "push" if kind == "push" else values["path"].name)
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
    if key == "settle":
        return _seconds(where, value)
    if key == "port":
        return _port(where, value)
    if key == "ignore":
        return _globs(where, value)
    return value


def _seconds(where: str, value: Any) -> float:
    seconds = float(value) if isinstance(value, int | float) else math.nan
    if not math.isfinite(seconds):
        raise SettingsError(
            f"{where}: settle: {value!r} is not usable: a finite number is expected"
        )
    if seconds < 0:
        raise SettingsError(f"{where}: settle: {value!r} is below 0")
    return seconds


def _port(where: str, value: Any) -> int:
    if not isinstance(value, int) or value not in range(1 << 16):
        raise SettingsError(f"{where}: port: {value!r} is not a port: 0 to 65535 is expected")
    return value


def _globs(where: str, value: Any) -> tuple[str, ...]:
    globs = [value] if isinstance(value, str) else value
    if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
        raise SettingsError(f"{where}: ignore: {value!r} is not usable: globs are expected")
    return tuple(globs)
