"""Word files: what prints is read, cell by cell."""

from xml.sax.saxutils import escape

import docx as python_docx
import pytest

from models.disclosure.finding import Reason
from tests.budgets import EXAMPLES
from tests.worker.reading import office_files
from tests.worker.reading.test_package import zipped
from worker.errors import Refused
from worker.inspection import inspect
from worker.reading import choose, docx
from worker.reading.pages import Grid, Pages, Paragraph

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_HEAD = (
    f'<w:document xmlns:w="{_W}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"><w:body>'
)


def _word(body: str, styles: str = "") -> bytes:
    document = f"{_HEAD}{body}</w:body></w:document>".encode()
    parts = [("word/document.xml", document)]
    if styles:
        parts.append(("word/styles.xml", f'<w:styles xmlns:w="{_W}">{styles}</w:styles>'.encode()))
    return zipped(*parts)


def _run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{escape(text)}</w:t></w:r>"


def _p(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


def _cell(text: str, properties: str = "", inner: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner}{_p(_run(text))}</w:tc>"


def _row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def _table(*rows: str) -> str:
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


def _texts(pages: Pages) -> list[str]:
    return [block.text for block in pages.blocks if isinstance(block, Paragraph)]


def _grids(pages: Pages) -> list[list[list[tuple[str, int, int, int]]]]:
    return [
        [[(c.text, c.column, c.row_span, c.column_span) for c in row.cells] for row in block.rows]
        for block in pages.blocks
        if isinstance(block, Grid)
    ]


def _plain(pages: Pages) -> list[list[list[str]]]:
    return [[[cell[0] for cell in row] for row in grid] for grid in _grids(pages)]


def test_every_cell_of_random_reports_is_read() -> None:
    truths = office_files.reports(4 * EXAMPLES)
    read = [inspect(office_files.word(truth, at), "x") for at, truth in enumerate(truths)]
    assert office_files.all_wrong(zip(read, truths, strict=True)) == []


def test_merged_cells_keep_their_true_columns() -> None:
    # Given
    restart, going = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    wide = '<w:gridSpan w:val="2"/>'
    body = _table(
        _row(_cell("a", wide + restart), _cell("b")),
        _row(_cell("left over", wide + going), _cell("c")),
        _row(_cell("d"), _cell("e"), _cell("f")),
    )

    # When
    pages = docx.read(_word(body))

    # Then
    assert _grids(pages) == [
        [
            [("a", 0, 2, 2), ("b", 2, 1, 1)],
            [("c", 2, 1, 1)],
            [("d", 0, 1, 1), ("e", 1, 1, 1), ("f", 2, 1, 1)],
        ]
    ]


def test_a_row_may_begin_later() -> None:
    later = _row(_cell("c"), properties='<w:gridBefore w:val="1"/><w:gridAfter w:val="0"/>')
    pages = docx.read(_word(_table(_row(_cell("a"), _cell("b")), later)))
    assert _grids(pages) == [[[("a", 0, 1, 1), ("b", 1, 1, 1)], [("c", 1, 1, 1)]]]


def test_a_merge_that_goes_on_from_nothing_is_a_cell() -> None:
    pages = docx.read(_word(_table(_row(_cell("a", "<w:vMerge/>"), _cell("b")))))
    assert _plain(pages) == [[["a", "b"]]]


def test_old_horizontal_merges_widen_the_first_cell() -> None:
    first, more = '<w:hMerge w:val="restart"/>', '<w:hMerge w:val="continue"/>'
    body = _table(_row(_cell("a", first), _cell("", more), _cell("b")), _row(*map(_cell, "cde")))
    assert _grids(docx.read(_word(body)))[0][0] == [("a", 0, 1, 2), ("b", 2, 1, 1)]


@pytest.mark.parametrize("span", ["2000000000", "0", "-4", "x", "99999999999999999999"])
def test_spans_are_clamped(span: str) -> None:
    body = _table(_row(_cell("a", f'<w:gridSpan w:val="{span}"/>'), _cell("b")))
    assert _plain(docx.read(_word(body))) == [[["a", "b"]]]


def test_a_layout_table_yields_its_inner_tables() -> None:
    # Given
    inner = _table(*[_row(*[_cell(f"{row}{column}") for column in "abc"]) for row in "123"])
    outer = _table(_row(_cell("标题")), _row(_cell("末", inner=_p(_run("前")) + inner)))

    # When
    pages = docx.read(_word(outer))

    # Then
    assert _texts(pages) == ["标题", "前", "末"]
    assert _plain(pages) == [[[f"{row}{column}" for column in "abc"] for row in "123"]]


def test_a_table_inside_a_label_stays_in_the_label() -> None:
    inner = _table(_row(_cell("三、")), _row(_cell("本年度")))
    rows = [_row(_cell("", inner=inner), _cell("0"), _cell("1")) for _ in range(2)]
    assert _plain(docx.read(_word(_table(*rows)))) == [[["三、\n本年度", "0", "1"]] * 2]


def test_text_boxes_are_read_once_after_their_paragraph() -> None:
    box = f"<w:txbxContent>{_p(_run('框内'))}</w:txbxContent>"
    choice = (
        f'<mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>'
    )
    fallback = f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
    run = f"<w:r><mc:AlternateContent>{choice}{fallback}</mc:AlternateContent></w:r>"
    assert _texts(docx.read(_word(_p(run, _run("框外"))))) == ["框外", "框内"]


def test_a_text_box_of_old_programs_is_read() -> None:
    box = f"<w:txbxContent>{_table(_row(_cell('a'), _cell('b')))}</w:txbxContent>"
    pages = docx.read(_word(_p(f"<w:r><w:pict><v:textbox>{box}</v:textbox></w:pict></w:r>")))
    assert _plain(pages) == [[["a", "b"]]]


def test_tracked_changes_are_taken_as_accepted() -> None:
    deleted = "<w:del><w:r><w:delText>9</w:delText></w:r></w:del>"
    inserted = f"<w:ins>{_run('12')}</w:ins>"
    moved = f"<w:moveFrom>{_run('x')}</w:moveFrom><w:moveTo>{_run('件')}</w:moveTo>"
    gone = _row(_cell("gone"), _cell("gone"), properties="<w:del/>")
    column = _row(_cell("a"), _cell("b"), _cell("z", "<w:cellDel/>"))
    pages = docx.read(_word(_p(deleted, inserted, moved) + _table(gone, column)))
    assert _texts(pages) == ["12件"]
    assert _plain(pages) == [[["a", "b"]]]


def test_hidden_text_is_dropped() -> None:
    # Given
    styles = (
        '<w:style w:styleId="H"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="S"><w:rPr><w:vanish w:val="0"/></w:rPr></w:style>'
    )
    body = (
        _p(_run("1", "<w:vanish/>"), _run("2", '<w:vanish w:val="false"/>'))
        + _p(_run("3", '<w:rStyle w:val="H"/>'), _run("4", '<w:rStyle w:val="S"/>'))
        + _p(_run("5"), properties='<w:pStyle w:val="H"/>')
        + _table(
            _row(_cell("6"), _cell("6"), properties="<w:hidden/>"), _row(_cell("7"), _cell("8"))
        )
    )

    # When
    pages = docx.read(_word(body, styles))

    # Then
    assert _texts(pages) == ["2", "4"]
    assert _plain(pages) == [[["7", "8"]]]


def test_content_controls_are_opened_and_prompts_dropped() -> None:
    control = f"<w:sdt><w:sdtPr/><w:sdtContent>{_p(_run('内'))}</w:sdtContent></w:sdt>"
    prompt = (
        "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>"
        f"{_run('单击此处输入文字')}</w:sdtContent></w:sdt>"
    )
    held = f"<w:sdt><w:sdtContent>{_cell('b')}</w:sdtContent></w:sdt>"
    pages = docx.read(_word(control + _p(prompt, _run("外")) + _table(_row(_cell("a"), held))))
    assert _texts(pages) == ["内", "外"]
    assert _plain(pages) == [[["a", "b"]]]


def test_a_table_of_contents_is_left_out() -> None:
    kind = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
    entry = _p(_run("一、总体情况"), "<w:r><w:tab/><w:t>1</w:t></w:r>")
    contents = f"<w:sdt><w:sdtPr>{kind}</w:sdtPr><w:sdtContent>{entry}</w:sdtContent></w:sdt>"
    assert _texts(docx.read(_word(contents + _p(_run("正文"))))) == ["正文"]


def test_marks_inside_runs() -> None:
    run = (
        "<w:r><w:t>本\u00ad年\u200b</w:t><w:br/><w:t>１２</w:t><w:noBreakHyphen/><w:t>3</w:t></w:r>"
    )
    field = "<w:r><w:instrText>PAGE</w:instrText></w:r>"
    ruby = (
        "<w:r><w:ruby><w:rt><w:r><w:t>hàn</w:t></w:r></w:rt>"
        f"<w:rubyBase>{_run('汉')}</w:rubyBase></w:ruby></w:r>"
    )
    assert _texts(docx.read(_word(_p(run, field) + _p(ruby)))) == ["本年", "１２-3", "汉"]


def test_tabs_make_rows() -> None:
    run = "<w:r><w:tab/><w:t>规章</w:t><w:tab/><w:t>0</w:t><w:tab/><w:t>3</w:t></w:r>"
    assert _plain(docx.read(_word(_p(run)))) == [[["", "规章", "0", "3"]]]


def test_headers_and_footers_are_left_out() -> None:
    # Given
    made = python_docx.Document()
    made.add_paragraph("正文")
    made.sections[0].header.paragraphs[0].text = "页眉"
    made.sections[0].footer.paragraphs[0].text = "— 1 —"

    # Then
    assert _texts(docx.read(office_files.saved(made))) == ["正文"]


def test_strict_files_are_read_too() -> None:
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    document = f"{_HEAD}{_p(_run('正文'))}</w:body></w:document>".replace(_W, strict)
    assert _texts(docx.read(zipped(("word/document.xml", document.encode())))) == ["正文"]


def test_the_relations_name_the_document() -> None:
    # Given
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    relations = f'<R xmlns="x"><R Type="{kind}" Target="/word/document2.xml"/></R>'
    document = f"{_HEAD}{_p(_run('正文'))}</w:body></w:document>"
    data = zipped(("_rels/.rels", relations.encode()), ("word/document2.xml", document.encode()))

    # Then
    assert _texts(choose.read(data)) == ["正文"]


def test_places_name_line_table_row_and_cell() -> None:
    pages = docx.read(_word(_p(_run("一")) + _table(_row(_cell("a"), _cell("b")))))
    paragraph, grid = pages.blocks
    assert isinstance(paragraph, Paragraph)
    assert isinstance(grid, Grid)
    assert paragraph.place is not None
    assert paragraph.place.as_dict() == {"line": 1, "column": 1}
    place = grid.rows[0].cells[1].place
    assert place is not None
    assert place.as_dict() == {"cell": "T1R1C2"}


def test_too_many_cells_are_refused() -> None:
    row = "<w:tr>" + "<w:tc><w:p/></w:tc>" * 500 + "</w:tr>"
    with pytest.raises(Refused) as refused:
        docx.read(_word(_table(row * 401)))
    assert refused.value.reason is Reason.TOO_LARGE


def test_deep_nesting_is_refused() -> None:
    deep = "<w:tbl><w:tr><w:tc>" * 90 + "</w:tc></w:tr></w:tbl>" * 90
    with pytest.raises(Refused) as refused:
        docx.read(_word(deep))
    assert refused.value.reason is Reason.UNREADABLE


def test_a_file_of_pictures_is_empty() -> None:
    with pytest.raises(Refused) as refused:
        docx.read(_word(_p("<w:r><w:drawing/></w:r>") + _table(_row(_cell(""), _cell("")))))
    assert refused.value.reason is Reason.EMPTY


@pytest.mark.parametrize("seed", range(700, 706))
def test_numbers_that_are_properties_are_not_missed(seed: int) -> None:
    truth = office_files.reports(1, first=seed)[0]
    inspection = inspect(office_files.numbered(truth), "年报.docx")
    assert office_files.wrong_cells(inspection, truth) == []
    assert inspection.report is not None
    assert len(inspection.report.sections) >= 5
