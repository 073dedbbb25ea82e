"""The members of one archive in one file, until it is known that the archive is sound."""

import io
import os
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, NamedTuple, cast

from models.disclosure.finding import Reason
from worker import names
from worker.errors import Refused
from worker.isolation.reading import Refusal, Unpack
from worker.reading import choose
from worker.unpacking.members import MOST_LISTED, Member, Sink

MOST_MEMBERS: Final = 2000
MOST_EXPANDED: Final = 500_000_000
MOST_RATIO: Final = 100
MOST_DEPTH: Final = 2
"""So deep an archive may lie in others: in one that lies in one that came as a file."""

BETWEEN: Final = "!/"
"""Stands between the path of an archive and the name of a member."""

_RATIO_FLOOR: Final = 20_000_000
"""Below this a high ratio harms nobody: thousands of alike pages shrink well in a solid archive."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an archive may expand to: files that are read, and bytes of them in all.

    ``packed`` is how many bytes the archive has; ``spent`` how many came out of the archives
    around it, and out of their other members, before it.
    """

    packed: int
    spent: int = 0
    members: int = MOST_MEMBERS
    expanded: int = MOST_EXPANDED
    ratio: int = MOST_RATIO

    def check(self, members: int, expanded: int) -> None:
        """Let so many files with so many bytes pass.

        Raises:
            Refused: ``too_large``; it names the limit.
        """
        if members > self.members:
            message = f"the archive holds more than {self.members:,} files"
            raise Refused(Reason.TOO_LARGE, message)
        if expanded + self.spent > self.expanded:
            nested = " with those around and beside it" if self.spent else ""
            message = f"the archive{nested} expands to more than {self.expanded:,} bytes"
            raise Refused(Reason.TOO_LARGE, message)
        if expanded > max(_RATIO_FLOOR, self.packed * self.ratio):
            message = (
                f"the archive of {self.packed:,} bytes expands to more than {self.ratio} times that"
            )
            raise Refused(Reason.TOO_LARGE, message)


class Section(NamedTuple):
    """A member, and where its bytes are in the spool; ``size`` is how many came."""

    member: Member
    start: int
    size: int


@dataclass(slots=True)
class Spool:
    """Takes members into a file (binary, for reading and writing) as far as they are allowed.

    ``sections`` are those that are to be read, ``ignored`` the others; each in the order of the
    archive.
    """

    file: BinaryIO
    allowance: Allowance
    sections: list[Section] = field(default_factory=list)
    ignored: list[Member] = field(default_factory=list)
    _size: int = 0
    _open: bool = False

    def restart(self) -> None:
        """Forget everything."""
        self.file.seek(0)
        self.file.truncate()
        self.sections.clear()
        self.ignored.clear()
        self._size, self._open = 0, False

    def begin(self, member: Member) -> None:
        """Take the next member; one that says it is too large is refused before it comes.

        Raises:
            Refused: ``too_large``.
        """
        self._open = member.why is None
        if not self._open:
            self.ignored.append(member)
            if len(self.ignored) > MOST_LISTED:
                message = f"the archive lists more than {MOST_LISTED:,} entries"
                raise Refused(Reason.TOO_LARGE, message)
            return
        self.sections.append(Section(member, self._size, 0))
        self.allowance.check(len(self.sections), self._size + member.size)

    def write(self, data: bytes) -> None:
        """Take some more bytes of the member that was begun last.

        Raises:
            Refused: ``too_large``.
            ValueError: there is none that takes bytes.
            OSError: they cannot be written.
        """
        if not self._open:
            raise ValueError("bytes of no member")
        self._size += len(data)
        self.allowance.check(len(self.sections), self._size)
        left = memoryview(data)
        while left:
            left = left[self.file.write(left) :]
        last = self.sections[-1]
        self.sections[-1] = last._replace(size=last.size + len(data))

    @property
    def size(self) -> int:
        """How many bytes came."""
        return self._size

    def open(self, section: Section) -> BinaryIO:
        """Return a stream of a member's bytes."""
        self.file.flush()
        return cast("BinaryIO", _Part(self.file.fileno(), section))

    def demand_members(self) -> None:
        """Demand that there is something to read.

        Raises:
            Refused: ``empty``.
        """
        if not self.sections:
            among = f": of its {len(self.ignored)} entries none is ever read" * bool(self.ignored)
            raise Refused(Reason.EMPTY, f"the archive holds no file to read{among}")


class _Part(io.RawIOBase):
    """One section of a file, read without moving the file's own position."""

    def __init__(self, descriptor: int, section: Section) -> None:
        self._descriptor = descriptor
        self._at = section.start
        self._end = section.start + section.size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> Any:
        left = self._end - self._at
        data = os.pread(self._descriptor, left if size < 0 else min(size, left), self._at)
        self._at += len(data)
        return data


def in_process(data: bytes, sink: Sink) -> Refusal | None:
    """Unpack an archive in this process, without limits of time: for content that is trusted."""
    try:
        sink.restart()
        choose.unpack(data, sink)
    except Refused as refused:
        return Refusal(refused.reason, refused.message)
    return None


def spooled(data: bytes, spool: Spool, unpack: Unpack) -> Refusal | None:
    """Unpack an archive into a spool; return why it is refused, if it is."""
    try:
        refusal = unpack(data, spool)
        if refusal is None:
            spool.demand_members()
    except Refused as refused:
        return Refusal(refused.reason, refused.message)
    return refusal


def member_name(name: bytes, container: str) -> str:
    """Return what a member is called below its archive.

    One without a name (in a mere ``.gz``) is called like the archive without its last suffix.
    """
    inner = names.readable(names.inside(name))
    return inner or container.rpartition("/")[2].rpartition(".")[0] or "member"


def too_deep(depth: int) -> Refusal | None:
    """Refuse an archive that lies in too many others."""
    if depth <= MOST_DEPTH:
        return None
    message = (
        f"an archive inside of {depth} others; the limit is {MOST_DEPTH}: "
        "unpack one of those around it and hand in what it holds"
    )
    return Refusal(Reason.UNSUPPORTED_TYPE, message)
