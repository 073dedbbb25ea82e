"""A backup brought back into an empty data directory."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic.script import ScriptDirectory

from console.backup import Manifest, Progress, Unfit, digest_of, digests
from console.lock import NAME as LOCK
from console.lock import AlreadyRunning, hold, holder
from models import migrations
from models.session import Database, file_of
from watcher.returning import put_back_unknown
from worker.archive import Archive
from worker.settings import Settings

_MARK: Final = ".restoring"
_BROUGHT: Final = "database"
_LARGEST: Final = 1 << 62


class NotEmpty(Exception):  # noqa: N818 - it is what was found
    """There is something already where the backup would go."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back.

    ``damaged`` are files of the backup whose bytes are not those of their names; ``missing`` are
    documents whose bytes the backup does not have; ``put_back`` are originals that came in after
    the backup, and lie in their folders again.
    """

    manifest: Manifest
    files: int
    damaged: tuple[str, ...]
    missing: tuple[str, ...]
    put_back: tuple[str, ...]


def restore(settings: Settings, directory: Path, progress: Progress = lambda *_: None) -> Restored:
    """Bring a backup back; killed in between, it is begun again and goes on.

    With PostgreSQL the ledger has to be there already, from its own dump.

    Raises:
        Unfit: there is no backup, it is damaged, or a newer gouji made it.
        NotEmpty: the data directory holds something.
        AlreadyRunning: ``gouji up`` runs on it.
        OSError: something cannot be read or written.
        SQLAlchemyError: the database cannot be reached.
    """
    manifest = Manifest.read(directory)
    _demand_sound(manifest, directory)
    with _empty(settings):
        files, damaged = _bring_bytes(settings, directory / "archive", progress, manifest)
        _bring_database(settings, directory, manifest)
        database = Database.at(settings.database)
        try:
            missing = _missing(database, Archive.of(settings))
            back = put_back_unknown(settings.drops, database, manifest.made_at)
        finally:
            database.close()
    return Restored(manifest, files, tuple(damaged), tuple(missing), tuple(back))


def _demand_sound(manifest: Manifest, directory: Path) -> None:
    known = ScriptDirectory.from_config(migrations.configuration())
    if not any(one.revision == manifest.revision for one in known.walk_revisions()):
        raise Unfit(f"{directory}: made by a newer gouji ({manifest.gouji}): upgrade first")
    if manifest.database is not None:
        copy = directory / manifest.database
        if not copy.is_file() or digest_of(copy) != manifest.digest:
            raise Unfit(f"{copy}: the copy of the database is damaged")


@contextmanager
def _empty(settings: Settings) -> Iterator[None]:
    """Have an empty data directory to oneself; one whose restoring was cut short counts as such."""
    data = settings.data_dir
    running = holder(data)
    if running is not None:  # before anybody is told to move the directory away
        raise AlreadyRunning(data, str(running))
    data.mkdir(0o700, parents=True, exist_ok=True)
    mark = data / _MARK
    if not mark.exists():
        strangers = sorted({path.name for path in data.iterdir()} - {LOCK})
        if strangers:
            raise NotEmpty(f"{data}: 不是空目录 is not empty: {', '.join(strangers[:5])}")
    with hold(data):
        file = file_of(settings.database)
        brought = mark.exists() and mark.read_text("utf-8") == _BROUGHT
        if file is not None and file.exists() and not brought:
            raise NotEmpty(f"{file}: 数据库已在 there is a database already")
        mark.touch(0o600)
        yield
        mark.unlink()


def _bring_bytes(
    settings: Settings, folder: Path, progress: Progress, manifest: Manifest
) -> tuple[int, list[str]]:
    archive = Archive.of(settings)
    files, damaged = 0, []
    for path in sorted(folder.glob("??/*")):
        if path.name.endswith(".new"):
            continue  # what a backup that was cut short left
        if digest_of(path) != path.name:
            damaged.append(path.name)
            continue
        with path.open("rb") as stream:
            archive.put(stream, limit=_LARGEST)
        files += 1
        progress(files, manifest.documents)
    return files, damaged


def _bring_database(settings: Settings, directory: Path, manifest: Manifest) -> None:
    file = file_of(settings.database)
    if (file is None) != (manifest.database is None):
        ours = "PostgreSQL" if file is None else "SQLite"
        raise Unfit(f"database_url 是 is {ours}, 备份不是 the backup is not")
    if file is not None and not file.exists() and manifest.database is not None:
        file.parent.mkdir(0o700, parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.restoring")
        draft.unlink(missing_ok=True)
        draft.touch(0o600)
        shutil.copyfile(directory / manifest.database, draft)
        draft.rename(file)
        (settings.data_dir / _MARK).write_text(_BROUGHT, "utf-8")
    migrations.upgrade(settings.database)


def _missing(database: Database, archive: Archive) -> list[str]:
    return [sha256 for sha256 in digests(database) if not archive.has(sha256)]
