"""Dead letters and what was decided about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Exists, Row, Select, func, or_, select
from sqlalchemy.orm import Session

from models.dead_letter import LETTERS, DeadLetter, Decision
from models.ledger import ATTEMPTS, DOCUMENTS, Arrival, Document

Group = Literal["reason", "rule", "publisher", "parser_version"]
_GROUPS: Final = {
    "reason": DeadLetter.reason,
    "publisher": DeadLetter.publisher,
    "parser_version": DeadLetter.parser_version,
}
# Tables, not classes: the ORM makes all of its classes ready before it asks its first question.
_LETTER: Final = LETTERS.c
_DOCUMENT: Final = DOCUMENTS.c
_GIVEN_UP_AT: Final = (
    select(ATTEMPTS.c.number).where(ATTEMPTS.c.id == _LETTER.attempt_id).scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A dead letter as lists show it; open while ``resolution`` is empty.

    ``attempts`` are those up to the one that was given up; later ones belong to later letters.
    """

    id: int
    document_id: int
    sha256: str
    name: str
    size: int
    reason: str
    stage: str
    message: str
    publisher: str | None
    year: int | None
    attempts: int
    created_at: datetime
    parser_version: str
    resolution: str | None
    resolved_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What an operator decided about the letter ``dead_letter_id``, and what that changed.

    ``before`` and ``after`` are ``None`` for decisions of older releases. ``key`` is the
    idempotency key of the request, ``candidate`` the id or rank of what was taken.
    """

    id: int
    dead_letter_id: int
    operator: str
    action: str
    note: str
    decided_at: datetime
    key: str | None
    candidate: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Dead letters that match everything given; ``publisher`` and ``name`` are parts of names.

    ``rule`` is an edit with a finding in the attempt that was given up. ``parser_version`` is the
    one that refused them; ``not_version`` leaves out what that one refused, and so selects what an
    older parser did.
    """

    reason: str | None = None
    rule: str | None = None
    publisher: str | None = None
    year: int | None = None
    name: str | None = None
    only_open: bool = True
    parser_version: str | None = None
    not_version: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the filter as conditions on ``DeadLetter``."""
        found: list[ColumnElement[bool]] = []
        if self.only_open:
            found.append(_LETTER.resolution.is_(None))
        if self.reason is not None:
            found.append(_LETTER.reason == self.reason)
        if self.publisher is not None:
            found.append(_LETTER.publisher.contains(self.publisher, autoescape=True))
        if self.year is not None:
            found.append(_LETTER.year == self.year)
        if self.parser_version is not None:
            found.append(_LETTER.parser_version == self.parser_version)
        if self.not_version is not None:
            found.append(_LETTER.parser_version != self.not_version)
        if self.rule is not None:
            from models.filing import StoredFinding  # many tables, which few lists need

            failed = select(StoredFinding.attempt_id).where(
                StoredFinding.attempt_id == _LETTER.attempt_id, StoredFinding.rule == self.rule
            )
            found.append(_each(failed))
        if self.name is not None:
            found.append(_named(self.name))
        return found


def _named(name: str) -> ColumnElement[bool]:
    """Return the condition that a document's name, at any arrival, contains a text."""
    here = select(Document.id).where(
        Document.id == DeadLetter.document_id, Document.name.contains(name, autoescape=True)
    )
    arrived = select(Arrival.id).where(
        Arrival.document_id == DeadLetter.document_id, Arrival.name.contains(name, autoescape=True)
    )
    return or_(_each(here), _each(arrived))


def _each(rows: Select[int]) -> Exists:
    """Return the condition that there are such rows, which is asked of each letter.

    There are many more findings and documents than dead letters. ``OFFSET 0`` says nothing, but
    without it PostgreSQL would first look for all that could belong to a letter.
    """
    return rows.correlate(DeadLetter).offset(0).exists()


def letters(session: Session, wanted: LetterFilter, *, limit: int | None = None) -> list[LetterRow]:
    """Return dead letters, the latest first, at most ``limit`` of them."""
    query = rows().where(*wanted.conditions()).order_by(_LETTER.id.desc()).limit(limit)
    return [row_of(row) for row in session.execute(query)]


def ids(session: Session, wanted: LetterFilter) -> list[int]:
    """Return the ids of all that match, oldest first."""
    query = select(DeadLetter.id).where(*wanted.conditions()).order_by(DeadLetter.id)
    return list(session.scalars(query))


def count(session: Session, wanted: LetterFilter) -> int:
    """Return how many match."""
    query = select(func.count()).select_from(LETTERS).where(*wanted.conditions())
    return session.scalar(query) or 0


def grouped(
    session: Session, wanted: LetterFilter, by: Group, *, limit: int | None = None
) -> list[dict[str, Any]]:
    """Return how many match for each reason, edit, publisher or version of the parser, most first.

    A letter counts once for every edit that has a finding in it; ``severity`` tells the edits
    that made it dead (hard) from those that would not have. Letters without a publisher are one
    group.

    Args:
        session: an open transaction or reader.
        wanted: which letters.
        by: ``rule``, ``reason``, ``publisher`` or ``parser_version``.
        limit: so many groups at most.
    """
    from models.filing import StoredFinding

    letters_found = func.count(DeadLetter.id.distinct()) if by == "rule" else func.count()
    columns = (StoredFinding.rule, StoredFinding.severity) if by == "rule" else (_GROUPS[by],)
    kind: tuple[Any, ...] = columns
    query: Select[*tuple[Any, ...]] = select(*kind, letters_found.label("count"))
    query = query.select_from(DeadLetter)
    if by == "rule":
        query = query.join(StoredFinding, StoredFinding.attempt_id == DeadLetter.attempt_id)
    query = query.group_by(*kind).order_by(letters_found.desc(), *kind)
    query = query.where(*wanted.conditions()).limit(limit)
    return [dict(row) for row in session.execute(query).mappings()]


def letter(session: Session, letter_id: int) -> LetterRow | None:
    """Return one dead letter, ``None`` where there is none."""
    row = session.execute(rows().where(DeadLetter.id == letter_id)).one_or_none()
    return None if row is None else row_of(row)


def details(session: Session, letter_id: int) -> tuple[dict[str, Any] | None, int | None]:
    """Return what had been recognised (``gouji.inspection/1``), and the attempt given up."""
    query = select(DeadLetter.inspection, DeadLetter.attempt_id).where(DeadLetter.id == letter_id)
    inspection, attempt_id = session.execute(query).one()
    return inspection, attempt_id


def of_document(session: Session, document_id: int) -> list[LetterRow]:
    """Return every dead letter of a document, first to last: one for each time it was given up."""
    query = rows().where(DeadLetter.document_id == document_id).order_by(DeadLetter.id)
    return [row_of(row) for row in session.execute(query)]


def decisions(session: Session, letter_ids: Iterable[int]) -> list[DecisionRow]:
    """Return what was decided about dead letters, first to last."""
    query = select(Decision).where(Decision.dead_letter_id.in_(list(letter_ids)))
    return [decision_row(one) for one in session.scalars(query.order_by(Decision.id))]


def decision_row(one: Decision) -> DecisionRow:
    """Return a decision as it is shown."""
    return DecisionRow(
        one.id,
        one.dead_letter_id,
        one.operator,
        one.action,
        one.note,
        one.decided_at,
        one.key,
        one.candidate,
        one.before,
        one.after,
    )


def rows() -> Select[*tuple[Any, ...]]:
    """Return the query that :func:`row_of` takes the rows of."""
    return select(
        _LETTER.id,
        _LETTER.document_id,
        _DOCUMENT.sha256,
        _DOCUMENT.name,
        _DOCUMENT.size,
        _LETTER.reason,
        _LETTER.stage,
        _LETTER.message,
        _LETTER.publisher,
        _LETTER.year,
        func.coalesce(_GIVEN_UP_AT, _DOCUMENT.attempts),
        _LETTER.created_at,
        _LETTER.parser_version,
        _LETTER.resolution,
        _LETTER.resolved_at,
        _LETTER.version,
    ).join_from(LETTERS, DOCUMENTS, _DOCUMENT.id == _LETTER.document_id)


def row_of(row: Row[*tuple[Any, ...]]) -> LetterRow:
    """Return a row of :func:`rows` as lists show it."""
    return LetterRow(*row)  # the columns of ``rows`` stand in the order of the fields
