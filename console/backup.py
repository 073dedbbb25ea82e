"""A backup: the database as it was at one moment, the bytes of its documents, the settings.

The database comes first, so that every document it has is in the archive already. A backup is
brought up to date in its directory: bytes that are there are not copied again, and until the last
step the one before it stays as it was.
"""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import func, select, text

from models.base import now
from models.filing import StoredReport
from models.ledger import Document
from models.session import Database, file_of
from worker.archive import Archive
from worker.errors import ArchiveError
from worker.settings import Settings

SCHEMA: Final = "gouji.backup/1"
MANIFEST: Final = "manifest.json"
CONFIG: Final = "gouji.toml"
_CHUNK: Final = 1 << 20
_PRIVATE: Final = 0o700
_STAMP: Final = "%Y%m%dT%H%M%S%f"

Progress = Callable[[int, int], None]
"""Told how many documents are done, and how many there are."""


class Unfit(Exception):  # noqa: N818 - it is what was found
    """There is no backup in a directory, or not one that can be used."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    ``database`` is the name of the SQLite file in it, ``None`` where a PostgreSQL server has the
    ledger; ``digest`` is the SHA-256 of that file. ``missing`` are documents whose bytes the
    archive did not have whole.
    """

    made_at: datetime
    gouji: str
    revision: str
    database: str | None
    digest: str | None
    documents: int
    reports: int
    size: int
    config: str | None
    missing: tuple[str, ...]
    schema: str = SCHEMA

    @classmethod
    def read(cls, directory: Path) -> "Manifest":
        """Read the manifest of a backup.

        Raises:
            Unfit: there is none, or it is of another kind.
        """
        try:
            told: dict[str, Any] = orjson.loads((directory / MANIFEST).read_bytes())
            if told.get("schema") != SCHEMA:
                raise Unfit(f"{directory}: not a backup of this kind: {told.get('schema')}")
            moment = datetime.fromisoformat(told.pop("made_at"))
            return cls(moment, missing=tuple(told.pop("missing")), **told)
        except FileNotFoundError:
            raise Unfit(f"{directory}: 没有备份 there is no backup in it") from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unfit(f"{directory / MANIFEST}: cannot be understood: {error}") from error


class Made(NamedTuple):
    """A backup that was made, and how many files were new in it, by a link or by a copy."""

    manifest: Manifest
    linked: int
    copied: int


def back_up(
    settings: Settings, directory: Path, config: Path | None, progress: Progress = lambda *_: None
) -> Made:
    """Make a backup in a directory, or bring the one that is there up to date.

    Everything may go on running meanwhile.

    Args:
        settings: what is backed up.
        directory: where to; it is made for this user alone.
        config: the settings file, if there is one.
        progress: told after each document.

    Raises:
        Unfit: the directory is no place for a backup.
        OSError: something cannot be read or written.
        SQLAlchemyError: the database cannot be reached.
    """
    _demand_fit(settings, directory)
    directory.mkdir(_PRIVATE, parents=True, exist_ok=True)
    (directory / "archive").mkdir(_PRIVATE, exist_ok=True)
    made_at = now()
    copy = _copy_database(settings, directory / f"gouji-{made_at.strftime(_STAMP)}.db")
    source = Database.at(f"sqlite:///{copy}" if copy else settings.database)
    try:
        revision, documents, size, reports = _facts(source)
        bytes_of = _Bytes(Archive.of(settings), directory / "archive")
        for done, sha256 in enumerate(digests(source), 1):
            bytes_of.keep(sha256)
            progress(done, documents)
    finally:
        source.close()
    digest = None if copy is None else _settled(copy)
    manifest = Manifest(
        made_at,
        version("gouji"),
        revision,
        None if copy is None else copy.name,
        digest,
        documents,
        reports,
        size,
        _copy_config(config, directory),
        tuple(bytes_of.missing),
    )
    _write(directory / MANIFEST, orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2))
    _forget_older(directory, manifest)
    return Made(manifest, bytes_of.linked, bytes_of.copied)


def _demand_fit(settings: Settings, directory: Path) -> None:
    data = settings.data_dir.resolve()
    if directory.resolve().is_relative_to(data):
        raise Unfit(f"{directory}: 在数据目录内 inside the data directory, and lost with it")
    if directory.is_dir() and not (directory / MANIFEST).exists():
        strangers = {path.name for path in directory.iterdir()} - {"archive", CONFIG}
        strangers = {name for name in strangers if not name.startswith("gouji-")}
        if strangers:
            raise Unfit(f"{directory}: 不是空目录 is neither empty nor a backup")


def _copy_database(settings: Settings, target: Path) -> Path | None:
    """Copy the SQLite database as it is at this moment; writers go on meanwhile.

    Source: SQLite, "Online Backup API"; one step reads one snapshot of the write-ahead log.
    """
    path = file_of(settings.database)
    if path is None:
        return None
    _create(target)
    with (
        closing(sqlite3.connect(path, timeout=30)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
    return target


def _settled(copy: Path) -> str:
    """Make a copied database one file that needs no other; return its SHA-256."""
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        [(verdict,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise Unfit(f"{copy}: the database is damaged: {verdict}")
    _sync(copy)
    return digest_of(copy)


def _facts(database: Database) -> tuple[str, int, int, int]:
    """Return the revision, how many documents and bytes of them, and how many reports."""
    with database.reading() as session:
        revision = session.scalar(text("SELECT version_num FROM alembic_version"))
        documents, size = session.execute(
            select(func.count(), func.coalesce(func.sum(Document.size), 0)).select_from(Document)
        ).one()
        reports = session.scalar(select(func.count()).select_from(StoredReport)) or 0
    return str(revision), documents, int(size), reports


def digests(database: Database) -> Iterator[str]:
    """Yield the SHA-256 of every document, oldest first."""
    after = 0
    query = select(Document.id, Document.sha256).order_by(Document.id).limit(1000)
    while True:
        with database.reading() as session:
            rows = session.execute(query.where(Document.id > after)).all()
        if not rows:
            return
        after = rows[-1][0]
        yield from (sha256 for _, sha256 in rows)


class _Bytes:
    """Brings the bytes of documents into a backup.

    Where archive and backup are on one file system they are the same files by another name: the
    archive never writes to a file again, and whoever deletes one there leaves the one here.
    """

    def __init__(self, archive: Archive, folder: Path) -> None:
        self.linked = 0
        self.copied = 0
        self.missing: list[str] = []
        self._archive = archive
        self._folder = folder

    def keep(self, sha256: str) -> None:
        """Bring those of one document, unless they are there."""
        target = self._folder / sha256[:2] / sha256
        if target.exists():
            return
        target.parent.mkdir(_PRIVATE, exist_ok=True)
        draft = target.with_name(f"{sha256}.new")
        draft.unlink(missing_ok=True)
        try:
            linked = self._bring(sha256, draft)
        except ArchiveError:
            self.missing.append(sha256)
            return
        if digest_of(draft) != sha256:
            draft.unlink()
            self.missing.append(sha256)
            return
        draft.rename(target)
        self.linked, self.copied = self.linked + linked, self.copied + (not linked)

    def _bring(self, sha256: str, draft: Path) -> bool:
        if self._archive.is_directory:
            with suppress(OSError):
                os.link(self._archive.root / sha256[:2] / sha256, draft)
                return True
        with self._archive.open(sha256) as source, _create(draft).open("wb") as out:
            shutil.copyfileobj(source, out, _CHUNK)
            out.flush()
            os.fsync(out.fileno())
        return False


def _copy_config(config: Path | None, directory: Path) -> str | None:
    """Copy the settings file; it may hold passwords."""
    if config is None or not config.is_file():
        return None
    _write(directory / CONFIG, config.read_bytes())
    return CONFIG


def _forget_older(directory: Path, manifest: Manifest) -> None:
    for path in directory.glob("gouji-*.db*"):
        if path.name != manifest.database:
            path.unlink()


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    _create(draft).write_bytes(data)
    _sync(draft)
    draft.rename(path)
    _sync(path.parent)


def _create(path: Path) -> Path:
    """Make an empty file for this user alone, whatever the umask."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    return path


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
