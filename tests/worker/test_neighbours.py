"""Reports of one publisher on neighbouring years: found on both, and anew when either changes."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from models.disclosure.finding import Finding, Severity
from models.disclosure.form import LAYOUTS, Edition
from models.disclosure.report import Cell, Printed, ReadTable, Report
from models.event import Event, EventName
from models.filing import StoredFinding, StoredReport, Subject
from models.ledger import Attempt, Document
from tests import budgets
from tests.worker.house import House, house
from worker import neighbours, versions
from worker.check.carryover import RULES, carryover
from worker.deciding import Conflict
from worker.findings import Origin
from worker.rows import load
from worker.store import Filed, store

SOMEBODY: Final = "甲局"
SOFT: Final = Finding("DATE.YEAR", Severity.SOFT, "period", "x")
_NUMBERS: Final = itertools.count()


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def report(
    year: int, into: int = 0, out: int = 0, publisher: str | None = SOMEBODY, stock: int = 0
) -> Report:
    """A balanced report of zeros, but for what natural persons carried in and out."""
    granted = max(0, into - out)
    figures = {
        "new_requests": out - into + granted,
        "carried_in": into,
        "granted": granted,
        "processed_total": granted,
        "carried_out": out,
    }
    tables = {}
    for layout in ("disclosure.2021", "applications.divided", "review.across"):
        form = LAYOUTS[layout]
        cells = dict.fromkeys(form.cells, number(0))
        tables[form.table] = ReadTable(layout, cells)
    applications = dict(tables["applications"].cells)
    for row, value in figures.items():
        for column in ("natural_person", "total"):
            applications[f"applications.{row}.{column}"] = number(value)
    tables["applications"] = ReadTable("applications.divided", applications)
    documents = {**tables["disclosure"].cells, "disclosure.regulations.in_force": number(stock)}
    tables["disclosure"] = ReadTable("disclosure.2021", documents)
    return Report(publisher, year, Edition.CURRENT, "年度报告", tables)


def number(value: int) -> Cell:
    return Cell(value, str(value), Printed.NUMBER)


def bring(home: House, read: Report) -> Filed:
    with home.database.transaction() as session:
        origin = _origin(session, next(_NUMBERS))
        return store(session, origin, read, (SOFT,))


def _origin(session: object, number: int) -> Origin:
    document = Document(sha256=f"{number:064}", size=1, name=f"{number}.html")
    session.add(document)  # type: ignore[attr-defined]
    session.flush()  # type: ignore[attr-defined]
    attempt = Attempt(document_id=document.id, number=1, worker="w", parser_version="0")
    session.add(attempt)  # type: ignore[attr-defined]
    session.flush()  # type: ignore[attr-defined]
    return Origin(document.id, attempt.id)


def put_back(home: House, report_id: int) -> None:
    with home.database.transaction() as session:
        versions.restore(session, report_id, note="误读", operator="lin")


def found(home: House, report_id: int) -> list[tuple[str, str]]:
    """What is kept between years with a report, by rule and scope."""
    with home.database.reading() as session:
        kept = session.get_one(StoredReport, report_id)
        query = select(StoredFinding).where(StoredFinding.attempt_id == kept.attempt_id)
        findings = session.scalars(query.order_by(StoredFinding.id)).all()
        assert kept.soft == len(findings), "the report counts what is kept"
        return [(one.rule, one.scope) for one in findings if one.rule in RULES]


def told(home: House) -> list[Event]:
    query = select(Event).where(Event.name == EventName.REPORT_REASSESSED).order_by(Event.id)
    with home.database.reading() as session:
        return list(session.scalars(query))


def carried(years: str) -> list[tuple[str, str]]:
    return [("YEAR.CARRIED", f"{years}.{column}") for column in ("natural_person", "total")]


# --- found on both, and anew ---------------------------------------------------------------------


def test_what_was_not_carried_in_as_it_was_carried_out_shows_on_both_years(home: House) -> None:
    # When two balanced reports come that do not fit
    first, second = bring(home, report(2022, out=3)), bring(home, report(2023, into=2))

    # Then
    assert found(home, first.report_id) == found(home, second.report_id) == carried("2022-2023")
    assert (first.across, second.across) == ((), ("YEAR.CARRIED",))
    (event_of_first,) = told(home)
    assert event_of_first.data["report_id"] == first.report_id
    assert (event_of_first.data["by"], event_of_first.data["year"]) == (second.report_id, 2022)


def test_a_year_that_comes_late_is_held_against_both_its_neighbours(home: House) -> None:
    # Given the years before and after
    before, after = bring(home, report(2021, out=3)), bring(home, report(2023, into=1))
    assert found(home, before.report_id) == found(home, after.report_id) == []

    # When the one between them comes
    late = bring(home, report(2022, into=2, out=1))

    # Then it disagrees with one of them
    assert found(home, late.report_id) == carried("2021-2022")
    assert found(home, before.report_id) == carried("2021-2022")
    assert found(home, after.report_id) == []


def test_the_stock_of_documents_shows_on_both_years(home: House) -> None:
    # Given
    first, second = bring(home, report(2022, stock=4)), bring(home, report(2023, stock=5))

    # Then
    expected = [("YEAR.STOCK", "2022-2023.regulations")]
    assert found(home, first.report_id) == found(home, second.report_id) == expected


def test_a_version_that_fits_clears_both_years_and_the_one_it_replaces(home: House) -> None:
    # Given a year that does not fit
    first, wrong = bring(home, report(2022, out=3)), bring(home, report(2023, into=2))

    # When a version comes that does
    right = bring(home, report(2023, into=3))

    # Then nothing is left of it, not even with the version that stands no more
    for one in (first, wrong, right):
        assert found(home, one.report_id) == []
    assert [e.data["rules"] for e in told(home)] == [["YEAR.CARRIED"], []]


def test_a_version_that_is_put_back_brings_its_findings_back(home: House) -> None:
    # Given one that did not fit, replaced by one that does
    first, wrong = bring(home, report(2022, out=3)), bring(home, report(2023, into=2))
    right = bring(home, report(2023, into=3))

    # When the former is put back
    put_back(home, wrong.report_id)

    # Then
    assert found(home, first.report_id) == found(home, wrong.report_id) == carried("2022-2023")
    assert found(home, right.report_id) == []


def test_a_copy_changes_nothing(home: House) -> None:
    # Given
    first, second = bring(home, report(2022, out=3)), bring(home, report(2023, into=2))

    # When the same figures come again
    copy = bring(home, report(2023, into=2))

    # Then
    assert copy.same_as == second.report_id
    assert found(home, copy.report_id) == []
    assert found(home, first.report_id) == found(home, second.report_id) == carried("2022-2023")
    assert len(told(home)) == 1


def test_assessing_again_writes_nothing(home: House) -> None:
    # Given
    first, second = bring(home, report(2022, out=3)), bring(home, report(2023, into=2))
    written: list[str] = []
    with home.database.transaction() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", _noting(written))

        # When it is done once more, for either year
        for year in (2022, 2023):
            neighbours.reassess(session, Subject(SOMEBODY, year))

    # Then
    assert [statement for statement in written if not statement.startswith("SELECT")] == []
    assert found(home, first.report_id) == found(home, second.report_id) == carried("2022-2023")


def _noting(written: list[str]) -> Callable[..., None]:
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        written.append(statement.lstrip())

    return note


def test_others_and_years_apart_are_left_alone(home: House) -> None:
    # Given
    bring(home, report(2022, out=3))
    others = [
        bring(home, report(2023, into=2, publisher="乙局")),
        bring(home, report(2024, into=2)),
        bring(home, report(2023, into=2, publisher=None)),
    ]

    # Then
    assert [found(home, one.report_id) for one in others] == [[], [], []]
    assert told(home) == []


# --- whatever comes in whatever order ------------------------------------------------------------


@settings(
    max_examples=2 * budgets.EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.integers(2020, 2024), st.integers(0, 2), st.integers(0, 2)),
            st.integers(0, 20),
        ),
        max_size=12,
    )
)
def test_findings_are_those_of_what_stands(
    home: House, steps: list[tuple[int, int, int] | int]
) -> None:
    # Given any reports of a publisher of its own, and any put back
    publisher = f"第{next(_NUMBERS)}局"
    filed: list[Filed] = []
    for step in steps:
        if not isinstance(step, int):
            filed.append(bring(home, report(*step, publisher=publisher)))
        elif filed:
            _try_to_put_back(home, filed[step % len(filed)].report_id)

    # Then every version has what the years that stand say, and no other has any
    assert_as_they_stand(home, [one.report_id for one in filed])


def _try_to_put_back(home: House, report_id: int) -> None:
    with suppress(Conflict):  # it stands already
        put_back(home, report_id)


def assert_as_they_stand(home: House, report_ids: list[int]) -> None:
    with home.database.reading() as session:
        rows = [session.get_one(StoredReport, one) for one in report_ids]
        stand = {row.year or 0: load(session, row.id) for row in rows if row.standing}
    cells = {year: dict(read.cells()) for year, read in stand.items()}
    for row in rows:
        wanted = carryover(row.year or 0, cells) if row.standing else ()
        assert sorted(found(home, row.id)) == sorted((one.rule, one.scope) for one in wanted)


def test_years_that_come_at_once_are_held_against_each_other(home: House) -> None:
    # Given reports on eight years, each unlike its neighbours
    filed: list[int] = []
    begin = threading.Barrier(8)

    def arrive(year: int) -> None:
        begin.wait()
        filed.append(bring(home, report(year, into=1, out=2)).report_id)

    # When all are stored at the same time
    threads = [threading.Thread(target=arrive, args=(year,)) for year in range(2017, 2025)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then none was missed
    assert len(filed) == 8
    assert_as_they_stand(home, filed)
