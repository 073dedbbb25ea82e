"""Settings: ``gouji.toml``, overridden by environment; read once and passed down."""

import difflib
import hashlib
import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, get_type_hints
from urllib.parse import quote

CONFIG_NAME: Final = "gouji.toml"
PREFIX: Final = "GOUJI_"
FEED_SUFFIXES: Final = (".jl", ".jsonl", ".warc", ".gz")
_LONGEST_SOCKET: Final = 103  # sun_path less its NUL: 104 bytes on macOS, 108 on Linux


class SettingsError(Exception):
    """A setting cannot be used; the message names it and says what is expected."""


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


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, with its default.

    Seconds for times, bytes for sizes. ``database_url`` and ``broker_url`` empty mean the embedded
    SQLite and Valkey in ``data_dir``; ``archive_url`` empty means ``data_dir/archive``.
    """

    data_dir: Path = Path("var")
    inbox: Path = Path("inbox")
    database_url: str = ""
    broker_url: str = ""
    archive_url: str = ""
    log_format: str = "auto"
    log_level: str = "info"
    worker_processes: int = 2
    worker_threads: int = 2
    scan_interval: float = 60.0
    settle: float | None = None
    unsettled_after: float = 1800.0
    max_outstanding: int = 1000
    max_bytes: int = 100_000_000
    reading_timeout: float = 60.0
    reading_memory: int = 1_000_000_000
    lease: float = 300.0
    sweep_interval: float = 15.0
    retry_min: float = 15.0
    retry_max: float = 900.0
    max_retries: int = 5
    grace: float = 30.0
    sources: tuple[Source, ...] = ()

    @property
    def database(self) -> str:
        """The URL of the database in use."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'gouji.db'}"

    @property
    def archive(self) -> str:
        """The directory or URL where the bytes of every document are kept."""
        return self.archive_url or str(self.data_dir.resolve() / "archive")

    @property
    def broker_socket(self) -> Path:
        """The unix socket of the embedded server.

        In ``data_dir`` where its path is short enough for a socket address, else in a private
        directory under the system's temporary one, named after ``data_dir``.
        """
        usual = self.data_dir.resolve() / "broker.sock"
        if len(os.fsencode(usual)) <= _LONGEST_SOCKET:
            return usual
        name = hashlib.sha256(os.fsencode(usual)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"gouji-{os.getuid()}" / f"{name}.sock"

    @property
    def broker(self) -> str:
        """The URL of the broker in use."""
        return self.broker_url or f"unix://{quote(os.fspath(self.broker_socket))}"

    @property
    def watched(self) -> tuple[Source, ...]:
        """The sources of the file that are watched, or the one drop source ``inbox``."""
        if not self.sources:
            return (Source("inbox", self.inbox, settle=self.settle),)
        return tuple(source for source in self.sources if source.kind != "push")

    @property
    def drops(self) -> tuple[Source, ...]:
        """The watched sources whose directories are ours: made when missing, emptied."""
        return tuple(source for source in self.watched if source.kind == "drop")

    @property
    def pushed(self) -> Source | None:
        """The source that takes documents over HTTP, if one is configured."""
        return next((source for source in self.sources if source.kind == "push"), None)


_LEAST: Final = {
    "worker_processes": 1,
    "worker_threads": 1,
    "max_outstanding": 1,
    "max_bytes": 1,
    "reading_timeout": 1,
    "reading_memory": 200_000_000,
}
_CHOICES: Final = {
    "log_format": ("auto", "json", "console"),
    "log_level": ("debug", "info", "warning", "error"),
}


def load(config: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Args:
        config: the file named by ``--config``; without it ``gouji.toml`` in the working
            directory is read if it is there.
        environ: the environment, ``os.environ`` by default.

    Raises:
        SettingsError: the file cannot be read, a key is unknown, or a value is not usable.
    """
    environ = os.environ if environ is None else environ
    values = _from_file(config) | _from_environment(environ)
    sources = _sources(values.pop("source", []))
    settings = Settings(**{key: _converted(key, value) for key, value in values.items()})
    return _replace(settings, sources)


def _replace(settings: Settings, sources: tuple[Source, ...]) -> Settings:
    known = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    return Settings(**{**known, "sources": sources})


def _from_file(config: Path | None) -> dict[str, Any]:
    path = config or Path(CONFIG_NAME)
    if config is None and not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
    for key in values:
        if key != "source":
            _known(key, str(path))
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in environ.items():
        if name.startswith(PREFIX) and name != "GOUJI_CONFIG":
            values[_known(name.removeprefix(PREFIX).lower(), "environment")] = value
    return values


def _known(key: str, where: str, names: tuple[str, ...] | None = None) -> str:
    names = names or tuple(field.name for field in fields(Settings) if field.name != "sources")
    if key in names:
        return key
    near = difflib.get_close_matches(key, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise SettingsError(f"{where}: unknown setting {key!r}{hint}")


def _converted(key: str, value: Any) -> Any:
    wanted = str(get_type_hints(Settings)[key])
    try:
        result = _convert(wanted, value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{key}: {value!r} is not usable: {error}") from error
    if key in _CHOICES and result not in _CHOICES[key]:
        raise SettingsError(f"{key}: {value!r} is none of {', '.join(_CHOICES[key])}")
    least = _LEAST.get(key, 0)
    if isinstance(result, int | float) and result < least:
        raise SettingsError(f"{key}: {value!r} is below {least}")
    return result


def _convert(wanted: str, value: Any) -> Any:
    if "Path" in wanted:
        return Path(value).expanduser()
    if "float" in wanted:
        return float(value)
    if "int" in wanted:
        return int(value)
    if not isinstance(value, str):
        raise TypeError("text is expected")
    return value


_KEYS: Final = {
    "drop": ("name", "path", "kind", "settle", "mode"),
    "crawl": ("name", "path", "kind", "settle", "mode", "ignore"),
    "feed": ("name", "path", "kind", "settle", "mode", "files"),
    "push": ("name", "kind", "host", "port"),
}
"""What can be said of each kind of source."""


def _sources(tables: Any) -> tuple[Source, ...]:
    found = tuple(_source(table) for table in tables)
    names = [source.name for source in found]
    if len(set(names)) != len(names):
        raise SettingsError("source: two sources have the same name")
    if sum(source.kind == "push" for source in found) > 1:
        raise SettingsError("source: there can be one of kind 'push'")
    return found


def _source(table: dict[str, Any]) -> Source:
    where = f"source {table.get('name', table.get('path', ''))}".strip()
    kind = table.get("kind", "drop")
    if kind not in _KEYS:
        raise SettingsError(f"{where}: kind {kind!r} is none of {', '.join(_KEYS)}")
    for key in table:
        _known(key, f"{where} ({kind})", _KEYS[kind])
    if kind == "push":
        table = {"name": "push"} | table
    elif "path" not in table:
        raise SettingsError(f"{where}: 'path' is missing")
    if table.get("mode", "auto") not in ("auto", "scan"):
        raise SettingsError(f"{where}: mode {table['mode']!r} is neither 'auto' nor 'scan'")
    name = str(table.get("name") or Path(table["path"]).name)
    return Source(**{"name": name} | {key: _of_source(where, key, table[key]) for key in table})


def _of_source(where: str, key: str, value: Any) -> Any:
    try:
        if key in ("path", "files"):
            return Path(value).expanduser()
        if key == "settle":
            return float(value)
        if key == "port":
            return range(65536).index(int(value))
        if key == "ignore":
            return (value,) if isinstance(value, str) else tuple(str(glob) for glob in value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{where}: {key}: {value!r} is not usable: {error}") from error
    return str(value)
