"""Words in cells for figures: the cell is unreadable, its row stays where it is."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.disclosure.finding import Reason
from models.disclosure.report import Printed
from tests import budgets
from tests.reports.cells import TruthReport
from tests.reports.layouts import RENDERERS
from tests.reports.truth import random_report
from tests.reports.worded import with_words
from tests.worker.reading.html_pages import TABLES, page
from tests.worker.reading.office_files import word
from tests.worker.seeds import SEEDS, TRUTHS
from worker.inspection import inspect

Render = Callable[[TruthReport, random.Random], bytes]

_SEED = (SEEDS / TRUTHS[4].file).read_text("utf-8")
_REPEATED = "2. 重复申请" + "\t0" * 7


def _text(name: str) -> Render:
    return lambda report, rng: RENDERERS[name](report, rng).encode()


def _page(name: str) -> Render:
    return lambda report, rng: page(report, rng, name, "portal").encode()


_EVERY: dict[str, Render] = {
    **{name: _text(name) for name in RENDERERS},
    **{f"html-{name}": _page(name) for name in TABLES},
    "docx": lambda report, _: word(report),
}


@pytest.mark.parametrize("name", sorted(_EVERY))
@settings(max_examples=budgets.EXAMPLES, deadline=None)
@given(seed=st.integers(0, 39))
def test_a_word_in_a_cell_is_unreadable_there_and_nowhere_else(name: str, seed: int) -> None:
    # Given a report that balances, but for a word in place of one figure
    rng = random.Random(seed)
    truth = with_words(random_report(rng), rng, 1)

    # When
    inspection = inspect(_EVERY[name](truth, rng), "")

    # Then every other cell keeps value and column, and the report is not stored
    report = inspection.report
    assert report is not None
    read = {key: (cell.value, cell.printed) for key, cell in report.cells()}
    assert read == {key: (cell.value, cell.printed) for key, cell in truth.cells.items()}
    for key, cell in report.cells():
        if cell.printed is Printed.UNREADABLE:
            assert cell.raw == truth.cells[key].raw
    assert inspection.outcome == "dead"


@pytest.mark.parametrize("said", ["约399", "三百余件", "无统计"])
def test_words_for_the_one_figure_of_a_row(said: str) -> None:
    # When
    inspection = inspect(_SEED.replace("行政处罚\t399", f"行政处罚\t{said}").encode(), "v.txt")

    # Then
    assert inspection.report is not None
    cell = inspection.report.cell("disclosure.penalties.decisions")
    assert (cell.printed, cell.raw) == (Printed.UNREADABLE, said)
    assert inspection.reason is Reason.INVALID_VALUE


@pytest.mark.parametrize("at", [0, 1, 6])
def test_words_among_zeros_shift_none_of_them(at: int) -> None:
    # Given
    cells = ["0"] * 7
    cells[at] = "若干"
    line = "\t".join(["2. 重复申请", *cells])

    # When
    inspection = inspect(_SEED.replace(_REPEATED, line).encode(), "v.txt")

    # Then
    assert inspection.report is not None
    row = [c.raw for key, c in inspection.report.cells() if ".unprocessed_repeated." in key]
    assert row == cells
    assert inspection.reason is Reason.INVALID_VALUE


def test_remarks_behind_the_figures_are_no_cells() -> None:
    # Given a seed with a remark behind some rows
    text = _SEED.replace(_REPEATED, f"{_REPEATED}\t与上年持平")
    text = text.replace("行政处罚\t399", "行政处罚\t399\t含委托办理")

    # When
    inspection = inspect(text.encode(), "v.txt")

    # Then
    plain = inspect(_SEED.encode(), "v.txt")
    assert inspection.report is not None
    assert plain.report is not None
    assert inspection.outcome == "stored"
    read = [(key, cell.value) for key, cell in inspection.report.cells()]
    assert read == [(key, cell.value) for key, cell in plain.report.cells()]


def test_the_tables_on_a_year_before_there_were_any_are_worth_a_look() -> None:
    # Given
    text = (SEEDS / TRUTHS[1].file).read_text("utf-8")
    year = str(TRUTHS[1].year)

    # When
    inspection = inspect(text.replace(year, "2018").encode(), "v.txt")

    # Then
    found = {(f.rule, f.scope, str(f.severity)) for f in inspection.findings}
    assert ("DATE.YEAR", "edition", "soft") in found
