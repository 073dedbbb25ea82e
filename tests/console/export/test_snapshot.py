"""What is read: the filter, one snapshot, every version, corrections of cells not in the file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from console.export import snapshot
from console.export.fields import ALL, CELLS, CORRECTED, FINDINGS, REPORTS
from console.export.snapshot import Snapshot
from console.report_filter import ReportFilter
from models.correction import Correction
from models.dead_letter import Decision
from models.disclosure.correction import written
from models.filing import ApplicationRow, ReviewRow, StoredReport
from tests.console.export.stock import stock
from tests.worker.house import House, house
from worker.rows import figures, load

STANDING = ReportFilter()
TABLES = [REPORTS.name, CORRECTED.name, CELLS.name, FINDINGS.name]


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        stock(built, 10)
        yield built


def lines(home: House, table: str, wanted: Any = STANDING) -> list[dict[str, Any]]:
    with home.database.reading() as session:
        taken = Snapshot(session.connection(), wanted, [table])
        return [
            dict(zip(ALL[table].names, line, strict=True))
            for batch in taken.batches()
            for line in batch.lines[table]
        ]


def test_the_cells_are_those_of_the_reports(home: House) -> None:
    found: dict[int, dict[str, Any]] = {}
    for line in lines(home, "cells"):
        found.setdefault(line["report_id"], {})[line["cell"]] = line
    with home.database.reading() as session:
        for report_id, cells in found.items():
            kept = dict(load(session, report_id).cells())
            assert list(cells) == list(kept)
            for address, cell in kept.items():
                line, published = cells[address], cell.published or cell
                assert line["value"] == published.value
                assert (line["raw"], line["printed"]) == (published.raw, published.printed)
                assert line["note"] == published.note
                place = cell.place.as_dict() if cell.place else None
                assert _plain(line["place"]) == _plain(place)
                assert line["corrected"] == (cell.published is not None)


def _plain(place: Any) -> Any:
    return place and {name: list(v) if name == "box" else v for name, v in place.items()}


def test_reports_are_those_that_the_filter_lets_through(home: House) -> None:
    # Given a report that does not stand any more
    with home.database.transaction() as session:
        session.execute(update(StoredReport).where(StoredReport.id == 1).values(standing=False))
        years = set(session.scalars(select(StoredReport.year).where(StoredReport.id > 1)))

    # Then
    assert 1 not in {line["report_id"] for line in lines(home, "reports")}
    every = lines(home, "reports", ReportFilter(all_versions=True))
    assert {line["standing"] for line in every if line["report_id"] == 1} == {False}
    for year in years:
        assert {line["year"] for line in lines(home, "cells", ReportFilter(year=year))} == {year}


def test_it_is_one_snapshot(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given what is read one report at a time
    monkeypatch.setattr(snapshot, "BATCH", 1)
    with home.database.reading() as session:
        taken = Snapshot(session.connection(), ReportFilter(), TABLES)
        count = taken.count()
        batches = taken.batches()
        next(batches)

        # When others delete the cells of all of them
        with home.database.transaction() as writing:
            writing.execute(delete(ReviewRow))
            writing.execute(update(StoredReport).values(title="另一"))

        # Then what is read is what was there
        rest = list(batches)
    assert len(rest) == count - 1
    assert all(any(line[10] == "review" for line in batch.lines["cells"]) for batch in rest)
    assert "另一" not in {line[11] for batch in rest for line in batch.lines["reports"]}


def test_a_corrected_cell_that_is_not_in_the_file_has_its_place(home: House) -> None:
    # Given a report whose row of table four is not in the file, and a correction of it
    cell = "review.litigation_direct.total"
    with home.database.transaction() as session:
        decision = session.scalars(select(Decision)).first()
        assert decision is not None
        session.execute(
            delete(ReviewRow).where(ReviewRow.report_id == 1, ReviewRow.row == "litigation_direct")
        )
        values = {"report_id": 1, "cell": cell, "value": "3", "decision_id": decision.id}
        session.execute(insert(Correction), values)

    # When
    found = [line for line in lines(home, "cells") if line["report_id"] == 1]
    (line,) = (line for line in found if line["cell"] == cell)

    # Then it stands in the order of the form, absent as published
    assert (line["value"], line["printed"], line["raw"]) == (None, "absent", "")
    assert (line["corrected"], line["corrected_value"]) == (True, 3)
    assert line["decision_id"] == decision.id
    place = [line["cell"] for line in found].index(cell)
    assert found[place - 1]["cell"] == "review.reconsideration.total"
    (wide,) = (line for line in lines(home, "reports") if line["report_id"] == 1)
    (now,) = (line for line in lines(home, "reports_corrected") if line["report_id"] == 1)
    assert (wide[cell], now[cell], now["corrected_cells"]) == (None, 3, 1)


@pytest.mark.parametrize(
    ("table", "kind", "cells"),
    [
        ("review", ReviewRow, ["reconsideration.upheld", "litigation_direct.total"]),
        ("applications", ApplicationRow, ["other_undivided.total", "processed_total.total"]),
    ],
)
def test_a_table_that_was_filled_in_has_its_cells(
    home: House, table: str, kind: Any, cells: list[str]
) -> None:
    # Given a report without a table in the file, and what an operator set in it
    cells = [f"{table}.{cell}" for cell in cells]
    with home.database.transaction() as session:
        decision = session.scalars(select(Decision)).first()
        assert decision is not None
        session.execute(delete(kind).where(kind.report_id == 1))
        session.execute(delete(Correction).where(Correction.report_id == 1))
        report = session.get_one(StoredReport, 1)
        report.layouts = {key: told for key, told in report.layouts.items() if key != table}
        for cell in cells:
            values = {"report_id": 1, "cell": cell, "value": "3", "decision_id": decision.id}
            session.execute(insert(Correction), values)

    # When
    found = [line for line in lines(home, "cells") if line["report_id"] == 1]

    # Then they are there, absent as published, and nothing else of the table
    own = [line for line in found if line["cell"].startswith(f"{table}.")]
    assert [line["cell"] for line in own] == cells
    assert {(line["value"], line["printed"], line["corrected_value"]) for line in own} == {
        (None, "absent", 3)
    }
    with home.database.reading() as session:
        kept = load(session, 1)
        set_cells = kept.tables[table].cells.items()
        assert [(address, cell.value) for address, cell in set_cells] == [
            (cell, 3) for cell in cells
        ]
        assert figures(session, [1])[1] | dict.fromkeys(cells, "3") == figures(session, [1])[1]


def test_a_correction_to_a_blank_is_none_and_still_a_correction(home: House) -> None:
    with home.database.transaction() as session:
        decision = session.scalars(select(Decision)).first()
        assert decision is not None
        cell = "applications.granted.total"
        values = {"report_id": 1, "cell": cell, "value": None, "decision_id": decision.id}
        session.execute(insert(Correction), values)
    (line,) = (
        line for line in lines(home, "cells") if (line["report_id"], line["cell"]) == (1, cell)
    )
    assert (line["corrected"], line["corrected_value"]) == (True, None)
    (now,) = (line for line in lines(home, "reports_corrected") if line["report_id"] == 1)
    assert now[cell] is None


def test_findings_are_those_of_the_attempt_hard_ones_first(home: House) -> None:
    from console.queries import filings

    found: dict[int, list[dict[str, Any]]] = {}
    for line in lines(home, "findings"):
        found.setdefault(line["report_id"], []).append(line)
    assert found
    with home.database.reading() as session:
        for report_id, told in found.items():
            kept = filings.findings(session, filings.attempt_of(session, report_id))
            assert [line["rule"] for line in told] == [finding.rule for finding in kept]
            assert [line["cells"] for line in told] == [list(finding.cells) for finding in kept]
            assert [line["difference"] for line in told] == [f.difference for f in kept]


def test_amounts_are_exact(home: House) -> None:
    with home.database.reading() as session:
        for line in lines(home, "reports"):
            report = load(session, line["report_id"])
            for address, cell in report.cells():
                published = cell.published or cell
                assert written(line[address]) == written(published.value)
