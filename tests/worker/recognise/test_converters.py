"""Markdown as converters of PDF write it: merged cells repeated, heads missing, labels torn."""

import random
from collections.abc import Callable

import pytest

from tests.reports.cells import TruthReport
from tests.reports.narrative import document
from tests.reports.statutory import Grid, Line, figures, grids, labels, placed
from tests.reports.truth import random_report
from worker.inspection import inspect

SetTable = Callable[[Grid, random.Random], str]


def _pipes(texts: list[str]) -> str:
    return "|" + "|".join(texts) + "|"


def _repeated(grid: Grid, rng: random.Random) -> str:
    """Merged cells stand in every column and row; every page begins with a head it lacks."""
    lines = [[slot.cell.text.replace("\n", "<br>") for slot in line] for line in placed(grid)]
    made: list[str] = []
    while lines:
        size = rng.randint(6, 14)
        head = [text or f"Col{at}" for at, text in enumerate(lines[0], 1)]
        made += [_pipes(head), _pipes(["---"] * len(head)), *map(_pipes, lines[1:size]), "", ""]
        lines = lines[size:]
    return "\n".join(made)


def _crowded(grid: Grid, rng: random.Random) -> str:
    """Columns that stand close are one cell with several figures."""
    made = []
    for line in placed(grid):
        names, numbers = [slot.text for slot in labels(line)], figures(line)
        at = rng.randrange(len(numbers)) if numbers else 0
        made.append(_pipes([*names, " ".join(numbers[: at + 1]), *numbers[at + 1 :]]))
    return "\n".join(made)


def _first_labels(grid: Grid, rng: random.Random) -> str:
    """All labels, then all rows of figures."""
    lines: list[Line] = placed(grid)
    names = [slot.text for line in lines for slot in labels(line) if slot.text]
    return "\n".join([*names, "", *("  ".join(figures(line)) for line in lines if figures(line))])


def _read(report: TruthReport, set_table: SetTable, rng: random.Random) -> tuple[str, list[str]]:
    tables = {key: set_table(grid, rng) for key, grid in grids(report).items()}
    text = document(report, rng, tables, gap="\n\n", heading="## {}")
    inspection = inspect(text.encode(), "report.md")
    found = inspection.report
    read = {} if found is None else {key: cell.value for key, cell in found.cells()}
    cells = report.cells.items()
    wrong = [key for key, cell in cells if key in read and read[key] not in (cell.value, None)]
    lost = [key for key, cell in cells if read.get(key) != cell.value]
    return inspection.outcome, wrong if inspection.outcome == "stored" else lost


@pytest.mark.parametrize("set_table", [_repeated, _crowded])
def test_every_figure_is_read(set_table: SetTable) -> None:
    for seed in range(15):
        rng = random.Random(seed)
        outcome, wrong = _read(random_report(rng), set_table, rng)
        assert (outcome, wrong) == ("stored", []), seed


def test_figures_apart_from_their_labels_are_never_stored_wrong() -> None:
    for seed in range(15):
        rng = random.Random(seed)
        outcome, wrong = _read(random_report(rng), _first_labels, rng)
        assert outcome == "dead" or wrong == [], seed


def test_a_row_by_order_alone_where_a_row_is_missing_is_no_row() -> None:
    # Given a report in which one of two neighbours has lost its figures, the other its label
    rng = random.Random(3)
    report = random_report(rng, edition="2021", undivided=False)
    lines = [
        line
        for line in _crowded(grids(report)["applications"], random.Random(0)).splitlines()
        if "逾期" not in line or "收费" in line
    ]
    at = next(at for at, line in enumerate(lines) if "收费" in line)
    numbers = "|7|0|0|0|0|0|7|"
    tables = {
        key: "\n".join([*lines[:at], numbers, *lines[at + 1 :]])
        if key == "applications"
        else _crowded(grid, rng)
        for key, grid in grids(report).items()
    }

    # When
    text = document(report, rng, tables, gap="\n\n", heading="## {}")
    inspection = inspect(text.encode(), "report.md")

    # Then
    assert inspection.outcome == "dead"
    assert inspection.report is not None
    assert inspection.report.cell("applications.other_fee_unpaid.total").value is None
    assert inspection.report.cell("applications.other_not_corrected_in_time.total").value is None
