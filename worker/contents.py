"""Looking into an archive without a database: each member is inspected as the worker would."""

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

from worker import inspection
from worker.errors import Refused
from worker.inspection import File, Inspection
from worker.isolation.reading import Reader, Unpack
from worker.spool import (
    BETWEEN,
    Allowance,
    Section,
    Spool,
    member_name,
    spooled,
    too_deep,
)


@dataclass(slots=True)
class Contents:
    """Inspects what archives hold.

    ``most`` is the most bytes of a member that is read; ``spent`` how many bytes came out so far
    of the archive that is a file and of those in it.
    """

    reader: Reader
    unpack: Unpack
    most: int
    spent: int = 0

    def of(self, found: Inspection, data: bytes, depth: int = 0) -> Iterator[Inspection]:
        """Yield what becomes of each member, those of archives inside included.

        Names of members stand behind the name of their archive and ``!/``. Where the archive is
        refused, only that is yielded. Those that are never read come last, as ``ignored``.

        Args:
            found: the inspection of the archive itself: to be ``unpacked``.
            data: its bytes.
            depth: in how many others it lies.
        """
        with tempfile.TemporaryFile() as scratch:
            spool = Spool(cast("BinaryIO", scratch), Allowance(len(data), self.spent))
            refusal = too_deep(depth) or spooled(data, spool, self.unpack)
            if refusal is not None:
                reason, message, traceback = refusal.reason, refusal.message, refusal.traceback
                yield Inspection(found.file, "dead", reason, "unpack", message, traceback=traceback)
                return
            self.spent += spool.size
            for section in spool.sections:
                yield from self._member(spool, section, found.file.name, depth)
        for member in spool.ignored:
            name = _below(found.file.name, member.name)
            yield Inspection(File(name, "", member.size, None), "ignored", message=member.why or "")

    def _member(
        self, spool: Spool, section: Section, container: str, depth: int
    ) -> Iterator[Inspection]:
        data = spool.open(section).read()
        name = _below(container, section.member.name)
        found = self._inspect(data, name)
        if found.outcome == "unpacked":
            yield from self.of(found, data, depth + 1)
        else:
            yield found

    def _inspect(self, data: bytes, name: str) -> Inspection:
        try:
            inspection.admit(len(data), self.most)
        except Refused as refusal:
            file = File(name, hashlib.sha256(data).hexdigest(), len(data), None)
            return inspection.refused(file, refusal)
        found = inspection.inspect(data, name.rpartition("/")[2], reader=self.reader)
        return replace(found, file=replace(found.file, name=name))


def _below(container: str, name: bytes) -> str:
    return container + BETWEEN + member_name(name, container)
