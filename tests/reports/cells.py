"""What is true of a generated report: its cells as printed, its wording, its dates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from models.disclosure.form import LAYOUTS, Edition, Layout, Row
from models.disclosure.report import Period, Printed


@dataclass(frozen=True, slots=True)
class TruthCell:
    """One printed cell. ``raw`` keeps the spaces that stand around the figure."""

    raw: str
    value: int | Decimal | None
    printed: Printed


@dataclass(frozen=True, slots=True)
class Wording:
    """How labels are printed.

    ``rows`` goes by ``table.row`` and holds numbering and label; ``groups`` and ``columns`` go
    by the statutory label.
    """

    rows: Mapping[str, str]
    groups: Mapping[str, str]
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TruthReport:
    """A report as its publisher printed it.

    ``layouts`` maps a table to the key of its layout; ``cells`` holds every cell of every
    printed row in printed order; ``dropped`` names rows (``table.row``) left out of the file;
    ``facts`` are the counts that section 一 states, which agree with the tables unless a cell
    was broken later; ``mess`` names the options that changed something.
    """

    publisher: str
    year: int
    edition: Edition
    layouts: Mapping[str, str]
    cells: Mapping[str, TruthCell]
    wording: Wording
    facts: Mapping[str, int]
    period: Period
    signed_on: date
    dropped: tuple[str, ...] = ()
    mess: frozenset[str] = field(default=frozenset())

    def layout(self, table: str) -> Layout:
        """Return the layout of a table as data."""
        return LAYOUTS[self.layouts[table]]

    def rows(self, table: str) -> tuple[Row, ...]:
        """Return the rows of a table that are in the file, in printed order."""
        return tuple(
            row for row in self.layout(table).rows if f"{table}.{row.key}" not in self.dropped
        )

    def has_blanks(self, table: str) -> bool:
        """Tell whether any cell of the table is printed blank."""
        return any(
            cell.printed is Printed.BLANK
            for address, cell in self.cells.items()
            if address.startswith(f"{table}.")
        )


def as_json(report: TruthReport) -> dict[str, object]:
    """Return the truth as JSON data; cells as address → [raw, value, printed].

    Counts are integers, amounts decimal strings, what is no number is ``null``.
    """
    return {
        "publisher": report.publisher,
        "year": report.year,
        "edition": str(report.edition),
        "layouts": dict(report.layouts),
        "dropped": list(report.dropped),
        "facts": dict(report.facts),
        "period": [report.period.start.isoformat(), report.period.end.isoformat()],
        "signed_on": report.signed_on.isoformat(),
        "cells": {
            address: [
                cell.raw,
                str(cell.value) if isinstance(cell.value, Decimal) else cell.value,
                str(cell.printed),
            ]
            for address, cell in report.cells.items()
        },
    }
