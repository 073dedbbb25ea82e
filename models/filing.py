"""Stored reports: one header, three tables, sections, findings.

Figures are kept as published; ``printed`` and ``raw`` say how each cell stood in the file, so
that a blank stays a blank for ever. Table 三 is 25 rows of seven figures, table 四 three rows of
five, table 二 one row per kind of act with the columns of both editions.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from models.base import Amount, Base, Json, now


class StoredReport(Base):
    """One report, as recognised from one document; versions of (publisher, year) count from 1.

    ``publisher_key`` is what spellings of one publisher have in common; versions count by it.
    ``division_code`` (GB/T 2260) is where the publisher belongs, ``evidence`` what each witness
    says of publisher and year.
    """

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("document_id"),
        UniqueConstraint("publisher", "year", "version"),
        Index(None, "publisher_key", "year", "version", unique=True),
        Index(None, "year"),
        Index(None, "division_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempts.id"))
    publisher: Mapped[str | None]
    year: Mapped[int | None]
    edition: Mapped[str | None] = mapped_column(String(8))
    title: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
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

    disclosure: Mapped[list["DisclosureRow"]] = relationship(order_by="DisclosureRow.position")
    applications: Mapped[list["ApplicationRow"]] = relationship(order_by="ApplicationRow.position")
    review: Mapped[list["ReviewRow"]] = relationship(order_by="ReviewRow.position")


class _TableRow:
    """What every row of a statutory table has beside its figures.

    ``printed`` maps column key → how it was printed, ``raw`` → raw text, ``places`` → where,
    ``notes`` → what stood beside the figure; ``chosen`` names the columns whose placement the
    edits chose among equally good ones.
    """

    @declared_attr
    @classmethod
    def report_id(cls) -> Mapped[int]:
        """The report the row belongs to."""
        return mapped_column(ForeignKey("reports.id"), primary_key=True)

    row: Mapped[str] = mapped_column(String(48), primary_key=True)
    position: Mapped[int]
    printed: Mapped[dict[str, Any]] = mapped_column(Json)
    raw: Mapped[dict[str, Any]] = mapped_column(Json)
    places: Mapped[dict[str, Any]] = mapped_column(Json)
    notes: Mapped[dict[str, Any]] = mapped_column(Json)
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
    __table_args__ = (Index(None, "document_id"), Index(None, "rule", "severity"))

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
