"""Bundled sample reports of bodies that do not exist: some balance, one does not, one is none."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from models.ledger import FINAL, Document
from models.session import Database

DIRECTORY = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample: where it is in the distribution, and its content's SHA-256."""

    path: Path
    sha256: str


def samples() -> list[Sample]:
    """Return the bundled samples, by name."""
    return [
        Sample(path, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(DIRECTORY.glob("*.txt"))
    ]


def unknown(database: Database) -> list[Sample]:
    """Return the samples whose content has not come in yet."""
    bundled = samples()
    wanted = [sample.sha256 for sample in bundled]
    with database.reading() as session:
        known = set(session.scalars(select(Document.sha256).where(Document.sha256.in_(wanted))))
    return [sample for sample in bundled if sample.sha256 not in known]


def drop(chosen: Iterable[Sample], inbox: Path) -> None:
    """Copy samples into a watched folder, each under its final name at once.

    Raises:
        OSError: the folder cannot be written.
    """
    for sample in chosen:
        draft = inbox / f".{sample.path.name}.part"
        draft.write_bytes(sample.path.read_bytes())
        draft.replace(inbox / sample.path.name)


def unfinished(database: Database) -> int:
    """Return how many of the samples have not come to their end."""
    wanted = [sample.sha256 for sample in samples()]
    with database.reading() as session:
        done = session.scalar(
            select(func.count())
            .select_from(Document)
            .where(Document.sha256.in_(wanted), Document.state.in_(FINAL))
        )
    return len(wanted) - (done or 0)
