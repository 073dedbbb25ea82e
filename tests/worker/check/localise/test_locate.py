"""Candidates on random tables broken in every way, and on tables made by hand."""

import random
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.disclosure.form import LAYOUTS, OUTCOME_ROWS, Edition
from models.disclosure.localisation import Localisation, Mechanism, Origin, Status
from models.disclosure.report import Cell, Printed, ReadTable, Report, Section
from tests.budgets import EXAMPLES
from tests.localise import as_read, measure
from tests.reports.cells import TruthReport
from tests.reports.slips import BLANK as NOTHING
from tests.reports.slips import MECHANISMS, OF_REVIEW, Grid, broken, cells
from tests.reports.truth import random_report
from tests.worker.check.localise.repaired import failing, repaired
from worker.check.localise.search import MOST_NODES
from worker.check.localise.witnesses import Context
from worker.check.locate import locate

BLANK = Cell(None, "", Printed.BLANK)
NATURAL = "applications.{}.natural_person"
TOTAL = "applications.{}.total"


def number(value: int, **told: object) -> Cell:
    return Cell(value, str(value), Printed.NUMBER)._replace(**told)  # type: ignore[arg-type]


def report(cells: dict[str, Cell], layout: str = "applications.divided", text: str = "") -> Report:
    """A report of zeros, but for 12 requests granted and the cells given."""
    rows = ("new_requests", "granted", "processed_total")
    granted = {name.format(row): number(12) for row in rows for name in (NATURAL, TOTAL)}
    tables = {}
    for key in (layout, "review.across"):
        form = LAYOUTS[key]
        known = {c: (granted | cells).get(c, number(0)) for c in form.cells}
        missing = tuple(r for r in form.row_keys if f"{form.table}.{r}" in cells)
        kept = {c: v for c, v in known.items() if c.split(".")[1] not in missing}
        tables[form.table] = ReadTable(key, kept, missing)
    sections = (Section("overview", "一、总体情况", text),)
    return Report("示例市财政局", 2023, Edition.CURRENT, "标题", tables, sections)


def located(broken_one: Report, context: Context | None = None) -> Localisation:
    found = locate(broken_one, context or Context())
    assert found is not None
    return found


def proposals(found: Localisation) -> list[dict[str, int]]:
    return [{change.cell: change.proposed for change in one.changes} for one in found.candidates]


def test_totals_that_no_outcome_row_prints_are_not_proposed() -> None:
    # Given a report that prints none of them, and a wrong figure
    outcomes = [row for row in OUTCOME_ROWS if row in LAYOUTS["applications.divided"].row_keys]
    blanks = {TOTAL.format(row): BLANK for row in outcomes}
    wrong = {NATURAL.format("granted"): number(13)}

    # When it is localised, then the figure alone is wrong
    assert proposals(located(report(blanks | wrong))) == [{NATURAL.format("granted"): 12}]

    # Also where it is the total of all
    zero = {TOTAL.format("processed_total"): number(0)}
    assert proposals(located(report(blanks | zero)))[0] == {TOTAL.format("processed_total"): 12}


# --- what holds for every table ------------------------------------------------------------------


def broken_report(seed: int, how: str) -> tuple[TruthReport, TruthReport]:
    rng = random.Random(seed)
    truth = random_report(rng)
    table, _, name = how.partition(" ")
    mechanism = (MECHANISMS if table == "applications" else OF_REVIEW)[name]
    return truth, broken(truth, table, mechanism, rng)


EVERY_BREAK = [f"applications {name}" for name in MECHANISMS] + [f"review {n}" for n in OF_REVIEW]


@settings(deadline=None, max_examples=10 * EXAMPLES)
@given(seed=st.integers(0, 2**32), how=st.sampled_from(EVERY_BREAK))
def test_every_candidate_makes_the_edits_hold_that_it_resolves(seed: int, how: str) -> None:
    # Given
    read = as_read(broken_report(seed, how)[1])
    before = failing(read)
    found = locate(read)

    # Then whoever takes a candidate has those edits hold, and no other one fails
    assert (found is not None) == bool(before)
    for block in found.blocks if found else ():
        assert set(block.edits) <= before
        assert [one.rank for one in block.candidates] == list(range(1, len(block.candidates) + 1))
        for candidate in block.candidates:
            assert failing(repaired(read, candidate)) == before - set(candidate.resolves)
            assert set(block.edits) <= set(candidate.resolves)
            assert all(change.proposed >= 0 for change in candidate.changes)
            assert all(change.proposed != (change.read or 0) for change in candidate.changes) or (
                candidate.mechanism is Mechanism.ROW_MISSING
            )


def chaos(seed: int) -> Report:
    """A table broken several times over, perhaps without totals, zeros or legible figures."""
    rng = random.Random(seed)

    def how(grid: Grid, rng: random.Random) -> None:
        for _ in range(rng.randint(1, 4)):
            rng.choice(list(MECHANISMS.values()))(grid, rng)
        unprinted, zeros = rng.random() < 0.3, rng.random() < 0.3
        for row in grid:
            if unprinted and rng.random() < 0.8:
                row[-1] = NOTHING
            row[:] = [NOTHING if zeros and not cell.value else cell for cell in row]

    read = as_read(broken(random_report(rng), "applications", how, rng))
    table = read.tables["applications"]
    scribbled = rng.sample(list(table.cells), rng.choice((0, 0, 1, 2)))
    scribbles = dict.fromkeys(scribbled, Cell(None, "x", Printed.UNREADABLE))
    tables = {**read.tables, "applications": replace(table, cells={**table.cells, **scribbles})}
    return replace(read, tables=tables)


@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 2**32))
@example(11396111)  # a negative figure that a row slipped with
def test_whatever_was_done_to_a_table_no_candidate_breaks_another_edit(seed: int) -> None:
    # Given
    read = chaos(seed)
    before = failing(read)

    # When
    found = locate(read)

    # Then
    for candidate in found.candidates if found else ():
        assert failing(repaired(read, candidate)) == before - set(candidate.resolves)
        assert all(change.proposed >= 0 for change in candidate.changes)
    assert found is None or found.search.nodes <= 10 * MOST_NODES


@settings(deadline=None, max_examples=10 * EXAMPLES)
@given(seed=st.integers(0, 2**32))
def test_a_single_wrong_cell_of_table_three_is_always_the_first_candidate(seed: int) -> None:
    # Given
    rng = random.Random(seed)
    truth = random_report(rng)
    wrong = broken(truth, "applications", cells(1), rng)
    (cell,) = [key for key in truth.cells if truth.cells[key] != wrong.cells[key]]

    # When
    found = located(as_read(wrong))

    # Then
    assert found.status is Status.UNIQUE
    assert proposals(found)[0] == {cell: truth.cells[cell].value}


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_every_cell_of_a_row_of_table_four_is_told(seed: int) -> None:
    # Given
    rng = random.Random(seed)
    truth = random_report(rng)
    wrong = broken(truth, "review", cells(1), rng)
    (cell,) = [key for key in truth.cells if truth.cells[key] != wrong.cells[key]]
    row = cell.rpartition(".")[0]
    left = sum(
        int(wrong.cells[f"{row}.{c}"].value or 0)
        for c in ("upheld", "corrected", "other", "pending")
    )
    over = left - int(wrong.cells[f"{row}.total"].value or 0)

    # When
    told = proposals(located(as_read(wrong)))

    # Then the truth is among them, and so is every other cell that can take the difference
    assert {cell: truth.cells[cell].value} in told
    for column in ("upheld", "corrected", "other", "pending"):
        value = int(wrong.cells[f"{row}.{column}"].value or 0) - over
        assert value < 0 or {f"{row}.{column}": value} in told
    assert {f"{row}.total": left} in told


@pytest.mark.parametrize(
    ("mechanism", "first", "among_three"),
    [
        ("single cell", 100, 100),
        ("two cells", 97, 97),
        ("three cells", 97, 97),
        ("wrong column", 90, 95),
        ("wrong row", 80, 95),
        ("neighbours swapped", 95, 95),
        ("row shifted left", 95, 95),
        ("row shifted right", 95, 95),
        ("number split", 98, 98),
        ("numbers merged", 98, 98),
        ("row missing", 95, 95),
        ("rows slipped", 80, 95),
    ],
)
def test_what_was_broken_is_found_as_often_as_measured(
    mechanism: str, first: int, among_three: int
) -> None:
    tally = measure("applications", MECHANISMS[mechanism], cases=40, seed=7)
    assert tally.first() >= first
    assert tally.first(3) >= among_three


# --- tables made by hand -------------------------------------------------------------------------


def test_nothing_is_told_of_what_balances() -> None:
    assert locate(report({})) is None


def test_the_undivided_layout_is_searched_by_its_own_rows() -> None:
    # Given the row that only this layout has, wrong
    cell = NATURAL.format("other_undivided")

    # When
    found = located(report({cell: number(2)}, "applications.undivided"))

    # Then
    assert proposals(found) == [{cell: 0}]


def test_totals_that_nobody_printed_would_be_printed() -> None:
    # Given two rows whose totals are blank, so that the outcomes do not add up
    rows = ("granted", "denied_third_party")
    wrong = {TOTAL.format(row): BLANK for row in rows} | {
        NATURAL.format("denied_third_party"): number(3),
        NATURAL.format("processed_total"): number(15),
        TOTAL.format("processed_total"): number(15),
        NATURAL.format("new_requests"): number(15),
        TOTAL.format("new_requests"): number(15),
    }

    # When
    found = located(report(wrong))

    # Then
    assert found.candidates[0].mechanism is Mechanism.TOTALS_NOT_PRINTED
    assert proposals(found)[0] == {TOTAL.format(rows[0]): 12, TOTAL.format(rows[1]): 3}
    assert found.candidates[0].changes[0].read is None


def test_a_row_that_is_not_in_the_file_would_be_there() -> None:
    # Given
    wrong = report({"applications.granted": BLANK})

    # When
    found = located(wrong)

    # Then: a row that is there may be wrong as well, but an absent one is likelier
    assert found.candidates[0].mechanism is Mechanism.ROW_MISSING
    assert proposals(found)[0] == {NATURAL.format("granted"): 12, TOTAL.format("granted"): 12}
    assert failing(repaired(wrong, found.candidates[0])) == set()


def test_blank_rows_are_no_hint_where_zeros_are_left_blank() -> None:
    # Given all zeros blank, and the row of what was granted as well
    blank = dict.fromkeys(LAYOUTS["applications.divided"].cells, BLANK)
    kept = {
        c: number(12)
        for row in ("new_requests", "processed_total")
        for c in (NATURAL.format(row), TOTAL.format(row))
    }

    # When
    found = located(report(blank | kept))

    # Then any of the outcomes may be the one
    assert found.status is Status.TIED
    assert {one.mechanism for one in found.candidates} >= {Mechanism.LEAF_AND_TOTAL}


def test_a_cell_that_is_no_figure_is_deduced() -> None:
    # Given
    cell = NATURAL.format("granted")
    wrong = report({cell: Cell(None, "l2", Printed.UNREADABLE)})

    # When
    found = located(wrong)

    # Then
    assert found.status is Status.UNIQUE
    (candidate,) = found.candidates
    assert candidate.mechanism is Mechanism.UNREADABLE
    assert candidate.resolves == (f"CELL.VALUE:{cell}",)
    assert [(c.raw, c.read, c.proposed, c.delta) for c in candidate.changes] == [
        ("l2", None, 12, 12)
    ]


def test_a_cell_that_is_no_figure_beside_a_wrong_one() -> None:
    # Given
    unreadable, wrong = NATURAL.format("granted"), TOTAL.format("new_requests")

    # When
    found = located(report({unreadable: Cell(None, "l2", Printed.UNREADABLE), wrong: number(21)}))

    # Then
    assert proposals(found)[0] == {unreadable: 12, wrong: 12}


def test_what_nothing_within_three_cells_explains_is_not_localised() -> None:
    # Given four cells of four rows and columns wrong by four different figures
    columns = ("natural_person", "business", "research", "other")
    rows = ("granted", "denied_third_party", "unprocessed_repeated", "carried_in")
    wrong = {
        f"applications.{row}.{column}": number(100 + 7 * at**3)
        for at, (row, column) in enumerate(zip(rows, columns, strict=True), 1)
    }

    # When
    found = located(report(wrong))

    # Then
    assert found.status is Status.NOT_LOCALISED
    assert found.candidates == ()
    assert found.search.k == 3


def test_tables_are_repaired_apart() -> None:
    # Given a wrong cell in each table
    wrong = report({TOTAL.format("granted"): number(13), "review.reconsideration.total": number(2)})

    # When
    found = located(wrong)

    # Then there is a block for each, and a candidate of each makes everything hold
    assert [block.table for block in found.blocks] == ["applications", "review"]
    both = repaired(repaired(wrong, found.blocks[0].candidates[0]), found.blocks[1].candidates[0])
    assert failing(both) == set()
    assert found.candidates[0].id == "1.1"


# --- evidence ------------------------------------------------------------------------------------


def evidence(found: Localisation) -> list[tuple[str, str]]:
    return [(one.kind, one.supports) for one in found.candidates[0].evidence]


def test_a_born_digital_file_has_no_misread_digits() -> None:
    # Given
    wrong = report({TOTAL.format("granted"): number(13)})

    # When
    found = located(wrong, Context("text/html"))

    # Then
    assert evidence(found) == [("source", "publisher")]
    assert found.candidates[0].origin is Origin.PUBLISHER
    assert located(wrong, Context("text/plain")).candidates[0].origin is Origin.UNDETERMINED


def test_a_figure_that_was_read_without_certainty_is_a_misreading() -> None:
    # Given
    wrong = report({TOTAL.format("granted"): number(13, confidence=0.4)})

    # When
    found = located(wrong, Context("application/pdf"))

    # Then
    assert evidence(found) == [("confidence", "reading")]
    assert found.candidates[0].origin is Origin.READING
    assert found.candidates[0].cost < 1


def test_the_narrative_speaks_for_what_it_states() -> None:
    # Given
    text = "2023年，本机关收到政府信息公开申请12件。"
    wrong = {TOTAL.format("new_requests"): number(13)}

    # When
    found = located(report(wrong, text=text))

    # Then
    assert evidence(found) == [("narrative", "proposed")]
    assert "12件" in found.candidates[0].evidence[0].quote
    against = located(report(wrong, text=text.replace("12件", "13件")))
    assert evidence(against) == [("narrative", "read")]


def test_the_year_before_speaks_for_what_it_carried_out() -> None:
    # Given 3 carried in as printed, where the edits ask for 0
    wrong = report({TOTAL.format("carried_in"): number(3)})

    # When
    found = located(wrong, Context(previous={"total": 0, "natural_person": 0}))

    # Then
    assert evidence(found) == [("previous_year", "proposed")]
    assert evidence(located(wrong, Context(previous={"total": 3}))) == [("previous_year", "read")]
    assert evidence(located(wrong, Context(previous={"total": 8}))) == []


def test_a_second_extraction_tells_who_erred() -> None:
    # Given
    cell = TOTAL.format("granted")
    wrong = report({cell: number(13)})

    # Then
    for second, who in ((12, Origin.READING), (13, Origin.PUBLISHER)):
        found = located(wrong, Context("text/html", second={cell: second}))
        assert found.candidates[0].origin is who


def test_evidence_orders_what_costs_the_same_and_hides_no_tie() -> None:
    # Given a row of table 四 that four cells could balance, and a narrative that states its total
    cells = {"review.reconsideration.upheld": number(5), "review.reconsideration.total": number(4)}
    text = "政府信息公开行政复议案件5件。"

    # When
    found = located(report(cells, text=text))

    # Then
    assert found.status is Status.TIED
    assert proposals(found)[0] == {"review.reconsideration.total": 5}
    assert {one.tie_group for one in found.candidates if len(one.changes) == 1} == {1}


def test_a_row_of_table_four_with_no_figure_is_deduced() -> None:
    # Given
    cell = "review.reconsideration.upheld"
    wrong = {cell: Cell(None, "一", Printed.UNREADABLE), "review.reconsideration.total": number(1)}

    # Then
    assert proposals(located(report(wrong))) == [{cell: 1}]
