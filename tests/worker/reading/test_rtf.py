"""Rich text: made by LibreOffice, and by hand as Word and WPS write it."""

import random

import pytest

from models.disclosure.finding import Reason
from tests.worker.reading import office_files
from tests.worker.reading.conftest import Converted
from tests.worker.reading.office_files import printed
from worker.errors import Refused
from worker.reading import choose, rtf
from worker.reading.pages import Grid, Pages


def _gbk(text: str) -> str:
    return "".join(f"\\'{byte:02x}" for byte in text.encode("gb18030"))


def _read(body: str, head: str = r"\ansicpg936") -> Pages:
    return rtf.read(b"{\\rtf1\\ansi" + f"{head} {body}}}".encode("latin-1"))


def _lines(body: str, head: str = r"\ansicpg936") -> list[str]:
    return printed(_read(body, head))[0]


@pytest.mark.process
def test_every_cell_of_random_reports_is_read(converted: Converted) -> None:
    assert office_files.read_back(converted("rtf")) == []


@pytest.mark.process
def test_numbers_that_are_properties_are_not_missed(converted: Converted) -> None:
    assert office_files.read_numbered(converted("rtf")) == []


@pytest.mark.process
def test_only_what_prints_is_read(converted: Converted) -> None:
    # LibreOffice leaves text boxes of this kind out of RTF.
    shown = [line for line in office_files.SHOWN if line != "框内"]
    pages = choose.read(converted("rtf")[office_files.FEATURES])
    assert printed(pages) == (shown, office_files.FEATURE_TABLES)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (_gbk("政府信息"), "政府信息"),
        ("\\'81@\\'81A", "\u4e02\u4e04"),
        ("政府".encode("gb18030").decode("latin-1"), "政府"),
        (r"\u25919?\u24220?", "政府"),
        (r"\uc2\u25919" + _gbk("政") + r"\u24220" + _gbk("府") + "!", "政府!"),
        (r"\uc0\u25919\u24220 a", "政府a"),
        (r"\u-10180?\u-8193?", "\U0001f3ff"),
        (r"\loch\f0 12\hich\f0 \dbch\f1 " + _gbk("件"), "12件"),
        (r"a\~b\_c\-d\{e\}\\", "a b-cd{e}\\"),
        (r"a{\v hidden}b{\deleted gone}c\v h\v0 d", "abcd"),
        (r"{\field{\*\fldinst HYPERLINK}{\fldrslt x}}", "x"),
        (r"{\pict\bin4 }}}}a}b{\*\unknown {c}}d{\header e}", "bd"),
        ("a\\\nb", "a"),
        ("a\r\nb\x00c", "abc"),
    ],
)
def test_text(body: str, line: str) -> None:
    assert _lines(body)[0] == line


def test_the_font_tells_the_code_page_where_the_document_does_not() -> None:
    fonts = r"{\fonttbl{\f0\fcharset0 Times;}{\f1\fcharset134 " + _gbk("宋体") + ";}}"
    body = r"\f1 " + _gbk("政府") + r"\par\f0 caf\'e9"
    assert _lines(body, r"\ansicpg1252" + fonts) == ["政府", "café"]
    assert _lines(r"\loch\af0\dbch\af1 " + _gbk("府"), r"\ansicpg1252" + fonts) == ["府"]


def test_merged_cells() -> None:
    # Given
    rows = (
        r"\trowd\trleft-108\clvmgf\cellx1000\clmgf\cellx2000\clmrg\cellx3000\cellx4000"
        r"\intbl a\cell b\cell\cell c\cell\row"
        r"\trowd\trleft-108\clvmrg\cellx1010\cellx2000\cellx3000\cellx4005"
        r"\intbl\cell d\cell e\cell f\cell\row\pard g"
    )

    # When
    grid, text = _read(rows).blocks

    # Then
    assert isinstance(grid, Grid)
    cells = [
        [(c.text, c.column, c.row_span, c.column_span) for c in row.cells] for row in grid.rows
    ]
    assert cells == [
        [("a", 0, 2, 1), ("b", 1, 1, 2), ("c", 3, 1, 1)],
        [("d", 1, 1, 1), ("e", 2, 1, 1), ("f", 3, 1, 1)],
    ]
    assert not isinstance(text, Grid)


def test_a_row_that_begins_later_and_one_without_definition() -> None:
    rows = (
        r"\trowd\cellx1000\cellx2000\intbl a\cell b\cell\row"
        r"\trowd\trleft1000\cellx2000\intbl c\cell\row"
    )
    (grid,) = _read(rows).blocks
    assert isinstance(grid, Grid)
    assert [(c.text, c.column) for row in grid.rows for c in row.cells] == [
        ("a", 0),
        ("b", 1),
        ("c", 1),
    ]
    assert printed(_read(r"\intbl a\cell b\cell\row\intbl c\cell d\cell"))[1] == [
        [["a", "b"], ["c", "d"]]
    ]


def test_empty_cells_that_no_row_defines_are_none() -> None:
    row = r"\trowd\cellx1000\cellx2000\intbl a\cell b\cell\cell\row"
    assert printed(_read(row))[1] == [[["a", "b"]]]


def test_a_text_box_stands_after_its_paragraph() -> None:
    box = r"{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt\pard in\par}}{\shprslt{\do old}}}"
    assert _lines(f"be{box}fore\\par after") == ["before", "in", "after"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{\\rtf1 " + b"{" * 5000, Reason.UNREADABLE),
        (b"{\\rtf1 abc", Reason.TRUNCATED),
        (b"{\\rtf1 {\\pict 00", Reason.TRUNCATED),
        (b"{\\rtf1 \\bin9999999999 x}", Reason.TRUNCATED),
        (b"{\\rtf1 " + b"\\cell" * 200_001 + b"}", Reason.TOO_LARGE),
    ],
)
def test_hostile_files_are_refused(data: bytes, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        choose.read(data)
    assert refused.value.reason is reason


def test_hostile_numbers_are_clamped() -> None:
    body = r"\itap999999999\intbl a\nestcell\nestrow\uc9999999 \cellx-2000000000\ansicpg99999 b"
    assert "b" in "".join(_read(body).lines())


def test_no_change_of_bytes_raises_anything_else() -> None:
    rng = random.Random(3)
    row = r"\trowd\cellx1000\cellx2000\intbl a\cell {\b " + _gbk("件") + r"}\cell\row\pard "
    whole = ("{\\rtf1\\ansicpg936 " + row * 5 + "}").encode()
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 30)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        try:
            rtf.read(bytes(broken))
        except Refused as refused:
            assert refused.message  # noqa: PT017 - some are read, some are refused
