"""An export for whoever asks over HTTP: made as a whole in the data directory, then handed out."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import BinaryIO, Final

from console.export.errors import Busy
from console.export.export import export
from console.export.format import Format
from console.export.order import Order
from models.session import Database
from worker.settings import Settings

AT_ONCE: Final = 2
"""How many are made at once: each takes a core, and room on the disk."""
_TURNS: Final = BoundedSemaphore(AT_ONCE)
_FOLDER: Final = "exports"
_PRIVATE: Final = 0o700
_CHUNK: Final = 1 << 16
_LEFT_OVER: Final = 86_400.0
"""Seconds after which what was being made is nobody's any more: its process was killed."""
ZIP: Final = "application/zip"
MEDIA_TYPES: Final = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.SQLITE: "application/vnd.sqlite3",
}
"""Of what is a single file; everything else is an archive."""
_SUFFIXES: Final = {Format.XLSX: "xlsx", Format.SQLITE: "db"}


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be handed out; it has no name on the disk any more, and is gone once closed."""

    stream: BinaryIO
    size: int
    name: str
    media_type: str

    @property
    def headers(self) -> dict[str, str]:
        """What is told beside it."""
        return {
            "content-length": str(self.size),
            "content-disposition": f'attachment; filename="{self.name}"',
        }

    def chunks(self) -> Iterator[bytes]:
        """Yield its bytes, and close it."""
        with self.stream as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk


def download(settings: Settings, database: Database, order: Order) -> Download:
    """Make an export to be handed out.

    Raises:
        Busy: as many as may be are being made.
        ExtraMissing: the format needs what is not installed.
        OSError: something cannot be written.
        SQLAlchemyError: the database cannot be reached.
    """
    if not _TURNS.acquire(blocking=False):
        message = f"正在做 {AT_ONCE} 份导出 exports are being made already; try again in a minute"
        raise Busy(message)
    try:
        return _made(settings.data_dir / _FOLDER, database, order)
    finally:
        _TURNS.release()


def _made(folder: Path, database: Database, order: Order) -> Download:
    folder.mkdir(_PRIVATE, exist_ok=True)
    _forget(folder)
    name = f"gouji-{order.format}.{_SUFFIXES.get(order.format, 'zip')}"
    with tempfile.TemporaryDirectory(dir=folder) as place:
        made = Path(place) / name
        export(database, order, made)
        size = made.stat().st_size
        return Download(made.open("rb"), size, name, MEDIA_TYPES.get(order.format, ZIP))


def _forget(folder: Path) -> None:
    """Delete what processes that were killed have left."""
    for path in folder.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - _LEFT_OVER:
                shutil.rmtree(path)
