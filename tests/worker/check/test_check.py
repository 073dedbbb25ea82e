"""The edits on reports made by hand."""

from dataclasses import replace
from datetime import date

import pytest

from models.disclosure.finding import Finding, Reason, Severity
from models.disclosure.form import LAYOUTS, OUTCOME_ROWS, Edition
from models.disclosure.report import Cell, Period, Printed, ReadTable, Report, Section
from worker.check.check import check, decisive, verdict
from worker.check.rules import RULES

_BLANK = Cell(None, "", Printed.BLANK)


def _number(value: int) -> Cell:
    return Cell(value, str(value), Printed.NUMBER)


def _report(cells: dict[str, Cell] | None = None, text: str = "", **header: object) -> Report:
    """A report of zeros, but for the cells given."""
    tables = {}
    for key in ("disclosure.2021", "applications.divided", "review.across"):
        layout = LAYOUTS[key]
        values = {cell: (cells or {}).get(cell, _number(0)) for cell in layout.cells}
        tables[layout.table] = ReadTable(key, values)
    report = Report(
        "示例市财政局", 2023, Edition.CURRENT, "标题", tables, (Section("overview", "", text),)
    )
    return replace(report, **header)  # type: ignore[arg-type]


def _request(natural: int, total: int | None = None) -> dict[str, Cell]:
    """One granted request in a balanced table."""
    rows = ("new_requests", "granted", "processed_total")
    return {
        f"applications.{row}.{column}": _number(value)
        for row in rows
        for column, value in (
            ("natural_person", natural),
            ("total", natural if total is None else total),
        )
    }


def _of(findings: tuple[Finding, ...], rule: str) -> list[Finding]:
    return [finding for finding in findings if finding.rule == rule]


def test_a_balanced_report_has_no_findings() -> None:
    assert check(_report(_request(12))) == ()


def test_an_edit_that_fails_names_its_cells_and_both_sums() -> None:
    # Given
    cells = _request(12) | {"applications.new_requests.total": _number(13)}

    # When
    findings = check(_report(cells))

    # Then
    flow = _of(findings, "T3.FLOW")
    assert [(f.scope, f.left, f.right, f.difference) for f in flow] == [("total", 13, 12, 1)]
    assert flow[0].cells == (
        "applications.new_requests.total",
        "applications.carried_in.total",
        "applications.processed_total.total",
        "applications.carried_out.total",
    )
    assert [f.scope for f in _of(findings, "T3.APPLICANTS")] == ["new_requests"]
    assert verdict(findings) is Reason.IMBALANCED


@pytest.mark.parametrize("printed", [Printed.BLANK, Printed.SLASH, Printed.DASH])
def test_an_addend_that_is_no_number_counts_as_zero_and_is_listed(printed: Printed) -> None:
    # Given
    mark = Cell(None, "", printed)
    cells = _request(12) | {
        "applications.carried_out.total": mark,
        "applications.new_requests.total": _number(14),
    }

    # When
    flow = _of(check(_report(cells)), "T3.FLOW")

    # Then
    assert flow[0].blanks == ("applications.carried_out.total",)


def test_a_sum_that_is_not_printed_is_not_assessable_and_no_failure() -> None:
    # Given
    cells = _request(12) | {"applications.granted.total": _BLANK}

    # When
    findings = check(_report(cells))

    # Then
    applicants = _of(findings, "T3.APPLICANTS")
    assert [(f.scope, f.severity) for f in applicants] == [("granted", Severity.SOFT)]
    assert [f.scope for f in _of(findings, "T3.OUTCOMES")] == ["total"]


def _without_totals_of_outcomes() -> dict[str, Cell]:
    """What is 12 requests granted, printed without the 总计 of any outcome row."""
    outcomes = [f"applications.{row}.total" for row in OUTCOME_ROWS]
    return _request(12) | dict.fromkeys(outcomes, _BLANK)


def test_totals_that_no_outcome_row_prints_do_not_fail() -> None:
    # When
    findings = check(_report(_without_totals_of_outcomes()))

    # Then their column is not assessable, and says what it lacks
    (column,) = _of(findings, "T3.OUTCOMES")
    assert (column.scope, column.severity) == ("total", Severity.SOFT)
    assert "各行总计均未填" in column.message
    assert "applications.granted.total" in column.blanks
    assert verdict(findings) is None


@pytest.mark.parametrize("row", ["granted", "processed_total", "new_requests"])
def test_what_stands_in_rows_without_totals_is_checked_all_the_same(row: str) -> None:
    # Given another figure in such a report
    wrong = {f"applications.{row}.natural_person": _number(13)}

    # When
    findings = check(_report(_without_totals_of_outcomes() | wrong))

    # Then
    assert verdict(findings) is Reason.IMBALANCED


def test_a_figure_that_cannot_be_read_has_no_total_either() -> None:
    wrong = {"applications.granted.natural_person": Cell(None, "1O", Printed.UNREADABLE)}
    findings = check(_report(_without_totals_of_outcomes() | wrong))
    assert {f.severity for f in _of(findings, "T3.OUTCOMES")} == {Severity.SOFT}


def test_a_single_total_that_is_printed_makes_the_others_blanks() -> None:
    cells = _without_totals_of_outcomes() | {"applications.denied_third_party.total": _number(0)}
    (column,) = _of(check(_report(cells)), "T3.OUTCOMES")
    assert (column.severity, column.difference) == (Severity.HARD, -12)


def test_a_row_of_blanks_is_listed_and_not_summed() -> None:
    # Given
    row = {cell: _BLANK for cell in LAYOUTS["applications.divided"].cells if ".granted." in cell}

    # When
    findings = check(_report(row))

    # Then
    assert [(f.rule, f.severity) for f in findings] == [("TABLE.COMPLETE", Severity.SOFT)]
    assert set(findings[0].cells) == set(row)


def test_an_unreadable_cell_is_an_invalid_value() -> None:
    # Given
    cells = _request(12) | {
        "applications.granted.natural_person": Cell(None, "1O", Printed.UNREADABLE)
    }

    # When
    findings = check(_report(cells))

    # Then
    assert [f.scope for f in _of(findings, "CELL.VALUE")] == ["applications.granted.natural_person"]
    assert verdict(findings) is Reason.INVALID_VALUE


def test_a_missing_table_is_incomplete() -> None:
    # Given
    report = _report(_request(12))
    tables = {key: table for key, table in report.tables.items() if key != "review"}

    # When
    findings = check(replace(report, tables=tables))

    # Then
    assert [(f.rule, f.scope, f.severity) for f in findings] == [
        ("TABLE.COMPLETE", "review", Severity.HARD)
    ]
    assert verdict(findings) is Reason.INCOMPLETE


def test_what_a_report_is_refused_for_is_told_first() -> None:
    # Given a table that is not there, and one that is out of balance
    report = _report(_request(12) | {"applications.new_requests.total": _number(13)})
    tables = {key: table for key, table in report.tables.items() if key != "review"}

    # When
    findings = check(replace(report, tables=tables))

    # Then the edits stay in their order, and what decides comes before them
    assert findings[0].rule == "T3.FLOW"
    first = decisive(findings, Reason.INCOMPLETE)
    assert [finding.rule for finding in first[:2]] == ["TABLE.COMPLETE", "T3.FLOW"]
    assert set(first) == set(findings)


def test_a_table_without_a_number_is_incomplete() -> None:
    cells = dict.fromkeys(LAYOUTS["review.across"].cells, _BLANK)
    assert verdict(check(_report(cells))) is Reason.INCOMPLETE


def test_lines_that_fit_no_row_are_hard_only_when_they_carry_a_row_of_figures() -> None:
    # Given
    report = _report(_request(12))
    table = report.tables["applications"]

    def severity(line: str) -> Severity:
        changed = {**report.tables, "applications": replace(table, unaligned=(line,))}
        return check(replace(report, tables=changed))[0].severity

    # Then
    assert severity("4") is Severity.SOFT
    assert severity("某行 1 0 0 0 0 0 1") is Severity.HARD


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("全年共收到政府信息公开申请12件。", []),
        ("全年共收到政府信息公开申请 13 件。", ["received"]),
        (
            "今年以来，我区共受理申请公开8件，均已在法定期限内答复。其中5件申请公开方案。",
            ["received"],
        ),
        ("上年结转3件，共受理申请12件。", ["carried_in"]),
        (
            "受理政府信息公开申请12项，其中12项已在法定期限内予以答复，5项结转下年答复。",
            ["carried_out"],
        ),
        ("收到网上申请公开5件，收到信函申请公开7件。", []),
        ("发布信息1956条，规范性文件6个。", ["normative_documents"]),
        ("办理行政复议案件35件。", []),
        ("因政府信息公开引起的行政复议2件。", ["reconsideration"]),
        ("收到社会评价意见3件。", []),
        ("", []),
    ],
)
def test_narrative_counts(text: str, expected: list[str]) -> None:
    findings = _of(check(_report(_request(12), text)), "TEXT.COUNTS")
    assert [f.scope for f in findings] == expected
    assert {f.severity for f in findings} <= {Severity.SOFT}


def test_a_count_beside_a_total_that_is_not_printed_is_not_compared_with_another() -> None:
    # Given a report that says how many were dealt with, and prints no total of that
    cells = _request(12)
    total = "applications.processed_total.total"
    text = "全年共收到政府信息公开申请12件，办结11件。"

    # Then it is not compared with how many came in
    assert _of(check(_report({**cells, total: _BLANK}, text)), "TEXT.COUNTS") == []

    # But with the total, where that is printed
    (finding,) = _of(check(_report(cells, text)), "TEXT.COUNTS")
    assert (finding.scope, finding.left, finding.right) == ("processed", 11, 12)


def test_dates_that_disagree() -> None:
    # Given
    report = _report(
        _request(12),
        period=Period(date(2022, 1, 1), date(2022, 12, 31)),
        signed_on=date(2022, 12, 30),
    )

    # When
    findings = _of(check(report, (2019,)), "DATE.YEAR")

    # Then
    assert [f.scope for f in findings] == ["period", "file_name", "signature"]
    assert verdict(check(report, (2019,))) is None


def test_a_file_named_by_its_year_of_publication_is_no_conflict() -> None:
    assert check(_report(_request(12)), (2024,)) == ()


def test_no_publisher_is_worth_a_look() -> None:
    findings = check(_report(_request(12), publisher=None))
    assert [(f.rule, f.scope) for f in findings] == [("REPORT.IDENTITY", "publisher")]


def test_every_rule_is_explained_in_both_languages_and_names_its_source() -> None:
    for rule in RULES.values():
        assert rule.title_zh
        assert rule.title_en
        assert rule.equation
        assert rule.clause
        assert rule.explanation
