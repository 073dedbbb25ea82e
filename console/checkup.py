"""What gouji depends on, looked at one by one: each with a verdict and what to do about it."""

import os
import platform
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from console import lock
from console.cli.errors import BROUGHT_BACK, DATABASE_URL
from console.labels import START_QUEUE, queue_away
from models.base import now
from watcher.filesystem import is_network, mount_type
from watcher.run import HEARTBEAT
from worker.settings import Settings
from worker.source import Source

GIGABYTE: Final = 1_000_000_000
_LITTLE_SPACE: Final = 2 * GIGABYTE
_NO_SPACE: Final = GIGABYTE // 5
_BEATS_MISSED: Final = 3.0
_INOTIFY: Final = Path("/proc/sys/fs/inotify")
_FEW_WATCHES: Final = 8192
_CONVERTS: Final = "旧版 Word、Works、WordPerfect older Word, Works, WordPerfect"
_SCANS: Final = "扫描件 scans: RapidOCR on the CPU, no network"
_INSTALL_OCR: Final = "pip install 'gouji[ocr]' (or make ocr); 装好后 then: gouji dead retry"
_OBJECTS: Final = "检查 check AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"
_INSTALL_OFFICE: Final = (
    "apt install libreoffice-writer libreoffice-calc; 装好后 then: gouji dead retry"
)


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor. ``unreachable`` marks a dependency that does not answer."""

    name: str
    verdict: Verdict
    detail: str
    advice: str = ""
    unreachable: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


def checkup(settings: Settings) -> Iterator[Check]:
    """Yield every check; none raises, one that breaks is a failed check."""
    yield _python()
    examinations: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("data", partial(_data_directory, settings)),
        ("database", partial(_database, settings)),
        ("broker", partial(_broker, settings)),
        ("archive", partial(_archive, settings)),
        *((f"source {source.name}", partial(_source, source)) for source in settings.watched),
        ("push", partial(_push, settings)),
        ("notify", partial(_notify, settings)),
        ("traces", partial(_traces, settings)),
        ("readers", _readers),
        ("ledger", partial(_ledger, settings)),
    ]
    for name, examine in examinations:
        try:
            yield from examine()
        # a doctor that falls ill over a symptom helps nobody
        except Exception as error:  # noqa: BLE001
            yield Check(name, Verdict.FAIL, f"{type(error).__name__}: {error}", unreachable=True)


def _python() -> Check:
    system = f"{platform.system()} {platform.machine()}"
    detail = f"Python {platform.python_version()} on {system} · gouji {version('gouji')}"
    return Check("python", Verdict.OK, detail)


def _data_directory(settings: Settings) -> Iterator[Check]:
    """Say nothing of a directory that is not there yet: the database's check does."""
    folder = settings.data_dir.resolve()
    if not folder.exists():
        return
    open_to_others = [path for path in (folder, *folder.iterdir()) if _open_to_others(path)]
    if open_to_others:
        detail = f"{open_to_others[0]}: 他人可访问 others have access to it"
        yield Check("data", Verdict.WARN, detail, f"chmod -R go= {folder}")
    else:
        yield Check("data", Verdict.OK, f"{folder} · 仅本用户 for this user alone")


def _open_to_others(path: Path) -> bool:
    mode = path.lstat().st_mode
    return bool(mode & 0o077) and not stat.S_ISLNK(mode)


def _database(settings: Settings) -> Iterator[Check]:
    from sqlalchemy.exc import DatabaseError, OperationalError

    from models import migrations
    from models.session import UnusableUrlError, parse

    try:
        shown = _legible(parse(settings.database).render_as_string(hide_password=True))
        if not _is_there(settings):
            create = "gouji init  建立数据库 creates it; so does gouji up"
            detail = f"{shown}: 尚未建立 not created yet"
            yield Check("database", Verdict.FAIL, detail, create, True)
            return
        revision, head = migrations.current(settings.database), migrations.head()
    except UnusableUrlError as error:
        yield Check("database", Verdict.FAIL, f"database_url: {error}", DATABASE_URL, True)
        return
    except OperationalError as error:
        detail = f"{shown}: 连不上 cannot be reached: {' '.join(str(error.orig).split())}"
        yield Check("database", Verdict.FAIL, detail, "检查 check GOUJI_DATABASE_URL", True)
        return
    except DatabaseError as error:
        detail = f"{shown}: 无法读取 cannot be read: {' '.join(str(error.orig).split())}"
        yield Check("database", Verdict.FAIL, detail, BROUGHT_BACK, True)
        return
    if revision == head:
        yield Check("database", Verdict.OK, f"{shown} · revision {revision}")
    elif migrations.is_newer(revision):
        detail = f"{shown} · revision {revision}: 由更新的版本升级 of a newer version"
        yield Check("database", Verdict.WARN, detail, "升级 upgrade gouji on this host too")
    else:
        detail = f"{shown} · revision {revision}, this version needs {head}"
        yield Check("database", Verdict.FAIL, detail, "gouji init  升级数据库 upgrades it")


def _legible(url: str) -> str:
    """Return a URL that names a file with the file's name in letters."""
    return unquote(url) if url.startswith(("sqlite:", "unix:")) else url


def _readers() -> Iterator[Check]:
    """Look for what some formats need and is not part of gouji itself."""
    from worker.isolation import conversion
    from worker.reading import ocr

    if missing := conversion.missing():
        yield Check("libreoffice", Verdict.WARN, f"{missing}: {_CONVERTS}", _INSTALL_OFFICE)
    else:
        yield Check("libreoffice", Verdict.OK, f"{conversion.program()} · {_CONVERTS}")
    if missing := ocr.missing():
        yield Check("ocr", Verdict.WARN, f"未安装 not installed: {missing}", _INSTALL_OCR)
    else:
        yield Check("ocr", Verdict.OK, _SCANS)


def _is_there(settings: Settings) -> bool:
    """Tell whether there is a file to look into: opening SQLite would create one."""
    from models.session import file_of

    path = file_of(settings.database)
    return path is None or path.exists()


def _broker(settings: Settings) -> Iterator[Check]:
    from worker.inbox import BrokerUnreachable, Inbox, Weakness

    advice = {
        Weakness.FULL: "腾出内存或磁盘 give it memory or disk: 不收新消息 it takes no message",
        Weakness.READ_ONLY: "连到主库 name the primary: 从库不收消息 a replica takes no message",
        Weakness.EVICTS: "CONFIG SET maxmemory-policy noeviction: 否则会丢消息 else it drops "
        "messages",
        Weakness.VOLATILE: "CONFIG SET appendonly yes: 否则重启后要重发 else a restart costs "
        "re-sending",
    }
    shown = _legible(_without_password(settings.broker))
    inbox = Inbox(settings)
    try:
        found = inbox.examine()
    except BrokerUnreachable as error:
        yield _no_broker(settings, shown, error)
        detail = "不得而知，队列连不上 unknown while the queue cannot be reached"
        yield Check("workers", Verdict.WARN, detail)
        return
    finally:
        inbox.close()
    detail = " · ".join((f"{found.product} at {shown}", *found.details))
    if found.weakness is None:
        yield Check("broker", Verdict.OK, detail)
    else:
        useless = found.weakness in (Weakness.FULL, Weakness.READ_ONLY)
        verdict = Verdict.FAIL if useless else Verdict.WARN
        yield Check("broker", verdict, f"{detail} · {found.weakness}", advice[found.weakness])
    yield _workers(found.workers)


def _workers(count: int) -> Check:
    if count:
        return Check("workers", Verdict.OK, f"{count} 个进程 processes")
    return Check("workers", Verdict.WARN, "没有 none", "gouji up  启动 starts them (or gouji work)")


def _no_broker(settings: Settings, shown: str, error: Exception) -> Check:
    if not settings.broker_url and lock.holder(settings.data_dir) is None:
        detail = f"{shown}: {queue_away('gouji up 未运行 is not running')}"
    else:
        detail = f"{shown}: {queue_away(error)}"
    return Check("broker", Verdict.FAIL, detail, START_QUEUE, True)


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2].partition('?')[0]}"


def _archive(settings: Settings) -> Iterator[Check]:
    from worker.archive import Archive
    from worker.errors import ArchiveError

    archive = Archive.of(settings)
    if archive.is_directory:
        yield from _archive_directory(archive.root)
        return
    try:
        yield Check("archive", Verdict.OK, f"{archive.probe()} · 可写 written and read")
    except ArchiveError as error:
        yield Check("archive", Verdict.FAIL, str(error), _OBJECTS, True)


def _archive_directory(place: Path) -> Iterator[Check]:
    existing = next(folder for folder in (place, *place.absolute().parents) if folder.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        yield Check("archive", Verdict.FAIL, f"{place}: 不可写 cannot be written", unreachable=True)
        return
    free = shutil.disk_usage(existing).free
    detail = f"{place} · {free / GIGABYTE:.1f} GB free"
    if free < _NO_SPACE:
        yield Check("archive", Verdict.FAIL, detail, "清理磁盘 make room: nothing can be taken in")
    elif free < _LITTLE_SPACE:
        yield Check("archive", Verdict.WARN, detail, "清理磁盘 make room soon")
    else:
        yield Check("archive", Verdict.OK, detail)


def _source(source: Source) -> Iterator[Check]:
    name = f"source {source.name}"
    ours = source.kind == "drop"
    folders = [source.folder] if source.files is None else [source.folder, source.files]
    for folder in folders:
        if not folder.is_dir():
            detail = f"{folder}: 目录不存在 no such directory"
            advice = "gouji init  建立目录 makes it" if ours else "检查路径 check the path"
            yield Check(name, Verdict.FAIL, detail, advice)
            return
        if not os.access(folder, os.R_OK | os.X_OK | (os.W_OK if ours else 0)):
            what = "不可读写 cannot be read and written" if ours else "不可读 cannot be read"
            advice = "检查权限 check its owner and mode"
            yield Check(name, Verdict.FAIL, f"{folder}: {what}", advice)
            return
    path = source.folder.resolve()
    kind = mount_type(os.fsencode(path)) or "unknown file system"
    how = "只靠扫描 scans only" if is_network(os.fsencode(path)) else "文件事件 file events"
    how = how if source.mode == "auto" else "scans"
    yield Check(name, Verdict.OK, f"{source.kind} · {path} · {kind} · {how}")
    yield from _inotify(source)


def _inotify(source: Source) -> Iterator[Check]:
    if source.mode == "scan" or not _INOTIFY.is_dir():
        return
    watches = int((_INOTIFY / "max_user_watches").read_text())
    instances = int((_INOTIFY / "max_user_instances").read_text())
    detail = f"max_user_watches {watches}, max_user_instances {instances}"
    if watches < _FEW_WATCHES:
        advice = (
            f"sysctl fs.inotify.max_user_watches={_FEW_WATCHES * 8}: 否则只靠扫描 else scans only"
        )
        yield Check("inotify", Verdict.WARN, detail, advice)
    else:
        yield Check("inotify", Verdict.OK, detail)


def _push(settings: Settings) -> Iterator[Check]:
    door = settings.pushed
    if door is None:
        return
    address = f"http://{door.host}:{door.port}"
    try:
        socket.create_connection((door.host, door.port), timeout=3).close()
    except OSError as error:
        detail = f"{address}: {error.strerror or error}"
        yield Check("push", Verdict.WARN, detail, "gouji up  启动 starts it (or gouji push)")
        return
    yield Check("push", Verdict.OK, address)


def _notify(settings: Settings) -> Iterator[Check]:
    from console.notify.channels import channels
    from worker.errors import SettingsError

    try:
        found = channels(settings)
    except SettingsError as error:
        advice = 'pip install "gouji[notify]"' if "gouji[notify]" in str(error) else "gouji init"
        yield Check("notify", Verdict.FAIL, str(error), advice)
        return
    if found:
        names = ", ".join(channel.name for channel in found)
        yield Check("notify", Verdict.OK, f"{names} · gouji notify --test  试发 tries it out")


def _traces(settings: Settings) -> Iterator[Check]:
    """Look whether spans are taken; documents are processed all the same where they are not."""
    if not settings.otlp_endpoint:
        return
    from worker.tracing import INSTALL

    try:
        from worker.otlp import probe
    except ImportError as error:
        detail = f"otlp_endpoint 已设，未装 is set, not installed: gouji[otel] ({error})"
        yield Check("traces", Verdict.WARN, detail, INSTALL)
        return
    try:
        why = probe(settings)
    except (OSError, RuntimeError, ValueError) as error:  # what variables of OTEL_ ask for
        why = f"{type(error).__name__}: {error}"
    detail = f"OTLP {settings.otlp_endpoint}"
    if why is None:
        yield Check("traces", Verdict.OK, f"{detail} · 可送达 takes them")
    else:
        advice = "检查 check otlp_endpoint, OTEL_EXPORTER_OTLP_HEADERS; 不影响处理 all else goes on"
        yield Check("traces", Verdict.WARN, f"{detail}: 送不到 not taken: {why}", advice)


def _ledger(settings: Settings) -> Iterator[Check]:
    from sqlalchemy import func, select
    from sqlalchemy.exc import DatabaseError

    from models.dead_letter import DeadLetter
    from models.ledger import SourceStatus
    from models.session import Database, UnusableUrlError

    try:
        if not _is_there(settings):
            return
        database = Database.at(settings.database)
    except UnusableUrlError:
        return  # the database's own check has told it
    try:
        with database.reading() as session:
            beat = session.scalar(select(func.max(SourceStatus.heartbeat_at)))
            dead = session.scalar(
                select(func.count()).select_from(DeadLetter).where(DeadLetter.resolution.is_(None))
            )
    except DatabaseError:
        return  # so it has here
    finally:
        database.close()
    yield _watcher(beat)
    yield _dead(dead or 0)


def _watcher(beat: datetime | None) -> Check:
    start = "gouji up  启动 starts it (or gouji watch)"
    if beat is None:
        return Check("watcher", Verdict.WARN, "从未运行 has never run", start)
    age = (now() - beat).total_seconds()
    detail = f"{age:.0f} 秒前有心跳 s since its last sign of life"
    if age > _BEATS_MISSED * HEARTBEAT:
        return Check("watcher", Verdict.WARN, detail, start)
    return Check("watcher", Verdict.OK, detail)


def _dead(count: int) -> Check:
    if count:
        return Check("dead letters", Verdict.WARN, f"{count} 待处理 open", "gouji dead list")
    return Check("dead letters", Verdict.OK, "0 待处理 open")
