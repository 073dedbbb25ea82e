"""Forms that say more than the notice, or less: rows explained or added, cells or heads lost."""

import random
from collections.abc import Callable

import pytest

from models.disclosure.form import Edition
from tests.reports.cells import TruthReport
from tests.reports.narrative import document
from tests.reports.statutory import Grid, GridCell, grids
from tests.reports.truth import random_report
from worker.inspection import Inspection, inspect

_EXPLAINED = {
    "规章": "规章（由有立法权的市填写）",
    "规范性文件": "规范性文件（以本单位名义印发的办法、规定、细则、通知，均作为规范性文件统计）",
    "行政许可": "行政许可（按办件量填写，不含行政处罚、行政强制）",
    "其他对外管理服务事项": "其他对外管理服务事项（指行政许可以外的事项，如行政确认、行政处罚）",
}
_RESULTS = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
_ADDED = "其他公开文件（印发后公开、又不作为规范性文件统计的）"


def _piped(grid: Grid) -> str:
    return "".join(" | ".join(cell.text for cell in row) + " |\n" for row in grid)


def _lines(grid: Grid) -> str:
    return "".join(f"{cell.text}\n" for row in grid for cell in row if cell.text)


def _inspected(
    report: TruthReport, tables: dict[str, Grid], draw: Callable[[Grid], str]
) -> Inspection:
    drawn = {key: draw(grid) for key, grid in tables.items()}
    return inspect(document(report, random.Random(1), drawn, gap="\n").encode(), "report.txt")


def _wrong(report: TruthReport, found: Inspection) -> list[str]:
    assert found.report is not None
    read = {key: cell.value for key, cell in found.report.cells()}
    return [key for key, cell in report.cells.items() if read.get(key) != cell.value]


def _trial(seed: int) -> TruthReport:
    reports = (random_report(random.Random(at)) for at in range(seed, seed + 100))
    return next(report for report in reports if report.edition is Edition.TRIAL)


@pytest.mark.parametrize("seed", [0, 100, 200])
def test_a_row_is_known_by_what_stands_before_its_explanation(seed: int) -> None:
    # Given a table of which some rows are explained in the words of others, and one is added
    report = _trial(seed)
    tables = grids(report)
    disclosure = [
        [GridCell(_EXPLAINED.get(cell.text, cell.text), cell.colspan) for cell in row]
        for row in tables["disclosure"]
    ]
    added = [GridCell(_ADDED), *(GridCell(text) for text in ("61", "59", "487"))]
    tables["disclosure"] = [*disclosure[:4], added, *disclosure[4:]]

    # When it is read
    found = _inspected(report, tables, _piped)

    # Then every cell is its row's, and the row that is not the form's is told
    assert _wrong(report, found) == []
    assert [f.scope for f in found.findings if "fits no row" in f.message] == ["disclosure"]


def test_the_last_row_is_read_below_rows_that_have_lost_their_empty_cells() -> None:
    # Given one cell a line, empty cells left out, and no figures but in the first and last rows
    report = _trial(0)
    tables = grids(report)
    blank = ("licences", "other_services", "penalties", "coercion", "fees")
    tables["disclosure"] = [
        [
            GridCell("")
            if cell.address.split(".")[1:2] and cell.address.split(".")[1] in blank
            else cell
            for cell in row
        ]
        for row in tables["disclosure"]
    ]

    # When it is read
    found = _inspected(report, tables, _lines)

    # Then no other cell is lost
    lost = [key for key in _wrong(report, found) if key.split(".")[1] not in blank]
    assert lost == []


def test_fifteen_figures_below_the_heading_of_the_review_are_its_row() -> None:
    # Given table 四 without the labels of its columns
    report = _trial(0)
    tables = grids(report)
    tables["review"] = [[GridCell("行政复议行政诉讼")], tables["review"][-1]]

    # When it is read
    found = _inspected(report, tables, _piped)

    # Then its figures are read
    assert _wrong(report, found) == []


@pytest.mark.parametrize("blank", ["\n\n", "\n"])
def test_empty_lines_tell_blank_cells_though_no_other_row_has_any(blank: str) -> None:
    # Given one cell a line, a line between, and blank cells in table 四 alone
    report = random_report(random.Random(3))
    tables = grids(report)
    shown = ["4", "", "", "1", "5", "", "2", "", "", "2", "3", "", "7", "", "10"]
    tables["review"] = [
        [GridCell("行政复议"), GridCell("行政诉讼")],
        [GridCell("未经复议直接起诉"), GridCell("复议后起诉")],
        [GridCell(text) for _ in range(3) for text in _RESULTS],
        [GridCell(text) for text in shown],
    ]

    # When it is read
    found = _inspected(
        report,
        tables,
        lambda grid: "".join(
            f"{cell.text}\n\n" if cell.text else blank for row in grid for cell in row
        ),
    )

    # Then each figure stands in its column
    assert found.report is not None
    read = [cell.raw for key, cell in found.report.cells() if key.startswith("review.")]
    assert read == shown


def test_a_mark_before_every_row_is_no_cell_of_it() -> None:
    # Given one cell a line with a bare pipe before each row, and blank cells in table 四
    report = random_report(random.Random(3))
    tables = grids(report)
    shown = ["4", "", "", "1", "5", "", "2", "", "", "2", "3", "", "7", "", "10"]
    tables["review"] = [*tables["review"][:-1], [GridCell(text) for text in shown]]

    # When it is read
    found = _inspected(
        report,
        tables,
        lambda grid: "".join(
            "|\n" + "".join(f"{cell.text} |\n" if cell.text else "|\n" for cell in row)
            for row in grid
        ),
    )

    # Then each figure stands in its column
    assert found.report is not None
    read = [cell.raw for key, cell in found.report.cells() if key.startswith("review.")]
    assert read == shown
