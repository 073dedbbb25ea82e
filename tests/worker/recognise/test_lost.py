"""Figures that no row took may not be lost beside a row that looks blank."""

from collections.abc import Sequence

from models.disclosure.finding import Severity
from models.disclosure.form import APPLICATIONS, LAYOUTS, REVIEW_ACROSS
from models.disclosure.report import Printed, Report
from worker.check.complete import complete
from worker.reading.pages import Block, Grid, GridCell, GridRow, Pages, Paragraph, Shape
from worker.recognise.records import records, strips
from worker.recognise.tables import Found, read_all

_ZERO, _BLANK = ["0"] * 7, [""] * 7


def _grid(rows: Sequence[Sequence[str]]) -> Grid:
    return Grid(
        tuple(
            GridRow(tuple(GridCell(text, at, at, at + 1) for at, text in enumerate(row)))
            for row in rows
        ),
        Shape.CELLS,
    )


def _read(*blocks: Block) -> dict[str, Found]:
    lines = strips(Pages(blocks, "text/plain"))
    return dict(read_all(lines, records(lines)))


def _torn(figures: list[str], label: list[str]) -> Found:
    """Read table 三 with one row in two, a page between them."""
    rows: list[list[str]] = []
    for row in LAYOUTS["applications.divided"].rows:
        if row.key == "unprocessed_petition":
            rows += [figures, label]
        else:
            rows.append([row.label, *_ZERO])
    return _read(_grid(rows))[APPLICATIONS.key]


def _petition(found: Found) -> set[Printed]:
    cells = found.table.cells.items()
    return {cell.printed for key, cell in cells if ".unprocessed_petition." in key}


def test_a_label_cut_by_a_page_keeps_its_figures() -> None:
    found = _torn(["信", *_ZERO], ["访、举报、投诉类申请", *_BLANK])
    assert _petition(found) == {Printed.NUMBER}
    assert found.table.lost == ()


def test_figures_that_no_label_claims_beside_a_blank_row_are_a_hard_finding() -> None:
    # Given a row that looks blank, and figures above it beside something else
    found = _torn(["丁", *_ZERO], ["1.信访举报投诉类申请", *_BLANK])

    # Then
    table = found.table
    assert _petition(found) == {Printed.BLANK}
    assert table.lost == ("丁 0 0 0 0 0 0 0",)
    report = Report("甲", 2023, None, None, {APPLICATIONS.key: table})
    hard = [finding for finding in complete(report) if finding.severity is Severity.HARD]
    assert any("丁 0" in finding.message for finding in hard)


def test_a_blank_row_alone_loses_nothing() -> None:
    rows = [
        [row.label, *(_BLANK if row.key == "unprocessed_petition" else _ZERO)]
        for row in LAYOUTS["applications.divided"].rows
    ]
    assert _read(_grid(rows))[APPLICATIONS.key].table.lost == ()


def test_a_figure_below_the_next_section_is_none_of_the_review() -> None:
    # Given the fifteen figures of table 四, one of them blank, and a lone figure further down
    columns = [column.label for row in REVIEW_ACROSS.rows for column in row.columns]
    figures = ["0"] * 13 + ["", "0"]
    head = ["行政复议", "未经复议直接起诉", "复议后起诉"]

    # When
    found = _read(_grid([head, columns, figures]), Paragraph("五、存在的主要问题"), Paragraph("9"))[
        "review"
    ]

    # Then
    cells = [found.table.cells[key] for key in REVIEW_ACROSS.cells]
    assert [cell.value for cell in cells] == [0] * 13 + [None, 0]
