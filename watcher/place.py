"""The directory of a source: is it still the same one, and do its events still come?"""

import errno
import os
from datetime import datetime
from pathlib import Path
from typing import Final

from models.base import now
from models.event import EventName
from models.ledger import SourceStatus
from watcher.filesystem import is_network, readable
from watcher.observe import Hint, Observation
from worker.logs import log
from worker.source import Source

_LIMITS: Final = (errno.ENOSPC, errno.EMFILE, errno.ENFILE)


class Place:
    """The directory of one source; nothing is watched before the first ``check``.

    Attributes:
        root: the directory with every symlink resolved.
        mode: ``events`` or ``scan``.
        problem: what an operator should know, ``None`` when all is well.
        network: whether it is on a network mount.
        present: whether the directory is there.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root = os.fsencode(source.folder.absolute())
        self.mode = "scan"
        self.problem: str | None = None
        self.network = False
        self._identity: tuple[int, int] | None = None
        self._observation: Observation | None = None

    @property
    def present(self) -> bool:
        """Whether the directory was there at the last check."""
        return self._identity is not None

    def check(self) -> bool:
        """Compare the directory with the one that is watched, and watch anew where need be.

        Returns:
            Whether what was seen before can no longer be relied on: a scan is wanted.
        """
        try:
            status = self.source.folder.stat()
            identity = status.st_dev, status.st_ino
            if identity != self._identity:
                _try_to_list(self.source.folder)
        except OSError as error:
            self._lose(error)
            return False
        if identity != self._identity:
            self._adopt(identity)
            return True
        return self._revive()

    def drain(self) -> tuple[list[Hint], bool]:
        """Return what happened since the last call, and whether anything was lost."""
        if self._observation is None:
            return [], False
        if self._observation.limited and self.mode == "events":
            self._scan_only("the limit of inotify watches is reached in a subdirectory")
        hints, lost = self._observation.drain()
        if lost:
            log(EventName.SOURCE_OVERFLOWED, level="warning", source=self.source.name)
        return hints, lost

    def status(
        self, unsettled: int, last_event: datetime | None, last_scan: datetime | None
    ) -> SourceStatus:
        """Return what an operator is shown of the source."""
        return SourceStatus(
            source=self.source.name,
            kind=self.source.kind,
            path=self.root,
            mode=self.mode,
            unsettled=unsettled,
            last_event_at=last_event,
            last_scan_at=last_scan,
            heartbeat_at=now(),
            problem=self.problem,
        )

    def close(self) -> None:
        """Stop watching."""
        if self._observation is not None:
            self._observation.close()
            self._observation = None

    def _lose(self, error: OSError) -> None:
        if self.present or self.problem is None:
            self.problem = f"the directory cannot be reached: {error.strerror}"
            log(EventName.SOURCE_LOST, level="error", source=self.source.name, why=self.problem)
        self._identity = None
        self.close()

    def _adopt(self, identity: tuple[int, int]) -> None:
        """Watch the directory that lies at the source's path now; an empty one is no deletion."""
        if self.present or self.problem is not None:
            log(EventName.SOURCE_RECOVERED, level="warning", source=self.source.name)
        self.close()
        self._identity, self.problem = identity, None
        self.root = os.fsencode(self.source.folder.resolve())
        self.network = is_network(self.root)
        if self.network:
            self._scan_only("events of a network file system cannot be trusted", level="info")
        elif self.source.mode == "scan":
            self._scan_only("configured", level="info")
        else:
            self._observe()

    def _revive(self) -> bool:
        if self._observation is None or self._observation.is_alive():
            return False
        log(EventName.SOURCE_RECOVERED, level="warning", source=self.source.name, why="watch died")
        self.close()
        self._observe()
        return True

    def _observe(self) -> None:
        try:
            self._observation = Observation(self.root)
        except OSError as error:
            limit = "the limit of inotify is reached" if error.errno in _LIMITS else "no events"
            self._scan_only(f"{limit}: {error.strerror}")
        else:
            self.mode = "events"
            name, path = self.source.name, readable(self.root)
            log(EventName.SOURCE_WATCHING, source=name, path=path)

    def _scan_only(self, why: str, level: str = "warning") -> None:
        self.mode = "scan"
        self.problem = f"scanning only: {why}" if level == "warning" else None
        log(EventName.SOURCE_SCANNING_ONLY, level=level, source=self.source.name, why=why)


def _try_to_list(path: Path) -> None:
    with os.scandir(path) as entries:
        next(entries, None)
