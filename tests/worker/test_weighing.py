"""Dead letters whose neighbour years arrive later."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models.dead_letter import DeadLetter
from models.disclosure.finding import Reason
from models.disclosure.form import LAYOUTS, Edition
from models.disclosure.hints import NONE, Hints
from models.disclosure.report import Cell, Printed, ReadTable, Report
from models.event import Event
from models.ledger import State
from models.trace import Trace
from tests.worker.house import House, house
from worker import versions
from worker.check.locate import locate
from worker.check.totals import totals
from worker.dead_letter import discard
from worker.inspection import File, Inspection, Timing


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def of(publisher: str, year: int, **figures: int) -> Report:
    """A report of zeros, but for some totals."""
    form = LAYOUTS["applications.divided"]
    cells = dict.fromkeys(form.cells, Cell(0, "0", Printed.NUMBER))
    for row, value in figures.items():
        cells[f"applications.{row}.total"] = Cell(value, str(value), Printed.NUMBER)
    table = ReadTable("applications.divided", cells)
    return Report(publisher, year, Edition.CURRENT, "标题", {"applications": table})


def reading(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
    """Read ``甲局 2023 carried_in``: publisher, year, and the row whose total is wrong, if any."""
    publisher, year, *wrong = data.decode().split()
    file = File(name, "0" * 64, len(data), "text/html")
    report = of(publisher, int(year), **{row: 3 for row in wrong if row != "again"})
    if wrong in ([], ["again"]):
        return Inspection(file, "stored", report=report)
    found, where = tuple(totals(report)), locate(report)
    why = Reason.IMBALANCED
    return Inspection(file, "dead", why, "check", "x", report, found, localisation=where)


def bring(home: House, text: str) -> int:
    document_id = home.receive(text.encode())
    home.pipeline(reading).run(document_id)
    return document_id


def letter(home: House, document_id: int) -> DeadLetter:
    (found,) = home.letters(document_id)
    return found


def evidence(found: DeadLetter) -> list[tuple[str, str]]:
    """Return what is told of the neighbour years, for every candidate."""
    told: list[dict[str, Any]] = (found.inspection or {})["candidates"]
    said = [(one["kind"], one["supports"]) for each in told for one in each["evidence"]]
    return [one for one in said if one[0].endswith("_year")]


@pytest.mark.parametrize(
    ("row", "year", "kind"),
    [("carried_in", 2022, "previous_year"), ("carried_out", 2024, "next_year")],
)
def test_a_year_that_arrives_late_speaks_for_candidates(
    home: House, row: str, year: int, kind: str
) -> None:
    # Given a dead letter, refused when nothing was known of the years beside it
    refused = bring(home, f"甲局 2023 {row}")
    before = letter(home, refused)
    assert evidence(before) == []

    # When one of them is stored; and others, on other years and of others
    for text in (f"甲局 {year}", "甲局 2020", "乙局 2022"):
        bring(home, text)

    # Then it is evidence, once, and whoever has looked at the old candidates has to look again
    after = letter(home, refused)
    assert evidence(after) == [(kind, "proposed")]
    assert after.version == before.version + 1
    with home.database.reading() as session:
        (told,) = session.scalars(select(Event).where(Event.name == "document.reweighed"))
    assert (told.document_id, told.data["by_year"]) == (refused, year)
    # And all else is as it was
    assert (after.inspection or {})["cells"] == (before.inspection or {})["cells"]
    assert (after.message, after.reason, after.resolution) == (
        before.message,
        before.reason,
        None,
    )


def test_so_does_one_that_is_stored_together_with_others(home: House) -> None:
    # Given dead letters of two publishers, and years beside one of them that wait in memory
    first, other = bring(home, "甲局 2023 carried_in"), bring(home, "乙局 2023 carried_in")
    trace = str(Trace.begun())
    texts = ["甲局 2022", "丙局 2022", "丁局 2024", "乙局 2020"]
    ids = [home.receive(text.encode(), traceparent=trace) for text in texts]
    pipeline = home.convoy(ids, reading)

    # When they are stored together
    pipeline.run(ids[0], f"m{ids[0]}")

    # Then the one whose year they are beside is weighed anew, and no other
    assert [home.document(one).state for one in ids] == [State.STORED] * 4
    assert evidence(letter(home, first))
    assert (letter(home, first).version, letter(home, other).version) == (2, 1)


def test_what_brings_nothing_new_changes_nothing(home: House) -> None:
    # Given a dead letter that knows the year before
    refused = bring(home, "甲局 2023 carried_in")
    bring(home, "甲局 2022")
    before = letter(home, refused)

    # When the same figures come again, and are put back
    bring(home, "甲局 2022 again")
    with home.database.transaction() as session:
        assert versions.let_newest_stand(session, 1) is None

    # Then it has the same version still
    assert letter(home, refused).version == before.version


def test_decided_letters_and_those_of_earlier_releases_are_left_alone(home: House) -> None:
    # Given a letter that was discarded, and one in which nothing had been located
    discarded, older = bring(home, "甲局 2023 carried_in"), bring(home, "甲局 2021 carried_in")
    with home.database.transaction() as session:
        discard(session, [letter(home, discarded).id], operator="李雷", note="重复")
        row = session.get_one(DeadLetter, letter(home, older).id)
        kept = dict(row.inspection or {})
        row.inspection = {name: kept[name] for name in kept if name != "localisation"}

    # When the year between comes to stand
    between = bring(home, "甲局 2022")

    # Then it is stored, and both are as they were
    assert home.document(between).state == State.STORED
    assert evidence(letter(home, discarded)) == []
    with home.database.reading() as session:
        names = session.scalars(select(Event.name)).all()
    assert "document.reweighed" not in names
