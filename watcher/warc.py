"""A WARC file (ISO 28500) that grows at its end: pages and files as a crawler received them.

Plain, or with each record a gzip member of its own. ``response`` records with status 200 and
``resource`` records hold documents; all others are passed over. A record that is not whole yet is
waited for. What was read is proved by the id of the last record at its place.
"""

import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from watcher.hints import hints_of
from watcher.http_message import Undecodable, body
from watcher.item import Bad, Entry, Held
from watcher.tail import Batch, Brought, Mark

_CHUNK: Final = 1 << 16
_GZIP: Final = b"\x1f\x8b\x08"
_LONGEST_HEADER: Final = 1 << 16
_OVERHEAD: Final = 1 << 20
# What can be no report; an image may be a scan of one.
_FURNITURE: Final = ("audio/", "video/", "font/", "text/css", "text/javascript", "image/svg")
_OWN_NOTES: Final = "metadata:"  # what wget writes about itself
_FURNITURE_WORDS: Final = ("javascript", "json", "font", "x-icon")


class Record(NamedTuple):
    """One record: its headers in lower case, its block, and where the next one begins.

    ``block`` is ``None`` where it is larger than may be held in memory.
    """

    headers: dict[str, str]
    block: bytes | None
    end: int


class Damaged(ValueError):  # noqa: N818 - it is what was found
    """No record begins here, or it cannot be decompressed."""


class WarcTail:
    """Follows one WARC file.

    Args:
        mark: how far it was read before.
        largest: the most bytes of a document; a larger one is passed over.
    """

    def __init__(self, mark: Mark, largest: int) -> None:
        self.mark = mark
        self._largest = largest

    def proved(self, stream: BinaryIO, size: int) -> bool:
        """Tell whether the last record that was read still lies where it lay."""
        if self.mark.offset == 0:
            return True
        place, _, wanted = self.mark.proof.partition(" ")
        if size < self.mark.offset:
            return False
        try:
            found = _record(stream, int(place), 0)
        except Damaged:
            return wanted == "damaged"
        return found is not None and found.headers.get("warc-record-id", "") == wanted

    def read(self, stream: BinaryIO, most: int, most_bytes: int, *, rested: bool) -> Batch:  # noqa: ARG002 - a record is whole or is not
        """Read whole records from the mark on; the mark moves along.

        Args:
            stream: the file.
            most: the most documents to bring.
            most_bytes: read no further record after so many bytes of documents.
            rested: whether the file has not grown for a while.
        """
        brought: list[Brought] = []
        held, start = 0, self.mark.offset
        while (
            len(brought) < most and held < most_bytes and self.mark.offset - start < 8 * most_bytes
        ):
            number = self.mark.number + 1
            try:
                record = _record(stream, self.mark.offset, self._largest + _OVERHEAD)
            except Damaged as error:
                following = _next(stream, self.mark.offset + 1)
                if following is None:
                    return Batch(brought, self.mark, more=False)
                brought.append(Brought(Bad(f"record: {error}"), number))
                self.mark = Mark(following, number, f"{self.mark.offset} damaged")
                continue
            if record is None:
                return Batch(brought, self.mark, more=False)
            entry = _entry(record, self._largest)
            if entry is not None:
                brought.append(Brought(entry, number))
                held += len(entry.data) if isinstance(entry, Held) else 0
            proof = f"{self.mark.offset} {record.headers.get('warc-record-id', '')}"
            self.mark = Mark(record.end, number, proof)
        return Batch(brought, self.mark, more=True)


def _entry(record: Record, largest: int) -> Entry | None:
    kind = record.headers.get("warc-type")
    url = record.headers.get("warc-target-uri", "").strip("<> ")
    if kind not in ("response", "resource"):
        return None
    if url.startswith(_OWN_NOTES):
        return None
    media = record.headers.get("content-type", "").lower()
    if kind == "response" and not media.startswith("application/http"):
        return None
    if record.block is None:
        return Bad(f"record: more than {largest} bytes: {url[:500]}")
    if "warc-truncated" in record.headers:
        return Bad(f"record: cut off by the crawler: {url[:500]}")
    try:
        data = record.block if kind == "resource" else None
        if data is None:
            status, media, data = body(record.block, largest)
            if status != 200:
                return None
    except Undecodable as error:
        return Bad(f"record: {error}: {url[:500]}")
    if not data or _is_furniture(media):
        return None
    return Held(data, hints_of({"url": url, "fetched_at": record.headers.get("warc-date")}))


def _is_furniture(media: str) -> bool:
    return media.startswith(_FURNITURE) or any(word in media for word in _FURNITURE_WORDS)


def _record(stream: BinaryIO, offset: int, largest: int) -> Record | None:
    """Read the record at an offset, ``None`` where it is not whole yet.

    Raises:
        Damaged: something else lies there.
    """
    stream.seek(offset)
    head = stream.read(len(_GZIP))
    if len(head) < len(_GZIP):
        return None
    stream.seek(offset)
    return _compressed(stream, offset, largest) if head == _GZIP else _plain(stream, largest)


def _plain(stream: BinaryIO, largest: int) -> Record | None:
    data = b""
    while b"\r\n\r\n" not in (data := data.lstrip(b"\r\n")):
        if len(data) > _LONGEST_HEADER:
            raise Damaged("a header without an end")
        chunk = stream.read(_CHUNK)
        if not chunk:
            if data[:5] != b"WARC/"[: len(data)]:
                raise Damaged("no WARC header")
            return None
        data += chunk
    head, _, rest = data.partition(b"\r\n\r\n")
    headers, length = _headers(head)
    begin = stream.tell() - len(rest)
    size = stream.seek(0, 2)
    if size < begin + length:
        return None
    end = min(size, begin + length + 4)  # the two empty lines after it may still be to come
    if length > largest:
        return Record(headers, None, end)
    stream.seek(begin)
    return Record(headers, _exactly(stream, length), end)


def _compressed(stream: BinaryIO, offset: int, largest: int) -> Record | None:
    unpacker = zlib.decompressobj(wbits=31)
    data, size, fed = bytearray(), 0, 0
    while not unpacker.eof:
        chunk = stream.read(_CHUNK)
        if not chunk:
            return None
        fed += len(chunk)
        for piece in _unpacked(unpacker, chunk):
            size += len(piece)
            if len(data) < _LONGEST_HEADER or size <= largest + _LONGEST_HEADER:
                data += piece
    head, separator, block = bytes(data).partition(b"\r\n\r\n")
    if not separator:
        raise Damaged("no WARC header")
    headers, length = _headers(head)
    end = offset + fed - len(unpacker.unused_data)
    if length > largest:
        return Record(headers, None, end)
    if size > len(head) + length + 12:
        raise Damaged("several records in one gzip member")
    return Record(headers, block[:length], end)


def _unpacked(unpacker: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    try:
        while chunk and not unpacker.eof:
            yield unpacker.decompress(chunk, _OVERHEAD)
            chunk = unpacker.unconsumed_tail
    except zlib.error as error:
        raise Damaged(f"not gzip: {error}") from error


def _headers(head: bytes) -> tuple[dict[str, str], int]:
    """Return the headers of a record, in lower case, and the length of its block."""
    lines = head.lstrip(b"\r\n").decode("utf-8", "replace").split("\r\n")
    if not lines[0].startswith("WARC/"):
        raise Damaged("no WARC header")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.replace("\0", "").strip()
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdecimal() and len(length) < 19):
        raise Damaged("a header without a length")
    return headers, int(length)


def _next(stream: BinaryIO, offset: int) -> int | None:
    """Find where a record begins after a damaged one."""
    stream.seek(offset)
    data, base = b"", offset
    while chunk := stream.read(_CHUNK):
        data += chunk
        for magic in (_GZIP, b"WARC/1."):
            at = data.find(magic)
            while at >= 0:
                if _begins(stream, base + at):
                    return base + at
                at = data.find(magic, at + 1)
        keep = 8
        base += max(0, len(data) - keep)
        data = data[-keep:]
        stream.seek(base + len(data))
    return None


def _begins(stream: BinaryIO, offset: int) -> bool:
    try:
        return _record(stream, offset, 0) is not None
    except Damaged:
        return False


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (chunk := stream.read(size - len(data))):
        data += chunk
    return bytes(data)
