"""The statutory tables as lines."""

import pytest
from rich.cells import cell_len

from console.cli.columns import centre
from console.cli.form_view import form_lines, table_lines
from console.marks import marks_of, printed
from models.disclosure.finding import Finding, Severity
from models.disclosure.form import LAYOUTS, cell_key
from models.disclosure.report import Cell, Printed, ReadTable, Report

ZERO = Cell(0, "0", Printed.NUMBER)


def zeros(layout: str, missing: tuple[str, ...] = (), **cells: Cell) -> ReadTable:
    """A table of zeros; ``cells`` are given as row__column."""
    form = LAYOUTS[layout]
    given = {f"{form.table}.{key.replace('__', '.')}": cell for key, cell in cells.items()}
    there = {
        cell_key(form.table, row.key, column.key): ZERO
        for row in form.rows
        for column in row.columns
        if row.key not in missing
    }
    assert given.keys() <= there.keys()
    return ReadTable(layout, there | given, missing)


def report(*tables: ReadTable) -> Report:
    return Report("某局", 2023, None, None, {table.form.table: table for table in tables})


def lines_of(table: ReadTable, width: int, **marks: Severity) -> list[str]:
    named = {f"{table.form.table}.{key.replace('__', '.')}": mark for key, mark in marks.items()}
    return [line.plain for line in table_lines(table, named, width)]


def number(value: int) -> Cell:
    return Cell(value, str(value), Printed.NUMBER)


def test_table_two_of_2021_as_the_notice_prints_it() -> None:
    # Given
    table = zeros(
        "disclosure.2021",
        normative_documents__in_force=Cell(None, "", Printed.BLANK),
        licences__decisions=number(4221),
        coercion__decisions=Cell(None, "/", Printed.SLASH),
    )

    # When
    lines = lines_of(table, 100)

    # Then
    assert lines == [
        "第二十条第（一）项",
        "信息内容                │本年制发件数 │本年废止件数 │现行有效件数 │",
        "规章                    │           0 │           0 │           0 │",
        "行政规范性文件          │           0 │           0 │             │",
        "第二十条第（五）项",
        "信息内容                │本年处理决定数量 │",
        "行政许可                │            4221 │",
        "第二十条第（六）项",
        "信息内容                │本年处理决定数量 │",
        "行政处罚                │               0 │",
        "行政强制                │               / │",
        "第二十条第（八）项",
        "信息内容                │本年收费金额（单位：万元） │",
        "行政事业性收费          │                         0 │",
    ]


def test_table_two_of_2019_has_its_own_columns() -> None:
    # When
    lines = lines_of(zeros("disclosure.2019"), 100)

    # Then
    assert "信息内容                │上一年项目数量 │本年增/减 │处理决定数量 │" in lines
    assert lines[-2:] == [
        "信息内容                │采购项目数量 │采购总金额 │",
        "政府集中采购            │           0 │         0 │",
    ]


def test_table_three_marks_cells_and_keeps_blanks() -> None:
    # Given
    table = zeros(
        "applications.divided",
        missing=("unprocessed_repeated",),
        new_requests__total=number(12),
        granted__business=Cell(None, "", Printed.BLANK),
    )

    # When
    lines = lines_of(table, 100, new_requests__total=Severity.HARD, granted__business=Severity.SOFT)

    # Then
    label = " " * 55
    assert lines[2:13] == [
        f"{label}│自然人 │商业 │科研 │社会 │法律 │其他 │总计 │",
        f"{label}│       │企业 │机构 │公益 │服务 │     │     │",
        f"{label}│       │     │     │组织 │机构 │     │     │",
        "─" * 55 + "┼───────┼─────┼─────┼─────┼─────┼─────┼─────┤",
        (
            "一、本年新收政府信息公开申请数量                       "
            "│     0 │   0 │   0 │   0 │   0 │   0 │  12!│"
        ),
        (
            "二、上年结转政府信息公开申请数量                       "
            "│     0 │   0 │   0 │   0 │   0 │   0 │   0 │"
        ),
        "三、本年度办理结果",
        (
            "  （一）予以公开                                       "
            "│     0 │    ?│   0 │   0 │   0 │   0 │   0 │"
        ),
        (
            "  （二）部分公开（区分处理的，只计这一情形，不计其他情 "
            "│       │     │     │     │     │     │     │"
        ),
        (
            "    形）                                               "
            "│     0 │   0 │   0 │   0 │   0 │   0 │   0 │"
        ),
        "  （三）不予公开",
    ]
    assert "      2.重复申请".ljust(51) + "│ 文件中无此行 not in the file" in lines


def test_a_failing_cell_has_sign_and_colour() -> None:
    # Given
    table = zeros("review.across", reconsideration__total=number(3))

    # When
    lines = table_lines(table, {"review.reconsideration.total": Severity.HARD}, 100)

    # Then
    styled = [
        (line.plain[span.start : span.end], span.style) for line in lines for span in line.spans
    ]
    assert styled == [("3!", "bold red")]


def test_table_four_stands_across_where_there_is_room() -> None:
    # Given
    table = zeros("review.across")

    # Then
    assert lines_of(table, 100) == [
        "│          行政复议           │" + centre("行政诉讼", 59) + "│",
        "│" + " " * 29 + "│      未经复议直接起诉       │         复议后起诉          │",
        "│结果 │结果 │其他 │尚未 │总计 " * 3 + "│",
        "│维持 │纠正 │结果 │审结 │     " * 3 + "│",
        "├" + "┼".join(["─────"] * 15) + "┤",
        "│   0 " * 15 + "│",
    ]
    assert lines_of(table, 80)[2:] == [
        "─" * 28 + "┼─────" * 5 + "┤",
        "行政复议                    " + "│   0 " * 5 + "│",
        "行政诉讼 · 未经复议直接起诉 " + "│   0 " * 5 + "│",
        "行政诉讼 · 复议后起诉       " + "│   0 " * 5 + "│",
    ]


@pytest.mark.parametrize("width", [65, 72, 80, 100, 120])
@pytest.mark.parametrize(
    "layouts",
    [
        ("disclosure.2021", "applications.divided", "review.across"),
        ("disclosure.2019", "applications.undivided", "review.down"),
    ],
)
def test_lines_fit_the_terminal(width: int, layouts: tuple[str, ...]) -> None:
    # When
    lines = form_lines(report(*(zeros(layout) for layout in layouts)), {}, width)

    # Then
    assert max(cell_len(line.plain) for line in lines) <= width


def test_narrow_terminals_get_short_heads() -> None:
    assert lines_of(zeros("applications.divided"), 80)[0].endswith(
        "│自然 │企业 │科研 │公益 │法律 │其他 │总计 │"
    )


def test_a_table_that_is_not_there_is_said_so() -> None:
    # When
    lines = [line.plain for line in form_lines(report(zeros("review.across")), {}, 100)]

    # Then
    assert lines[:2] == ["二、主动公开政府信息情况", "文件中无此表 not in the file"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (ZERO, "0"),
        (ZERO._replace(raw="5（含修订1件）", value=5), "5"),
        (Cell(None, " ", Printed.BLANK), ""),
        (Cell(None, "／", Printed.SLASH), "／"),
        (Cell(None, "—", Printed.DASH), "—"),
        (Cell(None, "若干", Printed.UNREADABLE), "若干"),
    ],
)
def test_cells_are_shown_as_printed(cell: Cell | None, text: str) -> None:
    assert printed(cell) == text


def test_hard_findings_outweigh_soft_ones() -> None:
    # Given
    soft = Finding("TEXT.COUNTS", Severity.SOFT, "received", "", ("a.b.c", "a.b.d"))
    hard = Finding("T3.FLOW", Severity.HARD, "total", "", ("a.b.c",))
    unassessable = Finding(
        "T3.FLOW", Severity.SOFT, "other", "", ("x.y.z", "x.y.t"), blanks=("x.y.t",)
    )

    # When
    marks = marks_of([soft, hard, unassessable])

    # Then
    assert marks == {
        "a.b.c": Severity.HARD,
        "a.b.d": Severity.SOFT,
        "x.y.t": Severity.SOFT,
    }
    assert marks_of([hard, soft])["a.b.c"] is Severity.HARD
