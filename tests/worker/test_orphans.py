"""Orphans of the archive: deleted when they are old, and never when somebody relies on them."""

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.ledger import Document
from models.session import Database
from tests.databases import migrated
from worker import archive as archive_module
from worker import faults
from worker.archive import LEAVING, Archive, demand_recent
from worker.errors import ArchiveError
from worker.orphans import Orphans

DAY = 86_400.0
LIMIT = 1 << 30


class Killed(BaseException):
    """Ends what runs where it stands, as SIGKILL would."""


class Place:
    """An archive and a ledger."""

    def __init__(self, directory: Path, url: str) -> None:
        migrated(url)
        self.database = Database.at(url)
        self.archive = Archive(str(directory / "archive"))
        self.orphans = Orphans(self.archive, self.database, DAY)

    def put(self, data: bytes, *, age: float = 0.0) -> str:
        """Archive bytes and let them look as old as that; return their name."""
        sha256 = self.archive.put(io.BytesIO(data), limit=LIMIT).sha256
        moment = time.time() - age
        os.utime(self.path(sha256), (moment, moment))
        return sha256

    def path(self, sha256: str) -> Path:
        return self.archive.root / sha256[:2] / sha256

    def enter(self, sha256: str) -> None:
        """Make it the bytes of a document."""
        with self.database.transaction() as session:
            session.add(Document(sha256=sha256, size=1, name="a"))

    def remove(self, *, dry_run: bool = False) -> int:
        return sum(gone.files for gone in self.orphans.remove(dry_run=dry_run))


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Iterator[Place]:
    place = Place(tmp_path, database_url)
    yield place
    place.database.close()


def once(at: str, action: Callable[[], object]) -> None:
    """Do something when a fault point is reached for the first time."""

    def handler(point: str, _name: str = "") -> None:
        if point == at:
            faults.handle(None)
            action()

    faults.handle(handler)


def kill() -> None:
    raise Killed


def test_only_old_files_that_no_document_has_go(place: Place) -> None:
    # Given an old orphan, a young one, an old document, and files that are not of the archive
    old = place.put(b"old", age=2 * DAY)
    young = place.put(b"young", age=DAY / 2)
    document = place.put(b"document", age=2 * DAY)
    place.enter(document)
    stranger = place.path(old).with_name("notes.txt")
    stranger.write_bytes(b"")
    os.utime(stranger, (0, 0))
    # When looked at only, nothing goes
    assert place.remove(dry_run=True) == 1
    assert place.archive.has(old)
    # When removed
    assert place.remove() == 1
    # Then only the old orphan is gone
    assert not place.archive.has(old)
    assert place.archive.get(young) == b"young"
    assert place.archive.get(document) == b"document"
    assert stranger.exists()
    assert list((place.archive.root / LEAVING).iterdir()) == []


def test_putting_the_content_again_makes_it_young(place: Place) -> None:
    # Given an old orphan that comes again, and is not committed yet
    sha256 = place.put(b"again", age=2 * DAY)
    place.archive.put(io.BytesIO(b"again"), limit=LIMIT)
    # When orphans are removed, then it stays
    assert place.remove() == 0
    assert place.archive.get(sha256) == b"again"


@pytest.mark.parametrize("point", ["archive.found", "archive.copied"])
def test_one_that_is_deleted_while_it_is_put_is_put_anew(place: Place, point: str) -> None:
    # Given an old orphan that comes again; between finding it and making it young it is deleted
    sha256 = place.put(b"again", age=2 * DAY)
    removed: list[int] = []
    once(point, lambda: removed.append(place.remove()))
    # When it is put
    place.archive.put(io.BytesIO(b"again"), limit=LIMIT)
    # Then it was deleted indeed, and is there
    assert removed == [1]
    assert place.archive.get(sha256) == b"again"
    assert place.remove() == 0


def test_one_that_becomes_young_while_it_is_deleted_goes_back(place: Place) -> None:
    # Given an old orphan that comes again just before it is taken away from its name
    sha256 = place.put(b"again", age=2 * DAY)
    pages = place.orphans._old

    def late() -> Iterator[list[str]]:
        for page in pages():
            place.archive.put(io.BytesIO(b"again"), limit=LIMIT)
            yield page

    place.orphans._old = late  # type: ignore[method-assign]
    # When orphans are removed
    assert place.remove() == 0
    # Then it is back
    assert place.archive.get(sha256) == b"again"
    assert place.path(sha256).exists()


def test_one_that_is_put_while_it_is_away_stays(place: Place) -> None:
    # Given an old orphan that comes again while it is away from its name
    sha256 = place.put(b"again", age=2 * DAY)
    once("prune.aside", lambda: place.archive.put(io.BytesIO(b"again"), limit=LIMIT))
    # When orphans are removed, then the old file is gone and the new one there
    assert place.remove() == 1
    assert place.archive.get(sha256) == b"again"
    assert place.remove() == 0


def test_a_document_that_is_entered_before_the_deletion_keeps_its_bytes(place: Place) -> None:
    # Given an orphan that becomes a document's after it was found to be one
    sha256 = place.put(b"entered", age=2 * DAY)
    look = place.orphans._known

    def late(names: list[str]) -> set[str]:
        found = look(names)
        if names == [sha256]:
            place.enter(sha256)
        return found

    place.orphans._known = late  # type: ignore[method-assign]
    # When orphans are removed, then it stays
    assert place.remove() == 0
    assert place.archive.get(sha256) == b"entered"


def test_what_a_killed_process_took_away_can_be_read_and_comes_back(place: Place) -> None:
    # Given a process that is killed while an orphan is away from its name
    sha256 = place.put(b"away", age=2 * DAY)
    once("prune.aside", kill)
    with pytest.raises(Killed):
        place.remove()
    assert not place.path(sha256).exists()
    # Then it can be read all the while
    assert place.archive.get(sha256) == b"away"
    assert place.archive.has(sha256)
    # And when the next one begins, it has its name again
    assert place.orphans.recover() == 1
    assert place.path(sha256).read_bytes() == b"away"
    assert place.orphans.recover() == 0


def test_it_comes_back_beside_one_that_was_put_since(place: Place) -> None:
    sha256 = place.put(b"away", age=2 * DAY)
    once("prune.aside", kill)
    with pytest.raises(Killed):
        place.remove()
    place.archive.put(io.BytesIO(b"away"), limit=LIMIT)

    assert place.orphans.recover() == 1
    assert place.archive.get(sha256) == b"away"
    assert list((place.archive.root / LEAVING).iterdir()) == []


def test_two_at_once_do_each_other_no_harm(place: Place) -> None:
    # Given two processes that remove the same
    names = [place.put(b"%d" % n, age=2 * DAY) for n in range(20)]
    other = Orphans(place.archive, place.database, DAY)
    begun = place.orphans.remove(dry_run=False)
    first = next(begun).files
    # When one goes on where the other has been
    rest = sum(gone.files for gone in other.remove(dry_run=False))
    rest += sum(gone.files for gone in begun)
    # Then each file went once
    assert first + rest == len(names)
    assert not any(map(place.archive.has, names))


def test_an_archive_that_is_not_there_has_no_orphans(tmp_path: Path, place: Place) -> None:
    nowhere = Orphans(Archive(str(tmp_path / "nowhere")), place.database, DAY)
    assert nowhere.recover() == 0
    assert list(nowhere.remove(dry_run=False)) == []


def test_what_was_put_too_long_ago_is_not_committed() -> None:
    demand_recent(time.time())
    with pytest.raises(ArchiveError, match="put it again"):
        demand_recent(time.time() - archive_module.COMMIT_WITHIN - 1)
