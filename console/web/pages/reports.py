"""The stored reports: facets with counts, search, sort; the same as CSV and JSON."""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from console.export.formats import parquet
from console.queries import documents, report_pages
from console.queries.filings import ReportRow
from console.queries.report_pages import SORTS
from console.report_filter import ReportFilter
from console.web import parameters
from console.web.narrowing import search_of
from console.web.visit import Page, Visit

_PAGE: Final = 500
_COLUMNS: Final = (
    "id",
    "publisher",
    "division_code",
    "year",
    "edition",
    "version",
    "standing",
    "soft",
    "title",
    "stored_at",
    "name",
    "sha256",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def show(visit: Visit) -> Response:
    """Show a page of the list beside its facets."""
    wanted = search_of(visit.query)
    sort = parameters.one_of(visit.query, "sort", SORTS) or SORTS[0]
    with visit.reading() as session:
        found = report_pages.page(session, wanted, sort=sort, after=visit.query.get("after", ""))
        places = documents.places(session, [row.document_id for row in found.rows])
        facets = report_pages.facets(tally(visit, session, wanted), wanted)
    return visit.render(
        "reports.html",
        wanted=wanted,
        sort=sort,
        sorts=SORTS,
        found=found,
        facets=facets,
        places=places,
        years=sorted(facets.years, key=lambda year: -(year or 0)),
        provinces=_divisions(wanted, facets),
        parquet=parquet.is_there(),
    )


def _divisions(wanted: ReportFilter, facets: report_pages.Facets) -> list[str]:
    """Return the provinces, or in their place what is chosen below one: it is searched for."""
    below = report_pages.searched(wanted).division
    return sorted(facets.provinces) if below is None else [below]


def tally(visit: Visit, session: Session, wanted: ReportFilter) -> report_pages.Tally:
    """Return how many reports there are of each kind, as counted when something last happened."""
    return visit.site.kept.get(
        session,
        ("reports", report_pages.searched(wanted)),
        lambda: report_pages.tally(session, wanted),
    )


def as_json(visit: Visit) -> Response:
    """Return all that is shown, on every page of the list, as JSON."""
    return StreamingResponse(_json(visit), media_type="application/json")


def as_csv(visit: Visit) -> Response:
    """Return the same as CSV that Excel reads as UTF-8."""
    headers = {"content-disposition": 'attachment; filename="reports.csv"'}
    return StreamingResponse(_csv(visit), media_type="text/csv; charset=utf-8", headers=headers)


def _rows(visit: Visit) -> Iterator[ReportRow]:
    wanted = search_of(visit.query)
    sort = parameters.one_of(visit.query, "sort", SORTS) or SORTS[0]
    after = ""
    while True:
        with visit.reading() as session:
            found = report_pages.page(session, wanted, sort=sort, after=after, limit=_PAGE)
        yield from found.rows
        after = found.after
        if not after:
            return


def _json(visit: Visit) -> Iterator[bytes]:
    head = b"["
    for row in _rows(visit):
        yield head + orjson.dumps(asdict(row))
        head = b",\n"
    yield b"[]\n" if head == b"[" else b"]\n"


def _csv(visit: Visit) -> Iterator[bytes]:
    yield "\N{BYTE ORDER MARK}".encode() + _line(_COLUMNS)
    for row in _rows(visit):
        values = asdict(row) | {"soft": row.findings["soft"]}
        yield _line([_cell(values[column]) for column in _COLUMNS])


def _line(values: Any) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    """Return a value that no spreadsheet takes for a formula.

    Source: OWASP, CSV Injection.
    """
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


PAGES: Final = (
    Page("/reports", show),
    Page("/reports.json", as_json),
    Page("/reports.csv", as_csv),
)
