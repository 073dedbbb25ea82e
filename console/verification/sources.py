"""The sources against the ledger: originals on their way out, files nobody took in, feeds.

What lies in a source may be written, moved or taken in at any moment: only what has rested for
long counts, and it is looked at again after the ledger was asked.
"""

import os
import time
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, Final

from sqlalchemy import select

from console.verification.discrepancy import Discrepancy
from console.verification.look import Check, Look
from models.feed import FeedCheckpoint, FeedWaiting
from models.ledger import Arrival, Handover
from watcher import ignore
from watcher.filesystem import Kind, Signature, readable, walk
from watcher.filesystem import look as look_at
from watcher.handover import route_of
from watcher.moving import MOVING, found_at, undecided
from worker.source import Source

_PAGE: Final = 500


class Lost(OSError):  # noqa: N818 - it is what happened
    """A source cannot be read."""


def _root(source: Source) -> bytes:
    """Return the directory of a source.

    Raises:
        Lost: it is not there, or may not be read.
    """
    folder = source.folder.resolve()
    try:
        with os.scandir(folder):
            return os.fsencode(folder)
    except OSError as error:
        raise Lost(f"source {source.name}: {folder}: {error.strerror}") from error


# --- originals -----------------------------------------------------------------------------------


def _undecided(look: Look) -> Iterator[Discrepancy]:
    for source in look.settings.drops:
        root = _root(source)
        staged = undecided(root)
        numbers = sorted(staged)
        for start in range(0, len(numbers), _PAGE):
            page = numbers[start : start + _PAGE]
            known = _arrivals(look, source, page)
            for number in page:
                for path in staged[number]:
                    if _rested(look, root, path):
                        code = "ORIGINAL.UNDECIDED" if number in known else "ORIGINAL.UNKNOWN"
                        about = {"source": source.name, "path": readable(path)}
                        yield look.found(code, arrival=number, **about)
        yield from _nameless(look, source, root)


def _nameless(look: Look, source: Source, root: bytes) -> Iterator[Discrepancy]:
    """Find what has no arrival's number for a name."""
    folder = os.path.join(root, MOVING)  # noqa: PTH118 - pathlib does not take bytes
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except FileNotFoundError:
        return
    for name in names:
        if not name.partition(b".")[0].isdigit():
            yield look.found("ORIGINAL.UNKNOWN", source=source.name, path=readable(MOVING + name))


def _arrivals(look: Look, source: Source, numbers: Sequence[int]) -> set[int]:
    query = select(Arrival.id).where(Arrival.id.in_(numbers), Arrival.source == source.name)
    with look.database.reading() as session:
        return set(session.scalars(query))


def _rested(look: Look, root: bytes, path: bytes) -> bool:
    """Tell whether a file is there and nothing was done to it lately, not even a rename."""
    try:
        status = os.lstat(os.path.join(root, path))  # noqa: PTH118
    except OSError:
        return False
    touched = max(status.st_mtime, status.st_ctime)
    return touched <= time.time() - look.wishes.patience.under_way


def _pending(look: Look) -> Iterator[Discrepancy]:
    for source in look.settings.drops:
        root = _root(source)
        staged = undecided(root)
        for row in _handed(look, source, Handover.PENDING):
            if row.seen_at > look.stale or row.id in staged:
                continue
            version = Signature(row.inode, row.size, row.mtime_ns)
            here = look_at(root, row.path) == version
            lost = here or not _is_done(root, row)
            if lost and _still(look, row, Handover.PENDING):
                about = {"source": source.name, "path": readable(row.path)}
                code = "ORIGINAL.LATE" if here else "ORIGINAL.GONE"
                yield look.found(code, arrival=row.id, **about)


def _is_done(root: bytes, row: Any) -> bool:
    """Tell whether an original was moved, and the ledger only does not know yet."""
    version = Signature(row.inode, row.size, row.mtime_ns)
    return found_at(root, route_of(row.id, row.path, version, row.seen_at)) is not None


def _still(look: Look, row: Any, handover: Handover) -> bool:
    with look.database.reading() as session:
        query = select(Arrival.handover).where(Arrival.id == row.id)
        return session.scalar(query) == handover


def _emptied(look: Look) -> Iterator[Discrepancy]:
    for source in look.settings.drops:
        root = _root(source)
        gone = sum(
            row.moved_to is not None and look_at(root, row.moved_to) is None
            for row in _handed(look, source, Handover.MOVED)
        )
        if gone:
            yield look.found("ORIGINAL.EMPTIED", source=source.name, detail=f"{gone} files")


def _handed(look: Look, source: Source, handover: Handover) -> Iterator[Any]:
    columns = (
        Arrival.id,
        Arrival.path,
        Arrival.inode,
        Arrival.size,
        Arrival.mtime_ns,
        Arrival.seen_at,
        Arrival.moved_to,
    )
    after = 0
    while True:
        query = select(*columns).where(
            Arrival.source == source.name, Arrival.handover == handover, Arrival.id > after
        )
        with look.database.reading() as session:
            page = session.execute(query.order_by(Arrival.id).limit(_PAGE)).all()
        if not page:
            return
        yield from page
        after = page[-1].id


# --- files that nobody took in -------------------------------------------------------------------


def _unknown(look: Look) -> Iterator[Discrepancy]:
    for source in look.settings.watched:
        if source.kind == "feed":
            continue
        root = _root(source)
        entries = walk(root)
        while page := list(islice(entries, _PAGE)):
            wanted = [entry.path for entry in page if entry.kind is not Kind.EMPTY_DIRECTORY]
            yield from _not_taken_in(look, source, root, wanted)
            look.seen("files", len(wanted))


def _not_taken_in(
    look: Look, source: Source, root: bytes, paths: Sequence[bytes]
) -> Iterator[Discrepancy]:
    rested = [path for path in paths if _wanted(source, path) and _rested(look, root, path)]
    if not rested:
        return
    with look.database.reading() as session:
        columns = (Arrival.path, Arrival.inode, Arrival.size, Arrival.mtime_ns)
        query = select(*columns).where(Arrival.source == source.name, Arrival.path.in_(rested))
        known = {(row.path, Signature(*row[1:])) for row in session.execute(query)}
    for path in rested:
        version = look_at(root, path)
        if version is not None and (path, version) not in known and _rested(look, root, path):
            yield look.found("SOURCE.UNKNOWN_FILE", source=source.name, path=readable(path))


def _wanted(source: Source, path: bytes) -> bool:
    """Tell whether a path is one that ends in the ledger: markers go with their files."""
    if ignore.marked(path) is not None:
        return False
    plain = readable(path.removesuffix(b".json"))
    shown = (plain, plain.rpartition("/")[2], readable(path))
    return not any(fnmatchcase(name, glob) for glob in source.ignore for name in shown)


# --- feeds ---------------------------------------------------------------------------------------


def _feeds(look: Look) -> Iterator[Discrepancy]:
    for source in look.settings.watched:
        if source.kind != "feed":
            continue
        root = _root(source)
        with look.database.reading() as session:
            query = select(FeedCheckpoint).where(FeedCheckpoint.source == source.name)
            rows = session.scalars(query).all()
        for row in rows:
            about = {"source": source.name, "path": readable(row.path)}
            version = look_at(root, row.path)
            if row.offset > row.size or row.offset < 0:
                detail = f"read to {row.offset} of {row.size} bytes"
                yield look.found("FEED.AHEAD", detail=detail, **about)
            elif version is not None and _behind(row, version) and _rested(look, root, row.path):
                detail = f"read to {row.offset} of {version.size} bytes"
                yield look.found("FEED.UNREAD", detail=detail, **about)


def _behind(row: FeedCheckpoint, version: Signature) -> bool:
    """Tell whether a feed has changed since it was read; a torn last line is not read at all."""
    return (row.inode, row.size, row.mtime_ns) != version and version.size > row.offset


def _waited(look: Look) -> Iterator[Discrepancy]:
    patience = look.settings.unsettled_after + look.wishes.patience.under_way
    query = select(
        FeedWaiting.source.label("source"),
        FeedWaiting.path.label("path"),
        FeedWaiting.feed.label("feed"),
        FeedWaiting.since.label("since"),
    ).where(FeedWaiting.since < look.before(patience))
    yield from look.rows("FEED.WAITING", query)


CHECKS: Final[tuple[Check, ...]] = (
    Check(("ORIGINAL.UNDECIDED", "ORIGINAL.UNKNOWN"), _undecided),
    Check(("ORIGINAL.LATE", "ORIGINAL.GONE"), _pending),
    Check(("ORIGINAL.EMPTIED",), _emptied),
    Check(("SOURCE.UNKNOWN_FILE",), _unknown),
    Check(("FEED.AHEAD", "FEED.UNREAD"), _feeds),
    Check(("FEED.WAITING",), _waited),
)
"""Checks of the sources."""
