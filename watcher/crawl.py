"""A crawl source: another program's directory, which is read and never touched.

What was taken in stays where it is, so that each scan meets all of it again. The ledger knows which
versions those are; eight bytes of each are kept in memory so that it need not be asked every time.
Files are looked at (``lstat``), never read, unless they are new.
"""

import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from hashlib import blake2b
from itertools import islice
from struct import pack
from typing import Final, NamedTuple

from sqlalchemy import select

from models.ledger import Arrival, ArrivalState
from models.session import Database
from watcher import ignore, sidecar
from watcher.drop import Drop
from watcher.filesystem import Entry, Kind, Signature, look, readable, walk
from watcher.settle import Verdict
from worker.settings import Settings
from worker.source import Source

_PAGE: Final = 500
_MOST_CANDIDATES: Final = 20_000
_FEW_CANDIDATES: Final = 5_000


class Version(NamedTuple):
    """One version of one file."""

    path: bytes
    signature: Signature


class Seen:
    """Digests of versions that are done with: a sorted array, and what came after it was made."""

    def __init__(self) -> None:
        self._sorted = array("Q")
        self._added: set[int] = set()

    def __len__(self) -> int:
        return len(self._sorted) + len(self._added)

    def __contains__(self, version: Version) -> bool:
        digest = _digest(version)
        at = bisect_left(self._sorted, digest)
        found = at < len(self._sorted) and self._sorted[at] == digest
        return found or digest in self._added

    def add(self, version: Version) -> None:
        """Remember a version."""
        self._added.add(_digest(version))

    def keep(self, digests: "array[int]") -> None:
        """Forget everything but these digests."""
        self._sorted = array("Q", sorted(digests))
        self._added.clear()

    @staticmethod
    def digest(version: Version) -> int:
        """Return the digest of a version: 64 bits, so that a million of them never meet."""
        return _digest(version)


def _digest(version: Version) -> int:
    data = version.path + pack("<qqq", *version.signature)
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


class Crawl(Drop):
    """One crawl source: what lies in its directory that the ledger does not have yet.

    Args:
        source: where it is.
        settings: intervals, in seconds.
        database: the ledger.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        source: Source,
        settings: Settings,
        database: Database,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(source, settings, clock)
        self._database = database
        self._seen = Seen()
        self._cut_short = False

    def poll(self) -> None:
        """Look around; a scan that was cut short goes on when there is room again."""
        if self._cut_short and len(self._settling) < _FEW_CANDIDATES:
            self._scan_at = self._clock()
        super().poll()

    def finish(self, version: Version) -> None:
        """A version is in the ledger: only a change makes its path a candidate again."""
        self.done(version.path)
        self._seen.add(version)

    def known(self, versions: Sequence[Version]) -> dict[Version, bool]:
        """Return those of at most 500 versions that are in the ledger, and need not be read again.

        Each with whether it stays so, whatever else comes: a sidecar whose file is missing does
        not.

        Raises:
            SQLAlchemyError: the database cannot be reached.
        """
        if not versions:
            return {}
        wanted = frozenset(versions)
        return {version: final for version, final in self._rows(versions) if version in wanted}

    def _rows(self, versions: Sequence[Version]) -> Iterator[tuple[Version, bool]]:
        query = select(
            Arrival.path,
            Arrival.inode,
            Arrival.size,
            Arrival.mtime_ns,
            Arrival.document_id,
            Arrival.state,
        ).where(
            Arrival.source == self.name,
            Arrival.path.in_([version.path for version in versions]),
        )
        with self._database.reading() as session:
            rows = session.execute(query).all()
        for path, inode, size, mtime_ns, document_id, state in rows:
            final = document_id is not None or state == ArrivalState.SIDECAR
            if final or self._stays(path):
                yield Version(path, Signature(inode, size, mtime_ns)), final

    def _stays(self, path: bytes) -> bool:
        """Tell whether a path that was ignored still is, as names and settings are now."""
        base = sidecar.base_of(self.place.root, path)
        if base is not None:
            return look(self.place.root, base) is None
        return self._why(path) is not None

    # What differs from a drop.

    def _scan(self, now: float) -> None:
        try:
            super()._scan(now)
        except Exception:
            self._scan_at = now  # the ledger was away: nothing was missed, only not looked at
            raise

    def _unknown(self) -> Iterator[bytes]:
        self._cut_short = False
        seen = array("Q")
        for page in _pages(self._versions()):
            fresh = []
            for version in page:
                if version in self._seen:
                    seen.append(Seen.digest(version))
                elif version.path not in self._settling:
                    fresh.append(version)
            known = self.known(fresh)
            seen.extend(Seen.digest(version) for version, final in known.items() if final)
            for version in fresh:
                if version not in known:
                    if len(self._settling) >= _MOST_CANDIDATES:
                        self._cut_short = True
                        return
                    yield version.path
        self._seen.keep(seen)

    def _versions(self) -> Iterator[Version]:
        for path, kind in walk(self.place.root, passed_over=self._pass_over):
            if kind is not Kind.EMPTY_DIRECTORY and not self._unwanted(path):
                found = self._reachable(path)
                if found is not None:
                    yield Version(path, found)

    def _reachable(self, path: bytes) -> Signature | None:
        try:
            return look(self.place.root, path)
        except OSError as error:
            self._pass_over(path, error)
            return None

    def _unwanted(self, path: bytes) -> bool:
        globs = self.place.source.ignore
        if not globs:
            return False
        plain = readable(path.removesuffix(sidecar.SUFFIX))
        names = (plain, plain.rpartition("/")[2], readable(path))
        return any(fnmatchcase(name, glob) for glob in globs for name in names)

    def _touch(self, entry: Entry, now: float) -> None:
        if self._unwanted(entry.path):
            return
        if len(self._settling) >= _MOST_CANDIDATES and entry.path not in self._settling:
            self._cut_short = True
            return
        super()._touch(entry, now)

    def _settle(self, path: bytes, found: Signature, now: float) -> Verdict:
        base = sidecar.base_of(self.place.root, path)
        if base is None:
            return self._rested(path, found, self._why(path), now)
        verdict = self._rested(path, found, None, now)
        if verdict is not Verdict.SETTLED:
            return verdict
        version = look(self.place.root, base)
        # A sidecar that is older than the last write to its file was written in advance.
        if version is not None and version.mtime_ns <= found.mtime_ns and base in self._settling:
            self._settling.vouch(base, now, self._rest_of(base))
        return verdict

    def _vouch(self, path: bytes, now: float) -> None:
        base = ignore.marked(path)
        try:
            version = None if base is None else look(self.place.root, base)
        except OSError:  # then it settles by resting
            return
        if base is not None and version is not None and Version(base, version) not in self._seen:
            self._settling.vouch(base, now, self._rest_of(base))


def _pages(versions: Iterable[Version]) -> Iterator[list[Version]]:
    iterator = iter(versions)
    while page := list(islice(iterator, _PAGE)):
        yield page
