"""Corrected cells of stored reports, beside the rows that keep them as published."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Correction(Base):
    """What an operator says that a cell is; the rows of the report are never touched.

    ``value`` is a whole number or a decimal without an exponent, ``None`` for a blank. Rows are
    only ever added, with the report that they belong to.
    """

    __tablename__ = "corrections"
    __table_args__ = (PrimaryKeyConstraint("report_id", "cell"), Index(None, "decision_id"))

    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    cell: Mapped[str] = mapped_column(String(96))
    value: Mapped[str | None]
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"))
