"""PDFs: pages without a text layer or with one that lies, rows cut by pages, and too much of it."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.disclosure.finding import Reason
from tests.budgets import EXAMPLES
from tests.reports.truth import random_report
from tests.worker.reading.pdf_drawn import Drawing, assembled
from tests.worker.reading.pdf_objects import stream
from worker.errors import Refused
from worker.inspection import inspect
from worker.reading import choose, pdf
from worker.reading.pages import Grid
from worker.reading.pdf_layer import Layer


@pytest.fixture
def without_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.reading.pdf_layer.missing", lambda: "everything")


@pytest.mark.usefixtures("without_ocr")
def test_a_page_without_text_is_told() -> None:
    # Given
    text = "BT /F1 10 Tf 1 0 0 1 60 700 Tm <" + ("年" * 40).encode("utf-16-be").hex() + "> Tj ET"

    # When
    data = assembled([(text, ""), ("", "0 0 m 500 500 l S"), ("", "")])
    pages = pdf.read(data)

    # Then
    assert pages.warnings == (
        "no text layer on page 2: the OCR extra, gouji[ocr], reads such files",
    )
    assert pdf.layers(data) == (Layer.TEXT, Layer.PICTURE, Layer.BLANK)


def test_text_that_says_no_characters_asks_for_ocr() -> None:
    # Given
    codes = "".join(f"{code:04x}" for code in range(0xE000, 0xE040))
    data = assembled([(f"BT /F1 10 Tf 1 0 0 1 60 700 Tm <{codes}> Tj ET", "")])

    # When / Then
    with pytest.raises(Refused, match=r"gouji\[ocr\]") as refused:
        pdf.read(data)
    assert refused.value.reason is Reason.UNSUPPORTED_TYPE


@pytest.mark.usefixtures("without_ocr")
def test_what_a_scanned_page_lacks_is_a_finding() -> None:
    # Given a report with a scanned page at its end
    rng = random.Random(5)
    drawing = Drawing()
    drawing.report(random_report(rng), rng)
    drawing.pages.append(("", "0 0 m 500 500 l S"))

    # When
    inspection = inspect(drawing.file(), "年报.pdf")

    # Then
    (message,) = (f.message for f in inspection.findings if f.scope == "document")
    assert f"page {len(drawing.pages)}: " in message


_NO_MAP = (
    b"<</Type/Font/Subtype/Type0/BaseFont/ABCDEF+Song/Encoding/Identity-H"
    b"/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/ABCDEF+Song/DW 1000"
    b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
    b"/FontDescriptor<</Type/FontDescriptor/FontName/ABCDEF+Song/Flags 4/Ascent 859"
    b"/Descent -141/CapHeight 700/ItalicAngle 0/StemV 80/FontBBox[0 -141 1000 859]>>>>]>>"
)


@pytest.mark.usefixtures("without_ocr")
def test_a_font_that_does_not_say_its_characters_gives_no_figures() -> None:
    """The numbers of glyphs look like characters; a figure read off them would be another one."""
    # Given a page of text, and one in a font that only numbers its glyphs
    text = "BT /F1 10 Tf 1 0 0 1 60 700 Tm <" + ("年" * 40).encode("utf-16-be").hex() + "> Tj ET"
    numbers = "".join(f"{0x31 + at % 9:04x}" for at in range(40))
    coded = f"BT /F2 10 Tf 1 0 0 1 60 700 Tm <{numbers}> Tj ET"
    data = assembled([(text, ""), (coded, "")], fonts={"F2": _NO_MAP})

    # When
    pages = pdf.read(data)
    with pytest.raises(Refused, match="does not say") as refused:
        pdf.read(assembled([(coded, "")], fonts={"F2": _NO_MAP}))

    # Then
    assert pdf.layers(data) == (Layer.TEXT, Layer.GARBLED)
    assert list(pages.lines()) == ["年" * 40]
    assert "on page 2" in pages.warnings[0]
    assert refused.value.reason is Reason.UNSUPPORTED_TYPE


def test_figures_filled_into_a_form_are_read() -> None:
    # Given a page with a label, and a field beside it that holds 42
    label = "BT /F1 10 Tf 1 0 0 1 60 700 Tm <81ea71364eba> Tj ET"
    look = stream(
        "BT /F1 10 Tf 1 0 0 1 2 4 Tm <00340032> Tj ET",
        "/Type/XObject/Subtype/Form/BBox[0 0 60 20]/Resources<</Font<</F1 3 0 R>>>>",
    )
    rules = "50 690 60 30 re S 110 690 60 30 re S"
    widget = "/Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(42)/F 4/Rect[112 696 172 716]/AP<</N {} 0 R>>"

    # When
    pages = pdf.read(assembled([(label, rules)], widget=(widget, look)))

    # Then
    (grid,) = pages.blocks
    assert isinstance(grid, Grid)
    assert [cell.text for cell in grid.rows[0].cells] == ["自然人", "42"]


_ZERO, _BLANK = ["0"] * 7, [""] * 7


@pytest.mark.parametrize(
    ("upper", "lower"),
    [(["3", *_ZERO[1:]], _BLANK), (_BLANK, ["3", *_ZERO[1:]])],
    ids=["figures above", "figures below"],
)
def test_a_label_cut_by_a_page_is_one_label(upper: list[str], lower: list[str]) -> None:
    """Its first line is not full, and both pages draw a line where they cut it."""
    # Given
    first = [["3.补正后申请内容仍不明确", *_ZERO], ["1.信", *upper]]
    second = [["访、举报、投诉类申请", *lower], ["2.重复申请", *_ZERO]]

    # When
    pages = pdf.read(assembled([_ruled(first, 700), _ruled(second, 50)]))

    # Then
    (grid,) = pages.blocks
    assert isinstance(grid, Grid)
    assert [[cell.text for cell in row.cells] for row in grid.rows] == [
        first[0],
        ["1.信访、举报、投诉类申请", "3", *_ZERO[1:]],
        second[1],
    ]


def test_labels_that_are_whole_are_never_joined() -> None:
    # Given
    first, second = [["2.重复申请", *_BLANK]], [["3.要求提供公开出版物", *_ZERO]]

    # When
    pages = pdf.read(assembled([_ruled(first, 700), _ruled(second, 50)]))

    # Then
    (grid,) = pages.blocks
    assert isinstance(grid, Grid)
    assert [row.cells[0].text for row in grid.rows] == ["2.重复申请", "3.要求提供公开出版物"]


def _ruled(rows: list[list[str]], top: float) -> tuple[str, str]:
    """Draw rows 20 points high, the label 140 wide and every figure 40."""
    edges = [50, *range(190, 190 + 40 * len(rows[0]), 40)]
    text, rules = ["BT /F1 9 Tf"], []
    for at, row in enumerate(rows):
        base = 842 - top - 20 * at - 20
        for left, right, cell in zip(edges[:-1], edges[1:], row, strict=True):
            rules.append(f"{left} {base} {right - left} 20 re S")
            code = cell.encode("utf-16-be").hex()
            text.append(f"1 0 0 1 {left + 3} {base + 7} Tm <{code}> Tj")
    return "\n".join([*text, "ET"]), "\n".join(rules)


def test_glyphs_without_width_are_read() -> None:
    # Given digits apart, in a font that says they are as wide as nothing
    font = _NO_MAP.replace(b"Identity-H", b"UniGB-UCS2-H").replace(b"DW 1000", b"DW 0")
    font = font.replace(b"(Identity)", b"(GB1)").replace(b"CIDFontType2", b"CIDFontType0")
    line = "".join(f"1 0 0 1 {60 + 40 * at} 700 Tm <0031> Tj\n" for at in range(9))
    text = "BT /F1 10 Tf 1 0 0 1 60 740 Tm <" + ("年" * 20).encode("utf-16-be").hex() + "> Tj ET"
    data = assembled([(f"{text} BT /F2 10 Tf {line} ET", "")], fonts={"F2": font})

    # When / Then
    assert "".join(pdf.read(data).lines()).count("1") == 9


def test_a_figure_half_a_line_off_stands_in_its_row() -> None:
    """Without lines, a figure whose space was broken off stands lower than its neighbours."""
    # Given
    rows = [(700 - 30 * at, [f"{at}.重复申请", "1", "2", "3", "4"]) for at in range(4)]
    placed = [
        (60 + 90 * column, y - (6 if y == 670 and column == 2 else 0), text)
        for y, texts in rows
        for column, text in enumerate(texts)
    ]
    text = "\n".join(
        f"1 0 0 1 {x} {y} Tm <{cell.encode('utf-16-be').hex()}> Tj" for x, y, cell in placed
    )

    # When
    pages = pdf.read(assembled([(f"BT /F1 10 Tf {text} ET", "")]))

    # Then
    (grid,) = pages.blocks
    assert isinstance(grid, Grid)
    assert [[cell.text for cell in row.cells] for row in grid.rows] == [t for _, t in rows]


_WITHOUT_FONTS = """
import ctypes, sys
import pypdfium2.raw as pdfium
from worker.reading import pdf

pdfium.FPDF_DestroyLibrary()
pointer = ctypes.POINTER(ctypes.c_char)
folder = ctypes.create_string_buffer(sys.argv[1].encode())
folders = (pointer * 2)(ctypes.cast(folder, pointer), None)
asked = pdfium.FPDF_LIBRARY_CONFIG(version=2)
asked.m_pUserFontPaths = ctypes.cast(folders, type(asked.m_pUserFontPaths))
pdfium.FPDF_InitLibraryWithConfig(asked)
for line in pdf.read(sys.stdin.buffer.read()).lines():
    print(ascii("".join(line.split())))
"""


@pytest.mark.process
def test_text_in_fonts_that_are_nowhere_is_read(tmp_path: Path) -> None:
    """Chinese fonts are often left out of the file, and a server has none: glyphs without shape."""
    # Given
    line = "某市人民政府2023年收到申请1144件"
    text = "\n".join(
        f"1 0 0 1 {60 + 10 * at} 700 Tm <{one.encode('utf-16-be').hex()}> Tj"
        for at, one in enumerate(line)
    )
    data = assembled([(f"BT /F1 10 Tf {text} ET", "")])

    # When
    command = [sys.executable, "-c", _WITHOUT_FONTS, str(tmp_path)]
    done = subprocess.run(command, input=data, capture_output=True, check=True, timeout=600)

    # Then
    assert done.stdout.decode().split() == [ascii(line)]


def _crowd(characters: int, size: float = 4) -> str:
    codes = "".join(f"{ord(letter):04x}" for letter in "政府信息公开年度报告12" * 8)
    lines = (
        f"1 0 0 1 10 {840 - at * size * 1.2 % 830:.2f} Tm <{codes}> Tj"
        for at in range(characters // 96)
    )
    return f"BT /F1 {size} Tf\n" + "\n".join(lines) + "\nET"


def _lattice(step: int) -> str:
    across = (f"0 {at} m 595 {at} l S" for at in range(0, 840, step))
    return "\n".join([*across, *(f"{at} 0 m {at} 842 l S" for at in range(0, 595, step))])


@pytest.mark.parametrize(
    ("pages", "says"),
    [
        ([(_crowd(200_000), "")], "characters on one page"),
        pytest.param(
            [(_crowd(100_000), "")] * 10, "more than 800,000 characters", marks=pytest.mark.soak
        ),
        pytest.param([(_crowd(96), _lattice(3))] * 60, "crossings", marks=pytest.mark.soak),
        pytest.param([(_crowd(96), _lattice(2))] * 700, "drawn objects", marks=pytest.mark.soak),
    ],
    ids=["page", "file", "lines", "objects"],
)
def test_what_would_take_too_long_is_refused(pages: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        pdf.read(assembled(pages))
    assert refused.value.reason is Reason.TOO_LARGE


def test_a_table_of_many_pages_takes_time_in_proportion() -> None:
    """Each page is joined to all before it: the whole may not be gone through each time.

    Of two readings the slower small one and the quicker large one count: others use the caches too.
    """
    # Given
    page = _ruled([[f"项目{at}", *_ZERO] for at in range(30)], 50)
    few, many = (assembled([page] * pages) for pages in (8, 64))

    # When
    times = [max(_seconds(few), _seconds(few)), min(_seconds(many), _seconds(many))]

    # Then
    assert times[1] < 8 * times[0] * 3


def _seconds(data: bytes) -> float:
    started = time.process_time()
    (grid,) = pdf.read(data).blocks
    assert isinstance(grid, Grid)
    return time.process_time() - started


@settings(max_examples=EXAMPLES, deadline=None)
@given(share=st.floats(0, 1))
def test_a_file_cut_anywhere_is_refused(share: float) -> None:
    rng = random.Random(1)
    whole = Drawing().report(random_report(rng), rng)
    with pytest.raises(Refused):
        choose.read(whole[: int(share * (len(whole) - 7))])
