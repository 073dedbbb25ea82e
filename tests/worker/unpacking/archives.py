"""Archives made to order, by the libraries and programs that people make them with."""

import bz2
import gzip
import io
import lzma
import struct
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import py7zr

from models.disclosure.finding import Reason
from worker.spool import Allowance, Spool, in_process, spooled

Files = list[tuple[str, bytes]]
REPORTS: Files = [("年报/甲.txt", b"jia" * 900), ("年报/乙.html", b"<p>yi</p>" * 500)]


def zipped(files: Files, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive; names that are no CP437 get the flag of UTF-8."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def zipped_in_gbk(files: Files) -> bytes:
    """Return a zip archive with names in GBK and without the flag of UTF-8."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files:
            archive.writestr(_Gbk(name), data)
    return out.getvalue()


class _Gbk(zipfile.ZipInfo):
    """An entry whose name is written as GBK."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - it is zipfile's
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def tarred(files: Files, *others: tarfile.TarInfo, **options: Any) -> bytes:
    """Return a tar archive with files, and entries that have no content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **options) as archive:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for other in others:
            archive.addfile(other)
    return out.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """An entry of a tar archive that is no regular file."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def sevenzipped(files: Files, *, open_directory: bool = False) -> bytes:
    """Return a 7z archive."""
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        archive.set_encoded_header_mode(not open_directory)
        for name, data in files:
            archive.writef(io.BytesIO(data), name)
    return out.getvalue()


def renamed(data: bytes, old: str, new: str) -> bytes:
    """Return a 7z archive whose directory lies open, with a name in it replaced."""
    data = patched(data, old.encode("utf-16-le"), new.encode("utf-16-le"), last=True)
    offset, size = struct.unpack_from("<QQ", data, 12)
    directory = zlib.crc32(data[32 + offset : 32 + offset + size])
    start = struct.pack("<QQI", offset, size, directory)
    return data[:8] + struct.pack("<I", zlib.crc32(start)) + start + data[32:]


def zstd(data: bytes) -> bytes:
    """Compress by zstd."""
    module: Any
    if sys.version_info >= (3, 14):
        from compression import zstd as module
    else:
        from backports import zstd as module
    options = {module.CompressionParameter.checksum_flag: 1}  # as zstd itself does
    compressed: bytes = module.compress(data, options=options)
    return compressed


SQUEEZERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd,
}


def unpacked(data: bytes) -> tuple[Files, list[tuple[str, str]]]:
    """Unpack what must be sound; return (name, bytes), and (name, why) of what is ignored."""
    with tempfile.TemporaryFile() as file:
        spool = Spool(file, Allowance(len(data)))
        assert spooled(data, spool, in_process) is None
        taken = [(one.member.shown, spool.open(one).read()) for one in spool.sections]
        return taken, [(one.shown, one.why or "") for one in spool.ignored]


def refusal(data: bytes, **allowance: int) -> tuple[Reason, str]:
    """Unpack what must be refused; return why."""
    with tempfile.TemporaryFile() as file:
        spool = Spool(file, Allowance(len(data), **allowance))
        found = spooled(data, spool, in_process)
    assert found is not None
    assert found.traceback is None
    return found.reason, found.message


def patched(data: bytes, old: bytes, new: bytes, *, last: bool = False) -> bytes:
    """Return bytes with one occurrence replaced by as many others."""
    assert len(old) == len(new)
    at = data.rindex(old) if last else data.index(old)
    return data[:at] + new + data[at + len(old) :]


def overlapping(count: int = 5) -> bytes:
    """A zip bomb in small: many entries of the directory that share the bytes of one member."""
    whole = zipped([("0.txt", bytes(1_000_000))])
    start = whole.index(b"PK\x01\x02")
    end = whole.index(b"PK\x05\x06")
    entries = whole[start:end] * count
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(entries), start, 0)
    return whole[:start] + entries + tail
