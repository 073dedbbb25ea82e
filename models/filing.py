"""Stored reports: one header, three tables, sections, findings; which version of one stands.

Figures are kept as published; ``printed`` and ``raw`` say how each cell stood in the file, so
that a blank stays a blank for ever. Table 三 is 25 rows of seven figures, table 四 three rows of
five, table 二 one row per kind of act with the columns of both editions.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Self, cast

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    text,
)
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from models.base import Amount, Base, Json, now
from models.disclosure.publisher import key
from models.partial import partial

_SUBJECT: Final = ("publisher_key", "year")
"""The columns that say whose report on which year a row is; indexes and :class:`Subject` use it."""


class StoredReport(Base):
    """One report, as recognised from one document.

    Reports of one publisher on one year with other figures are its versions, counted from 1 in
    the order in which they were stored. One of them stands: what lists and exports show. One that
    has the figures of a version once more (the PDF beside the HTML page, or the page crawled again
    with another menu) is a copy: ``same_as`` is the id of that version, ``version`` its number.
    ``figures`` is the fingerprint of the figures (:mod:`models.disclosure.difference`), or
    ``None`` where it has not been needed yet. A report without publisher or year is nobody's
    version and stands by itself.

    ``publisher_key`` is what spellings of one publisher have in common; versions count by it.
    ``division_code`` (GB/T 2260) is where the publisher belongs, ``evidence`` what each witness
    says of publisher and year. ``decision_id`` is the decision by which an operator stored it,
    corrected or accepted; its rows are as published all the same (:mod:`models.correction`).
    """

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("document_id"),
        CheckConstraint("same_as IS NULL OR NOT standing", name="copies_never_stand"),
        partial(
            "uq_reports_publisher_key_year_version",
            *_SUBJECT,
            "version",
            unique=True,
            where="same_as IS NULL",
        ),
        partial(
            "uq_reports_publisher_key_year_standing",
            *_SUBJECT,
            unique=True,
            where="standing",
        ),
        Index(None, *reversed(_SUBJECT)),
        # A misread publisher can have thousands of versions: they are never gone through.
        Index(None, *_SUBJECT, "figures"),
        Index(None, *_SUBJECT, "document_id"),
        partial(
            None,
            "same_as",
            where="same_as IS NOT NULL",
        ),
        Index(None, "division_code"),
        Index(None, "standing", "id"),
        # What facets and counts are made of: without it every report would be read whole.
        Index(
            "ix_reports_facets",
            "standing",
            "year",
            "division_code",
            "edition",
            "soft",
            "publisher",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempts.id"))
    publisher: Mapped[str | None]
    year: Mapped[int | None]
    edition: Mapped[str | None] = mapped_column(String(8))
    title: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    same_as: Mapped[int | None] = mapped_column(ForeignKey("reports.id"))
    standing: Mapped[bool]
    figures: Mapped[str | None] = mapped_column(String(64))
    layouts: Mapped[dict[str, Any]] = mapped_column(Json)
    sections: Mapped[list[Any]] = mapped_column(Json)
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    signature: Mapped[str | None]
    signed_on: Mapped[date | None]
    hard: Mapped[int] = mapped_column(default=0)
    soft: Mapped[int] = mapped_column(default=0)
    stored_at: Mapped[datetime] = mapped_column(default=now)
    publisher_key: Mapped[str | None]
    division_code: Mapped[str | None] = mapped_column(String(6))
    evidence: Mapped[list[Any] | None] = mapped_column(Json)
    decision_id: Mapped[int | None]  # no foreign key: SQLite would have to write the table anew

    disclosure: Mapped[list["DisclosureRow"]] = relationship(order_by="DisclosureRow.position")
    applications: Mapped[list["ApplicationRow"]] = relationship(order_by="ApplicationRow.position")
    review: Mapped[list["ReviewRow"]] = relationship(order_by="ReviewRow.position")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose report on which year: what versions are versions of.

    ``publisher_key`` is the same for all spellings of one publisher.
    """

    publisher_key: str
    year: int

    @classmethod
    def of(cls, publisher: str | None, year: int | None) -> Self | None:
        """Return the subject, ``None`` where the publisher or the year is not known."""
        return None if publisher is None or year is None else cls(key(publisher), year)

    @property
    def values(self) -> dict[str, Any]:
        """What a statement with :func:`of_subject` is executed with."""
        return dict(zip(_SUBJECT, (self.publisher_key, self.year), strict=True))

    def around(self, years: int) -> tuple[Self, ...]:
        """Return the same publisher's subjects up to so many years before and after, in order."""
        cls = type(self)
        near = range(self.year - years, self.year + years + 1)
        return tuple(cls(self.publisher_key, year) for year in near)

    @property
    def lock(self) -> int:
        """A number of 64 bits, signed, that all who change what stands here lock together."""
        text = f"{self.publisher_key}\0{self.year}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True)


REPORTS: Final = cast("Table", StoredReport.__table__)
STANDS: Final = text("reports.standing")
"""That a report stands: word for word as the unique index has it, which SQLite wants to see."""


def of_subject(reports: FromClause = REPORTS) -> ColumnElement[bool]:
    """Return the condition that a report, or a copy, is of the subject given at execution."""
    return and_(*(reports.c[column] == bindparam(column) for column in _SUBJECT))


def same_subject(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Return the condition that two rows are of one subject; it never holds for unknown ones."""
    return and_(*(one.c[column] == other.c[column] for column in _SUBJECT))


class Restoration(Base):
    """The audit trail of versions: who put which one back, in place of which, when and why."""

    __tablename__ = "restorations"
    __table_args__ = (Index(None, "report_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    replaced_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    operator: Mapped[str] = mapped_column(String(128))
    note: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(default=now)


class _TableRow:
    """What every row of a statutory table has beside its figures.

    ``printed`` maps column key → how it was printed, ``raw`` → raw text, ``places`` → where,
    ``notes`` → what stood beside the figure, ``confidence`` → how sure OCR was of it (``None``
    where no scan was read); ``chosen`` names the columns whose placement the edits chose among
    equally good ones.
    """

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[PrimaryKeyConstraint]:
        return (PrimaryKeyConstraint("report_id", "row"),)  # rows are looked up by their report

    @declared_attr
    @classmethod
    def report_id(cls) -> Mapped[int]:
        """The report the row belongs to."""
        return mapped_column(ForeignKey("reports.id"))

    row: Mapped[str] = mapped_column(String(48))
    position: Mapped[int]
    printed: Mapped[dict[str, Any]] = mapped_column(Json)
    raw: Mapped[dict[str, Any]] = mapped_column(Json)
    places: Mapped[dict[str, Any]] = mapped_column(Json)
    notes: Mapped[dict[str, Any]] = mapped_column(Json)
    confidence: Mapped[dict[str, Any] | None] = mapped_column(Json)
    chosen: Mapped[list[Any]] = mapped_column(Json)


class DisclosureRow(_TableRow, Base):
    """A row of table 二; columns that its edition does not print stay NULL."""

    __tablename__ = "disclosure_rows"

    made: Mapped[int | None]
    repealed: Mapped[int | None]
    in_force: Mapped[int | None]
    created: Mapped[int | None]
    newly_published: Mapped[int | None]
    published_total: Mapped[int | None]
    previous_items: Mapped[int | None]
    change: Mapped[int | None]
    decisions: Mapped[int | None]
    projects: Mapped[int | None]
    amount: Mapped[Decimal | None] = mapped_column(Amount)


class ApplicationRow(_TableRow, Base):
    """A row of table 三."""

    __tablename__ = "application_rows"

    natural_person: Mapped[int | None]
    business: Mapped[int | None]
    research: Mapped[int | None]
    public_interest: Mapped[int | None]
    legal_services: Mapped[int | None]
    other: Mapped[int | None]
    total: Mapped[int | None]


class ReviewRow(_TableRow, Base):
    """A row of table 四."""

    __tablename__ = "review_rows"

    upheld: Mapped[int | None]
    corrected: Mapped[int | None]
    other: Mapped[int | None]
    pending: Mapped[int | None]
    total: Mapped[int | None]


class StoredFinding(Base):
    """A finding of one attempt; kept for reports and for dead letters alike."""

    __tablename__ = "findings"
    __table_args__ = (
        Index(None, "document_id"),
        Index(None, "rule", "severity"),
        Index(None, "attempt_id", "rule", "severity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    rule: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(8))
    scope: Mapped[str] = mapped_column(String(64))
    message: Mapped[str]
    left: Mapped[str | None] = mapped_column("left_side")
    right: Mapped[str | None] = mapped_column("right_side")
    difference: Mapped[str | None]
    cells: Mapped[list[Any]] = mapped_column(Json)
    blanks: Mapped[list[Any]] = mapped_column(Json)
    evidence: Mapped[str] = mapped_column(default="")
