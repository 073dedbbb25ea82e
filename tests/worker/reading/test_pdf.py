"""PDFs of random reports by LibreOffice and by hand, cell by cell; and files that are no good."""

import json
import random
import subprocess
import time
from pathlib import Path

import docx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.disclosure.finding import Reason
from tests import budgets
from tests.reports.truth import MESS, TruthReport, random_report
from tests.sampling import sampled
from tests.tools import need
from tests.worker.reading import html_pages, office_files
from tests.worker.reading.pdf_drawn import (
    GRAINS,
    MANNERS,
    STYLES,
    WEIGHTS,
    Drawing,
    assembled,
)
from tests.worker.reading.pdf_files import Printing, print_all, random_printing
from worker.errors import Refused
from worker.inspection import inspect
from worker.reading import choose, pdf
from worker.reading.pages import Grid, Pages, Paragraph, Shape

_PRINTED = max(2, budgets.CONVERTED)
_EXAMPLES = budgets.EXAMPLES
_SEEDS = max(1, _EXAMPLES // 20)
_SHORT = "21cm 9cm"


@pytest.fixture(scope="session")
def all_printings(tmp_path_factory: pytest.TempPathFactory) -> list[Printing]:
    """Reports with lines and without, printed together: it is the start that takes time."""
    need("soffice")
    pages = [
        random_printing(random.Random(seed), paper=None if seed % 4 else _SHORT)
        for seed in range(_PRINTED)
    ]
    pages += [random_printing(random.Random(seed), ruled=False) for seed in range(_PRINTED // 2)]
    return print_all(pages, tmp_path_factory.mktemp("pdf"))


@pytest.fixture(scope="session")
def printings(all_printings: list[Printing]) -> list[Printing]:
    """Reports in any setting; every fourth on paper so low that most rows meet a page's end."""
    return all_printings[:_PRINTED]


@pytest.fixture(scope="session")
def borderless(all_printings: list[Printing]) -> list[Printing]:
    """Reports whose tables have no lines."""
    return all_printings[_PRINTED:]


@pytest.mark.process
def test_every_cell_that_libreoffice_prints_is_read(printings: list[Printing]) -> None:
    inspected = [(inspect(printing.data, "年报.pdf"), printing.truth) for printing in printings]
    assert office_files.all_wrong(inspected) == []
    rules = {finding.rule for inspection, _ in inspected for finding in inspection.findings}
    assert not rules & {"TEXT.COUNTS", "DATE.YEAR"}


@pytest.mark.process
@pytest.mark.soak
def test_every_cell_of_a_word_file_printed_to_pdf_is_read(tmp_path: Path) -> None:
    truths = office_files.reports(_PRINTED // 2, first=300)
    sources = {f"{at:03}.docx": office_files.word(truth, at) for at, truth in enumerate(truths)}
    printed = office_files.convert(sources, "pdf", tmp_path)
    inspected = [
        (inspect(printed[name], name), truth) for name, truth in zip(sources, truths, strict=True)
    ]
    assert office_files.all_wrong(inspected) == []


@pytest.mark.process
@pytest.mark.parametrize("table", ["plain", "broken", "by_row", "cut"])
@pytest.mark.soak
def test_every_cell_of_a_page_that_a_browser_saves_is_read(table: str, tmp_path: Path) -> None:
    """Borders drawn cell by cell, rows of their own widths, the browser's own head and foot."""
    browser = need("chromium", "google-chrome")

    # Given
    rng = random.Random(table)
    truth = _messy(rng)
    page, saved = tmp_path / "page.html", tmp_path / "page.pdf"
    html = html_pages.page(truth, rng, table, "fragment")
    page.write_text(f"<meta charset=utf-8>{html}", encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/me")
    command = (browser, *options, f"--print-to-pdf={saved}", page.as_uri())
    subprocess.run(command, check=True, capture_output=True, timeout=600)

    # When
    inspection = inspect(saved.read_bytes(), "年报.pdf")

    # Then
    assert office_files.wrong_cells(inspection, truth) == []


@pytest.mark.process
def test_nearly_every_cell_of_borderless_tables_is_read(borderless: list[Printing]) -> None:
    """Only room tells columns apart; figures broken over lines cannot be told from two rows."""
    inspected = [(inspect(printing.data, "年报.pdf"), printing.truth) for printing in borderless]
    cells = sum(len(printing.truth.cells) for printing in borderless)
    assert len(office_files.all_wrong(inspected)) < cells * 0.05


@settings(max_examples=_EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_cell_drawn_by_hand_is_read(seed: int) -> None:
    """Lines as strokes, rectangles, dashes, in a form; pages turned; rows cut without a line."""
    # Given
    rng = random.Random(seed)
    truth = _messy(rng)
    drawing = Drawing(
        style=rng.choice(STYLES),
        turn=rng.randrange(4),
        flagged=rng.random() < 0.5,
        cut=rng.random() < 0.5,
        size=rng.choice((7.5, 9.0, 10.5)),
    )

    # When
    inspection = inspect(drawing.report(truth, rng), "年报.pdf")

    # Then
    assert office_files.wrong_cells(inspection, truth) == []


@pytest.mark.parametrize("manner", [*MANNERS, "booklet headed bold", "cropped centred mixed"])
def test_every_cell_is_read_in_whatever_manner_it_is_printed(manner: str) -> None:
    for seed in range(_SEEDS):
        # Given
        rng = random.Random(f"{manner} {seed}")
        truth = _messy(rng)
        drawing = Drawing(
            style=rng.choice(STYLES), cut=rng.random() < 0.5, manners=frozenset(manner.split())
        )

        # When
        inspection = inspect(drawing.report(truth, rng), "年报.pdf")

        # Then
        assert office_files.wrong_cells(inspection, truth) == []


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("grain", list(GRAINS))
@settings(max_examples=_SEEDS * 4, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    unit=st.sampled_from((0.02, 0.05, 0.12, 0.24, 0.75, 9.0)),
    in_text=st.booleans(),
)
@example(seed=1, unit=0.02, in_text=False)
@example(seed=2, unit=0.05, in_text=False)
def test_figures_are_whole_in_whatever_unit_and_pieces_they_are_written(
    grain: str, weight: str, seed: int, unit: float, in_text: bool
) -> None:
    """What stands close in the unit of the text is not therefore printed twice."""
    # Given
    rng = random.Random(seed)
    truth = _messy(rng)
    drawing = Drawing(unit=unit, in_text=in_text, grain=grain, weight=weight)

    # When
    inspection = inspect(drawing.report(truth, rng), "年报.pdf")

    # Then
    assert office_files.wrong_cells(inspection, truth) == []


_COPIES = [(0, 3), (3, 0), (1, 3), (3, 1)]
"""How many characters at once, 0 for all, are written unseen, then as they are seen."""


@pytest.mark.parametrize(("unseen", "seen"), _COPIES)
@pytest.mark.parametrize("how", ["3 Tr 0 g", "0 Tr 1 g"], ids=["unpainted", "white"])
@pytest.mark.parametrize("unseen_first", [True, False])
def test_text_over_a_copy_of_it_that_nobody_sees_is_read(
    unseen: int, seen: int, how: str, unseen_first: bool
) -> None:
    # Given
    line = "某市人民政府2023年收到申请1144件办结1000件"
    copies = [_pieces(line, unseen, how), _pieces(line, seen, "0 Tr 0 g")]
    text = "\n".join(copies if unseen_first else reversed(copies))
    secret = _pieces("机密机密", 0, how, base=600)

    # When
    pages = pdf.read(assembled([(f"BT /F1 10 Tf {text} {secret} ET", "")]))

    # Then
    assert list(pages.lines()) == [line]


def _pieces(line: str, step: int, how: str, base: int = 700) -> str:
    written, x = [how], 60.0
    for at in range(0, len(line), step or len(line)):
        part = line[at : at + (step or len(line))]
        written.append(f"1 0 0 1 {x} {base} Tm <{part.encode('utf-16-be').hex()}> Tj")
        x += sum(5 if character.isascii() else 10 for character in part)
    return "\n".join(written)


def _messy(rng: random.Random) -> TruthReport:
    return random_report(rng, messy={option: rng.choice((0.0, 0.3)) for option in sorted(MESS)})


def _drawn(seed: int = 1) -> bytes:
    rng = random.Random(seed)
    return Drawing().report(_messy(rng), rng)


def test_merged_cells_span_and_places_are_on_the_page() -> None:
    # Given
    rng = random.Random(7)
    data = Drawing(size=7.5).report(random_report(rng, edition="2021", undivided=False), rng)

    # When
    pages = pdf.read(data)

    # Then
    grids = [block for block in pages.blocks if isinstance(block, Grid)]
    assert [grid.shape for grid in grids] == [Shape.CELLS] * 3
    cells = {cell.text: cell for row in grids[1].rows for cell in row.cells if cell.text}
    results, denied = cells["三、本年度办理结果"], cells["（三）不予公开"]
    assert (results.column, results.row_span, results.column_span) == (0, 22, 1)
    assert (denied.column, denied.row_span) == (1, 8)
    assert cells["申请人情况"].column_span == 7
    assert all(len({cell.column for cell in row.cells}) == len(row.cells) for row in grids[1].rows)
    place = cells["总计"].place
    assert place is not None
    assert place.page
    assert place.box
    assert 48 <= place.box[0] < place.box[2] <= 548


def test_a_label_set_downwards_is_read_downwards() -> None:
    # Given: two columns of characters, the right one first
    letters = [("三", 70, 60), ("、", 70, 75), ("本", 70, 90), ("年", 55, 60), ("度", 55, 75)]
    text = "BT /F1 10 Tf " + " ".join(
        f"1 0 0 1 {x} {800 - y} Tm <{c.encode('utf-16-be').hex()}> Tj" for c, x, y in letters
    )
    rules = "50 700 40 60 re S 90 700 40 60 re S"

    # When
    pages = pdf.read(assembled([(text + " ET", rules)]))

    # Then
    (grid,) = pages.blocks
    assert isinstance(grid, Grid)
    assert [cell.text for cell in grid.rows[0].cells] == ["三、本年度", ""]


def test_page_marks_are_left_out_and_lines_joined() -> None:
    pages = pdf.read(_drawn())
    assert not [line for line in pages.lines() if line.strip(" -").isdigit() and "-" in line]
    paragraphs = [block.text for block in pages.blocks if isinstance(block, Paragraph)]
    assert any(text.startswith("（一）主动公开") and text.endswith("。") for text in paragraphs)


@pytest.mark.parametrize(
    ("data", "reason", "says"),
    [
        (b"%PDF-1.7\n1 0 obj", Reason.TRUNCATED, "end mark"),
        (_drawn()[:-1200], Reason.TRUNCATED, "end mark"),
        (_drawn()[: len(_drawn()) // 2], Reason.TRUNCATED, "end mark"),
        (_drawn() + b"9 0 obj\n<</Leng", Reason.TRUNCATED, "end mark"),
        (b"%PDF-1.7\n" + b"rubbish " * 99 + b"%%EOF", Reason.UNREADABLE, "pdfium"),
        (assembled([("", "")]), Reason.EMPTY, "nothing"),
        (assembled([]), Reason.UNREADABLE, "pdfium"),
        (assembled([("", "0 0 m 500 500 l S")] * 3), Reason.UNSUPPORTED_TYPE, "gouji[ocr]"),
        (assembled([("", "")] * 2001), Reason.TOO_LARGE, "2,001 pages"),
    ],
    ids=["head", "end", "half", "revision", "rubbish", "blank", "pageless", "scan", "pages"],
)
def test_what_cannot_be_read_is_refused(data: bytes, reason: Reason, says: str) -> None:
    with pytest.raises(Refused) as refused:
        choose.read(data)
    assert refused.value.reason is reason
    assert says in refused.value.message


_PROTECTED = {
    "owner": {"RestrictPermissions": True, "PermissionPassword": "o"},
    "user": {"EncryptFile": True, "DocumentOpenPassword": "u"},
}


def _protected(source: dict[str, bytes], options: dict[str, object], folder: Path) -> bytes:
    filled = {
        name: {"type": "boolean" if value is True else "string", "value": str(value).lower()}
        for name, value in options.items()
    }
    target = f"pdf:writer_pdf_Export:{json.dumps(filled)}"
    (data,) = office_files.convert(source, target, folder).values()
    return data


@pytest.mark.process
@pytest.mark.parametrize("whose", sampled(["user", "owner"], 2))
def test_a_password_to_open_refuses_and_an_owners_does_not(whose: str, tmp_path: Path) -> None:
    # Given
    line = "某市人民政府2023年政府信息公开工作年度报告"
    made = docx.Document()
    made.add_paragraph(line)
    source = {"report.docx": office_files.saved(made)}
    data = _protected(source, _PROTECTED[whose], tmp_path)
    assert b"/Encrypt" in data

    # Then
    if whose == "owner":
        assert list(pdf.read(data).lines()) == [line]
        return
    with pytest.raises(Refused) as refused:
        pdf.read(data)
    assert refused.value.reason is Reason.ENCRYPTED


def test_forms_inside_themselves_and_crowds_of_lines_end_soon() -> None:
    # Given
    rules = "\n".join(f"{n % 590} {n % 840} m {n % 590 + 8} {n % 840} l S" for n in range(20_000))
    rules += "\n" + "\n".join(f"{n % 590} 10 m {n % 590} 800 l S" for n in range(2_000))
    text = "BT /F1 10 Tf 1 0 0 1 60 700 Tm <" + ("年" * 40).encode("utf-16-be").hex() + "> Tj ET"
    recursive = assembled([(text, "/X1 Do 10 10 m 90 10 l S")], form=True)
    started = time.process_time()

    # When
    crowded, nested = pdf.read(assembled([(text, rules)])), pdf.read(recursive)

    # Then
    assert time.process_time() - started < 10
    assert list(crowded.lines())
    assert list(nested.lines()) == ["年" * 40]


@settings(max_examples=_EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_damaged_files_are_read_or_refused(seed: int) -> None:
    # Given
    rng = random.Random(seed)
    data = bytearray(_drawn(seed % 3))
    for _ in range(rng.randint(1, 30)):
        at = rng.randrange(9, len(data))
        data[at : at + rng.randint(1, 4)] = rng.randbytes(rng.randint(0, 4))

    # When
    try:
        pages = pdf.read(bytes(data))
    except Refused:
        return

    # Then
    assert isinstance(pages, Pages)
