"""An export from beginning to end: made beside its place, checksummed, put there as a whole."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson

from console.export import package
from console.export.destination import demand_free, draft, pack, put_directory, put_file
from console.export.format import Format
from console.export.formats.database import metadata
from console.export.formats.parquet import engine
from console.export.order import SUFFIXES, Order, Shape
from console.export.produce import BOOK, Produced, Progress, nobody, produce
from models.session import Database

SCHEMA: Final = package.SCHEMA


@dataclass(frozen=True, slots=True)
class File:
    """A file that was written."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of an order; ``changed_at`` is when something that it shows changed last."""

    format: str
    path: str
    reports: int
    rows: dict[str, int]
    changed_at: datetime | None
    files: list[File]
    schema: str = SCHEMA


def export(
    database: Database,
    order: Order,
    place: Path,
    *,
    overwrite: bool = False,
    progress: Progress = nobody,
) -> Exported:
    """Write an export to a file, a directory or a ZIP archive.

    It is there as a whole or not at all; one that it replaces stays until then.

    Args:
        database: where the reports are.
        order: what is wanted.
        place: where to; by its name it is an archive, or a file of one format.
        overwrite: whether an earlier export may be replaced.
        progress: told after some reports.

    Raises:
        ExportError: see :mod:`console.export.errors`.
        OSError: something cannot be written.
        SQLAlchemyError: the database cannot be reached.
    """
    shape = order.shape(place.name)
    extra = _beside(order, place)
    names = _names(order) if shape is Shape.DIRECTORY else ()
    demand_free(place, overwrite=overwrite, names=names)
    if extra is not None:
        demand_free(extra, overwrite=overwrite)
    if order.format is Format.PARQUET:
        engine()  # what is missing is told before anything is done
    with draft(place) as directory:
        produced = produce(database, order, directory, progress)
        files = _put(order, shape, directory, place)
        if extra is not None:
            files.append(_metadata(order, directory, extra))
    return _told(order, place, produced, files)


def _told(order: Order, place: Path, produced: Produced, files: list[File]) -> Exported:
    return Exported(
        str(order.format), str(place), produced.reports, produced.rows, produced.changed_at, files
    )


def _put(order: Order, shape: Shape, directory: Path, place: Path) -> list[File]:
    if shape is Shape.DIRECTORY:
        files = [_file(path, path.name) for path in sorted(directory.iterdir())]
        put_directory(directory, place)
        return files
    made = only_file(order, directory)
    if shape is Shape.ZIP:
        made = directory.with_name(f"{directory.name}.zip")
        try:
            pack(directory, made)
            told = _file(made, place.name)
            put_file(made, place)
        finally:
            made.unlink(missing_ok=True)
        return [told]
    told = _file(made, place.name)
    put_file(made, place)
    return [told]


def only_file(order: Order, directory: Path) -> Path:
    """Return where a directory has the file of an order that is a single one."""
    if order.format in (Format.XLSX, Format.SQLITE):
        return directory / f"{BOOK}.{SUFFIXES[order.format]}"
    return directory / order.name_of(order.tables[0])


def _beside(order: Order, place: Path) -> Path | None:
    """Return where the metadata of an SQLite database goes, ``None`` for other formats."""
    if order.format is not Format.SQLITE:
        return None
    return place.with_name(f"{place.stem}.metadata.json")


def _metadata(order: Order, directory: Path, place: Path) -> File:
    told = metadata(order.tables, package.TITLE, package.ABOUT)
    made = directory / "metadata.json"
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    made.write_bytes(orjson.dumps(told, option=option))
    file = _file(made, place.name)
    put_file(made, place)
    return file


def _names(order: Order) -> tuple[str, ...]:
    if order.format is Format.PACKAGE:
        return package.names()
    return tuple(order.name_of(table) for table in order.tables)


def _file(path: Path, name: str) -> File:
    return File(name, path.stat().st_size, package.digest_of(path))
