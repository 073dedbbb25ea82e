"""A feed of lines that grows at its end: read once, in order, and read anew when it was replaced.

What was read is proved by its SHA-256: at a start the bytes up to the checkpoint are hashed again
if the file is not the same inode, size and time; later only their first and last part is compared.
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, NamedTuple

from watcher.item import Bad, Entry, entries, is_whole

_WINDOW: Final = 4096
_CHUNK: Final = 1 << 20


class Mark(NamedTuple):
    """How far a feed has been read: bytes, lines or records, and what proves that it still is."""

    offset: int = 0
    number: int = 0
    proof: str = ""


class Brought(NamedTuple):
    """What a feed brought, and the number of the line or record that did."""

    entry: Entry
    number: int


class Batch(NamedTuple):
    """What was read at one go, the mark after it, and whether there may be more to read now."""

    brought: list[Brought]
    mark: Mark
    more: bool


class LineTail:
    """Follows one JSON Lines file.

    Args:
        mark: how far it was read before.
        longest: the most bytes of a line; a longer one is passed over.
    """

    def __init__(self, mark: Mark, longest: int) -> None:
        self.mark = mark
        self._longest = longest
        self._digest = hashlib.sha256()
        self._window: tuple[bytes, bytes] | None = None

    def proved(self, stream: BinaryIO, size: int) -> bool:
        """Tell whether the file still begins with what was read."""
        if size < self.mark.offset:
            return False
        # What changed without growing was not appended to.
        if self._window is not None and size > self.mark.offset:
            return self._window == self._windows(stream)
        digest = hashlib.sha256()
        for chunk in _chunks(stream, self.mark.offset):
            digest.update(chunk)
        if self.mark.offset and digest.hexdigest() != self.mark.proof:
            return False
        self._digest, self._window = digest, self._windows(stream)
        return True

    def read(self, stream: BinaryIO, most: int, most_bytes: int, *, rested: bool) -> Batch:
        """Read whole lines from the mark on; the mark moves along.

        Args:
            stream: the file, unbuffered; ``proved`` has been asked.
            most: the most documents to bring.
            most_bytes: read no further line after so many bytes.
            rested: whether the file has not grown for a while: a last line without its newline
                is taken if it is a whole object.
        """
        stream.seek(self.mark.offset)
        reader = _Lines(stream, self._longest, self._digest.update)
        brought: list[Brought] = []
        number, more = self.mark.number, True
        while len(brought) < most and reader.consumed < most_bytes:
            line = reader.next(unfinished=is_whole if rested else None)
            if line is None:
                more = False
                break
            number += 1
            found = [line] if isinstance(line, Bad) else entries(line)
            brought += [Brought(entry, number) for entry in found]
        offset = self.mark.offset + reader.consumed
        self.mark = Mark(offset, number, self._digest.hexdigest())
        self._window = self._windows(stream)
        return Batch(brought, self.mark, more)

    def _windows(self, stream: BinaryIO) -> tuple[bytes, bytes]:
        """Return the first and the last part of what was read."""
        width = min(_WINDOW, self.mark.offset)
        stream.seek(0)
        head = _exactly(stream, width)
        stream.seek(self.mark.offset - width)
        return head, _exactly(stream, width)


class _Lines:
    """Whole lines from where a stream stands; ``consumed`` bytes have been taken."""

    def __init__(self, stream: BinaryIO, longest: int, told: Callable[[bytes], None]) -> None:
        self.consumed = 0
        self._reader = io.BufferedReader(_Borrowed(stream), _CHUNK)
        self._longest = longest
        self._told = told

    def next(self, unfinished: Callable[[bytes], bool] | None) -> bytes | Bad | None:
        """Return the next line, ``None`` when there is no whole one yet.

        ``unfinished`` decides on a last line that has no newline.
        """
        line = self._reader.readline(self._longest + 1)
        if line.endswith(b"\n"):
            return self._take(line)
        if len(line) > self._longest:
            return self._pass_over(line)
        if line and unfinished is not None and unfinished(line):
            return self._take(line)
        return None

    def _take(self, line: bytes) -> bytes:
        self.consumed += len(line)
        self._told(line)
        return line

    def _pass_over(self, line: bytes) -> Bad | None:
        length = len(line)
        rest = b""
        while not rest.endswith(b"\n"):
            rest = self._reader.readline(_CHUNK)
            if not rest:
                return None
            length += len(rest)
        self._reader.seek(-length, io.SEEK_CUR)
        while length:
            piece = self._reader.read(min(_CHUNK, length))
            self._take(piece)
            length -= len(piece)
        return Bad(f"a line of more than {self._longest} bytes")


class _Borrowed(io.RawIOBase):
    """A stream that outlives the buffer put around it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


def _chunks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    stream.seek(0)
    while size and (chunk := stream.read(min(_CHUNK, size))):
        size -= len(chunk)
        yield chunk


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (chunk := stream.read(size - len(data))):
        data += chunk
    return bytes(data)
