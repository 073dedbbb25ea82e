"""An HTTP response as it went over the wire: its status, its type, and its body decoded."""

import re
import zlib
from typing import Final

_STATUS: Final = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})\b")
_SIZE: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_GZIP: Final = b"\x1f\x8b"


class Undecodable(ValueError):  # noqa: N818 - it is what was found
    """The message is no HTTP response, or its body cannot be decoded."""


def body(message: bytes, largest: int) -> tuple[int, str, bytes]:
    """Return status, media type in lower case, and body of a response.

    Crawlers often store a body decoded while its headers still say how it was encoded: what does
    not look encoded is taken as it is.

    Raises:
        Undecodable: it is no response, is encoded in an unknown way, or has more than ``largest``
            bytes when decoded.
    """
    head, separator, data = message.partition(b"\r\n\r\n")
    if not separator:
        head, separator, data = message.partition(b"\n\n")
    status = _STATUS.match(head)
    if status is None:
        raise Undecodable("no HTTP response")
    headers: dict[str, str] = {}
    for line in head.splitlines()[1:]:
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip().lower()
    if "chunked" in headers.get("transfer-encoding", ""):
        data = _unchunked(data)
    for coding in reversed(headers.get("content-encoding", "").replace(",", " ").split()):
        data = _decoded(coding, data, largest)
    if len(data) > largest:
        raise Undecodable(f"more than {largest} bytes")
    return int(status[1]), headers.get("content-type", ""), data


def _unchunked(data: bytes) -> bytes:
    """Join the chunks (RFC 9112, 7.1); a body that is not chunked is returned as it is."""
    parts: list[bytes] = []
    at = 0
    while True:
        found = _SIZE.match(data, at)
        if found is None:
            if parts:
                raise Undecodable("a chunk is damaged")
            return data
        size = int(found[1], 16)
        if size == 0:
            return b"".join(parts)
        if found.end() + size > len(data):
            raise Undecodable("a chunk is cut off")
        parts.append(data[found.end() : found.end() + size])
        at = found.end() + size
        at += 2 if data[at : at + 2] == b"\r\n" else data[at : at + 1] == b"\n"


def _decoded(coding: str, data: bytes, largest: int) -> bytes:
    if coding in ("", "identity"):
        return data
    if coding in ("gzip", "x-gzip"):
        return _inflated(data, 31, largest) if data.startswith(_GZIP) else data
    if coding == "deflate":
        try:
            return _inflated(data, zlib.MAX_WBITS, largest)
        except Undecodable:
            return _inflated(data, -zlib.MAX_WBITS, largest)
    raise Undecodable(f"content encoding {coding}")


def _inflated(data: bytes, wbits: int, largest: int) -> bytes:
    unpacker = zlib.decompressobj(wbits)
    try:
        plain = unpacker.decompress(data, largest + 1)
    except zlib.error as error:
        raise Undecodable(f"content encoding: {error}") from error
    if not unpacker.eof and len(plain) <= largest:
        raise Undecodable("content encoding: cut off")
    return plain
