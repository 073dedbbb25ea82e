"""A watcher with its inbox, ledger and queue, driven by hand with a clock of its own."""

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select, update

from models.base import now
from models.event import Event
from models.ledger import Arrival, Document
from models.session import Database
from tests.databases import migrated
from watcher.run import Watcher
from worker import faults
from worker.archive import Archive
from worker.inbox import Inbox
from worker.settings import Settings
from worker.source import Source

SETTLE = 2.0


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Killed(BaseException):
    """Ends a watcher where it stands, as SIGKILL would."""


class Station:
    """One drop source that is scanned at every turn; nothing happens between turns."""

    def __init__(
        self, directory: Path, mode: Literal["auto", "scan"] = "scan", **settings: Any
    ) -> None:
        self.inbox = directory / "inbox"
        self.inbox.mkdir(exist_ok=True)
        source = Source("drop", self.inbox, settle=SETTLE, mode=mode)
        usual: dict[str, Any] = {"scan_interval": 0.0, "sweep_interval": 1e9, "sources": (source,)}
        self.settings = Settings(data_dir=directory / "var", **(usual | settings))
        migrated(self.settings.database)
        self.database = Database.at(self.settings.database)
        self.archive = Archive(self.settings.archive)
        self.queue = Inbox(self.settings)
        self.clock = Clock()
        self.watcher = self._watcher()

    def _watcher(self) -> Watcher:
        return Watcher(self.settings, self.database, self.archive, self.queue, clock=self.clock)

    def restart(self, die_at: str = "") -> None:
        """Start the watcher anew; it dies at the fault point of that name."""

        def die(point: str) -> None:
            if point == die_at:
                faults.handle(None)
                raise Killed(point)

        self.watcher.close()
        faults.handle(die)
        self.watcher = self._watcher()

    def close(self) -> None:
        """Stop everything."""
        self.watcher.close()
        self.queue.close()
        self.database.close()

    def drop(self, name: str | bytes, data: bytes = b"report") -> Path:
        """Write a file into the inbox."""
        path = self.inbox / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def turn(self, seconds: float = 0.0) -> None:
        """Let time pass, then let the watcher do what is due."""
        self.clock.now += seconds
        self.watcher.turn()

    def settle(self, turns: int = 3) -> None:
        """Let enough time pass for what lies there to be taken in."""
        for _ in range(turns):
            self.turn(SETTLE)

    def left(self) -> list[str]:
        """Return what lies in the inbox, but for the project's own folder."""
        # os.walk passes over what is moved away while it looks; Path.rglob raises there until 3.12
        return sorted(
            os.path.relpath(Path(folder, name), self.inbox)
            for folder, _, names in os.walk(self.inbox)
            if ".gouji" not in Path(folder).parts
            for name in names
        )

    def done(self) -> list[str]:
        """Return what was moved away, without the folder of the date."""
        folder = self.inbox / ".gouji" / "done"
        return sorted(
            str(path.relative_to(folder).relative_to(*path.relative_to(folder).parts[:1]))
            for path in folder.rglob("*")
            if path.is_file()
        )

    def arrivals(self) -> list[Arrival]:
        """Return every arrival, oldest first."""
        with self.database.reading() as session:
            return list(session.scalars(select(Arrival).order_by(Arrival.id)))

    def documents(self) -> list[Document]:
        """Return every document, oldest first."""
        with self.database.reading() as session:
            return list(session.scalars(select(Document).order_by(Document.id)))

    def states(self) -> dict[str, int]:
        """Return how many documents are in each state, and arrivals in theirs."""
        with self.database.reading() as session:
            counts: Counter[str] = Counter()
            for kind in (Document, Arrival):
                query = select(kind.state, func.count()).group_by(kind.state)
                counts.update({row[0]: row[1] for row in session.execute(query)})
        return dict(counts)

    def events(self) -> list[str]:
        """Return the names of every event, oldest first."""
        with self.database.reading() as session:
            return list(session.scalars(select(Event.name).order_by(Event.id)))

    def age(self, seconds: float, **columns: Any) -> None:
        """Make every document look as if nothing had happened to it for so long."""
        with self.database.transaction() as session:
            moment = now() - timedelta(seconds=seconds)
            session.execute(update(Document).values(updated_at=moment, **columns))
