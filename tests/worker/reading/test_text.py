"""Lines of text become paragraphs and grids."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import charset, choose, text
from worker.reading.pages import Grid, Paragraph, Shape


def _rows(content: str) -> list[list[str]]:
    grids = [block for block in text.read(content.encode()).blocks if isinstance(block, Grid)]
    return [[cell.text for cell in row.cells] for grid in grids for row in grid.rows]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("规章\t0\t\t3\t", ["规章", "0", "", "3", ""]),
        ("\t12", ["12"]),
        ("\t", [""]),
        ("\t\t2.重复申请\t0", ["", "", "2.重复申请", "0"]),
        ("| 规章 | 0 |  | 3 |", ["规章", "0", "", "3"]),
        ("规章 | 0 | 3", ["规章", "0", "3"]),
        ("12 |", ["12"]),
        (" |", [""]),
        ("| **规章** | `0` |", ["规章", "0"]),
        ("规章  0   3", ["规章", "0", "3"]),
        ("规章 0 0 3", ["规章", "0", "0", "3"]),
        ("2. 重复申请 0 / — 5（含修订1件）", ["2. 重复申请", "0", "/", "—", "5（含修订1件）"]),
        ("0 0 0", ["0", "0", "0"]),
        ("规章\u3000\u30000", ["规章", "0"]),
        ("规章&nbsp;&nbsp;0", ["规章", "0"]),
    ],
)
def test_a_line_of_cells(line: str, cells: list[str]) -> None:
    assert _rows(line + "\n正文") == [cells]


@pytest.mark.parametrize("line", ["|---|:--:|", "|---|", "+----+---+", "| -- | -- |"])
def test_separators_are_dropped(line: str) -> None:
    assert _rows(f"| 规章 | 0 |\n{line}\n| 0 | 3 |") == [["规章", "0"], ["0", "3"]]


def test_a_row_of_dashes_is_no_separator() -> None:
    assert _rows("| - | - |") == [["-", "-"]]


@pytest.mark.parametrize("line", ["一、总体情况", "全年共发布信息 160 余条。", "— 4 —"])
def test_running_text_and_page_marks_are_paragraphs(line: str) -> None:
    blocks = text.read(line.encode()).blocks
    assert [block.text for block in blocks if isinstance(block, Paragraph)] == [line]


def test_places_count_lines_and_columns_from_one() -> None:
    grid = text.read("标题\n\n规章\t0\t12\n".encode()).blocks[1]
    assert isinstance(grid, Grid)
    places = [(c.place.line, c.place.column) for c in grid.rows[0].cells if c.place]
    assert places == [(3, 1), (3, 4), (3, 6)]
    assert grid.shape is Shape.RAGGED


def test_a_form_feed_begins_a_page() -> None:
    blocks = text.read("一\n\f二".encode()).blocks
    assert [
        block.place.page for block in blocks if isinstance(block, Paragraph) and block.place
    ] == [1, 2]


def test_a_cut_tail_is_still_utf8() -> None:
    data = "政府信息公开".encode()[:-1]
    assert charset.decode(data) == ("政府信息公", "utf-8")


def test_one_bad_byte_does_not_change_the_encoding() -> None:
    data = "政府信息公开".encode() * 20 + b"\xff" + "年报".encode() * 20
    assert charset.decode(data)[1] == "utf-8"


@given(st.text(alphabet="政府信息公开年度报告0123 \t|", min_size=8))
def test_encodings_are_told_apart(content: str) -> None:
    content = "某市2023年政府信息公开工作年度报告\n" + content
    assert charset.decode(content.encode()) == (content, "utf-8")
    assert charset.decode(content.encode("gb18030")) == (content, "gb18030")
    assert charset.decode(codecs.BOM_UTF8 + content.encode()) == (content, "utf-8-sig")
    assert charset.decode(content.encode("utf-16"))[0] == content


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"%PDF-1.4", "application/pdf"),
        (b"PK\x03\x04", "application/x-zip-package"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
        (b"  <!doctype HTML>", "text/html"),
        ("年报".encode("gb18030"), "text/plain"),
        (b"\x01\x02\x03\x04", "application/octet-stream"),
    ],
)
def test_the_content_decides_the_type(data: bytes, media_type: str) -> None:
    assert choose.media_type(data) == media_type


def test_nothing_but_white_space_is_empty() -> None:
    with pytest.raises(Refused) as refused:
        choose.read("\u3000\n \n".encode())
    assert refused.value.reason is Reason.EMPTY


@pytest.mark.parametrize(
    ("line", "times", "what"),
    [
        ("行政许可\n", 200_001, "lines"),
        ("\u2028", 200_001, "lines"),
        ("一" * 100, 200_001, "characters"),
        ("<" * 100, 600_000, "characters"),
        ("1\t", 200_001, "cells"),
        ("|", 200_001, "cells"),
    ],
)
def test_more_than_any_report_holds_is_refused(line: str, times: int, what: str) -> None:
    with pytest.raises(Refused) as refused:
        choose.read(line.encode() * times)
    assert refused.value.reason is Reason.TOO_LARGE
    assert what in refused.value.message


def test_a_line_longer_than_any_row_is_running_text() -> None:
    (block,) = text.read(b"1 | " * 10_000).blocks
    assert isinstance(block, Paragraph)
