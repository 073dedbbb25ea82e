"""HTML: every printed cell of pages in the shapes that real sites use, and nothing else."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.disclosure.finding import Reason
from tests import budgets
from tests.reports.make_pdf_text import SHEETS, html_of
from tests.reports.truth import random_report
from tests.sampling import sampled
from tests.worker.reading.html_pages import PAGES, TABLES, page, traditional
from tests.worker.reading.office_files import all_wrong, convert, reports, wrong_cells
from worker.errors import Refused
from worker.inspection import inspect
from worker.reading import html
from worker.reading.pages import Grid, Pages, Shape

_EXAMPLES = budgets.EXAMPLES
_TITLED = 200
"""Bytes by which a page has told that it is a report."""
_FIGURES = "<td>1<td>2<td>3<td>4"
_ENCODINGS = ("gbk", "gb18030", "utf-8", "big5hkscs", "utf-8-sig", "utf-16", "utf-16-le")
_NAMES = {"gbk": "gb2312", "gb18030": "gb18030", "utf-8": "utf-8", "big5hkscs": "big5"}
_META = '<meta http-equiv="Content-Type" content="text/html; charset=gb2312"/>'


def _declared(kind: str, encoding: str) -> str:
    """Return what the head declares: nothing, the encoding, another, or two that differ."""
    own = _NAMES.get(encoding, "utf-8")
    other = "big5" if own != "big5" else "utf-8"
    names = {"missing": (), "right": (own,), "wrong": (other,), "contradictory": (other, own)}
    return "".join(f'<meta charset="{name}">' for name in names[kind])


def _read(text: str) -> Pages:
    return html.read(text.encode())


def _cells(pages: Pages) -> list[list[tuple[str, int]]]:
    return [
        [(cell.text, cell.column) for cell in row.cells]
        for block in pages.blocks
        if isinstance(block, Grid)
        for row in block.rows
    ]


def _lines(text: str) -> list[str]:
    return list(_read(text).lines())


@pytest.mark.parametrize("shell", sorted(PAGES))
@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_cell_of_a_page_is_read(table: str, shell: str) -> None:
    for seed in range(max(1, _EXAMPLES // 20)):
        # Given
        rng = random.Random(f"{table} {shell} {seed}")
        truth = random_report(rng, messy=True)

        # When
        inspection = inspect(page(truth, rng, table, shell).encode(), "page.html")

        # Then
        assert wrong_cells(inspection, truth) == []
        assert inspection.file.media_type == "text/html"
        assert inspection.outcome == "stored"


@pytest.mark.parametrize("seeds", sampled([range(56), range(56, 200)], 2))
def test_the_charset_is_told_by_the_bytes_and_not_by_what_the_page_says(seeds: range) -> None:
    kinds = ("right", "wrong", "missing", "contradictory")
    for seed in seeds:
        # Given
        rng = random.Random(seed)
        encoding, kind = _ENCODINGS[seed % len(_ENCODINGS)], kinds[seed // 2 % len(kinds)]
        truth = random_report(rng)
        text = page(truth, rng, rng.choice(sorted(TABLES)), "portal")
        text = text.replace(_META, _declared(kind, encoding))
        if encoding == "big5hkscs":
            text = traditional(text)

        # When
        inspection = inspect(text.encode(encoding, "replace"), "page.html")

        # Then
        assert inspection.report is not None, (seed, encoding, kind)
        read = {key: cell.value for key, cell in inspection.report.cells()}
        assert read == {key: cell.value for key, cell in truth.cells.items()}, (seed, encoding)
        if encoding != "big5hkscs":
            assert wrong_cells(inspection, truth) == []


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5hkscs"])
@pytest.mark.parametrize("damage", ["one bad byte", "a cut tail"])
def test_a_damaged_character_costs_no_cell(encoding: str, damage: str) -> None:
    for seed in range(5):
        # Given a page with one bad byte in its text, or without the last byte of a character
        rng = random.Random(seed)
        truth = random_report(rng)
        text = page(truth, rng, "plain", "portal").replace("首页", "首頁")
        text = traditional(text) if encoding == "big5hkscs" else text
        data = text.encode(encoding, "replace")
        at = data.index("首頁".encode(encoding))
        if damage == "one bad byte":
            data = data[:at] + b"\xff" + data[at + 1 :]
        else:
            data += "頁".encode(encoding)[:-1]

        # When
        report = inspect(data, "page.html").report

        # Then
        assert report is not None
        read = {key: cell.value for key, cell in report.cells()}
        assert read == {key: cell.value for key, cell in truth.cells.items()}


def test_text_in_hz_is_no_report() -> None:
    rng = random.Random(1)
    text = page(random_report(rng), rng, "plain", "bare")
    inspection = inspect(text.encode("hz", "replace"), "x")
    assert (inspection.outcome, str(inspection.reason)) == ("dead", "unsupported_type")
    assert "HZ" in (inspection.message or "")


@pytest.mark.process
@pytest.mark.soak
def test_every_cell_of_what_libreoffice_saves_as_a_page_is_read(tmp_path: Path) -> None:
    # Given
    truths = reports(20)
    sources = {
        f"report{at}.html": html_of(truth, SHEETS[at % len(SHEETS)], random.Random(at)).encode()
        for at, truth in enumerate(truths)
    }
    texts = convert(sources, "odt:writer8", tmp_path)
    texts = {name.replace(".html", ".odt"): data for name, data in texts.items()}

    for target in ("html:HTML (StarWriter)", "xhtml:XHTML Writer File"):
        # When
        saved = convert(texts, target, tmp_path)
        inspections = [inspect(saved[f"report{at}.odt"], "x") for at in range(len(truths))]

        # Then
        assert all_wrong(zip(inspections, truths, strict=True)) == []


def test_cells_have_true_columns_and_clamped_spans() -> None:
    # When
    pages = _read(
        "<table><tr><td rowspan=2 colspan=2>标题<td>1<td>2"
        "<tr><td>3<td>4"
        "<tr><td rowspan=0>甲<td>乙<td colspan=2000000000>5"
        "<tr><td>丙<td>6<td>7</table>"
    )

    # Then
    assert _cells(pages) == [
        [("标题", 0), ("1", 2), ("2", 3)],
        [("3", 2), ("4", 3)],
        [("甲", 0), ("乙", 1), ("5", 2)],
        [("丙", 1), ("6", 2), ("7", 3)],
    ]
    (grid,) = pages.blocks
    assert isinstance(grid, Grid)
    assert grid.shape is Shape.CELLS
    assert [cell.row_span for cell in grid.rows[2].cells] == [2, 1, 1]
    assert grid.rows[3].cells[1].place is not None
    assert grid.rows[3].cells[1].place.cell == "T1R4C2"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("一<br>二<br/>三", "一 二 三"),
        ("<p>1&nbsp;</p>", "1"),
        ("<p class=MsoNormal><span>1</span><span>2<o:p></o:p></span></p>", "12"),
        ("<p>甲</p><p>乙</p>", "甲 乙"),
        ("甲<span style='display:none'>9</span>", "甲"),
        ("甲<span style='DISPLAY : NONE'>9</span>乙", "甲乙"),
        ("甲<span hidden>9</span>", "甲"),
        ("<!-- 9 -->1<!--[if gte mso 9]>2<![endif]-->", "1"),
        ("<script>9</script>1<style>p{}</style>", "1"),
        ("\n  行政\n  许可\n", "行政许可"),
        ("1,\n234", "1, 234"),
        ("１２&#12288;", "１２"),
        ("&#8203;5&#65279;", "5"),
        ("<div style='border:none'>5</div>", "5"),
        ("<input value=9><select><option>8</select>5", "5"),
        ("<a href=x>5</a>", "5"),
        ("&lt;5&gt;&amp;", "<5>&"),
    ],
)
def test_the_text_of_a_cell_is_what_a_browser_shows(cell: str, text: str) -> None:
    (row,) = _cells(_read(f"<table><tr><td>{cell}</td>{_FIGURES}</table>"))
    assert row[0][0] == text


def test_a_layout_table_gives_its_text_and_the_tables_inside() -> None:
    # When
    pages = _read(
        "<table><tr><td><a href=1>栏目</a></td><td>一、总体情况<p>全年无申请。</p>"
        f"<table><tr>{_FIGURES}<tr>{_FIGURES}</table>二、其他<p>无。</p></td></tr></table>"
    )

    # Then
    assert list(pages.lines()) == [
        "一、总体情况",
        "全年无申请。",
        "1 2 3 4",
        "1 2 3 4",
        "二、其他",
        "无。",
    ]


def test_a_table_inside_a_cell_of_figures_is_text_of_that_cell() -> None:
    inner = "<table><tr><td>其<td>中</table>"
    pages = _read(f"<table><tr><td>{inner}</td>{_FIGURES}<tr><td>甲</td>{_FIGURES}</table>")
    assert _cells(pages)[0][0] == ("其 中", 0)


@pytest.mark.parametrize(
    "head",
    [
        "<title>甲县水利局2022年政府信息公开工作年度报告_乙市人民政府</title>",
        "<meta name=ArticleTitle content=甲县水利局2022年政府信息公开工作年度报告>",
    ],
)
def test_a_title_that_only_the_head_has_comes_first(head: str) -> None:
    lines = _lines(f"<html><head>{head}</head><body><p>一、总体情况</p></body></html>")
    assert lines == ["甲县水利局2022年政府信息公开工作年度报告", "一、总体情况"]


def test_a_title_in_the_article_is_not_said_twice() -> None:
    title = "甲县水利局2022年政府信息公开工作年度报告"
    page_title = "<title>水利局2022年政府信息公开年报-甲县人民政府</title>"
    assert _lines(f"{page_title}<h1>{title}</h1><div><p>一、总体情况</p></div>") == [
        title,
        "一、总体情况",
    ]


def test_navigation_before_in_and_after_the_article_is_no_text() -> None:
    # Given
    rng = random.Random(7)
    truth = random_report(rng)

    # When
    text = "\n".join(_lines(page(truth, rng, "plain", "portal")))

    # Then
    for word in ("首页", "指南", "位置", "浏览", "字体", "分享", "上一篇", "下一篇", "乙县", "ICP"):
        assert word not in text
    assert text.rstrip().endswith("日")


def test_a_container_named_like_navigation_is_kept_when_it_holds_the_report() -> None:
    body = f"<div class=nav id=footer><p>一、总体情况</p><table><tr>{_FIGURES}</table></div>"
    assert _lines(body) == ["一、总体情况", "1 2 3 4"]


def test_a_signature_just_behind_the_article_is_kept() -> None:
    lines = _lines(
        "<div><div><p>一、总体情况</p><p>六、其他</p></div>"
        "<p>甲县水利局</p><p>2023年1月9日</p><p><a href=x>打印</a></p><p>版权</p></div>"
    )
    assert lines[-2:] == ["甲县水利局", "2023年1月9日"]


def test_an_anchor_is_no_link() -> None:
    assert _lines("<p><a name=one>一、总体情况</a></p><p><a href='#2'>二、目录</a></p>") == [
        "一、总体情况"
    ]


@pytest.mark.parametrize("text", ["浏览次数：17", "访问量达到", "点击率"])
def test_running_text_that_begins_like_furniture_is_kept(text: str) -> None:
    body = f"{text}全年政府网站公开信息三百条，访问人次有所增长。" if "：" not in text else text
    kept = body in _lines(f"<p>一、总体情况</p><p>{body}</p><p>二、其他</p>")
    assert kept is ("：" not in text)


@pytest.mark.parametrize("shell", ["bare", "portal", "form", "layout"])
@settings(max_examples=_EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_page_cut_at_any_byte_is_never_stored_with_cells_missing(shell: str, seed: int) -> None:
    # Given
    rng = random.Random(seed)
    truth = random_report(rng)
    whole = page(truth, rng, rng.choice(sorted(TABLES)), shell)
    data = whole.encode(rng.choice(("utf-8", "gb18030")))

    # When
    at = rng.randrange(30, len(data))
    inspection = inspect(data[:at], "x")

    # Then; of what ends before its title nobody can say what it was to be
    if inspection.outcome == "stored":
        assert not [wrong for wrong in wrong_cells(inspection, truth) if "." in wrong]
    else:
        told = {Reason.TRUNCATED, Reason.INCOMPLETE, Reason.EMPTY}
        assert inspection.reason in told | ({Reason.NOT_A_REPORT} if at < _TITLED else set())


@pytest.mark.parametrize("table", sorted(set(TABLES) - {"by_row", "cut"}))
def test_a_page_cut_inside_a_table_is_truncated(table: str) -> None:
    rng = random.Random(table)
    data = page(random_report(rng), rng, table, "portal").encode()
    at = rng.randrange(data.index("收到和处理".encode()) + 600, data.rindex(b"</table"))
    with pytest.raises(Refused) as refusal:
        html.read(data[:at])
    assert refusal.value.reason is Reason.TRUNCATED


def test_a_sloppy_page_without_an_end_is_read() -> None:
    rng = random.Random(5)
    truth = random_report(rng)
    inspection = inspect(page(truth, rng, "unclosed", "breaks").encode(), "x")
    assert wrong_cells(inspection, truth) == []


_BODY = "<html><body>"


@pytest.mark.parametrize(
    ("make", "reason"),
    sampled(
        [
            (lambda: _BODY + "<div>" * 200_000, "unreadable"),
            (lambda: _BODY + "<b>" * 200_000, "unreadable"),
            (lambda: _BODY + "<svg>" + "<tr>" * 200_000, "unreadable"),
            (lambda: "<table><tr><td>" * 1500 + "</body>", "unreadable"),
            (
                lambda: "".join(f"<p><font size={at}>x" for at in range(6000)) + "</body>",
                "unreadable",
            ),
            (lambda: _BODY + "<p>x" * 500_000, "too_large"),
            (lambda: _BODY + "<table><tr>" + "<td>1" * 250_000, "too_large"),
            (lambda: "<table>" + "<tr><td>1<td>2" * 25_000 + "</table></html>", "too_large"),
            (lambda: _BODY + "<a " * 500_000, "truncated"),
            (lambda: _BODY + "<script>x" * 100_000, "truncated"),
            (lambda: _BODY + "<!-- x" * 100_000, "truncated"),
            (lambda: _BODY + "<SCRIPT>x</SCRIPT>" * 100_000, "empty"),
            (lambda: "<!DOCTYPE html><html></html>", "empty"),
            (
                lambda: "MIME-Version: 1.0\nContent-Type: multipart/related\n\n<html>",
                "unsupported_type",
            ),
            (lambda: "From: <Saved by Blink>\r\nMIME-Version: 1.0\r\n\r\n<p>", "unsupported_type"),
            (
                lambda: "<table>" + "<tr><td colspan=2000000000 rowspan=2000000000>1" * 2000,
                "not_a_report",
            ),
            (lambda: "<p>" + "&#x1F600;" * 200_000, "not_a_report"),
            (lambda: "<p>" + "<" * 1_000_000, "not_a_report"),
            (lambda: "<p>" + "<" * 20_000_000, "too_large"),
            (lambda: _BODY + "<!--" * 10_000_000, "too_large"),
            (lambda: _BODY + "<p>" + "&" * 21_000_000 + "</body>", "too_large"),
            (lambda: _BODY + f"<p class='{'x' * 10_000_000}'>1</p></body>", "not_a_report"),
        ],
        2,
    ),
)
def test_a_hostile_page_is_refused_soon(make: Callable[[], str], reason: str) -> None:
    # Given
    data = make().encode()
    started = time.process_time()

    # When
    inspection = inspect(data, "x")

    # Then
    assert (inspection.outcome, str(inspection.reason)) == ("dead", reason)
    assert time.process_time() - started < 10


_NOISE = (
    b"<table>",
    b"</table>",
    b"<td>",
    b"</tr>",
    b"<",
    b"\0",
    b"<!--",
    b"<div hidden>",
    b"\xff",
)


@settings(max_examples=_EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_damaged_page_never_raises(seed: int) -> None:
    # Given
    rng = random.Random(seed)
    table, shell = rng.choice(sorted(TABLES)), rng.choice(sorted(PAGES))
    data = bytearray(page(random_report(rng), rng, table, shell).encode())
    for _ in range(rng.randint(1, 40)):
        at = rng.randrange(len(data))
        data[at : at + rng.choice((0, 0, 1, 30))] = rng.choice(_NOISE)

    # When
    inspection = inspect(bytes(data), "x")

    # Then
    assert inspection.outcome in ("stored", "dead")
