"""What operators had stored: does each such report have its decision, and say what that says?"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

import models.comment
import models.notification  # noqa: F401 - their references are looked at with all others
from console.verification.discrepancy import Discrepancy
from console.verification.look import Check, Look, Query, asked
from models.answer import Answer
from models.correction import Correction
from models.dead_letter import Action, DeadLetter, Decision
from models.filing import StoredReport
from models.ledger import Attempt
from models.transitions import BY_HAND

_REPORT: Final[tuple[Any, ...]] = (
    StoredReport.id.label("report"),
    StoredReport.document_id.label("document"),
    StoredReport.publisher.label("publisher"),
    StoredReport.year.label("year"),
)
_STORED: Final = (Action.CORRECT, Action.ACCEPT)
_PAGE: Final = 500


def _undecided(_look: Look) -> Query:
    """Find reports whose decision does not allow for them.

    Only what was accepted may have hard findings; what was stored by hand names a decision about
    a letter of its document.
    """
    about_it = exists().where(
        Decision.id == StoredReport.decision_id,
        Decision.action.in_(_STORED),
        DeadLetter.id == Decision.dead_letter_id,
        DeadLetter.document_id == StoredReport.document_id,
    )
    accepted = exists().where(
        Decision.id == StoredReport.decision_id, Decision.action == Action.ACCEPT
    )
    by_hand = exists().where(
        Attempt.id == StoredReport.attempt_id, Attempt.worker.startswith(BY_HAND)
    )
    named = StoredReport.decision_id.is_not(None)
    shown = (StoredReport.decision_id.label("decision"), StoredReport.hard.label("hard"))
    return select(*_REPORT, *shown).where(
        or_(
            and_(named, ~about_it),
            and_(~named, by_hand),
            and_(StoredReport.hard > 0, ~accepted),
        )
    )


def _corrections(look: Look) -> Iterator[Discrepancy]:
    """Hold corrected cells against what their decisions say, a page of reports at a time."""
    after = 0
    while True:
        with look.database.reading() as session:
            corrected = exists().where(Correction.report_id == StoredReport.id)
            query = (
                select(*_REPORT, StoredReport.decision_id, Decision.action, Decision.after)
                .outerjoin(Decision, Decision.id == StoredReport.decision_id)
                .where(
                    StoredReport.id > after,
                    or_(StoredReport.decision_id.is_not(None), corrected),
                )
                .order_by(StoredReport.id)
                .limit(_PAGE)
            )
            page = session.execute(query).mappings().all()
            kept = _kept(session, [row["report"] for row in page])
        if not page:
            return
        for row in page:
            why = _differs(row, kept.get(row["report"], []))
            if why:
                about = {name: row[name] for name in ("report", "document", "publisher", "year")}
                yield look.found("REPORT.CORRECTIONS", detail=why, **about)
        after = page[-1]["report"]


def _kept(session: Session, reports: list[int]) -> dict[int, list[Correction]]:
    found: dict[int, list[Correction]] = {}
    for row in session.scalars(select(Correction).where(Correction.report_id.in_(reports))):
        found.setdefault(row.report_id, []).append(row)
    return found


def _differs(row: Mapping[Any, Any], kept: list[Correction]) -> str | None:
    """Return how corrected cells differ from the decision, ``None`` where they do not."""
    strangers = [one.cell for one in kept if one.decision_id != row["decision_id"]]
    if strangers:
        return f"not by the decision of the report: {', '.join(sorted(strangers))}"
    decided = (row["after"] or {}).get("cells", {})
    found = {one.cell: one.value for one in kept}
    if found == decided:
        return None
    cells = sorted(
        cell
        for cell in found.keys() | decided.keys()
        if (cell in found, found.get(cell)) != (cell in decided, decided.get(cell))
    )
    return f"not as was decided: {', '.join(cells)}"


def _answers(_look: Look) -> Query:
    """Find decisions whose key nobody was answered for."""
    answered = exists().where(Answer.key == Decision.key)
    return select(
        Decision.id.label("decision"),
        Decision.dead_letter_id.label("letter"),
        Decision.key.label("key"),
    ).where(Decision.key.is_not(None), ~answered)


CHECKS: Final[tuple[Check, ...]] = (
    asked("REPORT.UNDECIDED", _undecided),
    Check(("REPORT.CORRECTIONS",), _corrections),
    asked("DECISION.UNANSWERED", _answers),
)
"""Checks of what operators decided."""
