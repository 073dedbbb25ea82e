"""What an archive is made of, and whoever takes that."""

import lzma
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final, Protocol

from models.disclosure.finding import Reason
from worker import names
from worker.errors import Refused

ZIP: Final = "application/zip"
SEVENZIP: Final = "application/x-7z-compressed"
TAR: Final = "application/x-tar"
GZIP: Final = "application/gzip"
BZIP2: Final = "application/x-bzip2"
XZ: Final = "application/x-xz"
ZSTD: Final = "application/zstd"

CONTAINERS: Final = frozenset({ZIP, SEVENZIP, TAR, GZIP, BZIP2, XZ, ZSTD})
"""Media types that are not read but unpacked."""

MOST_LISTED: Final = 10_000
"""The most entries of an archive, directories and files that are ignored among them."""

SYMLINK: Final = "symlink"
SPECIAL: Final = "special"
HARD_LINK: Final = "hard link"
_CHUNK: Final = 1 << 18
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive.

    ``name`` has the raw bytes that the archive has, and is empty where it has none. ``size`` is
    what the archive says it has, in bytes; 0 where it does not say. ``why`` it is never read.
    """

    name: bytes
    size: int = 0
    why: str | None = None

    @property
    def shown(self) -> str:
        """The name for people."""
        return names.readable(self.name)


class Sink(Protocol):
    """Takes members, each with its bytes in pieces; those with a ``why`` have none."""

    def restart(self) -> None:
        """Forget everything: what follows begins with the first member again."""

    def begin(self, member: Member) -> None:
        """Take the next member."""

    def write(self, data: bytes) -> None:
        """Take some more bytes of it."""


def member(name: bytes, size: int, special: str | None = None) -> Member:
    """Return a member, with why it is never read if it is not: what it is, or how it is called."""
    return Member(name, size, special or names.why_ignored(names.inside(name)))


class Stream(Protocol):
    """What expands as it is read."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""


def pour(stream: Stream, what: str, sink: Sink) -> None:
    """Copy a stream to its end into the member that was begun last.

    Args:
        stream: where from.
        what: what to call it.
        sink: where to; what it raises goes through unchanged.

    Raises:
        Refused: the stream is cut or damaged.
    """
    while chunk := read(stream, what, _CHUNK):
        sink.write(chunk)


def read(stream: Stream, what: str, size: int) -> bytes:
    """Read some bytes of a stream that may be cut or damaged.

    Raises:
        Refused: it is.
    """
    try:
        return stream.read(size)
    except EOFError as error:
        raise Refused(Reason.TRUNCATED, f"{what} ends too early: {error}") from error
    except _DAMAGED as error:
        raise Refused(Reason.UNREADABLE, f"{what} is damaged: {error}") from error


class Listing:
    """Counts entries, so that an archive of millions of empty directories ends soon."""

    def __init__(self) -> None:
        self._seen = 0

    def count(self) -> None:
        """Count one more.

        Raises:
            Refused: ``too_large``.
        """
        self._seen += 1
        if self._seen > MOST_LISTED:
            message = f"the archive lists more than {MOST_LISTED:,} entries"
            raise Refused(Reason.TOO_LARGE, message)
