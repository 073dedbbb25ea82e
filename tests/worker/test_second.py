"""Files that do not balance, read twice: evidence of who erred, and the same verdict always."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.disclosure.finding import Reason
from models.disclosure.hints import NONE, Hints
from models.disclosure.localisation import Candidate, Origin
from tests.budgets import EXAMPLES
from tests.reports.cells import TruthReport
from tests.reports.slips import misprinted
from tests.reports.truth import random_report
from tests.sampling import sampled
from tests.tools import need
from tests.worker.house import House, house
from tests.worker.reading import office_files
from tests.worker.reading.pdf_drawn import Drawing
from tests.worker.test_weighing import of
from worker.check.locate import locate
from worker.check.totals import totals
from worker.inspected import second_of
from worker.inspection import File, Inspection, Timing, as_json, in_process, inspect
from worker.isolation import again
from worker.isolation.limits import Limits
from worker.isolation.pool import Isolated
from worker.isolation.reading import Again, Reading
from worker.reading.pages import Pages

_HOSTILE = "tests.worker.isolation.hostile"


@pytest.fixture(scope="module")
def isolated() -> Iterator[Isolated]:
    with closing(Isolated()) as built:
        yield built


def slip(seed: int) -> tuple[TruthReport, TruthReport, str]:
    """A report, the same with one figure of table 三 wrong, and which."""
    rng = random.Random(seed)
    truth = random_report(rng)
    return truth, *misprinted(truth, rng)


def drawn(report: TruthReport, seed: int) -> bytes:
    return Drawing().report(report, random.Random(seed))


def said(candidate: Candidate) -> set[str]:
    return {one.supports for one in candidate.evidence if one.kind == "second_extraction"}


def verdict(found: Inspection) -> tuple[object, ...]:
    """Everything but the candidates and their evidence."""
    told = (found.outcome, found.reason, found.stage, found.message, found.traceback)
    return (*told, found.report, found.findings)


def beside(other: Again | None) -> Callable[[bytes], Reading]:
    """Read in this process, with another route beside it."""
    return lambda data: replace(in_process(data), again=other)


# --- who erred -----------------------------------------------------------------------------------


@pytest.mark.process
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_figure_that_is_wrong_in_a_pdf_is_the_publishers(isolated: Isolated, seed: int) -> None:
    # Given
    _, wrong, cell = slip(seed)

    # When
    found = inspect(drawn(wrong, seed), "年报.pdf", reader=isolated)

    # Then both routes read what is printed
    assert found.localisation is not None
    first = found.localisation.candidates[0]
    assert [change.cell for change in first.changes] == [cell]
    assert (said(first), first.origin) == ({"read"}, Origin.PUBLISHER)
    assert found.second[cell] == wrong.cells[cell].value


@pytest.mark.process
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_figure_that_one_route_misreads_is_the_readers(isolated: Isolated, seed: int) -> None:
    # Given a PDF of which the ruled cells are read as if another figure stood there
    truth, wrong, cell = slip(seed)
    right = isolated(drawn(truth, seed))

    def misread(data: bytes) -> Reading:
        return replace(isolated(data), again=right.again)

    # When
    found = inspect(drawn(wrong, seed), "年报.pdf", reader=misread)

    # Then
    assert found.localisation is not None
    first = found.localisation.candidates[0]
    assert [change.cell for change in first.changes] == [cell]
    assert (said(first), first.origin) == ({"proposed"}, Origin.READING)
    assert [one.kind for one in first.evidence if one.supports == "publisher"] == []


@pytest.mark.process
@pytest.mark.soak
def test_a_word_file_is_read_again_by_libreoffice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("soffice")
    monkeypatch.setattr(again, "MOST_SECONDS", 600.0)  # it is slow where other tests run beside

    # Given a report that is wrong as printed, and the same one as it should be
    truth, wrong, cell = slip(4)
    sources = {"right.docx": office_files.word(truth), "wrong.docx": office_files.word(wrong)}
    files = office_files.convert(sources, "doc", tmp_path)

    # When both routes read the wrong one, or one of them the right one
    with closing(Isolated(Limits(seconds=600))) as isolated:
        printed = inspect(files["wrong.docx"], "年报.doc", reader=isolated)
        route = isolated(files["right.docx"]).again
        misread = inspect(files["wrong.docx"], "年报.doc", reader=beside(route))

    # Then
    for found, who in ((printed, Origin.PUBLISHER), (misread, Origin.READING)):
        assert found.localisation is not None
        first = found.localisation.candidates[0]
        assert [change.cell for change in first.changes] == [cell]
        assert (first.origin, len(said(first))) == (who, 1)


@pytest.mark.process
def test_only_pdf_and_word_97_have_another_route(isolated: Isolated) -> None:
    _, wrong, _ = slip(4)
    assert isolated(office_files.word(wrong)).again is None
    assert isolated("标题\n一、总体情况".encode()).again is None
    assert isolated(drawn(wrong, 4)).again is not None


# --- what does not change ------------------------------------------------------------------------


def _never() -> NoReturn:
    raise AssertionError("what balances was read twice")


def test_what_balances_is_read_once() -> None:
    truth, _, _ = slip(6)
    found = inspect(drawn(truth, 6), "年报.pdf", reader=beside(_never))
    assert found.outcome == "stored"
    assert as_json(found)["second_extraction"] is None


@settings(deadline=None, max_examples=max(4, EXAMPLES // 4))
@given(seed=st.integers(0, 2**32), other=st.integers(0, 3))
def test_the_verdict_is_the_same_whatever_the_second_route_reads(seed: int, other: int) -> None:
    # Given
    truth, wrong, _ = slip(seed)
    data = drawn(wrong, seed)
    others = [
        in_process(drawn(truth, seed)).again,
        in_process(data).again,
        in_process(drawn(slip(seed + 1)[1], seed)).again,
        lambda: Pages((), "application/pdf"),
    ]

    # When
    without, found = (inspect(data, "年报.pdf", reader=beside(r)) for r in (None, others[other]))

    # Then
    assert verdict(found) == verdict(without)
    assert found.localisation is not None
    assert without.localisation is not None
    assert found.localisation.status is without.localisation.status
    assert {one.changes for one in found.localisation.candidates} == {
        one.changes for one in without.localisation.candidates
    }


@pytest.mark.process
@pytest.mark.parametrize(
    "deed",
    sampled(["loop", "c_sleep", "segfault", "memory", "garbage:number", "raise", "kill_keeper"], 3),
)
def test_a_second_reading_that_fails_is_as_none(
    deed: str, isolated: Isolated, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a file that does its worst when it is read the second time
    monkeypatch.setattr(again, "MOST_SECONDS", 2.0)
    _, wrong, _ = slip(7)
    data = drawn(wrong, 7)
    without = inspect(data, "年报.pdf", reader=beside(None))
    with closing(Isolated(Limits(memory=150_000_000), _HOSTILE)) as hostile:
        began = time.monotonic()
        read = again.offered(hostile, deed.encode(), in_process(data), began)
        assert read.again is not None

        # When
        found = inspect(data, "年报.pdf", reader=beside(read.again))

        # Then it is refused as it would have been, soon, and the next file is read
        assert (verdict(found), found.second) == (verdict(without), {})
        assert found.localisation == without.localisation
        assert time.monotonic() - began < 40
        assert hostile(b"good").pages is not None


@pytest.mark.parametrize("left", [0.5, -3.0])
def test_a_file_that_took_long_is_not_read_twice(isolated: Isolated, left: float) -> None:
    reading = in_process(drawn(slip(7)[1], 7))
    began = time.monotonic() - (isolated.limits.seconds - left)
    offered = again.offered(isolated, b"", replace(reading, again=None), began)
    assert offered.again is None


# --- what is kept --------------------------------------------------------------------------------


def test_a_second_extraction_is_read_back_from_the_inspection() -> None:
    _, wrong, cell = slip(8)
    found = inspect(drawn(wrong, 8), "年报.pdf")
    told = as_json(found)
    table, row, column = cell.split(".")
    assert told["second_extraction"][table][row][column] == wrong.cells[cell].value
    assert second_of(told) == found.second
    assert second_of({name: told[name] for name in told if name != "second_extraction"}) == {}


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def reading(data: bytes, name: str, timing: Timing, *, hints: Hints = NONE) -> Inspection:
    """Read the year; that of 2023 does not balance, and a second extraction reads it alike."""
    year = int(data)
    file = File(name, "0" * 64, len(data), "application/pdf")
    if year != 2023:
        return Inspection(file, "stored", report=of("甲局", year))
    report = of("甲局", year, carried_in=3)
    second = {"applications.carried_in.total": 3}
    found, where = tuple(totals(report)), locate(report)
    return Inspection(
        file, "dead", Reason.IMBALANCED, "check", "x", report, found, None, False, where, second
    )


def bring(home: House, year: int) -> int:
    document_id = home.receive(str(year).encode())
    home.pipeline(reading).run(document_id)
    return document_id


@pytest.mark.parametrize("order", [(2023, 2022), (2022, 2023)], ids=["later", "before"])
def test_it_outlives_the_weighing_by_neighbour_years(home: House, order: tuple[int, int]) -> None:
    # When a year beside it arrives later, or was there before
    ids = {year: bring(home, year) for year in order}

    # Then both are evidence
    (letter,) = home.letters(ids[2023])
    assert letter.inspection is not None
    (candidate,) = letter.inspection["candidates"]
    evidence: list[dict[str, Any]] = candidate["evidence"]
    told = [(one["kind"], one["supports"]) for one in evidence]
    assert ("second_extraction", "read") in told
    assert ("previous_year", "proposed") in told
    assert candidate["origin"] == "publisher"
    assert second_of(letter.inspection) == {"applications.carried_in.total": 3}
