"""Putting an export in its place: under another name until it is whole, then renamed.

Whatever is killed in between, nothing that is half done ever has the name that was asked for.
"""

import os
import secrets
import shutil
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from console.export.errors import NoDirectory, Occupied

_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that a ZIP archive can tell, and always the same."""
_READABLE: Final = 0o100644 << 16
_UNIX: Final = 3
_CHUNK: Final = 1 << 20


@contextmanager
def draft(place: Path) -> Iterator[Path]:
    """Have an empty directory beside a place, gone when the block ends.

    Raises:
        NoDirectory: there is no directory for it to be in.
    """
    if not place.parent.is_dir():
        raise NoDirectory(place.parent)
    directory = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    directory.mkdir()
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def demand_free(place: Path, *, overwrite: bool, names: Collection[str] = ()) -> None:
    """Make sure that an export may be put in a place.

    Args:
        place: the file or directory.
        overwrite: whether an earlier export may be replaced.
        names: what an export in a directory consists of; a directory with anything else is none,
            and is never replaced. Empty where the export is a file.

    Raises:
        Occupied: it may not.
    """
    if place.is_dir():
        inside = {path.name for path in place.iterdir()}
        if not names:
            raise Occupied(f"{place}: 是目录 is a directory")
        if strangers := sorted(inside - set(names)):
            message = f"{place}: 有别的文件 there is something else in it: {strangers[0]}"
            raise Occupied(message)
        if inside and not overwrite:
            raise Occupied(f"{place}: 已存在 exists already; --overwrite 覆盖 replaces it")
    elif os.path.lexists(place):
        if names:
            raise Occupied(f"{place}: 不是目录 is no directory")
        if not place.is_file():
            raise Occupied(f"{place}: 不是普通文件 is no regular file")
        if not overwrite:
            raise Occupied(f"{place}: 已存在 exists already; --overwrite 覆盖 replaces it")


def put_file(made: Path, place: Path) -> None:
    """Give a file its name, in place of one that has it."""
    _sync(made)
    made.replace(place)
    _sync(place.parent)


def put_directory(made: Path, place: Path) -> None:
    """Give the files of a directory their directory, in place of an earlier export."""
    whole = made.with_name(f"{made.name}.whole")
    whole.mkdir()
    try:
        for path in sorted(made.iterdir()):
            _sync(path)
            path.rename(whole / path.name)
        if place.is_dir():
            old = made.with_name(f"{made.name}.old")
            place.rename(old)
            whole.rename(place)
            shutil.rmtree(old)
        else:
            whole.rename(place)
    finally:
        shutil.rmtree(whole, ignore_errors=True)
    _sync(place.parent)


def pack(directory: Path, archive: Path) -> None:
    """Write the files of a directory to a ZIP archive; the same files give the same bytes."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        for path in sorted(directory.iterdir()):
            told = zipfile.ZipInfo(path.name, _FIRST_DAY)
            told.compress_type = zipfile.ZIP_DEFLATED
            told.create_system = _UNIX
            told.external_attr = _READABLE
            told.file_size = path.stat().st_size  # by which it knows that 4 GB are not enough
            with path.open("rb") as source, out.open(told, "w") as member:
                shutil.copyfileobj(source, member, _CHUNK)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
