"""A report with an operator's changes, checked anew."""

import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from models.disclosure.finding import Reason, Severity
from models.disclosure.form import REVIEW, TABLES, Edition, cell_key
from tests.reports.layouts import RENDERERS
from tests.reports.truth import random_report
from worker.desk.assess import assess
from worker.desk.errors import Unacceptable
from worker.desk.order import Changes, Identity
from worker.inspection import as_json, inspect

SEED = Path(__file__).parents[2] / "data" / "seeds" / "001_978f6dfc59ee8d2b.txt"
NEW = "一、本年新收政府信息公开申请数量\t\t"
CELL = "applications.new_requests.natural_person"


def told(text: str | None = None) -> dict[str, Any]:
    """Return an inspection as a dead letter has it: 12 is read where 9 would balance."""
    text = text or SEED.read_text("utf-8").replace(f"{NEW}9\t", f"{NEW}12\t")
    read: dict[str, Any] = orjson.loads(orjson.dumps(as_json(inspect(text.encode(), "x.txt"))))
    return read


def test_without_changes_it_is_as_it_was() -> None:
    # Given
    inspection = told()

    # When
    found = assess(inspection)

    # Then
    assert found.reason is Reason.IMBALANCED
    assert [(f.rule, f.scope) for f in found.findings] == [
        (f["rule"], f["scope"]) for f in inspection["findings"]
    ]
    assert (found.values, found.problems) == ({}, {})


def test_the_right_cell_makes_it_balance() -> None:
    found = assess(told(), Changes({CELL: "9"}))
    assert (found.reason, found.hard) == (None, ())
    assert found.values == {CELL: 9}
    assert found.read.cell(CELL).value == 12
    assert found.report.cell(CELL).value == 9


def test_what_cannot_be_is_told_and_the_rest_is_taken() -> None:
    # When
    found = assess(told(), Changes({CELL: "9", "x.y.z": "1", f"{CELL}x": "2"}))

    # Then
    assert found.values == {CELL: 9}
    assert set(found.problems) == {"x.y.z", f"{CELL}x"}


def test_a_candidate_is_taken_and_cells_that_are_set_count_for_more() -> None:
    # Given
    other = "applications.new_requests.total"
    changes = [{"cell": CELL, "read": 12, "proposed": 9}, {"cell": other, "proposed": None}]
    inspection = told() | {"candidates": [{"rank": 2, "changes": changes}]}

    # Then
    assert assess(inspection, Changes(candidate=2)).values == {CELL: 9, other: None}
    assert assess(inspection, Changes({other: "9"}, candidate=2)).values == {CELL: 9}
    assert "candidate" in assess(inspection, Changes(candidate=1)).problems


def test_what_was_read_already_is_no_change() -> None:
    assert assess(told(), Changes({CELL: "12"})).values == {}


def test_whose_report_it_is_settles_a_conflict_of_publishers() -> None:
    # Given two reports' titles in one file: two publishers are equally likely
    rng = random.Random(1)
    text = "\n".join(RENDERERS["tabbed"](random_report(rng), rng) for _ in range(2))
    inspection = told(text)
    assert assess(inspection).reason is Reason.PUBLISHER_CONFLICT

    # When the operator says which it is
    found = assess(inspection, Changes(identity=Identity("示例市水利局", 2023)))

    # Then no hard finding is left, and the conflict is still told
    assert found.reason is None
    assert (found.read.publisher, found.read.year) == ("示例市水利局", 2023)
    conflicts = [f for f in found.findings if f.rule == "PUBLISHER.EVIDENCE"]
    assert conflicts
    assert {f.severity for f in conflicts} == {Severity.SOFT}


def test_what_reading_left_over_is_found_again_also_in_letters_of_older_releases() -> None:
    # Given a line with figures that no row could take, as a hard finding
    inspection = told()
    line = "x 1 2 3 4 5"
    inspection["report"]["reading"]["applications"]["lost"] = [line]
    inspection["report"]["reading"]["applications"]["unaligned"] = [line]
    anew = [f for f in assess(inspection).findings if line in f.message]
    assert [f.severity for f in anew] == [Severity.HARD]

    # When a letter has the finding and not what it came from
    finding = {"rule": anew[0].rule, "severity": "hard", "scope": anew[0].scope}
    inspection["findings"].append({**finding, "message": anew[0].message})
    del inspection["report"]["reading"]

    # Then it is still hard
    assert [f.message for f in assess(inspection, Changes({CELL: "9"})).hard] == [anew[0].message]


FOURTH = "四、政府信息公开行政复议、行政诉讼情况"


def without_the_fourth(*, old: bool) -> dict[str, Any]:
    """Return the inspection of a report that ends before table 四; older releases told less."""
    text = SEED.read_text("utf-8")
    rest = text[text.index(FOURTH) :]
    inspection = told(text.replace(rest, rest[rest.index("五、") :]))
    assert inspection["reason"] == "incomplete"
    if old:
        del inspection["report"]["reading"]
    return inspection


@pytest.mark.parametrize("old", [False, True])
def test_a_table_that_was_not_found_is_filled_in(old: bool) -> None:
    # Given the figures of the table
    rows = REVIEW.printed_in(Edition.CURRENT).rows
    cells = {cell_key("review", row.key, column.key): "0" for row in rows for column in row.columns}

    # When they are set
    inspection = without_the_fourth(old=old)
    found = assess(inspection, Changes(cells))

    # Then it may be stored, and what was published has no such table
    assert (found.reason, found.problems) == (None, {})
    assert list(found.report.tables) == list(TABLES)
    assert "review" not in found.read.tables
    assert len(found.values) == len(cells)

    # When only one row is
    first = {address: "0" for address in cells if ".reconsideration." in address}
    reasons = assess(inspection, Changes(first)).hard

    # Then the rest is missing
    assert [(one.rule, one.scope) for one in reasons] == [("TABLE.COMPLETE", "review")]


def test_a_table_that_is_filled_in_by_half_is_told() -> None:
    # Given the first cells of every row of the table
    inspection = without_the_fourth(old=False)
    rows = REVIEW.printed_in(Edition.CURRENT).rows

    def after(count: int) -> list[tuple[str, Severity, int]]:
        cells = [
            cell_key("review", row.key, column.key)
            for row in rows
            for column in row.columns[:count]
        ]
        found = assess(inspection, Changes(dict.fromkeys(cells, "0"))).findings
        review = [one for one in found if one.scope == "review"]
        return [(one.rule, one.severity, len(one.cells)) for one in review]

    # Then what is open is told, and is hard where it is most
    assert after(2) == [("TABLE.COMPLETE", Severity.HARD, 9)]
    assert after(4) == [("TABLE.COMPLETE", Severity.SOFT, 3)]
    assert after(5) == []


def test_rows_of_two_layouts_are_a_problem_and_no_more() -> None:
    # Given a report without table 三, and rows that no layout has together
    text = SEED.read_text("utf-8")
    start = text.index("三、收到和处理")
    inspection = told(text[:start] + text[text.index(FOURTH) :])
    divided, undivided = "applications.other_outcome.total", "applications.other_undivided.total"

    # When both are set, then the second is told
    found = assess(inspection, Changes({divided: "0", undivided: "0"}))
    assert list(found.values) == [divided]
    assert list(found.problems) == [undivided]


def test_another_year_is_another_edition_where_the_year_alone_told_it() -> None:
    # Given a report without table 二, of which 2022 was read
    text = SEED.read_text("utf-8")
    inspection = told(text[: text.index("二、主动公开")] + text[text.index("三、收到和处理") :])
    assert inspection["report"]["edition"] == "2021"

    # When an operator says 2020
    cells = {"disclosure.procurement.amount": "1"}
    found = assess(inspection, Changes(cells, identity=Identity(year=2020)))

    # Then the table is that of 2020; with table 二 in the file it stays as it is printed
    assert (found.problems, found.read.edition) == ({}, Edition.TRIAL)
    other = assess(told(), Changes(identity=Identity(year=2020)))
    assert other.read.edition is Edition.CURRENT


def test_the_year_that_is_said_tells_how_a_table_is_printed() -> None:
    # Given a report of which nobody knows the year
    inspection = without_the_fourth(old=False)
    inspection["report"] |= {"edition": None, "year": None}
    cell = "review.reconsideration.total"
    assert set(assess(inspection, Changes({cell: "0"})).problems) == {cell}

    # When it is said
    found = assess(inspection, Changes({cell: "0"}, identity=Identity(year=2020)))

    # Then its edition is known
    assert (found.problems, found.read.edition) == ({}, Edition.TRIAL)


@pytest.mark.parametrize("inspection", [None, as_json(inspect(b"", "empty.txt"))])
def test_nothing_recognised_cannot_be_stored(inspection: dict[str, Any] | None) -> None:
    with pytest.raises(Unacceptable, match="retry or discard"):
        assess(inspection)
