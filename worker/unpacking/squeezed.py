"""Single files compressed by gzip, bzip2, xz or zstd; a tar archive in one is unpacked at once."""

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable
from typing import Any, Final

from worker.unpacking import tars
from worker.unpacking.members import BZIP2, GZIP, XZ, ZSTD, Member, Sink, Stream, pour, read

_EXTRA, _NAME = 0x04, 0x08
_FIXED: Final = 10


def unpack(data: bytes, media_type: str, sink: Sink) -> None:
    """Hand over the file that is in it, or each file of the tar archive that is in it.

    The file has the name that gzip kept; without one its name is empty.

    Raises:
        Refused: ``truncated`` or ``unreadable``, or what a tar archive is refused for.
    """
    stream = _EXPANDING[media_type](io.BytesIO(data))
    head = b""
    while len(head) < tars.HEADER and (more := read(stream, "the file", tars.HEADER - len(head))):
        head += more
    whole = _Rejoined(head, stream)
    if tars.begins(head):
        tars.unpack(whole, sink)
        return
    name = _kept_name(data) if media_type == GZIP else b""
    sink.begin(Member(name))  # never ignored: who hands in one compressed file means that file
    pour(whole, "the file", sink)


class _Rejoined:
    """A stream whose beginning was read already."""

    def __init__(self, head: bytes, stream: Stream) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        return self._stream.read(size)


def _kept_name(data: bytes) -> bytes:
    """Return the name in a gzip header (RFC 1952, 2.3), empty where it has none."""
    flags, at = data[3], _FIXED
    if flags & _EXTRA:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    end = data.find(b"\0", at)
    return data[at:end] if flags & _NAME and end > at else b""


class _Zstd:
    """A zstd stream whose faults are of a kind that others have too."""

    def __init__(self, stream: Stream, fault: type[Exception]) -> None:
        self._stream = stream
        self._fault = fault

    def read(self, size: int, /) -> bytes:
        try:
            return self._stream.read(size)
        except self._fault as error:
            raise ValueError(str(error)) from error


def _gunzip(file: io.BytesIO) -> Stream:
    return gzip.GzipFile(fileobj=file)


def _unzstd(file: io.BytesIO) -> Stream:
    module: Any
    if sys.version_info >= (3, 14):
        from compression import zstd as module
    else:
        from backports import zstd as module
    return _Zstd(module.ZstdFile(file), module.ZstdError)


_EXPANDING: Final[dict[str, Callable[[io.BytesIO], Stream]]] = {
    GZIP: _gunzip,
    BZIP2: bz2.BZ2File,
    XZ: lzma.LZMAFile,
    ZSTD: _unzstd,
}
