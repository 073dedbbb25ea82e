"""Candidates that a dead letter keeps, with what is known beside the report."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import orjson
import pytest

from models.disclosure.finding import Reason
from models.disclosure.form import LAYOUTS, Edition
from models.disclosure.hints import NONE, Hints
from models.disclosure.localisation import Mechanism, Status, Witness
from models.disclosure.report import Cell, Printed, ReadTable, Report
from tests.console.cli.conftest import imbalanced
from tests.worker.house import House, house
from worker.check.locate import locate
from worker.check.totals import totals
from worker.inspection import File, Inspection, Timing, as_json, inspect


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


def test_the_manual_shows_the_json_as_it_is() -> None:
    # Given the example of the manual, and an inspection of a report that does not balance
    page = Path(__file__).parents[2] / "docs" / "localisation.md"
    example = orjson.loads(page.read_text("utf-8").partition("```json\n")[2].partition("```")[0])
    told = as_json(inspect(imbalanced(), "年报.txt"))

    # Then both have the same fields, and the example is of the same report
    ((shown,), (candidate,)) = example["candidates"], told["candidates"]
    assert shown["changes"] == candidate["changes"]
    assert shown | {"evidence": [], "cost": 0, "cost_parts": {}} == candidate | {
        "evidence": [],
        "cost": 0,
        "cost_parts": {},
    }
    assert shown["cost_parts"].keys() == candidate["cost_parts"].keys()
    assert example["localisation"] == told["localisation"]
    assert set(shown["evidence"][0]) == {field.name for field in fields(Witness)}


@pytest.mark.parametrize("words", [Mechanism, Status])
def test_the_manual_has_every_word(words: type[Mechanism | Status]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "localisation.md").read_text("utf-8")
    assert [word for word in words if f"`{word}`" not in page] == []
