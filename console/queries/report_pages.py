"""The list of stored reports, page by page, and what it can be narrowed down by."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from console.queries import keyset
from console.queries.filings import ReportRow, headers, row_of
from console.queries.keyset import Slice
from console.queries.report_conditions import conditions
from console.report_filter import UNKNOWN, ReportFilter
from models.filing import StoredReport

_PROVINCE: Final = 2
"""Digits of a division's code that say the province."""
_INDEXED: Final = (
    StoredReport.standing,
    StoredReport.year,
    StoredReport.division_code,
    StoredReport.edition,
    StoredReport.soft,
)
"""In the order of ``ix_reports_facets``."""
_SORTS: Final[dict[str, tuple[keyset.Column, bool]]] = {
    "publisher": (StoredReport.publisher, False),
    "year": (StoredReport.year, True),
    "soft": (StoredReport.soft, True),
}
Tally = Sequence[tuple[int | None, str | None, str, bool, int]]
"""Year, edition, province, whether there are soft findings, and how many reports that is."""
SORTS: Final = ("stored", *_SORTS)
"""By what a list can be sorted; ``stored``: the latest first."""


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
    wanted: ReportFilter,
    *,
    sort: str = SORTS[0],
    after: str = "",
    limit: int = keyset.ROWS,
) -> Slice[ReportRow]:
    """Return reports that match, those after the place ``after``."""
    # first which, from indexes alone: rows hold whole narratives
    narrowing = _indexed(wanted) if wanted.is_narrowed else conditions(wanted)
    chosen = select(StoredReport.id).where(*narrowing)
    found = keyset.decode(after, 1 if sort not in _SORTS else 2)
    if sort not in _SORTS:
        if found:
            chosen = chosen.where(StoredReport.id < found[0])
        # an expression, so that what is narrowed down is not looked for row by row
        number = StoredReport.id if not wanted.is_narrowed else StoredReport.id + 0
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


def searched(wanted: ReportFilter) -> ReportFilter:
    """Return what of a filter the facets are counted within; the rest is chosen among them.

    A division below a province is none of the facets, so it is searched for.
    """
    deeper = wanted.division if len(wanted.division or "") > _PROVINCE else None
    return replace(wanted, year=None, edition=None, soft=None, division=deeper)


def tally(session: Session, wanted: ReportFilter) -> Tally:
    """Count the reports by year, edition, province, and whether they are worth a look.

    It is one pass over an index, in its order: only what that leaves is sorted. What is chosen of
    the facets makes no difference, so one tally serves all with the same :func:`searched`.
    """
    fine = (
        select(*_INDEXED, func.count().label("count"))
        .where(*_indexed(searched(wanted)))
        .group_by(*_INDEXED)
        .subquery()
    )
    kinds = (
        fine.c.year,
        fine.c.edition,
        func.coalesce(func.substr(fine.c.division_code, 1, _PROVINCE), UNKNOWN),
        case((fine.c.soft > 0, 1), else_=0),
    )
    query = select(*kinds, func.sum(fine.c["count"])).group_by(*kinds)
    rows = session.execute(query)
    return [
        (year, edition, province, bool(soft), int(count))
        for year, edition, province, soft, count in rows
    ]


def _indexed(wanted: ReportFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter, so that the index of the facets can serve them."""
    found = conditions(wanted)
    if wanted.all_versions:  # which the index begins with
        found.append(StoredReport.standing.in_((True, False)))
    return found


def facets(counted: Tally, wanted: ReportFilter) -> Facets:
    """Return what there is of each value; see :class:`Facets`."""
    found = Facets()
    total = _count(found, counted, wanted)
    return Facets(total, found.years, found.editions, found.provinces, found.soft, found.coverage)


def _count(found: Facets, counted: Tally, wanted: ReportFilter) -> int:
    total, chosen = 0, wanted.division and wanted.division[:_PROVINCE]
    for year, edition, province, soft, count in counted:
        fits = (
            wanted.year in (None, UNKNOWN if year is None else year),
            wanted.edition in (None, edition),
            chosen in (None, province),
            wanted.soft in (None, soft),
        )
        places = (
            (found.years, year),
            (found.editions, edition),
            (found.provinces, province),
            (found.soft, soft),
        )
        found.coverage[province, year] += count
        for place, (counter, value) in enumerate(places):
            if all(fits[:place]) and all(fits[place + 1 :]):
                counter[value] += count  # type: ignore[index]  # each counter has its own values
        total += count if all(fits) else 0
    return total


def _place(row: ReportRow, sort: str) -> str:
    if sort not in _SORTS:
        return keyset.encode(row.id)
    value = {"publisher": row.publisher, "year": row.year, "soft": row.findings["soft"]}[sort]
    return keyset.encode(value, row.id)
