"""Findings with their equations written out."""

from console.cli.findings_view import finding_lines
from console.equation import equation
from models.disclosure.finding import Finding, Severity
from models.disclosure.report import Cell, Printed
from tests.console.cli.test_form_view import number, report, zeros

BLANK = Cell(None, "", Printed.BLANK)
SLASH = Cell(None, "/", Printed.SLASH)
FLOW = ("new_requests", "carried_in", "processed_total", "carried_out")


def flow(column: str, left: int, right: int) -> Finding:
    cells = tuple(f"applications.{row}.{column}" for row in FLOW)
    message = f"{left} ≠ {right}"
    return Finding("T3.FLOW", Severity.HARD, column, message, cells, left, right, left - right)


def test_the_equation_of_the_form_with_its_numbers() -> None:
    # Given
    read = report(
        zeros(
            "applications.divided",
            new_requests__total=number(12),
            carried_in__total=number(1),
            processed_total__total=number(12),
        )
    )

    # When
    lines = [line.plain for line in finding_lines([flow("total", 13, 12)], read)]

    # Then
    assert lines == [
        "! T3.FLOW 总计: 12 + 1 ≠ 12 + 0 (13 ≠ 12, 差 1)",
        (
            "    本年新收政府信息公开申请数量 12 + 上年结转政府信息公开申请数量 1"
            " ≠ 总计 12 + 结转下年度继续办理 0"
        ),
    ]


def test_what_counted_as_nothing_is_written_as_it_is_printed() -> None:
    # Given
    read = report(
        zeros(
            "applications.divided",
            new_requests__other=number(3),
            carried_in__other=BLANK,
            carried_out__other=SLASH,
        )
    )

    # Then
    assert equation(flow("other", 3, 0), read) == "3 + 空 ≠ 0 + / (3 ≠ 0, 差 3)"


def test_many_zeros_are_only_counted() -> None:
    # Given
    table = zeros(
        "applications.divided", granted__total=number(9), processed_total__total=number(8)
    )
    outcomes = [key for key in table.form.row_keys if key not in FLOW]
    cells = tuple(f"applications.{row}.total" for row in (*outcomes, "processed_total"))
    finding = Finding("T3.OUTCOMES", Severity.HARD, "total", "", cells, 9, 8, 1)

    # When
    lines = [line.plain for line in finding_lines([finding], report(table))]

    # Then
    assert lines == [
        "! T3.OUTCOMES 总计: 9 + 0 × 20 ≠ 8 (9 ≠ 8, 差 1)",
        "    予以公开 9 + 其余 20 项 0 ≠ 总计 8",
    ]


def test_rows_are_told_by_their_group() -> None:
    # Given
    table = zeros("applications.divided", other_outcome__natural_person=number(2))
    columns = [column.key for column in table.form.rows[0].columns]
    cells = tuple(f"applications.other_outcome.{column}" for column in columns)
    finding = Finding("T3.APPLICANTS", Severity.HARD, "other_outcome", "", cells, 2, 0, 2)

    # When
    lines = [line.plain for line in finding_lines([finding], report(table))]

    # Then
    assert lines == [
        "! T3.APPLICANTS （六）其他处理 3.其他: 2 + 0 + 0 + 0 + 0 + 0 ≠ 0 (2 ≠ 0, 差 2)",
        (
            "    自然人 2 + 商业企业 0 + 科研机构 0 + 社会公益组织 0 + 法律服务机构 0"
            " + 其他 0 ≠ 总计 0"
        ),
    ]


def test_other_findings_keep_their_words_and_their_witness() -> None:
    # Given
    finding = Finding(
        "TEXT.COUNTS", Severity.SOFT, "received", "正文 8, 表中 9", evidence="共收到8件"
    )

    # When
    lines = [line.plain for line in finding_lines([finding], None)]

    # Then
    assert lines == ["? TEXT.COUNTS received: 正文 8, 表中 9", "    “共收到8件”"]
