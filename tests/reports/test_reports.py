"""The generator itself: its reports balance, its renderers print them, its breaks break."""

import json
import random
import re
from itertools import pairwise
from pathlib import Path

import pytest

from models.disclosure.form import APPLICANTS, SECTIONS, TABLES, Edition
from models.disclosure.report import Printed
from tests.budgets import EXAMPLES
from tests.reports.layouts import EXPRESSES, RENDERERS, random_document
from tests.reports.statutory import grids, placed
from tests.reports.truth import (
    MESS,
    TruthReport,
    break_cell,
    broken_edits,
    random_report,
    violations,
)

SEEDS = range(4 * EXAMPLES)
SAMPLES = Path(__file__).parent.parent / "data" / "pdftotext"
HEADINGS = [heading for _, heading in SECTIONS]
PAGE_MARK = re.compile(r"^\f? *[-—] *\d+ *[-—] *$", re.MULTILINE)


def body(text: str, table: str) -> str:
    """What stands between the heading of a table's section and the next heading."""
    at = [key for key, _ in SECTIONS].index(table)
    start = text.rindex(f"、{HEADINGS[at]}")
    return PAGE_MARK.sub("", text[start : text.index(f"、{HEADINGS[at + 1]}", start)])


def figures(text: str) -> list[str]:
    return [token for token in re.split(r"[\s|]+", text) if re.fullmatch(r"[+-]?[\d.]*\d", token)]


def printed(report: TruthReport, table: str) -> list[str]:
    return [
        cell.raw.strip()
        for address, cell in report.cells.items()
        if address.startswith(f"{table}.") and cell.raw
    ]


@pytest.mark.parametrize("messy", [False, True])
def test_reports_balance(messy: bool) -> None:
    for seed in SEEDS:
        assert violations(random_report(random.Random(seed), messy=messy)) == set()


def test_broken_cells_break_what_form_md_says() -> None:
    for seed in SEEDS:
        rng = random.Random(seed)
        report = random_report(rng, messy=bool(seed % 2))

        broken, address, delta = break_cell(report, rng)

        assert violations(broken) == broken_edits(address)
        assert {key for key in report.cells if report.cells[key] != broken.cells[key]} == {address}
        old, new = report.cells[address].value, broken.cells[address].value
        assert isinstance(old, int)
        assert isinstance(new, int)
        assert new - old == delta != 0
        assert new >= 0


@pytest.mark.parametrize(
    ("address", "edits"),
    [
        (
            "applications.new_requests.total",
            {("T3.APPLICANTS", "new_requests"), ("T3.FLOW", "total")},
        ),
        (
            "applications.processed_total.other",
            {("T3.APPLICANTS", "processed_total"), ("T3.FLOW", "other"), ("T3.OUTCOMES", "other")},
        ),
        (
            "applications.granted.business",
            {("T3.APPLICANTS", "granted"), ("T3.OUTCOMES", "business")},
        ),
        ("review.reconsideration.upheld", {("T4.RESULTS", "reconsideration")}),
        ("disclosure.fees.amount", set()),
    ],
)
def test_edits_of_a_cell(address: str, edits: set[tuple[str, str]]) -> None:
    assert broken_edits(address) == edits


@pytest.mark.parametrize(
    ("edition", "undivided", "rows", "years"),
    [
        ("2021", False, 25, range(2021, 2026)),
        ("2021", True, 23, range(2021, 2026)),
        ("2019", None, 23, range(2019, 2021)),
    ],
)
def test_editions(edition: str, undivided: bool | None, rows: int, years: range) -> None:
    for seed in SEEDS:
        report = random_report(random.Random(seed), edition=edition, undivided=undivided)
        assert report.edition is Edition(edition)
        assert len(report.rows("applications")) == rows
        assert report.year in years
        assert report.signed_on.year == report.year + 1
        assert set(report.cells) == {
            cell for table in TABLES for cell in report.layout(table).cells
        }


def test_figures_are_mostly_zero_and_sometimes_large() -> None:
    values = [
        cell.value or 0
        for seed in SEEDS
        for cell in random_report(random.Random(seed)).cells.values()
    ]
    assert sum(value == 0 for value in values) > len(values) * 0.6
    assert max(values) > 9_999


def test_facts_agree_with_the_tables() -> None:
    for seed in SEEDS:
        report = random_report(random.Random(seed), messy=True)
        stated = report.facts.get("received")
        if stated is not None:
            assert report.cells["applications.new_requests.total"].value == stated


@pytest.mark.parametrize("name", RENDERERS)
def test_clean_figures_are_printed_in_order(name: str) -> None:
    for seed in SEEDS:
        report, _, text = random_document(random.Random(seed), renderer=name, messy=False)
        for table in TABLES:
            assert figures(body(text, table)) == printed(report, table)


@pytest.mark.parametrize("name", RENDERERS)
def test_every_cell_of_a_messy_report_is_printed(name: str) -> None:
    for seed in SEEDS:
        report, _, text = random_document(random.Random(seed), renderer=name)
        for table in TABLES:
            place, section = 0, body(text, table)
            for raw in printed(report, table):
                place = section.index(raw, place) + len(raw)
        assert re.search(rf"{report.publisher}\s*{report.year}|（{report.year}年）", text)


@pytest.mark.parametrize("name", RENDERERS)
def test_each_mess_is_expressed(name: str) -> None:
    for option in EXPRESSES[name]:
        report = random_report(random.Random(5), edition="2021", messy={option: 0.5})
        assert report.mess == {option}
        assert RENDERERS[name](report, random.Random(5))


def test_blanks_cannot_be_single_spaced() -> None:
    report = random_report(random.Random(5), messy={"blank_row": True})
    with pytest.raises(ValueError, match="blank cells in applications"):
        RENDERERS["single_spaced"](report, random.Random(5))


def test_unknown_mess_is_refused() -> None:
    with pytest.raises(ValueError, match="no such mess"):
        random_report(random.Random(5), messy={"blots": True})
    assert set(EXPRESSES) == set(RENDERERS)
    assert all(options <= set(MESS) for options in EXPRESSES.values())


def test_equal_seeds_give_equal_documents() -> None:
    for seed in SEEDS:
        assert random_document(random.Random(seed)) == random_document(random.Random(seed))


def test_drawn_tables_are_rectangles() -> None:
    for seed in SEEDS:
        report = random_report(random.Random(seed), messy=True)
        drawn = [slot for grid in grids(report).values() for line in placed(grid) for slot in line]
        widths = [{len(line) for line in placed(grid)} for grid in grids(report).values()]
        assert all(len(width) == 1 for width in widths)
        assert [slot.cell.address for slot in drawn if slot.figure] == list(report.cells)


def test_blank_columns_can_be_told_by_their_place() -> None:
    """Spaced figures of one column never reach into the characters of the next."""
    for seed in SEEDS:
        rng = random.Random(seed)
        report = random_report(rng, edition="2021", messy={"blanks": 0.3})
        text = body(RENDERERS["spaced"](report, rng), "applications")
        spans = [
            [m.span() for m in re.finditer(r"(?<!\S)\d+(?!\S)", line)] for line in text.split("\n")
        ]
        rows = [iter(row) for row in spans if row]
        reach: dict[str, list[tuple[int, int]]] = {column.key: [] for column in APPLICANTS}
        for row, found in zip(report.rows("applications"), rows, strict=True):
            for column in row.columns:
                if report.cells[f"applications.{row.key}.{column.key}"].raw:
                    reach[column.key].append(next(found))
        for left, right in pairwise(reach.values()):
            assert max(end for _, end in left) < min(start for start, _ in right)


@pytest.mark.parametrize("sample", sorted(path.stem for path in SAMPLES.glob("*.txt")))
def test_real_pdf_text_holds_its_truth(sample: str) -> None:
    truth = json.loads((SAMPLES / f"{sample}.json").read_text(encoding="utf-8"))
    text = (SAMPLES / f"{sample}.txt").read_text(encoding="utf-8")
    cells: dict[str, tuple[str, int | str | None, str]] = truth["cells"]
    for table in ("applications", "review"):
        raws = [raw for address, (raw, _, _) in cells.items() if address.startswith(f"{table}.")]
        found = figures(body(text, table))
        assert found == [raw for raw in raws if raw.isdecimal()]
    assert {kind for _, _, kind in cells.values()} <= {str(kind) for kind in Printed}
