"""Seeds and random reports, from bytes to verdict."""

import codecs
import json
import random
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.disclosure.finding import Reason, Severity
from models.disclosure.form import LAYOUTS, Edition
from models.disclosure.report import Printed
from tests import budgets
from tests.reports.layouts import EXPRESSES, RENDERERS
from tests.reports.truth import TruthReport, break_cell, broken_edits, random_report
from tests.worker.seeds import SEEDS, TRUTHS, Truth
from worker.inspection import Inspection, as_json, inspect

_EXAMPLES = budgets.EXAMPLES
_LAYOUTS_2021 = ("disclosure.2021", "applications.divided", "review.across")
_PDFTOTEXT = sorted((Path(__file__).parent.parent / "data" / "pdftotext").glob("*.txt"))

# A wholly blank row whose label is wrapped beside others that are wrapped, and a row of zeros
# alone on its page, cannot be told from their neighbours in space-aligned text.
_AMBIGUOUS = {"spaced": {"blank_row", "dropped_row"}}


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.file)
def test_every_printed_cell_of_a_seed_is_read(truth: Truth) -> None:
    # When
    inspection = inspect((SEEDS / truth.file).read_bytes(), truth.file)

    # Then
    report = inspection.report
    assert report is not None
    assert (report.publisher, report.year) == (truth.publisher, truth.year)
    assert report.edition is Edition.CURRENT
    for cell in (key for layout in _LAYOUTS_2021 for key in LAYOUTS[layout].cells):
        read = report.cell(cell)
        if cell.rpartition(".")[0] in truth.missing_rows:
            assert read.printed is Printed.ABSENT, cell
        elif cell in truth.blank:
            assert (read.printed, read.value) == (Printed.BLANK, None), cell
        else:
            expected = truth.figures.get(cell, 0)
            wanted = Decimal(expected) if isinstance(expected, str) else expected
            assert (read.printed, read.value) == (Printed.NUMBER, wanted), cell


@pytest.mark.parametrize("digits", [16, 20, 5000])
def test_figures_run_together_are_refused_and_shown(digits: int) -> None:
    # Given a seed with a figure that no database keeps
    truth = TRUTHS[0]
    text = (SEEDS / truth.file).read_text("utf-8").replace("\t12\n", f"\t{'9' * digits}\n", 1)

    # When
    inspection = inspect(text.encode(), truth.file)

    # Then it is refused for that cell, in words short enough for a log, and the rest is kept
    assert inspection.reason is Reason.INVALID_VALUE
    assert len(inspection.message) < 500
    assert inspection.report is not None
    assert b"new_requests" in orjson.dumps(as_json(inspection))


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.file)
def test_a_seed_is_stored_with_its_soft_findings(truth: Truth) -> None:
    # When
    inspection = inspect((SEEDS / truth.file).read_bytes(), truth.file)

    # Then
    assert (inspection.outcome, inspection.reason) == ("stored", None)
    assert {f.severity for f in inspection.findings} <= {Severity.SOFT}
    assert {(f.rule, f.scope) for f in inspection.findings} == truth.findings


def test_seed_001_says_eight_in_its_text_and_nine_in_its_table() -> None:
    # When
    inspection = inspect((SEEDS / TRUTHS[1].file).read_bytes(), "x")

    # Then
    finding = next(f for f in inspection.findings if f.rule == "TEXT.COUNTS")
    assert (finding.left, finding.right, finding.difference) == (8, 9, -1)
    assert finding.evidence == "受理申请公开8件"


def test_the_printed_contract() -> None:
    # Given
    data = (SEEDS / TRUTHS[0].file).read_bytes()

    # When
    printed = json.loads(json.dumps(as_json(inspect(data, "年报.txt"))))

    # Then
    assert printed["schema"] == "gouji.inspection/1"
    assert printed["file"]["name"] == "年报.txt"
    assert (printed["file"]["bytes"], printed["file"]["media_type"]) == (9346, "text/plain")
    assert printed["report"]["edition"] == "2021"
    assert printed["tables"]["applications"]["new_requests"]["total"] == 12
    assert printed["tables"]["disclosure"]["fees"] == {"amount": "115.1"}
    assert len(printed["cells"]) == 10 + 175 + 15
    assert {"cell", "raw", "printed", "place"} <= set(printed["cells"][0])
    assert (printed["candidates"], printed["localisation"]) == ([], None)


def test_a_row_that_is_not_in_the_file_is_left_out() -> None:
    printed = as_json(inspect((SEEDS / TRUTHS[2].file).read_bytes(), "x"))
    assert "other_outcome" not in printed["tables"]["applications"]
    assert printed["tables"]["applications"]["other_fee_unpaid"]["total"] is None


def _messy(rng: random.Random, renderer: str) -> TruthReport:
    options = EXPRESSES[renderer] - _AMBIGUOUS.get(renderer, set())
    return random_report(rng, messy={option: rng.choice((0.0, 0.3)) for option in sorted(options)})


@pytest.mark.parametrize("renderer", sorted(RENDERERS))
@settings(max_examples=_EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_cell_of_a_random_report_is_read_back(renderer: str, seed: int) -> None:
    # Given
    rng = random.Random(seed)
    truth = _messy(rng, renderer)
    text = RENDERERS[renderer](truth, rng)

    # When
    inspection = inspect(text.encode(), "report.txt")

    # Then
    _assert_read(inspection, truth)
    assert [f for f in inspection.findings if f.severity is Severity.HARD] == []
    assert [f for f in inspection.findings if f.rule in ("TEXT.COUNTS", "DATE.YEAR")] == []


def _assert_read(inspection: Inspection, truth: TruthReport) -> None:
    report = inspection.report
    assert report is not None, inspection.message
    read = {key: (cell.value, str(cell.printed)) for key, cell in report.cells()}
    assert read == {key: (cell.value, str(cell.printed)) for key, cell in truth.cells.items()}
    for key, cell in report.cells():
        if cell.printed is Printed.NUMBER:
            assert "".join(cell.raw.split()) == "".join(truth.cells[key].raw.split())
            assert cell.place is not None
    assert (report.publisher, report.year) == (truth.publisher, truth.year)
    assert report.edition == truth.edition
    assert report.signed_on == truth.signed_on
    assert {key: table.layout for key, table in report.tables.items()} == truth.layouts


@pytest.mark.parametrize("renderer", ["tabbed", "stacked_tabs", "spaced"])
@settings(max_examples=_EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_broken_cell_breaks_exactly_its_edits(renderer: str, seed: int) -> None:
    # Given
    rng = random.Random(seed)
    broken, address, _ = break_cell(random_report(rng), rng)
    text = RENDERERS[renderer](broken, rng)

    # When
    inspection = inspect(text.encode(), "report.txt")

    # Then
    hard = {(f.rule, f.scope) for f in inspection.findings if f.severity is Severity.HARD}
    assert hard == broken_edits(address)
    assert (inspection.outcome, str(inspection.reason)) == ("dead", "imbalanced")


@pytest.mark.parametrize("path", _PDFTOTEXT, ids=lambda path: path.stem)
def test_real_output_of_pdftotext_is_read_cell_by_cell(path: Path) -> None:
    # Given
    truth = json.loads(path.with_suffix(".json").read_text("utf-8"))

    # When
    report = inspect(path.read_bytes(), "report.txt").report

    # Then
    assert report is not None
    read = {
        key: [None if cell.value is None else str(cell.value), str(cell.printed)]
        for key, cell in report.cells()
    }
    expected = {
        key: [None if value is None else str(value), printed]
        for key, (_, value, printed) in truth["cells"].items()
    }
    assert read == expected
    assert (report.publisher, report.year) == (truth["publisher"], truth["year"])


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("gb18030"),
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
    ids=["gb18030", "utf-8-bom", "utf-16-bom", "utf-16-le", "utf-16-be", "crlf"],
)
def test_the_encoding_does_not_matter(encode: object) -> None:
    # Given
    plain = (SEEDS / TRUTHS[4].file).read_text("utf-8")
    expected = as_json(inspect(plain.encode(), "x"))

    # When
    printed = as_json(inspect(encode(plain), "x"))  # type: ignore[operator]

    # Then
    assert printed["tables"] == expected["tables"]
    assert printed["report"] == expected["report"]


@pytest.mark.parametrize(
    ("data", "reason", "stage"),
    [
        (b"", "empty", "read"),
        (b" \r\n\t", "empty", "read"),
        (b"\x00" * 64, "empty", "read"),
        (b"%PDF-1.7\n1 0 obj", "truncated", "read"),
        (b"Rar!\x1a\x07\x00" + b"\x00" * 40, "unsupported_type", "read"),
        (bytes(range(256)) * 8, "unsupported_type", "read"),
        (b"<!DOCTYPE html><html></html>", "empty", "read"),
        ("今天天气很好，我们去公园。\n".encode(), "not_a_report", "recognise"),
        (
            "某市2016年政府信息公开工作年度报告\n一、概述\n无。".encode(),
            "unsupported_edition",
            "recognise",
        ),
        ("某市2022年政府信息公开工作年度报告\n一、总体情况\n无。".encode(), "incomplete", "check"),
    ],
)
def test_what_is_no_report_is_refused_with_its_reason(data: bytes, reason: str, stage: str) -> None:
    inspection = inspect(data, "x")
    assert (inspection.outcome, str(inspection.reason), inspection.stage) == ("dead", reason, stage)
    assert inspection.message


@settings(max_examples=_EXAMPLES, deadline=None)
@given(data=st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_bytes_whatever_raise(data: bytes) -> None:
    inspection = inspect(data, "x")
    json.dumps(as_json(inspection))
    assert inspection.outcome in ("dead", "unpacked")


@settings(max_examples=_EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_report_cut_or_shuffled_never_raises(seed: int) -> None:
    # Given
    rng = random.Random(seed)
    truth = random_report(rng, messy=True)
    lines = RENDERERS["tabbed"](truth, rng).split("\n")
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(len(lines))
        lines[at] = rng.choice(
            ("", lines[rng.randrange(len(lines))], lines[at][: len(lines[at]) // 2])
        )

    # When
    inspection = inspect("\n".join(lines).encode(), "x")

    # Then
    json.dumps(as_json(inspection))
