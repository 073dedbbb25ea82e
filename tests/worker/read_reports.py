"""Any report that a reader could make, as a strategy."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from models.disclosure.evidence import Claim, Source
from models.disclosure.form import LAYOUTS, Edition, Kind, Layout, column_of
from models.disclosure.report import Cell, Period, Place, Printed, ReadTable, Report, Section
from models.divisions.division import NOWHERE, Located
from models.divisions.gazetteer import division

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
_COUNTS = st.integers(-(2**63) + 1, 2**63 - 1)
_AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=6)
_NUMBERS = st.floats(-1e6, 1e6)
_PLACES = st.builds(
    Place,
    line=st.none() | st.integers(1, 99),
    column=st.none() | st.integers(1, 99),
    page=st.none() | st.integers(1, 99),
    box=st.none() | st.tuples(_NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS),
    sheet=st.none() | _TEXT,
    cell=st.none() | _TEXT,
)


@st.composite
def _cells(draw: st.DrawFn, key: str) -> Cell:
    printed = draw(st.sampled_from(Printed))
    numbers: st.SearchStrategy[Any] = _AMOUNTS if column_of(key).kind is Kind.AMOUNT else _COUNTS
    value = draw(numbers) if printed is Printed.NUMBER else None
    place = draw(st.none() | _PLACES.filter(lambda place: bool(place.as_dict())))
    sure = draw(st.none() | st.floats(0, 1))
    return Cell(value, draw(_TEXT), printed, place, draw(_TEXT), draw(st.booleans()), sure)


@st.composite
def _tables(draw: st.DrawFn, layout: Layout) -> ReadTable:
    missing = draw(st.sets(st.sampled_from(layout.row_keys)))
    present = [key for key in layout.cells if key.split(".")[1] not in missing]
    kept = draw(st.sets(st.sampled_from(present), max_size=20)) if present else set()
    cells = {key: draw(_cells(key)) for key in present if key in kept}
    return ReadTable(
        layout.key,
        cells,
        missing=tuple(sorted(missing)),
        unaligned=tuple(draw(st.lists(_TEXT, max_size=2))),
        chosen=tuple(draw(st.lists(_TEXT, max_size=2))),
    )


_CLAIMS = st.builds(
    Claim,
    st.just("publisher"),
    _TEXT,
    st.sampled_from([source for source in Source if source is not Source.URL]),
    _TEXT,
    st.none() | _PLACES.filter(lambda place: bool(place.as_dict())),
)
_DIVISIONS = st.sampled_from(["410000", "410300", "410304", "419001"])


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Return any report: all or some of its tables, rows and cells, whatever they hold."""
    layouts = draw(st.sets(st.sampled_from(sorted(LAYOUTS)), max_size=3))
    tables = {LAYOUTS[key].table: draw(_tables(LAYOUTS[key])) for key in sorted(layouts)}
    days = st.dates(date(2000, 1, 1))
    return Report(
        publisher=draw(st.none() | _TEXT),
        year=draw(st.none() | st.integers(2019, 2030)),
        edition=draw(st.none() | st.sampled_from(Edition)),
        title=draw(st.none() | _TEXT),
        tables=tables,
        sections=tuple(draw(st.lists(st.builds(Section, _TEXT, _TEXT, _TEXT), max_size=3))),
        period=draw(st.none() | st.builds(Period, days, days)),
        signature=draw(st.none() | _TEXT),
        signed_on=draw(st.none() | days),
        evidence=tuple(draw(st.lists(_CLAIMS, max_size=3))),
        located=draw(st.just(NOWHERE) | st.builds(Located, _DIVISIONS.map(division))),
    )
