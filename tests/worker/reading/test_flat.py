"""Office documents in one XML file, and pages saved with their parts, under any name."""

import io
import random
import re
import zipfile
from email.message import EmailMessage
from html import escape
from pathlib import Path

import pytest

from models.disclosure.finding import Reason
from tests.reports.cells import TruthReport
from tests.reports.statutory import placed
from tests.worker.reading import office_files
from tests.worker.reading.conftest import Converted
from tests.worker.reading.html_pages import page as html_page
from tests.worker.reading.html_pages import saved
from worker.errors import Refused
from worker.inspection import inspect
from worker.reading import choose, flat
from worker.reading.pages import Grid

_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_W2003 = 'xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"'
_AML = 'xmlns:aml="http://schemas.microsoft.com/aml/2001/core"'
_SS = 'xmlns="urn:schemas-microsoft-com:office:spreadsheet"'


def _refusal(data: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        choose.read(data)
    return refused.value


@pytest.mark.process
def test_every_cell_of_word_2003_xml_is_read(tmp_path: Path) -> None:
    # Given
    truths = office_files.reports(4, first=40)
    sources = {f"{at}.docx": office_files.word(truth, at) for at, truth in enumerate(truths)}
    sources[office_files.FEATURES] = office_files.features()

    # When
    files = office_files.convert(sources, "xml:MS Word 2003 XML", tmp_path)

    # Then
    assert {choose.media_type(data) for data in files.values()} == {flat.WORD}
    read = [inspect(files[f"{at}.docx"], "年报.doc") for at in range(len(truths))]
    assert office_files.all_wrong(zip(read, truths, strict=True)) == []


@pytest.mark.parametrize("kind", ["String", "Number"])
def test_every_cell_of_excel_2003_xml_is_read(kind: str) -> None:
    truths = office_files.reports(4, first=50)
    files = [_excel_2003(truth, kind) for truth in truths]
    assert {choose.media_type(data) for data in files} == {flat.SHEET}
    read = [inspect(data, "年报.xls") for data in files]
    assert office_files.all_wrong(zip(read, truths, strict=True)) == []


def _excel_2003(report: TruthReport, kind: str) -> bytes:
    """Return a workbook in one XML file, tables below the text, covered cells left out."""
    rows = []
    for part in office_files.flow(report):
        if isinstance(part, str):
            rows.append(f"<Row>{_datum(part, 1, 1, 1, 'String')}</Row>")
            continue
        for line in placed(part):
            drawn = [
                _datum(slot.cell.text, at, slot.cell.rowspan, slot.cell.colspan, kind)
                for at, slot in enumerate(line, 1)
                if slot.kind == "cell"
            ]
            rows.append(f"<Row>{''.join(drawn)}</Row>")
    prefix = 'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
    sheet = f'<Worksheet ss:Name="年报"><Table>{"".join(rows)}</Table></Worksheet>'
    mark = '<?mso-application progid="Excel.Sheet"?>'
    return f"{_DECLARED}{mark}<Workbook {_SS} {prefix}>{sheet}</Workbook>".encode()


def _datum(text: str, column: int, rows: int, columns: int, kind: str) -> str:
    if not text.isdecimal() or not text.isascii():
        kind = "String"
    spans = f'ss:MergeDown="{rows - 1}" ss:MergeAcross="{columns - 1}"'
    data = f'<Data ss:Type="{kind}">{escape(text)}</Data>'
    return f'<Cell ss:Index="{column}" {spans}>{data}</Cell>'


def test_every_cell_of_flat_parts_is_read() -> None:
    truths = office_files.reports(4, first=60)
    read = [inspect(_in_one(office_files.word(truth)), "年报.doc") for truth in truths]
    assert office_files.all_wrong(zip(read, truths, strict=True)) == []
    assert choose.media_type(_in_one(office_files.word(truths[0]))) == flat.WORD_PACKAGE


def test_flat_parts_show_what_a_package_shows() -> None:
    whole = office_files.features()
    assert choose.read(_in_one(whole)).blocks == choose.read(whole).blocks


def _in_one(docx: bytes) -> bytes:
    """Return a DOCX as one XML file, as Word saves it."""
    parts = []
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        for name in package.namelist():
            if name.endswith((".xml", ".rels")):
                content = re.sub(r"^\s*<\?xml[^>]*\?>", "", package.read(name).decode())
                held = f"<pkg:xmlData>{content}</pkg:xmlData>"
                parts.append(f'<pkg:part pkg:name="/{name}">{held}</pkg:part>')
    picture = '<pkg:part pkg:name="/a.png"><pkg:binaryData>{}</pkg:binaryData></pkg:part>'
    parts.append(picture.format("iVBORw0KGgo=\n" * 1_000_000))
    root = 'xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"'
    mark = '<?mso-application progid="Word.Document"?>'
    return f"{_DECLARED}{mark}<pkg:package {root}>{''.join(parts)}</pkg:package>".encode()


@pytest.mark.process
@pytest.mark.soak
def test_every_cell_of_flat_opendocument_is_read(converted: Converted) -> None:
    files = {name: _flat_odt(data) for name, data in converted("odt").items()}
    assert office_files.read_back(files) == []
    assert choose.media_type(files["0.docx"]) == flat.ODT


def _flat_odt(odt: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(odt)) as package:
        content = package.read("content.xml").decode()
    kind = 'office:mimetype="application/vnd.oasis.opendocument.text"'
    content = content.replace("<office:document-content", f"<office:document {kind}")
    return content.replace("</office:document-content", "</office:document").encode()


def test_word_2003_leaves_out_deletions_and_comments() -> None:
    # Given
    run = "<w:r><w:t>{}</w:t></w:r>"
    note = '<aml:annotation w:type="Word.{}"><aml:content>{}</aml:content></aml:annotation>'
    paragraph = (
        f"<w:p>{run.format('正')}{note.format('Deletion', run.format('删'))}"
        f"{note.format('Insertion', run.format('文'))}"
        f"{note.format('Comment', '<w:p>' + run.format('批注') + '</w:p>')}</w:p>"
    )
    cell = "<w:tc><w:tcPr><w:vmerge {}/></w:tcPr><w:p>{}</w:p></w:tc>"
    first = cell.format('w:val="restart"', run.format("合"))
    figures = [f"<w:tc><w:p>{run.format(at)}</w:p></w:tc>" for at in "12"]
    rows = f"<w:tr>{first}{figures[0]}</w:tr><w:tr>{cell.format('', '')}{figures[1]}</w:tr>"
    body = f"<w:body><w:sect>{paragraph}<w:tbl>{rows}</w:tbl></w:sect></w:body>"
    data = f"{_DECLARED}<w:wordDocument {_W2003} {_AML}>{body}</w:wordDocument>"

    # When
    pages = choose.read(data.encode())

    # Then
    lines, (table,) = office_files.printed(pages)
    assert lines == ["正文"]
    assert table == [["合", "1"], ["2"]]
    grid = pages.blocks[1]
    assert isinstance(grid, Grid)
    assert grid.rows[0].cells[0].row_span == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_a_sheet_keeps_places_merges_and_figures(encoding: str) -> None:
    # Given
    rows = (
        '<Row ss:Index="3"><Cell ss:Index="2" ss:MergeAcross="1"><Data ss:Type="String">'
        '<B>总</B>计</Data></Cell><Cell><Data ss:Type="Number">1.2E2</Data></Cell></Row>'
        '<Row><Cell ss:Index="3"><Data ss:Type="Number">7.0</Data></Cell>'
        '<Cell><Data ss:Type="DateTime">2024-01-15T00:00:00.000</Data></Cell></Row>'
    )
    hidden = '<Worksheet ss:Name="隐"><Table><Row><Cell><Data>不见</Data></Cell></Row></Table>'
    hidden += "<WorksheetOptions><Visible>SheetHidden</Visible></WorksheetOptions></Worksheet>"
    sheet = f'<Worksheet ss:Name="表"><Table>{rows}</Table></Worksheet>'
    prefix = 'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    data = f"{declared}<Workbook {_SS} {prefix}>{hidden}{sheet}</Workbook>".encode(encoding)

    # When
    (grid,) = choose.read(data).blocks

    # Then
    assert isinstance(grid, Grid)
    assert [[cell.text for cell in row.cells] for row in grid.rows] == [
        ["总计", "120"],
        ["", "7", "2024年1月15日"],
    ]
    place = grid.rows[1].cells[1].place
    assert place is not None
    assert (place.sheet, place.cell) == ("表", "C4")


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_a_cut_file_is_truncated(share: float) -> None:
    whole = _in_one(office_files.word(office_files.reports(1)[0]))
    assert _refusal(whole[: int(len(whole) * share)]).reason is Reason.TRUNCATED


def test_entities_are_refused() -> None:
    body = "<w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body>"
    data = f"<w:wordDocument {_W2003}>{body}</w:wordDocument>"
    assert _refusal(data.encode()).reason is Reason.UNREADABLE


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
@pytest.mark.parametrize("charset", ["gb2312", "utf-8", "us-ascii"])
def test_every_cell_of_a_saved_page_is_read(encoding: str, charset: str) -> None:
    # Given
    rng = random.Random(8)
    truth = office_files.reports(1, first=70)[0]
    html = html_page(truth, rng, "word", "bare").encode(
        "gb18030" if charset == "gb2312" else "utf-8"
    )

    # When
    data = saved(html, charset, encoding).as_bytes()

    # Then
    assert choose.media_type(data) == "multipart/related"
    assert office_files.wrong_cells(inspect(data, "年报.doc"), truth) == []


def test_a_saved_page_that_is_cut_is_truncated() -> None:
    data = saved(b"<html><p>1</p></html>" * 200, "utf-8", "base64").as_bytes()
    assert _refusal(data[: len(data) // 2]).reason is Reason.TRUNCATED


def test_a_message_without_a_page_is_refused() -> None:
    message = EmailMessage()
    message.set_content("只有文字")
    assert _refusal(b"MIME-Version: 1.0\n" + message.as_bytes()).reason is Reason.UNSUPPORTED_TYPE


def test_parts_inside_parts_are_refused() -> None:
    deep = "".join(
        f'Content-Type: multipart/related; boundary="b{at}"\n\n--b{at}\n' for at in range(500)
    )
    assert _refusal(f"MIME-Version: 1.0\n{deep}".encode()).reason is Reason.TOO_LARGE
