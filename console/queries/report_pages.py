"""The list of stored reports, page by page, and what it can be narrowed down by."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, case, func, select
from sqlalchemy.orm import Session

from console.queries import keyset
from console.queries.filings import ReportFilter, ReportRow, headers, row_of
from console.queries.keyset import Slice
from models.filing import StoredReport

NO_DIVISION: Final = "-"
"""Stands for reports whose publisher belongs nowhere that is known."""

_PROVINCE: Final = func.coalesce(func.substr(StoredReport.division_code, 1, 2), NO_DIVISION)
_WORTH_A_LOOK: Final = case((StoredReport.soft > 0, 1), else_=0)
_SORTS: Final[dict[str, tuple[keyset.Column, bool]]] = {
    "publisher": (StoredReport.publisher, False),
    "year": (StoredReport.year, True),
    "soft": (StoredReport.soft, True),
}
SORTS: Final = ("stored", *_SORTS)
"""By what a list can be sorted; ``stored``: the latest first."""


@dataclass(frozen=True, slots=True)
class ReportSearch:
    """What a list of reports is narrowed down by; empty matches everything that stands.

    ``province`` is two digits, or :data:`NO_DIVISION`.
    """

    publisher: str | None = None
    year: int | None = None
    edition: str | None = None
    province: str | None = None
    soft: bool | None = None
    all_versions: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return it as conditions on ``StoredReport``."""
        found = ReportFilter(
            publisher=self.publisher,
            year=self.year,
            edition=self.edition,
            all_versions=self.all_versions,
        ).conditions()
        if self.province == NO_DIVISION:
            found.append(StoredReport.division_code.is_(None))
        elif self.province is not None:
            found.append(StoredReport.division_code.startswith(self.province, autoescape=True))
        if self.soft is not None:
            found.append(StoredReport.soft > 0 if self.soft else StoredReport.soft == 0)
        return found


_UNNARROWED: Final = ReportSearch()


@dataclass(frozen=True, slots=True)
class Facets:
    """How many reports there are by each value, were the others as they are chosen.

    ``coverage`` is by (province, year), were nothing chosen but what is searched for.
    """

    total: int = 0
    years: Counter[int | None] = field(default_factory=Counter)
    editions: Counter[str | None] = field(default_factory=Counter)
    provinces: Counter[str] = field(default_factory=Counter)
    soft: Counter[bool] = field(default_factory=Counter)
    coverage: Counter[tuple[str, int | None]] = field(default_factory=Counter)


def page(
    session: Session,
    wanted: ReportSearch,
    *,
    sort: str = SORTS[0],
    after: str = "",
    limit: int = keyset.ROWS,
) -> Slice[ReportRow]:
    """Return reports that match, those after the place ``after``."""
    # first which, from indexes alone: rows hold whole narratives
    chosen = select(StoredReport.id).where(*wanted.conditions())
    found = keyset.decode(after, 1 if sort not in _SORTS else 2)
    if sort not in _SORTS:
        if found:
            chosen = chosen.where(StoredReport.id < found[0])
        # an expression, so that what is narrowed down is not looked for row by row
        number = StoredReport.id if wanted == _UNNARROWED else StoredReport.id + 0
        chosen = chosen.order_by(number.desc())
    else:
        key, descending = _SORTS[sort]
        if found:
            further = keyset.beyond(key, StoredReport.id, found, descending=descending)
            chosen = chosen.where(further)
        chosen = keyset.ordered(chosen, key, StoredReport.id, descending=descending)
    ids = list(session.scalars(chosen.limit(limit + 1)))
    found_rows = session.execute(headers().where(StoredReport.id.in_(ids)))
    rows = sorted((row_of(row) for row in found_rows), key=lambda row: ids.index(row.id))
    return Slice(rows[:limit], _place(rows[limit - 1], sort) if len(rows) > limit else "")


def facets(session: Session, wanted: ReportSearch) -> Facets:
    """Count them all in one pass over an index; see :class:`Facets`."""
    searched = ReportSearch(publisher=wanted.publisher, all_versions=wanted.all_versions)
    kinds = (StoredReport.year, StoredReport.edition, _PROVINCE, _WORTH_A_LOOK)
    query = select(*kinds, func.count()).where(*searched.conditions()).group_by(*kinds)
    found = Facets()
    total = _count(found, session.execute(query).all(), wanted)
    return Facets(total, found.years, found.editions, found.provinces, found.soft, found.coverage)


def _count(found: Facets, rows: Iterable[Row[*tuple[Any, ...]]], wanted: ReportSearch) -> int:
    total = 0
    for year, edition, province, soft, count in rows:
        fits = (
            wanted.year in (None, year),
            wanted.edition in (None, edition),
            wanted.province in (None, province),
            wanted.soft in (None, bool(soft)),
        )
        counted = (
            (found.years, year),
            (found.editions, edition),
            (found.provinces, province),
            (found.soft, bool(soft)),
        )
        found.coverage[province, year] += count
        for place, (counter, value) in enumerate(counted):
            if all(fits[:place]) and all(fits[place + 1 :]):
                counter[value] += count  # type: ignore[index]  # each counter has its own values
        total += count if all(fits) else 0
    return total


def _place(row: ReportRow, sort: str) -> str:
    if sort not in _SORTS:
        return keyset.encode(row.id)
    value = {"publisher": row.publisher, "year": row.year, "soft": row.findings["soft"]}[sort]
    return keyset.encode(value, row.id)
