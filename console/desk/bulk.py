"""Deciding about all dead letters that match a filter."""

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from console.desk import decisions
from console.desk.outcome import Outcome
from console.queries import letters
from console.queries.letters import LetterFilter, LetterRow
from models.dead_letter import Action
from models.session import Database
from worker.desk.errors import CountChanged
from worker.desk.order import UNSAID, Given, Identity

Deed = Literal["retry", "discard", "accept"]
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """What matches: how many, how many for each reason, and the first of them."""

    count: int
    groups: list[dict[str, Any]]
    first: list[LetterRow]


def preview(session: Session, wanted: LetterFilter) -> Preview:
    """Return what a decision about a selection would be about."""
    return Preview(
        letters.count(session, wanted),
        letters.grouped(session, wanted, "reason"),
        letters.letters(session, wanted, limit=_SHOWN),
    )


def decide(
    database: Database,
    action: Deed,
    wanted: LetterFilter,
    given: Given,
    identity: Identity = UNSAID,
    *,
    expect: int | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Decide about every open letter that matches at the time of deciding.

    The selection is made in the transaction that decides. One that is empty does nothing.

    Args:
        database: where they are.
        action: what is decided.
        wanted: which letters; only open ones count.
        given: who and why.
        identity: publisher and year for all of them; with ``accept`` only.
        expect: how many the operator has seen.
        dry_run: only say what would be done.

    Raises:
        CountChanged: not so many match as were expected; nothing was decided.
        NoteMissing, Conflict: see :mod:`worker.deciding`.
        TooMany, Unacceptable: see :func:`worker.desk.settle.accept`.
    """
    asked: dict[str, Any] = {"action": action, "filter": asdict(wanted), "expect": expect}
    if identity:
        asked |= {"publisher": identity.publisher, "year": identity.year}

    def work(session: Session) -> Outcome:
        found = letters.ids(session, wanted)
        if expect is not None and len(found) != expect:
            raise CountChanged(expect, len(found))
        looked = dict.fromkeys(found)
        return decisions.deciding(Action(action), looked, given, dry_run, identity)(session)

    return decisions.run(database, given, asked, work, dry_run)
