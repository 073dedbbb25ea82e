"""Bundled sample reports of bodies that do not exist.

Most balance, one does not, one lacks a table, one corrects another, and one is no report.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from models.ledger import FINAL, Document
from models.session import Database

DIRECTORY = Path(__file__).parent
_FIRST: Final = ("示例市青禾区人民政府2022年报.txt", "示例市临港区人民政府2022年报.txt")
_LAST: Final = ("示例市青禾区人民政府2022年报（更正）.txt", "关于召开政务公开培训会的通知.txt")


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


def waves() -> list[list[Sample]]:
    """Return the samples in the order in which they come in, so that the manual can name numbers.

    Report 1 is one that is corrected later, dead letter 1 does not balance, dead letter 2 lacks a
    table, dead letter 3 is no report, and report 6 is the corrected one.
    """
    bundled = {sample.path.name: sample for sample in samples()}
    between = [one for name, one in bundled.items() if name not in _FIRST + _LAST]
    return [[bundled[name] for name in _FIRST], between, [bundled[name] for name in _LAST]]


class Serving:
    """Brings the samples in, a wave once the one before it has come to its end."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox
        self._waves = waves()
        self._awaited: list[Sample] = []

    def __call__(self, database: Database) -> None:
        """Drop the next wave if it is its turn; what came in before is left out.

        Raises:
            OSError: the folder cannot be written.
            SQLAlchemyError: the database cannot be reached.
        """
        if self._waves and not unfinished(database, self._awaited):
            drop(unknown(database, self._waves[0]), self._inbox)
            self._awaited = self._waves.pop(0)


def unknown(database: Database, chosen: Sequence[Sample]) -> list[Sample]:
    """Return the samples whose content has not come in yet."""
    wanted = [sample.sha256 for sample in chosen]
    with database.reading() as session:
        known = set(session.scalars(select(Document.sha256).where(Document.sha256.in_(wanted))))
    return [sample for sample in chosen if sample.sha256 not in known]


def drop(chosen: Iterable[Sample], inbox: Path) -> None:
    """Copy samples into a watched folder, each under its final name at once.

    Raises:
        OSError: the folder cannot be written.
    """
    for sample in chosen:
        draft = inbox / f".{sample.path.name}.part"
        draft.write_bytes(sample.path.read_bytes())
        draft.replace(inbox / sample.path.name)


def unfinished(database: Database, chosen: Sequence[Sample]) -> int:
    """Return how many of the samples have not come to their end."""
    wanted = [sample.sha256 for sample in chosen]
    with database.reading() as session:
        done = session.scalar(
            select(func.count())
            .select_from(Document)
            .where(Document.sha256.in_(wanted), Document.state.in_(FINAL))
        )
    return len(wanted) - (done or 0)
