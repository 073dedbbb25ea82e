"""OpenDocument texts: made by LibreOffice, and by hand where it matters."""

import pytest

from models.disclosure.finding import Reason
from tests.worker.reading import office_files
from tests.worker.reading.conftest import Converted
from tests.worker.reading.office_files import printed
from tests.worker.reading.test_package import zipped
from worker.errors import Refused
from worker.reading import choose, odt, package
from worker.reading.pages import Grid

_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
    for name, urn in (
        *((name, name) for name in ("office", "table", "text", "style")),
        ("draw", "drawing"),
    )
)


def _odt(body: str, styles: str = "", manifest: str = "") -> bytes:
    content = (
        f"<office:document-content {_NAMES}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:text>{body}</office:text>"
        "</office:body></office:document-content>"
    )
    return zipped(
        ("mimetype", package.ODT.encode()),
        ("content.xml", content.encode()),
        ("META-INF/manifest.xml", manifest.encode()),
        compression=0,
    )


@pytest.mark.process
def test_every_cell_of_random_reports_is_read(converted: Converted) -> None:
    assert office_files.read_back(converted("odt")) == []


@pytest.mark.process
def test_numbers_that_are_properties_are_not_missed(converted: Converted) -> None:
    assert office_files.read_numbered(converted("odt")) == []


@pytest.mark.process
def test_only_what_prints_is_read(converted: Converted) -> None:
    pages = choose.read(converted("odt")[office_files.FEATURES])
    assert printed(pages) == (office_files.SHOWN, office_files.FEATURE_TABLES)


def test_white_space_marks_and_what_is_left_out() -> None:
    body = (
        "<text:tracked-changes><text:p>删</text:p></text:tracked-changes>"
        "<text:table-of-content><text:index-body><text:p>目录\t1</text:p></text:index-body>"
        "</text:table-of-content>"
        '<text:p>a\n  b<text:s text:c="2"/>c<text:note><text:p>注</text:p></text:note>'
        "<text:line-break/><text:span text:style-name='H'>隐</text:span>d"
        "<office:annotation><text:p>批</text:p></office:annotation></text:p>"
        "<text:list><text:list-item><text:p>项</text:p></text:list-item></text:list>"
    )
    styles = (
        '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    )
    assert printed(odt.read(_odt(body, styles))) == (["a b  c", "d", "项"], [])


def test_spans_and_repeats_are_clamped() -> None:
    # Given
    cell = "<table:table-cell {}><text:p>{}</text:p></table:table-cell>"
    wide = 'table:number-columns-spanned="2000000000" table:number-rows-spanned="99999999999"'
    repeated = 'table:number-columns-repeated="3"'
    body = (
        f"<table:table><table:table-header-rows><table:table-row>{cell.format(wide, 'a')}"
        "</table:table-row></table:table-header-rows>"
        '<table:table-row table:number-rows-repeated="2000000000"><table:covered-table-cell/>'
        "</table:table-row></table:table><table:table><table:table-row>"
        f"{cell.format(repeated, '1')}</table:table-row></table:table>"
    )

    # When
    pages = odt.read(_odt(body))

    # Then
    assert printed(pages)[0] == ["a"]
    assert printed(pages)[1] == [[["1", "1", "1"]]]


def test_merged_cells_keep_their_true_columns() -> None:
    cell = "<table:table-cell {}><text:p>{}</text:p></table:table-cell>"
    down = 'table:number-rows-spanned="2"'
    body = (
        f"<table:table><table:table-row>{cell.format(down, 'a')}{cell.format('', 'b')}"
        f"</table:table-row><table:table-row><table:covered-table-cell/>{cell.format('', 'c')}"
        "</table:table-row></table:table>"
    )
    (grid,) = odt.read(_odt(body)).blocks
    assert isinstance(grid, Grid)
    assert [(cell.text, cell.column, cell.row_span) for row in grid.rows for cell in row.cells] == [
        ("a", 0, 2),
        ("b", 1, 1),
        ("c", 1, 1),
    ]


def test_a_password_is_told() -> None:
    manifest = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
    with pytest.raises(Refused) as refused:
        choose.read(_odt("", manifest=manifest))
    assert refused.value.reason is Reason.ENCRYPTED
