"""The audit trail: decisions about dead letters, and versions of reports that were put back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from console.queries import keyset
from console.queries.keyset import Slice
from models.dead_letter import DeadLetter, Decision
from models.filing import Restoration, StoredReport
from models.ledger import Document

RESTORE: Final = "restore"
"""What putting a version back is called beside the decisions about dead letters."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One decision. ``letter_id`` or ``report_id`` is what it was about."""

    id: int
    at: datetime
    operator: str
    action: str
    note: str
    name: str
    letter_id: int | None = None
    report_id: int | None = None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Decisions that match everything given."""

    operator: str | None = None
    action: str | None = None


def page(
    session: Session, wanted: AuditFilter, *, after: str = "", limit: int = keyset.ROWS
) -> Slice[AuditRow]:
    """Return decisions, the latest first, those after the place ``after``.

    Of decisions at the same moment those about versions come last.
    """
    place = _place(after)
    rows: list[AuditRow] = []
    if wanted.action != RESTORE:
        rows += [
            AuditRow(*row) for row in session.execute(_decisions(wanted, place).limit(limit + 1))
        ]
    if wanted.action in (None, RESTORE):
        found = session.execute(_restorations(wanted, place).limit(limit + 1))
        rows += [
            AuditRow(number, at, operator, RESTORE, note, name, report_id=report_id)
            for number, at, operator, note, name, report_id in found
        ]
    rows.sort(key=_order, reverse=True)
    more = len(rows) > limit
    last = rows[limit - 1] if more else None
    after = "" if last is None else keyset.encode(last.at.isoformat(), last.action, last.id)
    return Slice(rows[:limit], after)


def _order(row: AuditRow) -> tuple[datetime, bool, int]:
    return row.at, row.action != RESTORE, row.id


def _place(after: str) -> tuple[datetime, bool, int] | None:
    found = keyset.decode(after, 3)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[0]), found[1] != RESTORE, found[2]
    except (TypeError, ValueError):
        return None


def _decisions(
    wanted: AuditFilter, place: tuple[datetime, bool, int] | None
) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            Decision.id,
            Decision.decided_at,
            Decision.operator,
            Decision.action,
            Decision.note,
            Document.name,
            Decision.dead_letter_id,
        )
        .join(DeadLetter, DeadLetter.id == Decision.dead_letter_id)
        .join(Document, Document.id == DeadLetter.document_id)
    )
    if wanted.operator is not None:
        query = query.where(Decision.operator == wanted.operator)
    if wanted.action is not None:
        query = query.where(Decision.action == wanted.action)
    return _beyond(query, Decision, place, first=True)


def _restorations(
    wanted: AuditFilter, place: tuple[datetime, bool, int] | None
) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            Restoration.id,
            Restoration.decided_at,
            Restoration.operator,
            Restoration.note,
            Document.name,
            Restoration.report_id,
        )
        .join(StoredReport, StoredReport.id == Restoration.report_id)
        .join(Document, Document.id == StoredReport.document_id)
    )
    if wanted.operator is not None:
        query = query.where(Restoration.operator == wanted.operator)
    return _beyond(query, Restoration, place, first=False)


def _beyond(
    query: Select[*tuple[Any, ...]],
    kind: type[Decision] | type[Restoration],
    place: tuple[datetime, bool, int] | None,
    *,
    first: bool,
) -> Select[*tuple[Any, ...]]:
    if place is not None:
        at, decision, number = place
        same = kind.decided_at == at
        if decision and not first:
            further = same
        elif decision == first:
            further = and_(same, kind.id < number)
        else:
            further = and_(same, kind.id < 0)
        query = query.where(or_(kind.decided_at < at, further))
    return query.order_by(kind.decided_at.desc(), kind.id.desc())
