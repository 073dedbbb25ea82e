"""7z archives, by py7zr."""

import io
import lzma
import struct
import zlib
from typing import Final

import py7zr
from py7zr.exceptions import (
    ArchiveError,
    PasswordRequired,
    UnsupportedCompressionMethodError,
)
from py7zr.io import Py7zIO, WriterFactory
from py7zr.py7zr import ArchiveFile

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.unpacking.members import SPECIAL, SYMLINK, Listing, Member, Sink, member

_START: Final = struct.Struct("<12xQQ")
_HEADER: Final = 32
_PIECE: Final = 1 << 18
_DAMAGED: Final = (
    ArchiveError,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
)


def unpack(data: bytes, sink: Sink) -> None:
    """Hand over every file of a 7z archive.

    Raises:
        Refused: ``truncated`` without a directory, ``encrypted``, ``too_large`` with too many
            entries, ``unreadable`` when it is damaged.
    """
    if len(data) < _HEADER or len(data) < _HEADER + sum(_START.unpack_from(data)):
        raise Refused(Reason.TRUNCATED, "the 7z directory at its end is missing")
    try:
        with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
            found = _members(archive.files)
            if archive.needs_password():
                raise Refused(Reason.ENCRYPTED, "the 7z archive is encrypted")
            for one in found.values():
                if one.why is not None:
                    sink.begin(one)
            wanted = [key for key, one in found.items() if one.why is None]
            if wanted:
                archive.extract(targets=wanted, factory=_Writers(found, sink))
    except PasswordRequired as error:
        raise Refused(Reason.ENCRYPTED, "the 7z archive is encrypted, its names too") from error
    except UnsupportedCompressionMethodError as error:
        message = f"the 7z archive is packed by a method that cannot be read: {error}"
        raise Refused(Reason.UNREADABLE, message) from error
    except _DAMAGED as error:
        raise Refused(Reason.UNREADABLE, f"the 7z archive is damaged: {error}") from error


def _members(files: list[ArchiveFile]) -> dict[str, Member]:
    """Return the files by the names that they are given for the time they are unpacked.

    py7zr refuses names that leave the archive and alters those that are there twice; here a name
    is only a label.
    """
    listing = Listing()
    found: dict[str, Member] = {}
    for file in files:
        listing.count()
        key = str(file.id)
        if not file.is_directory:
            name = file.filename.encode("utf-8", "surrogateescape")
            found[key] = member(name, file.uncompressed, _special(file))
        file.file_properties()["filename"] = key
    return found


def _special(file: ArchiveFile) -> str | None:
    if file.is_symlink or file.is_junction:
        return SYMLINK
    return None if file.is_file else SPECIAL


class _Writers(WriterFactory):
    """Makes a writer for each file as py7zr comes to it."""

    def __init__(self, found: dict[str, Member], sink: Sink) -> None:
        self._found = found
        self._sink = sink

    def create(self, filename: str) -> Py7zIO:
        self._sink.begin(self._found[filename])
        return _Writer(self._sink)


class _Writer(Py7zIO):
    """Passes on what py7zr writes; nothing is ever read back."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._size = 0

    def write(self, s: bytes | bytearray) -> int:
        for start in range(0, len(s), _PIECE):
            self._sink.write(bytes(s[start : start + _PIECE]))
        self._size += len(s)
        return len(s)

    def read(self, size: int | None = None) -> bytes:  # noqa: ARG002 - the signature is py7zr's
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002
        return offset

    def flush(self) -> None:
        pass

    def size(self) -> int:
        return self._size
