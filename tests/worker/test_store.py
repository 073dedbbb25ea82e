"""Reports go into rows and come back as they were."""

import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models.disclosure.evidence import Claim, Source
from models.disclosure.finding import Finding, Severity
from models.disclosure.form import LAYOUTS, Edition, Kind, Layout, column_of
from models.disclosure.report import Cell, Period, Place, Printed, ReadTable, Report, Section
from models.divisions.division import NOWHERE, Located
from models.divisions.gazetteer import division
from models.filing import ApplicationRow, DisclosureRow, StoredFinding, StoredReport
from models.ledger import Attempt
from tests.worker.house import House, house, report
from worker.errors import Refused
from worker.store import Filed, Origin, load, store

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
_COUNTS = st.integers(-(2**63) + 1, 2**63 - 1)
_AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=6)
_NUMBERS = st.floats(-1e6, 1e6)
_PLACES = st.builds(
    Place,
    line=st.none() | st.integers(1, 99),
    page=st.none() | st.integers(1, 99),
    box=st.none() | st.tuples(_NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS),
    sheet=st.none() | _TEXT,
)


@st.composite
def _cells(draw: st.DrawFn, key: str) -> Cell:
    printed = draw(st.sampled_from(Printed))
    value: int | Decimal | None = None
    if printed is Printed.NUMBER:
        value = draw(_AMOUNTS) if column_of(key).kind is Kind.AMOUNT else draw(_COUNTS)
    place = draw(st.none() | _PLACES.filter(lambda place: bool(place.as_dict())))
    return Cell(value, draw(_TEXT), printed, place, draw(_TEXT), draw(st.booleans()))


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
def _reports(draw: st.DrawFn) -> Report:
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


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(read=_reports())
def test_what_is_stored_comes_back(home: House, read: Report) -> None:
    # Given any report
    # When it is stored and loaded
    with home.database.transaction() as session:
        filed = store(session, _origin(home), read, ())
    with home.database.reading() as session:
        again = load(session, filed.report_id)

    # Then nothing is lost: values, raw text, how and where each cell was printed
    assert again == read


def test_only_rows_of_the_file_are_kept(home: House) -> None:
    # Given a table of 22 rows of which one is missing
    layout = LAYOUTS["applications.divided"]
    table = ReadTable(layout.key, {}, missing=("carried_in",))

    # When it is stored
    _store(home, Report("甲", 2023, Edition.CURRENT, None, {"applications": table}))

    # Then there are 21 rows, in printed order
    with home.database.reading() as session:
        rows = session.scalars(select(ApplicationRow).order_by(ApplicationRow.position)).all()
    assert [row.row for row in rows] == [key for key in layout.row_keys if key != "carried_in"]


def test_an_amount_keeps_every_digit(home: House) -> None:
    # Given an amount that no float can hold
    amount = Decimal("12345678901234567890.123456")
    cells = {"disclosure.fees.amount": Cell(amount, str(amount), Printed.NUMBER)}
    table = ReadTable("disclosure.2021", cells)

    # When it is stored
    _store(home, Report("甲", 2023, Edition.CURRENT, None, {"disclosure": table}))

    # Then it is exact
    with home.database.reading() as session:
        query = select(DisclosureRow.amount).where(DisclosureRow.row == "fees")
        assert session.scalars(query).one() == amount


def test_a_second_report_of_the_same_year_is_the_next_version(home: House) -> None:
    # Given reports of two publishers and of nobody known
    # When they are stored
    names = ["甲", "甲", "乙", None, None]
    versions = [_store(home, report(name, 2023)).version for name in names]

    # Then versions count for each publisher and year; of the unknown nobody knows
    assert versions == [1, 2, 1, 1, 1]


def test_spellings_of_one_publisher_are_versions_of_one_report(home: House) -> None:
    # Given one publisher, printed in four ways, and its office
    names = (
        "濮阳市经开区管委会",
        "濮阳市 经开区管理委员会",
        "濮陽市經開區管委會（本级）",
        "濮阳市经开区管委会办公室",
    )

    # When their reports on one year are stored
    versions = [_store(home, report(name, 2023)).version for name in names]

    # Then the office is another publisher
    assert versions == [1, 2, 3, 1]


def test_workers_that_store_at_once_take_different_versions(home: House) -> None:
    # Given eight workers with reports of one publisher and year
    origins = [_origin(home) for _ in range(8)]
    barrier = threading.Barrier(len(origins))

    def work(origin: Origin) -> None:
        barrier.wait()
        with home.database.transaction() as session:
            store(session, origin, report(), ())

    # When they store at the same moment
    threads = [threading.Thread(target=work, args=(origin,)) for origin in origins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then every version is there once
    with home.database.reading() as session:
        versions = session.scalars(select(StoredReport.version)).all()
    assert sorted(versions) == list(range(1, 9))


def test_a_version_taken_meanwhile_is_counted_again(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a worker that counts the versions just before another one stores
    _store(home, report())
    counted = iter([1, 2, 2])
    monkeypatch.setattr("worker.store._next_version", lambda *_: next(counted))

    # When it stores
    filed = _store(home, report())

    # Then it takes the next one, and its transaction goes on
    assert filed.version == 2
    assert home.count(StoredReport) == 2


def test_findings_are_counted_and_kept(home: House) -> None:
    # Given a hard and two soft findings
    hard = Finding("T3.FLOW", Severity.HARD, "total", "1 ≠ 2", ("a.b.c",), 1, "2.5", -1, ("x",))
    soft = Finding("TEXT.COUNTS", Severity.SOFT, "received", "8, not 9")

    # When a report is stored with them
    filed = _store(home, report(), (hard, soft, soft))

    # Then the header has the numbers, and the rows what was found
    with home.database.reading() as session:
        header = session.get_one(StoredReport, filed.report_id)
        kept = session.scalars(select(StoredFinding).order_by(StoredFinding.id)).all()
    assert (header.hard, header.soft) == (1, 2)
    assert [row.rule for row in kept] == ["T3.FLOW", "TEXT.COUNTS", "TEXT.COUNTS"]
    assert (kept[0].left, kept[0].right, kept[0].difference) == ("1", "2.5", "-1")
    assert (kept[0].cells, kept[0].blanks) == (["a.b.c"], ["x"])
    assert kept[1].left is None


def test_a_count_beyond_64_bits_is_refused(home: House) -> None:
    # Given a figure that no database column holds
    cells = {"review.reconsideration.total": Cell(2**63, str(2**63), Printed.NUMBER)}
    read = Report("甲", 2023, None, None, {"review": ReadTable("review.down", cells)})

    # When it is stored, then that says which one
    with pytest.raises(Refused, match=r"reconsideration\.total"):
        _store(home, read)


def test_an_unknown_report_cannot_be_loaded(home: House) -> None:
    # Given nothing
    # When a report is loaded, then that is an error
    with home.database.reading() as session, pytest.raises(KeyError):
        load(session, 1)


def _store(home: House, read: Report, findings: tuple[Finding, ...] = ()) -> Filed:
    with home.database.transaction() as session:
        return store(session, _origin(home), read, findings)


def _origin(home: House) -> Origin:
    """Return a document with an attempt; each call makes a new one."""
    number = home.count(Attempt)
    document_id = home.receive(f"{number}".encode())
    with home.database.transaction() as session:
        attempt = Attempt(document_id=document_id, number=1, worker="w", parser_version="0")
        session.add(attempt)
    return Origin(document_id, attempt.id)
