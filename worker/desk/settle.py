"""Storing what an operator corrected or accepted, with the decision, in one transaction."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import transitions
from models.dead_letter import Action, DeadLetter, Decision
from models.disclosure.correction import written
from models.disclosure.finding import Severity
from models.disclosure.report import ABSENT, Cell
from models.event import EventName
from models.filing import StoredReport
from models.ledger import Document, State
from models.transitions import Desk
from worker.deciding import Conflict, Effect, Order, letters, resolve
from worker.desk.assess import Assessed, assess
from worker.desk.errors import StillWrong, TooMany, Unacceptable, UnfitChanges
from worker.desk.order import UNSAID, Changes, Given, Identity
from worker.errors import Refused
from worker.faults import reach
from worker.findings import Origin
from worker.inspection import value_json
from worker.logs import record
from worker.store import Amendment, Filed, store

MOST_ACCEPTED: Final = 500
"""Letters accepted at once: storing each takes some 10 ms, and nobody else writes meanwhile."""

Settled = tuple[dict[int, int], tuple[int, ...]]
"""Reports by the letters that were decided now, and the letters that had been decided before."""


def correct(
    session: Session,
    letter_id: int,
    given: Given,
    changes: Changes,
    *,
    version: int | None = None,
    dry_run: bool = False,
) -> Settled:
    """Store the report of a dead letter with corrected cells, if no hard edit fails then.

    On a dry run the report's number is 0.

    Raises:
        NoteMissing, UnknownLetter, Conflict: see :func:`worker.deciding.letters`; also where it
            was corrected otherwise before.
        Unacceptable: there is no report that could be stored.
        UnfitChanges: there is no such cell, or it cannot hold such a value.
        StillWrong: hard edits fail; nothing was changed.
    """
    order = _order(Action.CORRECT, given, {letter_id: version}, changes.candidate)
    found = letters(session, [letter_id], order)
    if found.already:
        _same_as_before(session, letter_id, changes)
        return {}, found.already
    (letter,) = found.fresh
    assessed = assess(letter.inspection, changes)
    if assessed.problems:
        raise UnfitChanges(assessed.problems)
    if assessed.hard:
        raise StillWrong(assessed.hard)
    return _settle(session, [(letter, assessed)], order, dry_run=dry_run), ()


def accept(
    session: Session,
    versions: dict[int, int | None],
    given: Given,
    identity: Identity = UNSAID,
    *,
    dry_run: bool = False,
) -> Settled:
    """Store reports of dead letters as they were published, with their hard findings.

    Args:
        session: an open transaction.
        versions: the letters, with the version of each that the operator looked at, if any.
        given: who and why.
        identity: publisher and year, where they were not recognised.
        dry_run: only say whether it can be done.

    Raises:
        NoteMissing, UnknownLetter, Conflict: see :func:`worker.deciding.letters`.
        TooMany: more than ``MOST_ACCEPTED``.
        Unacceptable: there is no report, or nobody knows whose or on which year; nothing is stored.
    """
    order = _order(Action.ACCEPT, given, versions)
    found = letters(session, list(versions), order)
    if len(found.fresh) > MOST_ACCEPTED:
        raise TooMany(f"{len(found.fresh)} dead letters; at most {MOST_ACCEPTED} at once")
    assessed = _all_acceptable(found.fresh, identity)
    return _settle(session, assessed, order, dry_run=dry_run), found.already


def _order(
    action: Action,
    given: Given,
    versions: dict[int, int | None],
    candidate: int | str | None = None,
) -> Order:
    taken = None if candidate is None else str(candidate)
    looked_at = {one: version for one, version in versions.items() if version is not None}
    return Order(action, given.note, given.operator, looked_at, given.key, taken)


def _all_acceptable(
    chosen: Sequence[DeadLetter], identity: Identity
) -> list[tuple[DeadLetter, Assessed]]:
    assessed: list[tuple[DeadLetter, Assessed]] = []
    refused: dict[int, Unacceptable] = {}
    for letter in chosen:
        try:
            assessed.append((letter, _acceptable(letter, identity)))
        except Unacceptable as error:
            refused[letter.id] = error
    if refused and len(chosen) > 1:
        first, *others = refused
        more = f"; nor can these be accepted: {', '.join(map(str, others))}" if others else ""
        told = f"{refused[first]}{more}; nothing was decided"
        raise Unacceptable(told, letters=tuple(refused))
    for only in refused.values():
        raise only
    return assessed


def _acceptable(letter: DeadLetter, identity: Identity) -> Assessed:
    try:
        assessed = assess(letter.inspection, Changes(identity=identity))
    except Unacceptable as error:
        raise Unacceptable(f"dead letter {letter.id}: {error}") from error
    unknown = [what for what in ("publisher", "year") if getattr(assessed.read, what) is None]
    if unknown:
        what = " and ".join(unknown)
        raise Unacceptable(f"dead letter {letter.id}: {what} not recognised; say what it is")
    return assessed


def _settle(
    session: Session, assessed: list[tuple[DeadLetter, Assessed]], order: Order, *, dry_run: bool
) -> dict[int, int]:
    if dry_run:
        return {letter.id: 0 for letter, _ in assessed}
    reports: dict[int, int] = {}
    for letter, found in assessed:
        resolve(session, letter, order, _storing(found, order, reports))
        reach("decide.entered")
    return reports


def _storing(found: Assessed, order: Order, reports: dict[int, int]) -> Effect:
    move = transitions.correct if order.action is Action.CORRECT else transitions.accept

    def effect(session: Session, letter: DeadLetter, decision: Decision) -> bool:
        desk = Desk(order.operator, letter.parser_version)
        attempt = move(session, letter.document_id, desk)
        if attempt is None:
            return False
        session.flush()
        amendment = Amendment(decision.id, found.values)
        origin = Origin(letter.document_id, attempt.id)
        try:
            filed = store(session, origin, found.read, found.findings, amendment)
        except Refused as refused:
            raise Unacceptable(f"dead letter {letter.id}: {refused.message}") from refused
        decision.before, decision.after = _before(letter, found), _after(found, filed)
        reports[letter.id] = filed.report_id
        _tell(session, letter, order, found, filed, attempt.id)
        return True

    return effect


def _tell(
    session: Session,
    letter: DeadLetter,
    order: Order,
    found: Assessed,
    filed: Filed,
    attempt_id: int,
) -> None:
    record(
        session,
        EventName.REPORT_STORED,
        document_id=letter.document_id,
        attempt_id=attempt_id,
        file=session.get_one(Document, letter.document_id).name,
        publisher=found.read.publisher,
        year=found.read.year,
        **filed.told(),
        rules=sorted({finding.rule for finding in found.findings}),
        by=order.operator,
        decision=str(order.action),
        cells=len(found.values),
    )


def _before(letter: DeadLetter, found: Assessed) -> dict[str, Any]:
    return {
        "state": State.DEAD,
        "reason": letter.reason,
        "publisher": letter.publisher,
        "year": letter.year,
        "cells": {address: _said(found.read.cell(address)) for address in found.values},
    }


def _after(found: Assessed, filed: Filed) -> dict[str, Any]:
    hard = sum(finding.severity is Severity.HARD for finding in found.findings)
    return {
        "state": State.STORED,
        "report": filed.report_id,
        "publisher": found.read.publisher,
        "year": found.read.year,
        "cells": {address: written(value) for address, value in found.values.items()},
        "hard": hard,
        "soft": len(found.findings) - hard,
    }


def _said(cell: Cell) -> dict[str, Any]:
    read = ABSENT if cell is ABSENT else cell
    return {"value": value_json(read.value), "raw": read.raw, "printed": str(read.printed)}


def _same_as_before(session: Session, letter_id: int, changes: Changes) -> None:
    """Let a correction that is given once more pass, and no other.

    Raises:
        Conflict: other cells were corrected, or publisher or year were given otherwise.
    """
    letter = session.get_one(DeadLetter, letter_id)
    assessed = assess(letter.inspection, changes)
    wanted = {address: written(value) for address, value in assessed.values.items()}
    query = select(Decision.after).where(
        Decision.dead_letter_id == letter_id, Decision.action == Action.CORRECT
    )
    after = session.scalars(query.order_by(Decision.id.desc())).first() or {}
    same = (after.get("cells"), after.get("publisher"), after.get("year"))
    if assessed.problems or same != (wanted, assessed.read.publisher, assessed.read.year):
        report = select(StoredReport.id).where(StoredReport.document_id == letter.document_id)
        raise Conflict(
            f"dead letter {letter_id} was corrected otherwise before; its report "
            f"{session.scalar(report)} is stored and is not corrected again"
        )
