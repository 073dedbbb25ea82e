"""A crawl source at work: what came to rest is taken in and stays; sidecars complete it."""

from collections.abc import Iterable, Sequence
from typing import Final

from models.ledger import SourceStatus
from models.session import Database
from watcher import sidecar
from watcher.crawl import Crawl, Version
from watcher.intake import Intake
from watcher.register import BATCH_BYTES, MOST, Origin, Outcome, Taken, ignore_files
from watcher.settle import Settled
from watcher.sidecar import Companion, Lot

_STALLED: Final = 15
"""How many times longer a sidecar waits for its file before it counts as left lying."""


class CrawlSource:
    """One crawl source."""

    def __init__(self, crawl: Crawl, intake: Intake, database: Database) -> None:
        self.crawl = crawl
        self._intake = intake
        self._database = database

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.crawl.name

    @property
    def origin(self) -> Origin:
        """Where this source's files come from."""
        return Origin(self.crawl.name, self.crawl.place.root, ours=False)

    def turn(self) -> int:
        """Look around and take in at most one batch; returns how many files it had."""
        self.crawl.poll()
        if not self.crawl.place.present:
            return 0
        items = self.crawl.settled(MOST, BATCH_BYTES)
        files, companions = self._told_apart(self._new(items))
        if files:
            self._answer(self._intake.take(self.origin, files))
        if companions:
            self._attach(companions)
        return len(items)

    def next_due(self) -> float:
        """Return in how many seconds there may be something to do."""
        return self.crawl.next_due()

    def status(self) -> SourceStatus:
        """Return what is known of the source now."""
        return self.crawl.status()

    def close(self) -> None:
        """Stop watching."""
        self.crawl.close()

    def _new(self, items: Sequence[Settled]) -> list[Settled]:
        """Leave out what was only touched: the ledger has that very version."""
        known = self.crawl.known([Version(item.path, item.signature) for item in items])
        for version in known:
            self.crawl.finish(version)
        return [item for item in items if Version(item.path, item.signature) not in known]

    def _told_apart(self, items: Iterable[Settled]) -> tuple[list[Settled], list[Companion]]:
        root = self.crawl.place.root
        files, companions = [], []
        for item in items:
            base = sidecar.base_of(root, item.path)
            if base is not None:
                companions.append(Companion(item, base))
            else:
                files.append(item._replace(hints=sidecar.beside(root, item.path)))
        return files, companions

    def _answer(self, taken: Sequence[Taken]) -> None:
        for one in taken:
            if one.outcome is Outcome.CHANGED:
                self.crawl.again(one.item.path)
            elif one.outcome is Outcome.VANISHED:
                self.crawl.done(one.item.path)
            elif one.outcome is Outcome.FAILED:
                self.crawl.fail(one.item.path)
            else:
                self.crawl.finish(Version(one.item.path, one.item.signature))

    def _attach(self, companions: Sequence[Companion]) -> None:
        with self._database.transaction() as session:
            lots = sidecar.attach(session, self.origin, companions)
            useless = [
                companion.item._replace(why=why)
                for companion, lot, why in lots
                if lot is Lot.UNREADABLE or (lot is Lot.ORPHAN and self._left_lying(companion))
            ]
            if useless:
                ignore_files(session, self.origin, useless)
        paths = {item.path for item in useless}
        for companion, lot, _ in lots:
            item = companion.item
            if lot in (Lot.ATTACHED, Lot.UNREADABLE):
                self.crawl.finish(Version(item.path, item.signature))
            elif item.path in paths:
                self.crawl.done(item.path)
            else:
                self.crawl.fail(item.path)

    def _left_lying(self, companion: Companion) -> bool:
        return companion.item.waited >= self.crawl.rest * _STALLED
