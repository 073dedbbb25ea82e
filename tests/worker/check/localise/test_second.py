"""What a second extraction is believed, and that a misplaced one is not."""

import random
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.disclosure.localisation import Candidate, Localisation, Origin
from models.disclosure.report import Cell, Printed, ReadTable, Report
from tests.budgets import EXAMPLES
from tests.localise import as_read
from tests.reports.cells import TruthReport
from tests.reports.slips import MECHANISMS, broken, misprinted
from tests.reports.truth import random_report
from worker.check.localise.second import trusted
from worker.check.localise.witnesses import Context
from worker.check.locate import locate

_PDF = "application/pdf"


def wrong(seed: int) -> tuple[TruthReport, TruthReport, str]:
    """A report, the same with one figure of table 三 wrong, and which."""
    rng = random.Random(seed)
    truth = random_report(rng)
    return truth, *misprinted(truth, rng)


def located(first: Report, second: Report) -> Localisation:
    found = locate(first, Context(_PDF, second=trusted(first, second)))
    assert found is not None
    return found


def said(candidate: Candidate) -> set[str]:
    return {one.supports for one in candidate.evidence if one.kind == "second_extraction"}


def changed(report: Report, **attributes: tuple[str, ...]) -> Report:
    table = replace(report.tables["applications"], **attributes)  # type: ignore[arg-type]
    return replace(report, tables={**report.tables, "applications": table})


def with_cells(report: Report, instead: dict[str, Cell]) -> Report:
    table: ReadTable = report.tables["applications"]
    table = replace(table, cells={**table.cells, **instead})
    return replace(report, tables={**report.tables, "applications": table})


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_two_extractions_tell_a_misreading_from_a_publishers_slip(seed: int) -> None:
    # Given what is printed, and what was read
    truth, other, cell = wrong(seed)
    read, printed = as_read(other), as_read(truth)
    assume(truth.cells[cell].value)  # not all noughts

    # When another extraction reads what is printed, or the same as the first
    misread, as_printed = located(read, printed), located(read, read)

    # Then
    first = misread.candidates[0]
    assert [change.cell for change in first.changes] == [cell]
    assert (said(first), first.origin) == ({"proposed"}, Origin.READING)
    assert {one.origin for one in as_printed.candidates} == {Origin.PUBLISHER}
    assert {word for one in as_printed.candidates for word in said(one)} == {"read"}
    assert as_printed.status is misread.status


# Chance may undo the publisher's slip, about once in ten thousand: the same cases every time.
@settings(deadline=None, max_examples=10 * EXAMPLES)
@given(seed=st.integers(0, 2**32), how=st.sampled_from(sorted(MECHANISMS)))
def test_what_another_extraction_misplaced_shows_no_misreading(seed: int, how: str) -> None:
    # Given a slip of the publisher, which the first extraction reads as it is printed
    _, other, _ = wrong(seed)

    # When the second one has rows or figures of it elsewhere
    misplaced = broken(other, "applications", MECHANISMS[how], random.Random(seed + 1))
    found = located(as_read(other), as_read(misplaced))

    # Then nobody is told that a figure was misread
    assert [one for one in found.candidates if "proposed" in said(one)] == []
    assert [one for one in found.candidates if one.origin is Origin.READING] == []


def test_a_nought_for_a_figure_tells_nothing() -> None:
    # Given a figure, where the second extraction has a nought
    rng = random.Random(1)
    truth = random_report(rng)
    cell = next(c for c in truth.cells if c.startswith("applic") and truth.cells[c].value == 0)
    read = with_cells(as_read(truth), {cell: Cell(5, "5", Printed.NUMBER)})

    # When
    found = located(read, as_read(truth))

    # Then it may have lost it
    first = found.candidates[0]
    assert [change.cell for change in first.changes] == [cell]
    assert (said(first), first.origin) == (set(), Origin.UNDETERMINED)


def test_a_figure_that_stands_elsewhere_is_not_lost() -> None:
    # Given a figure that was read in the column beside its own
    rng = random.Random(1)
    truth = random_report(rng)
    here = next(c for c in truth.cells if c.endswith("natural_person") and truth.cells[c].value)
    there = here.replace("natural_person", "research")
    printed = as_read(truth)
    moved = {here: printed.cell(there), there: printed.cell(here)}
    assert printed.cell(there).value == 0

    # When
    found = located(with_cells(printed, moved), printed)

    # Then
    first = found.candidates[0]
    assert {change.cell for change in first.changes} == {here, there}
    assert (said(first), first.origin) == ({"proposed"}, Origin.READING)


def test_a_candidate_that_leaves_a_difference_open_is_not_spoken_for() -> None:
    # Given two cells of different rows in which the extractions differ, one of them wrong
    truth, other, cell = wrong(3)
    row = cell.rpartition(".")[0]
    printed = as_read(truth)
    elsewhere = next(c for c in printed.tables["applications"].cells if not c.startswith(row))
    second = with_cells(printed, {elsewhere: Cell(77, "77", Printed.NUMBER)})

    # When
    found = located(as_read(other), second)

    # Then
    assert [one for one in found.candidates if "proposed" in said(one)] == []


@pytest.mark.parametrize("doubt", ["missing", "unplaced", "chosen"])
def test_rows_in_doubt_are_no_witnesses(doubt: str) -> None:
    truth, other, cell = wrong(5)
    row = cell.split(".")[1]
    second = trusted(as_read(other), changed(as_read(truth), **{doubt: (row,)}))
    assert second
    assert not any(address.split(".")[1] == row for address in second)


def test_rows_that_are_not_complete_are_no_witnesses() -> None:
    # Given a row of which one cell was lost
    truth, other, cell = wrong(5)
    row = cell.rpartition(".")[0]
    lost = {f"{row}.total": Cell(None, "", Printed.BLANK)}

    # Then
    second = trusted(as_read(other), with_cells(as_read(truth), lost))
    assert not any(address.startswith(row) for address in second)


def test_an_extraction_that_says_otherwise_in_most_rows_is_of_something_else() -> None:
    first, second = (as_read(random_report(random.Random(seed))) for seed in (1, 2))
    of_table = [cell for cell in trusted(first, second) if cell.startswith("applications")]
    assert of_table == []


def test_what_an_operator_corrected_is_not_held_against_it() -> None:
    # Given a slip of the publisher; an operator typed something else that does not balance either
    _, other, cell = wrong(5)
    read = as_read(other)
    old = read.cell(cell)
    typed = old._replace(value=int(old.value or 0) + 1, published=old)

    # When
    found = located(with_cells(read, {cell: typed}), read)

    # Then that figure is neither read nor printed
    for one in found.candidates:
        if cell in {change.cell for change in one.changes}:
            assert "proposed" not in said(one)


def test_a_candidate_of_which_each_route_has_a_part_leaves_open_who_erred() -> None:
    # Given two wrong figures, one of which was misread
    truth, wrong_once, misread = wrong(11)
    both, printed = misprinted(wrong_once, random.Random(12))
    assert misread.split(".")[1:] != printed.split(".")[1:]
    read = as_read(both)
    second = with_cells(read, {misread: as_read(truth).cell(misread)})

    # When
    found = located(read, second)

    # Then
    first = found.candidates[0]
    assert {change.cell for change in first.changes} == {misread, printed}
    assert (said(first), first.origin) == ({"proposed", "read"}, Origin.UNDETERMINED)
