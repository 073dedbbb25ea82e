"""What every place that keeps bytes can do, and the words for what is in it."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Final, NamedTuple, Protocol

from models.disclosure.finding import Reason
from worker.errors import ArchiveError, Refused

CHUNK: Final = 1 << 20
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class TooLarge(Refused):
    """The source has more bytes than the archive may take."""

    def __init__(self, limit: int) -> None:
        super().__init__(Reason.TOO_LARGE, f"the file has more than {limit} bytes")


class Stored(NamedTuple):
    """What was put: the name of the content, and how many bytes it has."""

    sha256: str
    size: int


class Held(NamedTuple):
    """A content that is there: its name, its bytes by count, and when it was last put."""

    sha256: str
    size: int
    put_at: datetime


class Condition(StrEnum):
    """How a content is found."""

    WHOLE = "whole"
    MISSING = "missing"
    DAMAGED = "damaged"


class Place(Protocol):
    """A place that keeps bytes; :class:`worker.archive.Archive` says what each method promises."""

    def put(self, source: BinaryIO, *, limit: int) -> Stored:
        """Keep a source's bytes; whole, or not at all."""

    def has(self, sha256: str) -> bool:
        """Tell whether a content is there."""

    def open(self, sha256: str) -> BinaryIO:
        """Open a content for reading."""

    def get(self, sha256: str) -> bytes:
        """Return a content as it is, whatever its bytes."""

    def digest(self, sha256: str) -> str | None:
        """Return the SHA-256 of what is kept under a name, ``None`` where there is nothing."""

    def contents(self) -> Iterator[Held]:
        """Yield what is there, by name."""

    def scratch(self) -> AbstractContextManager[BinaryIO]:
        """Open a nameless file on a local disk."""

    def discard_leftovers(self, older_than: float) -> int:
        """Delete what killed processes left half done."""

    def probe(self) -> str:
        """Write and delete a little; return in words where it is."""


def demand_digest(sha256: str) -> str:
    """Return a name that is a SHA-256.

    Raises:
        ArchiveError: it is none; it could lead anywhere.
    """
    if not _SHA256.fullmatch(sha256):
        raise ArchiveError(f"archive: {sha256!r} is not a SHA-256")
    return sha256


def is_digest(name: str) -> bool:
    """Tell whether a name is that of a content."""
    return _SHA256.fullmatch(name) is not None


def damaged(sha256: str) -> ArchiveError:
    """Return the error for bytes that are not those of their name."""
    return ArchiveError(f"archive: {sha256} is damaged: its bytes do not match its name")
