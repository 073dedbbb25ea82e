"""Grids of text with wide characters."""

import pytest
from rich.cells import cell_len

from console.cli.columns import centre, pad, wrap
from console.cli.grid import Figure, Grid, Span


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("自然人", 6, ["自然人"]),
        ("社会公益组织", 4, ["社会", "公益", "组织"]),
        ("社会公益组织", 8, ["社会公益", "组织"]),
        ("行政机关，不再", 8, ["行政机", "关，不再"]),
        ("", 4, [""]),
        ("三", 1, ["三"]),
    ],
)
def test_folds_chinese_text(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


def test_later_lines_hang() -> None:
    assert wrap("  甲乙丙丁戊", 6, hang=2) == ["  甲乙", "  丙丁", "  戊"]


def test_fills_up_by_columns_not_characters() -> None:
    assert pad("总计", 6) == "总计  "
    assert centre("总计", 7) == " 总计  "


def test_whole_lines_of_a_small_grid() -> None:
    # Given
    grid = Grid(8, [4, 4])
    rows = [[Figure("3"), Figure("12345", "!", "red")], [Figure(), Figure("／")]]

    # When
    grid.fit(rows)
    grid.head([Span("申请人", 2)])
    grid.head([Span("自然"), Span("总计")])
    grid.rule()
    grid.row("一、新收", rows[0])
    grid.row("二、上年结转", rows[1], hang=2)
    grid.note("三、结转", "not in the file")

    # Then
    assert [line.plain for line in grid.lines] == [
        "        │   申请人   │",
        "        │自然 │ 总计 │",
        "────────┼─────┼──────┤",
        "一、新收│   3 │12345!│",
        "二、上年│     │      │",
        "  结转  │     │   ／ │",
        "三、结转│ not in the file",
    ]
    assert {cell_len(line.plain) for line in grid.lines[:6]} == {22}
