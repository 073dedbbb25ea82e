"""OFD files in many dialects, cell by cell; single features; and files that are no good."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.disclosure.finding import Reason
from tests.budgets import CONVERTED, EXAMPLES
from tests.reports.truth import MESS, random_report
from tests.worker.reading import ofd_files, office_files, pdf_parts
from tests.worker.reading.ofd_files import Dialect, Writer, random_dialect, zipped
from tests.worker.reading.pdf_drawn import STYLES, Drawing
from tests.worker.reading.pdf_parts import Sheet, Sign
from worker.errors import Refused
from worker.inspection import inspect
from worker.reading import choose, ofd, package
from worker.reading.pages import Grid, Pages, Paragraph

_MM = 72 / 25.4
_NS = 'xmlns="http://www.ofdspec.org/2016"'


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_cell_drawn_by_hand_is_read_in_any_dialect(seed: int) -> None:
    # Given
    rng = random.Random(seed)
    truth = random_report(rng, messy={option: rng.choice((0.0, 0.3)) for option in sorted(MESS)})
    drawing = Drawing(
        style=rng.choice(STYLES),
        turn=rng.randrange(4),
        flagged=False,
        cut=rng.random() < 0.5,
        size=rng.choice((7.5, 9.0, 10.5)),
    )
    sheets = pdf_parts.sheets(drawing.report(truth, rng))

    # When
    inspection = inspect(ofd_files.ofd(sheets, random_dialect(rng)), "年报.ofd")

    # Then
    assert office_files.wrong_cells(inspection, truth) == []


@pytest.mark.process
@pytest.mark.soak
def test_every_cell_that_libreoffice_sets_is_read(tmp_path: Path) -> None:
    # Given
    truths = office_files.reports(max(4, CONVERTED // 3), first=800)
    sources = {f"{at}.docx": office_files.word(truth) for at, truth in enumerate(truths)}
    printed = office_files.convert(sources, "pdf", tmp_path)
    rng = random.Random(3)

    # When
    read = [
        inspect(ofd_files.ofd(pdf_parts.sheets(printed[name]), random_dialect(rng)), "年报.ofd")
        for name in sources
    ]

    # Then
    assert office_files.all_wrong(zip(read, truths, strict=True)) == []


def _page(content: str, about: str = "") -> dict[str, str]:
    """Return the parts of a package of one page."""
    return {
        "OFD.xml": f"<OFD {_NS}><DocBody><DocRoot>Doc_0/Document.xml</DocRoot></DocBody></OFD>",
        "Doc_0/Document.xml": f"<Document {_NS}><CommonData>{about}</CommonData><Pages>"
        '<Page ID="1" BaseLoc="Pages/0.xml"/></Pages></Document>',
        "Doc_0/Pages/0.xml": f"<Page {_NS}><Content><Layer>{content}</Layer></Content></Page>",
    }


def _text(text: str, x: float = 20, y: float = 20, code: str = "", about: str = "") -> str:
    placed = f'<TextObject Boundary="{x} {y} 100 5" Size="4" {about}>'
    return f'{placed}<TextCode X="0" Y="3.5" {code}>{text}</TextCode></TextObject>'


def _lines(pages: Pages) -> list[str]:
    return [block.text for block in pages.blocks if isinstance(block, Paragraph)]


def _read(content: str, about: str = "") -> list[str]:
    return _lines(ofd.read(zipped(_page(content, about))))


def _refusal(data: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        choose.read(data)
    return refused.value


def test_places_are_in_points_on_the_page() -> None:
    # Given
    lines = [(20.0, y, 60.0, y, 0.2) for y in (30.0, 40.0, 50.0)]
    lines += [(x, 30.0, x, 50.0, 0.2) for x in (20.0, 40.0, 60.0)]
    signs = [Sign("一", 22, 36, 4, 0), Sign("7", 45, 46, 4, 0)]

    # When
    pages = ofd.read(ofd_files.ofd([Sheet(210, 297, signs, lines)]))

    # Then
    (grid,) = pages.blocks
    assert isinstance(grid, Grid)
    assert [[cell.text for cell in row.cells] for row in grid.rows] == [["一", ""], ["", "7"]]
    place = grid.rows[1].cells[1].place
    assert place is not None
    assert place.page == 1
    assert place.box == pytest.approx((40 * _MM, 40 * _MM, 60 * _MM, 50 * _MM), abs=0.2)


def test_offsets_may_be_repeated_negative_and_short() -> None:
    # Given: two lines in one run, and one that states less than there are characters
    code = 'DeltaX="g 2 4 -8 g 2 4" DeltaY="g 2 0 8 g 2 0"'
    content = _text("甲乙丙丁戊己", code=code) + _text("一二三四", y=60, code='DeltaX="4"')
    assert _read(content) == ["甲乙丙丁戊己", "一二三四"]


def test_characters_without_offsets_stand_side_by_side() -> None:
    assert _read(_text("共12345件") + _text("，另7件", x=20 + 4 + 5 * 2 + 4)) == [
        "共12345件，另7件"
    ]


@pytest.mark.parametrize("counted", ["4 4", "4 0 4"])
def test_a_ligature_keeps_its_characters(counted: str) -> None:
    counts = 'CodePosition="1" CodeCount="2" GlyphCount="1"'
    transform = f"<CGTransform {counts}><Glyphs>9</Glyphs></CGTransform>"
    content = (
        '<TextObject Boundary="20 20 90 5" Size="4">'
        f'{transform}<TextCode X="0" Y="3" DeltaX="{counted}">附fi录</TextCode></TextObject>'
    )
    assert _read(content) == ["附fi录"]


def test_a_matrix_may_hold_the_place_of_an_object() -> None:
    """Converters keep the coordinates of the PDF and undo them by the matrix."""
    code = '<TextCode X="324.419" Y="-303.723">局</TextCode>'
    content = (
        '<TextObject CTM="0.3527 0 0 0.3527 -114.807533 111.352325" Size="14.749"'
        f' Boundary="114.807533 185.229584 4.083549 4.733795">{code}</TextObject>'
    )
    (block,) = ofd.read(zipped(_page(content))).blocks
    assert isinstance(block, Paragraph)
    assert block.place is not None
    assert block.place.box is not None
    assert block.place.box[0] == pytest.approx(114.42 * _MM, abs=0.5)


def test_what_is_not_shown_or_set_aslant_is_left_out() -> None:
    content = _text("正文") + _text("隐藏", y=40, about='Visible="false"')
    content += _text("水印水印", y=60, about='CTM="0.7 -0.7 0.7 0.7 0 0"')
    assert _read(content) == ["正文"]


def test_radicals_are_read_as_characters() -> None:
    assert _read(_text("⼀年度⻅")) == ["一年度见"]


def test_documents_follow_one_another_and_the_current_version_counts() -> None:
    # Given
    first = Writer(Dialect(), "Doc_0").document([_sheet("第一份")])
    old = Writer(Dialect(), "Doc_1").document([_sheet("旧版")])
    new = Writer(Dialect(), "Doc_2").document([_sheet("新版")])
    body = "<DocBody><DocRoot>Doc_{}/Document.xml</DocRoot>{}</DocBody>"
    versions = (
        '<Versions><Version ID="1" Index="0" BaseLoc="Doc_1/V0.xml"/>'
        '<Version ID="2" Index="1" Current="true" BaseLoc="/Doc_1/V1.xml"/></Versions>'
    )
    root = f"<OFD {_NS}>{body.format(0, '')}{body.format(1, versions)}</OFD>"
    version = f"<DocVersion {_NS}><DocRoot>/Doc_2/Document.xml</DocRoot></DocVersion>"

    # When
    pages = ofd.read(zipped({"OFD.xml": root, "Doc_1/V1.xml": version, **first, **old, **new}))

    # Then
    assert _lines(pages) == ["第一份新版"]


def _sheet(text: str) -> Sheet:
    return Sheet(210, 297, [Sign(letter, 20 + 4 * at, 30, 4, 0) for at, letter in enumerate(text)])


@pytest.mark.parametrize(
    "content",
    ['<ImageObject Boundary="0 0 210 297" ResourceID="5" CTM="210 0 0 297 0 0"/>', "outlines"],
)
def test_a_page_without_text_is_told(content: str) -> None:
    # Given
    if content == "outlines":
        data = "<AbbreviatedData>M 0 0 B 1 1 2 1 3 0 L 2 2 C</AbbreviatedData>"
        content = f'<PathObject Boundary="9 9 3 3" Fill="true">{data}</PathObject>' * 30

    # Then
    refused = _refusal(zipped(_page(content)))
    assert refused.reason is Reason.UNREADABLE
    assert "no text layer" in refused.message


def test_text_of_private_codes_is_told() -> None:
    refused = _refusal(zipped(_page(_text("\ue001\ue002\ue003年" * 8))))
    assert refused.reason is Reason.UNREADABLE
    assert "does not say its characters" in refused.message


def test_an_image_page_among_others_is_a_warning() -> None:
    # Given
    parts = _page(_text("本年度政府信息公开工作总体情况。" * 3))
    parts["Doc_0/Document.xml"] = parts["Doc_0/Document.xml"].replace(
        "</Pages>", '<Page ID="2" BaseLoc="Pages/1.xml"/></Pages>'
    )
    image = '<Content><Layer><ImageObject Boundary="0 0 9 9"/></Layer></Content>'
    parts["Doc_0/Pages/1.xml"] = f"<Page {_NS}>{image}</Page>"

    # Then
    (warning,) = ofd.read(zipped(parts)).warnings
    assert "page 2" in warning


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_cut_file_is_truncated(share: float) -> None:
    whole = ofd_files.ofd([_sheet("政府信息公开工作年度报告")])
    assert choose.media_type(whole) == package.OFD
    assert _refusal(whole[: int(len(whole) * share)]).reason is Reason.TRUNCATED


@pytest.mark.parametrize("where", ["Encryptions.xml", "element"])
def test_an_encrypted_file_is_told(where: str) -> None:
    parts = _page(_text("密"))
    if where == "element":
        parts["OFD.xml"] = parts["OFD.xml"].replace("</OFD>", "<Encryptions>a</Encryptions></OFD>")
    else:
        parts[where] = "<Encryptions/>"
    assert _refusal(zipped(parts)).reason is Reason.ENCRYPTED


@pytest.mark.parametrize("loc", ["../../../etc/passwd", "", "Pages/9.xml", "/etc/passwd", "\x01"])
def test_a_page_that_is_not_there_is_named(loc: str) -> None:
    parts = _page(_text("页"))
    parts["Doc_0/Document.xml"] = parts["Doc_0/Document.xml"].replace(
        "Pages/0.xml", loc.replace("\x01", "&#9;")
    )
    refused = _refusal(zipped(parts))
    assert refused.reason is Reason.UNREADABLE
    assert "lacks its part" in refused.message


def test_a_file_without_documents_is_unreadable() -> None:
    assert _refusal(zipped({"OFD.xml": f"<OFD {_NS}/>"})).reason is Reason.UNREADABLE


def test_pages_with_nothing_on_them_are_empty() -> None:
    assert _refusal(zipped(_page(""))).reason is Reason.EMPTY


def test_entities_are_refused() -> None:
    parts = _page("&x;")
    parts["Doc_0/Pages/0.xml"] = (
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + parts["Doc_0/Pages/0.xml"]
    )
    assert _refusal(zipped(parts)).reason is Reason.UNREADABLE


def test_a_bomb_is_too_large() -> None:
    data = zipped({**_page(_text("页")), "Doc_0/big.xml": " " * 70_000_000})
    assert _refusal(data).reason is Reason.TOO_LARGE


def test_templates_and_units_that_refer_to_themselves_end() -> None:
    # Given
    template = '<TemplatePage ID="7" BaseLoc="T.xml"/><DocumentRes>R.xml</DocumentRes>'
    unit = '<CompositeObject ResourceID="8" Boundary="0 0 9 9"/>'
    parts = _page(_text("正文") + unit, template)
    for name in ("Doc_0/T.xml", "Doc_0/Pages/0.xml"):
        held = parts.get(
            name, f"<Page {_NS}><Content><Layer>{_text('框', y=60)}</Layer></Content></Page>"
        )
        parts[name] = held.replace("<Content>", '<Template TemplateID="7"/><Content>')
    content = f"<Content>{_text('元', y=80)}{unit}</Content>"
    units = f'<CompositeGraphicUnit ID="8">{content}</CompositeGraphicUnit>'
    parts["Doc_0/R.xml"] = (
        f"<Res {_NS}><CompositeGraphicUnits>{units}</CompositeGraphicUnits></Res>"
    )

    # Then
    assert set("".join(_lines(ofd.read(zipped(parts))))) == set("正文框元")


def test_units_that_multiply_are_too_large() -> None:
    # Given
    units = "".join(
        f'<CompositeGraphicUnit ID="{at}"><Content>'
        + f'<CompositeObject ResourceID="{at + 1}" Boundary="0 0 9 9"/>' * 40
        + "</Content></CompositeGraphicUnit>"
        for at in range(8)
    )
    parts = _page('<CompositeObject ResourceID="0"/>', "<DocumentRes>R.xml</DocumentRes>")
    parts["Doc_0/R.xml"] = f"<Res {_NS}>{units}</Res>"

    # Then
    assert _refusal(zipped(parts)).reason is Reason.TOO_LARGE


@pytest.mark.parametrize("depth", [240, 400, 20_000])
def test_blocks_nested_without_end_are_refused_or_read(depth: int) -> None:
    data = zipped(_page("<PageBlock>" * depth + _text("深") + "</PageBlock>" * depth))
    try:
        assert _lines(ofd.read(data)) == ["深"]
    except Refused as refused:
        assert refused.reason is Reason.UNREADABLE  # noqa: PT017 - both are right


def test_no_change_of_bytes_raises_anything_else() -> None:
    # Given
    rng = random.Random(11)
    truth = random_report(rng, edition="2021")
    sheets = pdf_parts.sheets(Drawing().report(truth, rng))[:1]
    parts = Writer(Dialect(texts="glyph_ids", holder="unit", rules="parameter")).parts(sheets)
    names = sorted(parts)

    # Then
    for _ in range(60):
        name = rng.choice(names)
        broken = bytearray(parts[name].encode())
        for _ in range(rng.randint(1, 40)):
            broken[rng.randrange(len(broken))] = rng.choice(b'0123456789.-eg "MLCBQA<>/')
        try:
            ofd.read(zipped({**parts, name: broken.decode("utf-8", "replace")}))
        except Refused as refused:
            assert refused.message  # noqa: PT017 - some are read, most are refused
