"""Findings between years: with each report that stands, those that it and its neighbours make."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.verification.discrepancy import Discrepancy
from console.verification.look import Check, Look
from models.filing import STANDS, StoredReport
from worker.neighbours import Standing, outdated

_PAGE: Final = 50
"""Publishers; each has some reports, and all of them are needed at once."""
_KEY: Final = StoredReport.publisher_key


def _years(look: Look) -> Iterator[Discrepancy]:
    after = ""
    while True:
        with look.database.reading() as session:
            publishers = _publishers(session, after)
            if not publishers:
                return
            for name, reports in _standing(session, publishers):
                for one in _outdated(session, reports):
                    yield look.found(
                        "REPORT.YEARS",
                        report=one.id,
                        document=one.document_id,
                        publisher=name,
                        year=one.year,
                    )
            after = publishers[-1]


def _outdated(session: Session, reports: dict[int, Standing]) -> list[Standing]:
    try:
        return outdated(session, reports)
    except (KeyError, ValueError, TypeError):
        return []  # rows that nobody wrote as they are: REPORT.FIGURES tells of them


def _publishers(session: Session, after: str) -> list[str]:
    """Return the next publishers, in the order of their keys."""
    query = (
        select(_KEY)
        .where(after < _KEY, StoredReport.year.is_not(None))
        .group_by(_KEY)
        .order_by(_KEY)
        .limit(_PAGE)
    )
    return [name for name in session.scalars(query) if name is not None]


def _standing(
    session: Session, publishers: list[str]
) -> Iterator[tuple[str | None, dict[int, Standing]]]:
    query = (
        select(
            _KEY,
            StoredReport.publisher,
            StoredReport.id,
            StoredReport.year,
            StoredReport.document_id,
            StoredReport.attempt_id,
        )
        .where(_KEY.in_(publishers), STANDS, StoredReport.year.is_not(None))
        .order_by(_KEY, StoredReport.year, StoredReport.id)
    )
    rows = session.execute(query).all()
    for _, of_one in groupby(rows, key=lambda row: row.publisher_key):
        found = list(of_one)
        reports = [
            Standing(row.id, row.year or 0, row.document_id, row.attempt_id) for row in found
        ]
        yield found[0].publisher, {report.year: report for report in reports}


CHECKS: Final[tuple[Check, ...]] = (Check(("REPORT.YEARS",), _years, costly=True),)
"""Checks of what reports of one publisher say of each other."""
