"""Spreadsheets: every printed cell, and sheets that would fill the memory."""

import io
import struct
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl  # type: ignore[import-untyped]
import pytest

from models.disclosure.finding import Reason
from tests.budgets import EXAMPLES
from tests.reports.statutory import placed
from tests.worker.reading import office_files
from tests.worker.reading.test_package import zipped
from worker.errors import Refused
from worker.inspection import inspect
from worker.reading import choose, package, sheet
from worker.reading.pages import Grid, Pages, Paragraph

_XLS = sorted((Path(__file__).parents[2] / "data" / "office").glob("*.xls"))
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _book(*rows: list[object], merge: str = "") -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    return _saved(book)


def _saved(book: openpyxl.Workbook) -> bytes:
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _xlsx(rows: str, merge: str = "A1:A1") -> bytes:
    """Return a workbook whose one sheet holds these rows of XML."""
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = (
        '<Relationships xmlns="{}"><Relationship Id="r" Type="{}/{}" Target="{}"/></Relationships>'
    )
    book = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{office}">'
        '<sheets><sheet name="a" sheetId="1" r:id="r"/></sheets></workbook>'
    )
    return zipped(
        (
            "_rels/.rels",
            links.format(relations, office, "officeDocument", "xl/workbook.xml").encode(),
        ),
        ("xl/workbook.xml", book.encode()),
        (
            "xl/_rels/workbook.xml.rels",
            links.format(relations, office, "worksheet", "worksheets/sheet1.xml").encode(),
        ),
        (
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData>'
            f'<mergeCells><mergeCell ref="{merge}"/></mergeCells></worksheet>'.encode(),
        ),
    )


def _ods(*tables: str) -> bytes:
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        f"{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped(
        ("mimetype", package.ODS.encode()), ("content.xml", content.encode()), compression=0
    )


def _ods_report(seed: int) -> bytes:
    rows = []
    for part in office_files.flow(office_files.reports(1, seed)[0], seed):
        if isinstance(part, str):
            rows.append(f"<table:table-row>{_ods_cell(part)}</table:table-row>")
            continue
        for line in placed(part):
            cells = [
                _ods_cell(slot.text, slot.cell.rowspan, slot.cell.colspan)
                if slot.kind == "cell"
                else "<table:covered-table-cell/>"
                for slot in line
            ]
            rows.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    return _ods(f'<table:table table:name="年报">{"".join(rows)}</table:table>')


def _ods_cell(text: str, rows: int = 1, columns: int = 1) -> str:
    spans = f'table:number-rows-spanned="{rows}" table:number-columns-spanned="{columns}"'
    return f"<table:table-cell {spans}><text:p>{escape(text)}</text:p></table:table-cell>"


def _rows(pages: Pages) -> list[list[list[str]]]:
    return [
        [[cell.text for cell in row.cells] for row in block.rows]
        for block in pages.blocks
        if isinstance(block, Grid)
    ]


def _texts(pages: Pages) -> list[str]:
    return [block.text for block in pages.blocks if isinstance(block, Paragraph)]


@pytest.mark.parametrize("sheets", [True, False], ids=["sheet-per-table", "one-sheet"])
@pytest.mark.parametrize("numbers", [True, False], ids=["numbers", "text"])
def test_every_cell_of_random_workbooks_is_read(*, sheets: bool, numbers: bool) -> None:
    truths = office_files.reports(EXAMPLES)
    read = [
        inspect(office_files.workbook(truth, sheets=sheets, numbers=numbers, seed=at), "x")
        for at, truth in enumerate(truths)
    ]
    assert office_files.all_wrong(zip(read, truths, strict=True)) == []


@pytest.mark.parametrize("path", _XLS, ids=lambda path: path.stem)
def test_every_cell_of_xls_files_is_read(path: Path) -> None:
    truth = office_files.reports(1, int(path.stem[-1]))[0]
    assert choose.media_type(path.read_bytes()) == "application/vnd.ms-excel"
    assert office_files.wrong_cells(inspect(path.read_bytes(), "x"), truth) == []


def test_every_cell_of_random_ods_files_is_read() -> None:
    truths = office_files.reports(EXAMPLES)
    read = [inspect(_ods_report(at), "x") for at in range(EXAMPLES)]
    assert office_files.all_wrong(zip(read, truths, strict=True)) == []


def test_floats_print_as_the_sheet_shows_them() -> None:
    row: list[object] = [12.0, 115.10, 0.1 + 0.2, 1e14, -3.0, True, date(2024, 1, 2), "１２"]
    assert _rows(sheet.read(_book(row))) == [
        [["12", "115.1", "0.3", "100000000000000", "-3", "TRUE", "2024年1月2日", "１２"]]
    ]


def test_merged_ranges_are_spans_and_places_name_cells() -> None:
    # When
    pages = sheet.read(_book(["a", None, "b"], ["", "", "c"], ["d", "e", "f"], merge="A1:B2"))

    # Then
    (grid,) = pages.blocks
    assert isinstance(grid, Grid)
    first = grid.rows[0].cells[0]
    assert (first.text, first.row_span, first.column_span) == ("a", 2, 2)
    assert [(cell.text, cell.column) for cell in grid.rows[1].cells] == [("c", 2)]
    place = grid.rows[1].cells[0].place
    assert place is not None
    assert place.as_dict() == {"sheet": "Sheet", "cell": "C2"}


def test_empty_rows_part_grids_and_single_cells_are_text() -> None:
    pages = sheet.read(
        _book(["标题"], [None], ["一、\n概述"], [None], ["a", 1], [None], ["b", 2, 3])
    )
    assert _texts(pages) == ["标题", "一、", "概述"]
    assert _rows(pages) == [[["a", "1"]], [["b", "2", "3"]]]


def test_hidden_sheets_are_left_out() -> None:
    # Given
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    hidden = book.create_sheet()
    hidden.append(["c", "d"])
    hidden.sheet_state = "hidden"

    # Then
    assert _rows(sheet.read(_saved(book))) == [[["a", "b"]]]


def test_a_merge_over_the_whole_sheet_is_clipped() -> None:
    cells = '<c r="A{0}"><v>1</v></c><c r="B{0}"><v>2</v></c>'
    rows = "".join(f'<row r="{at}">{cells.format(at)}</row>' for at in (1, 2))
    assert _rows(sheet.read(_xlsx(rows, "B1:XFD1048576"))) == [[["1", "2"], ["1"]]]


@pytest.mark.parametrize(
    "far",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        "<row r='1048576'><c r='XFD1048576' t='inlineStr'><is><t>1</t></is></c></row>",
        '<row r="99999999999"><c r="ZZZZZZZZ99999999999"><v>1</v></c></row>',
        '<x:row xmlns:x="a" r="1048576"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
    ],
)
def test_cells_far_apart_are_too_large(far: str) -> None:
    with pytest.raises(Refused) as refused:
        sheet.read(_xlsx(f'<row r="1"><c r="A1"><v>1</v></c></row>{far}'))
    assert refused.value.reason is Reason.TOO_LARGE


def test_far_cells_that_are_empty_do_no_harm() -> None:
    near = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
    far = '<row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert _rows(sheet.read(_xlsx(near + far))) == [[["1", "2"]]]


def test_repeated_rows_and_columns_of_ods_are_clamped() -> None:
    # Given
    rest = '<table:table-cell table:number-columns-repeated="16384"/>'
    rows = (
        '<table:table-row table:number-rows-repeated="2">'
        f'<table:table-cell table:number-columns-repeated="2"><text:p>1</text:p></table:table-cell>'
        f"{rest}</table:table-row>"
        f'<table:table-row table:number-rows-repeated="1048574">{rest}</table:table-row>'
    )

    # Then
    assert _rows(sheet.read(_ods(f"<table:table>{rows}</table:table>"))) == [[["1", "1"]] * 2]


def test_repeated_content_of_ods_is_too_large() -> None:
    cell = '<table:table-cell table:number-columns-repeated="9999"><text:p>1</text:p>'
    row = (
        '<table:table-row table:number-rows-repeated="999999">'
        f"{cell}</table:table-cell></table:table-row>"
    )
    with pytest.raises(Refused) as refused:
        sheet.read(_ods(f"<table:table>{row}</table:table>"))
    assert refused.value.reason is Reason.TOO_LARGE


def test_a_password_on_xls_is_told() -> None:
    # Given
    data = bytearray(_XLS[0].read_bytes())
    at = data.index(struct.pack("<HH", 0x0809, 16)) + 20  # behind the first BOF record
    data[at : at + 2] = struct.pack("<H", 0x2F)

    # Then
    with pytest.raises(Refused) as refused:
        choose.read(bytes(data))
    assert refused.value.reason is Reason.ENCRYPTED


def test_an_xls_that_declares_the_world_is_too_large() -> None:
    # Given
    data = bytearray(_XLS[0].read_bytes())
    at = data.index(struct.pack("<HH", 0x0200, 14)) + 4
    data[at : at + 12] = struct.pack("<IIHH", 0, 0xFFFFFFFF, 0, 256)

    # Then
    with pytest.raises(Refused) as refused:
        choose.read(bytes(data))
    assert refused.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_a_cut_xls_is_refused(share: float) -> None:
    data = _XLS[0].read_bytes()
    with pytest.raises(Refused) as refused:
        choose.read(data[: int(len(data) * share)])
    assert refused.value.reason in (Reason.TRUNCATED, Reason.UNREADABLE)
