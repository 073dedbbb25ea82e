"""Candidates that a dead letter keeps, with what is known beside the report."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.disclosure.finding import Reason
from models.disclosure.form import LAYOUTS, Edition
from models.disclosure.hints import NONE, Hints
from models.disclosure.report import Cell, Printed, ReadTable, Report
from tests.worker.house import House, house
from worker.check.locate import locate
from worker.check.totals import totals
from worker.inspection import File, Inspection, Timing


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def test_what_the_year_before_carried_out_speaks_for_candidates(home: House) -> None:
    # Given a stored report that carries out nothing, and one on the next year that carries in 3
    def of(year: int, **wrong: int) -> Report:
        form = LAYOUTS["applications.divided"]
        cells = dict.fromkeys(form.cells, Cell(0, "0", Printed.NUMBER))
        for row, value in wrong.items():
            cells[f"applications.{row}.total"] = Cell(value, str(value), Printed.NUMBER)
        table = ReadTable("applications.divided", cells)
        return Report("甲局", year, Edition.CURRENT, "标题", {"applications": table})

    def reading(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
        file = File(name, "0" * 64, len(data), "text/html")
        if data == b"2022":
            return Inspection(file, "stored", report=of(2022))
        wrong = of(2023, carried_in=3)
        found = tuple(totals(wrong))
        where = locate(wrong)
        why = Reason.IMBALANCED
        return Inspection(file, "dead", why, "check", "x", wrong, found, localisation=where)

    home.pipeline(reading).run(home.receive(b"2022"), "m1")

    # When it is refused
    second = home.receive(b"2023")
    home.pipeline(reading).run(second, "m2")

    # Then its candidate has what the year before said as evidence
    (letter,) = home.letters(second)
    assert letter.inspection is not None
    (candidate,) = letter.inspection["candidates"]
    assert [(c["read"], c["proposed"]) for c in candidate["changes"]] == [(3, 0)]
    told = [(one["kind"], one["supports"]) for one in candidate["evidence"]]
    assert told == [("previous_year", "proposed"), ("source", "publisher")]
