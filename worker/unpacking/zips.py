"""ZIP archives.

The directory at the end says what there is; its names are raw bytes, in GBK as often as in UTF-8.
Members that share bytes (as in zip bombs and quines) are refused before anything is expanded.
"""

import io
import stat
import struct
import zipfile
from typing import Final

from models.disclosure.finding import Reason
from worker import names
from worker.errors import Refused
from worker.reading.package import check_directory
from worker.unpacking.members import SPECIAL, SYMLINK, Listing, Sink, member, pour

_UTF8: Final = 0x800
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_AES: Final = 99
_UNIX: Final = 3
_METHODS: Final = {1: "shrink", 6: "implode", 9: "deflate64", 93: "zstd", 95: "xz", 98: "ppmd"}
_DOS_DIRECTORY: Final = 0x10
_LOCAL: Final = struct.Struct("<4s22xHH")


def unpack(data: bytes, sink: Sink) -> None:
    """Hand over every file of a ZIP archive.

    Raises:
        Refused: ``truncated`` without a directory, ``encrypted``, ``too_large`` with too many
            entries, ``unreadable`` when it is damaged or its members overlap.
    """
    check_directory(data)
    listing = Listing()
    with _opened(data) as archive:
        _refuse_overlaps(data, archive)
        for info in archive.infolist():
            listing.count()
            if not _is_directory(info):
                _hand_over(archive, info, sink)


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise Refused(Reason.UNREADABLE, f"the zip directory is broken: {error}") from error


def _refuse_overlaps(data: bytes, archive: zipfile.ZipFile) -> None:
    """Members lie one behind the other, and before the directory."""
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in infos), archive.start_dir][1:]
    for info, end in zip(infos, ends, strict=False):
        if _end(data, info) > end:
            message = f"{_shown(info)} overlaps what follows it, as in a zip bomb"
            raise Refused(Reason.UNREADABLE, message)


def _end(data: bytes, info: zipfile.ZipInfo) -> int:
    try:
        mark, name, extra = _LOCAL.unpack_from(data, info.header_offset)
    except struct.error:
        mark = b""
    if mark != b"PK\x03\x04":
        raise Refused(Reason.UNREADABLE, f"{_shown(info)} is not where the directory says")
    size: int = _LOCAL.size + name + extra + info.compress_size
    return info.header_offset + size


def _hand_over(archive: zipfile.ZipFile, info: zipfile.ZipInfo, sink: Sink) -> None:
    found = member(_name(info), info.file_size, _special(info))
    if found.why is not None:
        sink.begin(found)
        return
    if info.flag_bits & _ENCRYPTED or info.compress_type == _AES:
        raise Refused(Reason.ENCRYPTED, f"{found.shown} is encrypted")
    sink.begin(found)
    try:
        stream = archive.open(info)
    except NotImplementedError as error:
        method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
        message = f"{found.shown} is packed by {method}, which cannot be read: repack it"
        raise Refused(Reason.UNREADABLE, message) from error
    except (zipfile.BadZipFile, RuntimeError, ValueError) as error:
        raise Refused(Reason.UNREADABLE, f"{found.shown} cannot be unpacked: {error}") from error
    with stream:
        pour(stream, found.shown, sink)


def _name(info: zipfile.ZipInfo) -> bytes:
    """Return the raw bytes of a name, which zipfile takes for CP437 where they claim nothing."""
    encoding = "utf-8" if info.flag_bits & _UTF8 else "cp437"
    return info.orig_filename.encode(encoding)


def _shown(info: zipfile.ZipInfo) -> str:
    return names.readable(_name(info))


def _is_directory(info: zipfile.ZipInfo) -> bool:
    marked = info.external_attr & _DOS_DIRECTORY and info.file_size == 0
    return bool(marked) or info.orig_filename.endswith(("/", "\\"))


def _special(info: zipfile.ZipInfo) -> str | None:
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    if stat.S_ISLNK(mode):
        return SYMLINK
    return SPECIAL if stat.S_IFMT(mode) not in (0, stat.S_IFREG) else None
