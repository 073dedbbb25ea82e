"""Deciding about dead letters that are named: retry, correct, accept, discard.

Each decision is one transaction: all of the letters, or none. Whatever is raised besides what is
listed comes from the database, and nothing was changed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from console.desk.outcome import Outcome
from models.dead_letter import Action
from models.session import Database
from worker import dead_letter
from worker.desk import settle
from worker.desk.keyed import once
from worker.desk.order import UNSAID, Changes, Given, Identity
from worker.faults import reach

Looked = Mapping[int, int | None]
"""Ids of dead letters, each with the version that the operator looked at; ``None``: any."""

Decide = Callable[[Session], Outcome]


def retry(database: Database, letters: Looked, given: Given, *, dry_run: bool = False) -> Outcome:
    """Put documents back to the beginning.

    Raises:
        NoteMissing, UnknownLetter, Conflict: see :mod:`worker.deciding`.
    """
    asked = {"action": Action.RETRY, "letters": dict(letters)}
    return run(database, given, asked, deciding(Action.RETRY, letters, given, dry_run), dry_run)


def discard(database: Database, letters: Looked, given: Given, *, dry_run: bool = False) -> Outcome:
    """Give documents up for good; raises what :func:`retry` does."""
    asked = {"action": Action.DISCARD, "letters": dict(letters)}
    return run(database, given, asked, deciding(Action.DISCARD, letters, given, dry_run), dry_run)


def accept(
    database: Database,
    letters: Looked,
    given: Given,
    identity: Identity = UNSAID,
    *,
    dry_run: bool = False,
) -> Outcome:
    """Store reports as they were published, with their hard findings.

    Raises:
        NoteMissing, UnknownLetter, Conflict: see :mod:`worker.deciding`.
        Unacceptable: there is no report, or nobody knows whose or on which year.
    """
    said = {"publisher": identity.publisher, "year": identity.year}
    asked = {"action": Action.ACCEPT, "letters": dict(letters), **said}
    work = deciding(Action.ACCEPT, letters, given, dry_run, identity)
    return run(database, given, asked, work, dry_run)


def correct(
    database: Database,
    letter_id: int,
    given: Given,
    changes: Changes,
    *,
    version: int | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Store a report with corrected cells, if no hard edit fails then.

    Raises:
        NoteMissing, UnknownLetter, Conflict: see :mod:`worker.deciding`.
        Unacceptable, UnfitChanges, StillWrong: see :func:`worker.desk.settle.correct`.
    """
    asked = {"action": Action.CORRECT, "letters": {letter_id: version}, **changes.as_json()}

    def work(session: Session) -> Outcome:
        reports, already = settle.correct(
            session, letter_id, given, changes, version=version, dry_run=dry_run
        )
        return Outcome(Action.CORRECT, tuple(reports), already, reports)

    return run(database, given, asked, work, dry_run)


def deciding(
    action: Action, letters: Looked, given: Given, dry_run: bool, identity: Identity = UNSAID
) -> Decide:
    """Return what decides about some letters in an open transaction."""

    def work(session: Session) -> Outcome:
        if action is Action.ACCEPT:
            reports, already = settle.accept(
                session, dict(letters), given, identity, dry_run=dry_run
            )
            return Outcome(action, tuple(reports), already, reports)
        act = dead_letter.retry if action is Action.RETRY else dead_letter.discard
        seen = {one: version for one, version in letters.items() if version is not None}
        decided = act(
            session,
            list(letters),
            note=given.note,
            operator=given.operator,
            versions=seen,
            key=given.key,
            dry_run=dry_run,
        )
        return Outcome(action, decided.letters, decided.already, to_send=decided.to_send)

    return work


def run(
    database: Database, given: Given, asked: Mapping[str, Any], decide: Decide, dry_run: bool
) -> Outcome:
    """Decide once for each idempotency key; a dry run uses none up."""
    if dry_run:
        with database.transaction() as session:
            return decide(session)
    outcomes: list[Outcome] = []

    def work(session: Session) -> dict[str, Any]:
        outcomes[:] = [decide(session)]
        reach("decide.entered")
        return outcomes[0].as_json()

    answer, repeated = once(database, given, asked, work)
    reach("decide.committed")
    return Outcome.told_before(answer) if repeated else outcomes[0]
