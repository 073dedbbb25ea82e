"""Settings: ``gouji.toml``, overridden by environment; read once and passed down."""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, get_type_hints
from urllib.parse import quote, urlsplit

from worker import faults, secret_files, source
from worker.errors import SettingsError
from worker.source import Source

CONFIG_NAME: Final = "gouji.toml"
PREFIX: Final = "GOUJI_"
_LONGEST_SOCKET: Final = 103  # sun_path less its NUL: 104 bytes on macOS, 108 on Linux


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, with its default.

    Seconds for times, bytes for sizes, days for ``keep_...``. ``database_url`` and ``broker_url``
    empty mean the embedded SQLite and Valkey in ``data_dir``; ``archive_url`` empty means
    ``data_dir/archive``. What ``SECRET`` names gives access to something, and is shown nowhere.
    """

    data_dir: Path = Path("var")
    inbox: Path = Path("inbox")
    database_url: str = ""
    broker_url: str = ""
    archive_url: str = ""
    log_format: str = "auto"
    log_level: str = "info"
    worker_processes: int = 2
    worker_threads: int = 1
    ocr_processes: int = 1
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
    console_host: str = "127.0.0.1"
    console_port: int = 8351
    console_url: str = ""
    keep_events: float = 365.0
    keep_attempts: float = 365.0
    keep_done: float = 0.0
    keep_orphans: float = 7.0
    notify_webhook: str = field(default="", repr=False)
    notify_secret: str = field(default="", repr=False)
    notify_apprise: str = field(default="", repr=False)
    notify_interval: float = 300.0
    otlp_endpoint: str = ""
    alive_file: str = ""
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
        import hashlib
        import tempfile

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
        return tuple(one for one in self.sources if one.kind != "push")

    @property
    def drops(self) -> tuple[Source, ...]:
        """The watched sources whose directories are ours: made when missing, emptied."""
        return tuple(one for one in self.watched if one.kind == "drop")

    @property
    def pushed(self) -> Source | None:
        """The source that takes documents over HTTP, if one is configured."""
        return next((one for one in self.sources if one.kind == "push"), None)


SECRET: Final = ("notify_webhook", "notify_secret", "notify_apprise")
"""Settings that are secrets as a whole: whoever has such a URL can write there."""

_LEAST: Final = {
    "worker_processes": 1,
    "worker_threads": 1,
    "ocr_processes": 1,
    "max_outstanding": 1,
    "max_bytes": 1,
    "reading_timeout": 1,
    "reading_memory": 200_000_000,
}
_MOST: Final = {"console_port": 65_535}
_POSITIVE: Final = frozenset(
    {
        *("lease", "scan_interval", "sweep_interval", "unsettled_after"),
        *("retry_min", "retry_max", "notify_interval"),
    }
)
_DAYS: Final = frozenset({"keep_events", "keep_attempts", "keep_done", "keep_orphans"})
_CHOICES: Final = {
    "log_format": ("auto", "json", "console"),
    "log_level": ("debug", "info", "warning", "error"),
}


def load(config: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Where a file is named, relative paths of ``data_dir``, ``inbox`` and the sources start at its
    directory, their defaults too; those of the environment start at the working directory. An
    ``inbox`` that is set is watched beside the sources of the file.

    Args:
        config: the file named by ``--config``; without it ``gouji.toml`` in the working
            directory is read if it is there.
        environ: the environment, ``os.environ`` by default.

    Raises:
        SettingsError: the file cannot be read, a key is unknown, or a value is not usable.
    """
    environ = os.environ if environ is None else environ
    base = Path() if config is None else config.parent
    in_file = _from_file(config)
    sources = source.parse(in_file.pop("source", []), base)
    defaults = Settings()
    placed = {key: _converted(key, value) for key, value in in_file.items()}
    for key in ("data_dir", "inbox"):
        placed[key] = base / placed.get(key, getattr(defaults, key))
    overriding = _from_environment(environ)
    placed |= {key: _converted(key, value) for key, value in overriding.items()}
    if sources and ("inbox" in in_file or "inbox" in overriding):
        sources = _beside(Source("inbox", placed["inbox"], settle=placed.get("settle")), sources)
    return Settings(**placed, sources=sources)


def _beside(inbox: Source, sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Put the inbox before the sources of the file, unless it is one of them."""
    if any(one.path.absolute() == inbox.path.absolute() for one in sources):
        return sources
    return source.unlike((inbox, *sources))


def _from_file(config: Path | None) -> dict[str, Any]:
    path = config or Path(CONFIG_NAME)
    if config is None and not path.exists():
        return {}
    import tomllib

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


CREW: Final = "GOUJI_CREW"
"""Where the processes of ``gouji work`` report to their master: it sets it, for them alone."""

_OTHERS: Final = ("GOUJI_CONFIG", CREW, faults.VARIABLE)
"""Variables of ours that are no settings."""


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    files = [name.removeprefix(PREFIX).lower() for name in secret_files.variables(PREFIX)]
    for name, value in secret_files.replaced(environ, PREFIX).items():
        if name.startswith(PREFIX) and name not in _OTHERS:
            values[_known(name.removeprefix(PREFIX).lower(), "environment", files)] = value
    return values


def _known(key: str, where: str, besides: Iterable[str] = ()) -> str:
    names = (one.name for one in fields(Settings) if one.name != "sources")
    return source.known(key, where, (*names, *besides))


def _converted(key: str, value: Any) -> Any:
    wanted = str(get_type_hints(Settings)[key])
    try:
        result = _convert(wanted, value)
    except (TypeError, ValueError):
        expected = f"{_WANTED[_kind(wanted)]} is expected"
        value = "***" if key in SECRET else value
        raise SettingsError(f"{key}: {value!r} is not usable: {expected}") from None
    if key in _CHOICES and result not in _CHOICES[key]:
        raise SettingsError(f"{key}: {value!r} is none of {', '.join(_CHOICES[key])}")
    if key == "otlp_endpoint" and result and not _is_plain(result):
        expected = "an http or https URL without user and query is expected"
        raise SettingsError(f"{key}: {expected}; keys belong into OTEL_EXPORTER_OTLP_HEADERS")
    if key in _POSITIVE and result <= 0:
        raise SettingsError(f"{key}: {value!r} is not above 0")
    if key in _DAYS and 0 < result < 1:
        raise SettingsError(f"{key}: {value!r} is below a day; 0 means for ever")
    if key in _MOST and result > _MOST[key]:
        raise SettingsError(f"{key}: {value!r} is above {_MOST[key]}")
    least = _LEAST.get(key, 0)
    if isinstance(result, int | float) and result < least:
        raise SettingsError(f"{key}: {value!r} is below {least}")
    return result


def _is_plain(url: str) -> bool:
    """Tell whether a URL of the web gives access to nothing by itself."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(usable) and not ("@" in parts.netloc or parts.query or parts.fragment)


_WANTED: Final = {
    "Path": "a path",
    "float": "a finite number",
    "int": "a whole number",
    "str": "text",
}


def _kind(wanted: str) -> str:
    return next(kind for kind in _WANTED if kind in wanted)


def _convert(wanted: str, value: Any) -> Any:
    if "Path" in wanted:
        return Path(value).expanduser()
    if "float" in wanted:
        number = float(value)
        if not math.isfinite(number):
            raise ValueError("a finite number is expected")
        return number
    if "int" in wanted:
        return int(value)
    if not isinstance(value, str):
        raise TypeError("text is expected")
    return value
