"""Reports go into rows and come back as they were."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import event, select

from models.disclosure.difference import digest, fingerprint
from models.disclosure.finding import Finding, Severity
from models.disclosure.form import LAYOUTS, Edition
from models.disclosure.report import Cell, Printed, ReadTable, Report
from models.filing import ApplicationRow, DisclosureRow, StoredFinding, StoredReport
from models.ledger import Attempt
from tests import budgets
from tests.worker.house import House, house, report
from tests.worker.read_reports import reports
from worker.errors import Refused
from worker.findings import Origin
from worker.inspection import inspect
from worker.rows import figures, load
from worker.store import Filed, store

SEED = Path(__file__).parents[1] / "data" / "seeds" / "001_978f6dfc59ee8d2b.txt"


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


@settings(
    max_examples=3 * budgets.EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(read=reports())
def test_what_is_stored_comes_back(home: House, read: Report) -> None:
    # Given any report
    # When it is stored and loaded
    with home.database.transaction() as session:
        filed = store(session, _origin(home), read, ())
    with home.database.reading() as session:
        again = load(session, filed.report_id)
        said = figures(session, [filed.report_id])

    # Then nothing is lost: values, raw text, how and where each cell was printed
    assert again == read
    assert fingerprint(again) == fingerprint(read) == digest(said[filed.report_id])


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
    # Given reports of two publishers and of nobody known, no two with the same figures
    # When they are stored
    names = ["甲", "甲", "乙", None, None]
    versions = [_store(home, report(name, 2023, total)).version for total, name in enumerate(names)]

    # Then versions count for each publisher and year; of the unknown nobody knows
    assert versions == [1, 2, 1, 1, 1]


def test_spellings_of_one_publisher_are_versions_of_one_report(home: House) -> None:
    # Given one publisher, printed in four ways, and its office, each time with other figures
    names = (
        "濮阳市经开区管委会",
        "濮阳市 经开区管理委员会",
        "濮陽市經開區管委會（本级）",
        "濮阳市经开区管委会办公室",
    )

    # When their reports on one year are stored
    filed = [_store(home, report(name, 2023, total)) for total, name in enumerate(names)]

    # Then the office is another publisher
    assert [one.version for one in filed] == [1, 2, 3, 1]
    with home.database.reading() as session:
        standing = session.scalars(select(StoredReport.id).where(StoredReport.standing)).all()
    assert sorted(standing) == [filed[2].report_id, filed[3].report_id]


@pytest.mark.parametrize("copy", [False, True])
def test_it_takes_few_statements(home: House, copy: bool) -> None:
    # Given a report with all three tables and findings, of which a copy may be stored
    read = inspect(SEED.read_bytes(), SEED.name).report
    assert read is not None
    assert len(read.tables) == 3
    found = (Finding("DATE.YEAR", Severity.SOFT, "title", ""),)
    if copy:
        _store(home, read, found)
    origin = _origin(home)
    statements: list[str] = []
    event.listen(
        home.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: statements.append(statement),
    )

    # When it is stored
    with home.database.transaction() as session:
        store(session, origin, read, found)

    # Then there is one for the versions, one for the header, one for the rows of each kind, and,
    # where it stands, one for the years beside it and one for dead letters on those
    served = [one for one in statements if "pg_" not in one and not one.startswith("BEGIN")]
    assert len(served) == (6 if copy else 8), served


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
