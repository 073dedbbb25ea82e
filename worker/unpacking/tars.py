"""Tar archives, read as a stream: plain, or as a compressed file expands."""

import tarfile
from tarfile import HeaderError
from typing import IO, Final, Self, cast

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.unpacking.members import (
    HARD_LINK,
    SPECIAL,
    SYMLINK,
    Listing,
    Sink,
    Stream,
    member,
    pour,
    read,
)

HEADER: Final = 512
_CUT: Final = ("unexpected end of data", "empty header", "truncated header")
_WHAT: Final = "the tar archive"

# not in tarfile.__all__, but the only thing that tells one end from another
_END: Final[type[Exception]] = tarfile.EOFHeaderError  # type: ignore[attr-defined]
_INVALID: Final[type[Exception]] = tarfile.InvalidHeaderError  # type: ignore[attr-defined]


class _Entry(tarfile.TarInfo):
    """An entry that tells why none follows: tarfile itself takes damage for the end."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile)
        except HeaderError as error:
            cast("_Tar", tarfile).ended = error
            raise


class _Tar(tarfile.TarFile):
    tarinfo = _Entry
    ended: Exception | None = None


class _Checked:
    """A stream that says what is wrong with it in words for people."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        return read(self._stream, _WHAT, size)


def begins(head: bytes) -> bool:
    """Tell whether bytes are the first header of a tar archive, by its checksum."""
    try:
        tarfile.TarInfo.frombuf(head[:HEADER], "utf-8", "surrogateescape")
    except HeaderError:
        return False
    return True


def unpack(stream: Stream, sink: Sink) -> None:
    """Hand over every file of a tar archive.

    Raises:
        Refused: ``truncated`` without an end, ``too_large`` with too many entries, ``unreadable``
            when it is damaged.
    """
    listing = Listing()
    checked = cast("IO[bytes]", _Checked(stream))
    try:
        with _Tar.open(
            fileobj=checked, mode="r|", encoding="utf-8", errors="surrogateescape"
        ) as archive:
            for info in archive:
                listing.count()
                _hand_over(archive, info, sink)
            _demand_end(archive.ended)
    except tarfile.TarError as error:
        cut = str(error) in _CUT
        message = f"{_WHAT} ends too early" if cut else f"{_WHAT} is damaged: {error}"
        raise Refused(Reason.TRUNCATED if cut else Reason.UNREADABLE, message) from error


def _hand_over(archive: tarfile.TarFile, info: tarfile.TarInfo, sink: Sink) -> None:
    if info.isdir():
        return
    name = info.name.encode("utf-8", "surrogateescape")
    found = member(name, info.size, _special(info))
    sink.begin(found)
    if found.why is None and (stream := archive.extractfile(info)) is not None:
        pour(stream, found.shown, sink)


def _special(info: tarfile.TarInfo) -> str | None:
    if info.isreg():
        return None
    if info.issym():
        return SYMLINK
    return HARD_LINK if info.islnk() else SPECIAL


def _demand_end(ended: Exception | None) -> None:
    """Blocks of zeros end an archive; one that just stops was cut between two members."""
    if isinstance(ended, _INVALID):
        raise Refused(Reason.UNREADABLE, f"{_WHAT} is damaged: {ended}")
    if not isinstance(ended, _END):
        raise Refused(Reason.TRUNCATED, f"{_WHAT} ends without its end mark: it was cut")
