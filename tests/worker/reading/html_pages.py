"""Pages as content management systems of governments make them, around a truth report.

A page is a way to set tables (``TABLES``) inside a way to set the whole (``PAGES``).
"""

import base64
import quopri
import random
from collections.abc import Callable
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from html import escape
from itertools import chain

from models.disclosure.form import TABLES as FORM
from tests.reports.cells import TruthReport
from tests.reports.narrative import document
from tests.reports.statutory import Grid, GridCell, Slot, grids, placed

_TRADITIONAL = (
    "业業东東丰豐临臨为為举舉习習乡鄉于於产產们們众眾会會体體关關内內军軍决決况況减減划劃务務动動区區华華单單"
    "县縣发發号號后後员員国國场場坚堅处處备備复復够夠头頭学學审審对對将將属屬岛島庙廟废廢开開强強当當态態总總户戶"
    "执執护護报報据據数數断斷无無时時术術机機权權条條来來构構标標栾欒没沒沧滄济濟浏瀏点點热熱现現电電监監码碼确確"
    "稳穩类類纠糾纳納组組细細织織经經结結统統继繼续續维維绵綿编編缴繳网網罚罰联聯范範获獲补補规規览覽计計认認训訓"
    "议議许許讼訟设設访訪识識诉訴话話询詢请請读讀财財责責购購费費资資转轉较較过過运運还還这這进進郑鄭采採链鏈镇鎮"
    "门門问問间間阳陽页頁项項题題额額风風马馬龙龍万萬"
)
SetTable = Callable[[Grid, random.Random], str]
SetPage = Callable[[list[str], TruthReport], str]


def page(report: TruthReport, rng: random.Random, table: str, shell: str) -> str:
    """Return a report as a page."""
    marks = {key: f"@{key}@" for key in FORM}
    lines = [line.strip() for line in document(report, rng, marks).splitlines() if line.strip()]
    drawn = {marks[key]: TABLES[table](grid, rng) for key, grid in grids(report).items()}
    return PAGES[shell]([drawn.get(line) or escape(line) for line in lines], report)


def traditional(text: str) -> str:
    """Return the text in traditional characters, so that Big5 can hold it."""
    return text.translate(str.maketrans(_TRADITIONAL[0::2], _TRADITIONAL[1::2]))


def _spans(cell: GridCell, quote: str = '"') -> str:
    spans = f" colspan={quote}{cell.colspan}{quote}" if cell.colspan > 1 else ""
    return spans + (f" rowspan={quote}{cell.rowspan}{quote}" if cell.rowspan > 1 else "")


def _table(grid: Grid, cell: Callable[[GridCell], str], attributes: str = "border=1") -> str:
    rows = "".join(f"<tr>{''.join(map(cell, row))}</tr>\n" for row in grid)
    return f"<table {attributes}><tbody>{rows}</tbody></table>"


def plain(grid: Grid, _: random.Random) -> str:
    """Cells and nothing else; an empty one holds a blank."""
    return _table(grid, lambda c: f"<td{_spans(c)}>{escape(c.text) or '&nbsp;'}</td>")


def word(grid: Grid, _: random.Random) -> str:
    """Pasted from Word: paragraphs, spans, ``o:p``, conditional comments."""

    def cell(c: GridCell) -> str:
        text = escape(c.text)
        half = len(c.text) // 2 if c.text and not c.address else len(c.text)
        run = f"{escape(c.text[:half])}</span><span>{escape(c.text[half:])}" if text else "&nbsp;"
        return (
            f'<td{_spans(c)} width=69 style="width:51.8pt;border:solid windowtext 1.0pt">\n'
            '  <p class=MsoNormal align=center style="text-align:center">'
            "<!--[if !supportLists]--><![endif]-->"
            f'<span lang=EN-US style="font-size:\n  9.0pt">{run}<o:p></o:p></span></p>\n  </td>'
        )

    return "<!--[if gte mso 9]><xml><w:x>9</w:x></xml><![endif]-->" + _table(
        grid, cell, 'class="MsoNormalTable" style="border-collapse:collapse"'
    )


def broken(grid: Grid, rng: random.Random) -> str:
    """Labels broken over lines by ``<br>``, capitals, no quotes, header cells."""

    def cell(c: GridCell) -> str:
        text = escape(c.text)
        if len(c.text) > 4 and not c.address:
            at = rng.randrange(2, len(c.text) - 1)
            text = f"{escape(c.text[:at])}<BR />\r\n{escape(c.text[at:])}"
        tag = "TD" if c.address else "TH"
        return f"<{tag}{_spans(c, '')}>\r\n\t{text}\r\n</{tag}>"

    return _table(grid, cell).replace("<tbody>", "<THEAD></THEAD><TBODY>")


def unclosed(grid: Grid, _: random.Random) -> str:
    """No end tag but that of the table; text in ``<font>`` that nothing closes."""
    rows = "".join(
        "<tr>" + "".join(f"<td{_spans(c)}><p><font size=2>{escape(c.text)}" for c in row) + "\n"
        for row in grid
    )
    return f"<table>{rows}</table>"


def covered(grid: Grid, _: random.Random) -> str:
    """A spreadsheet editor: the cells that merged ones cover are there, hidden."""

    def drawn(slot: Slot) -> str:
        if slot.kind == "cell":
            return f"<td{_spans(slot.cell)}><span>{escape(slot.text)}</span></td>"
        return '<td style="display: none;">0</td>'

    rows = "".join(f"<tr>{''.join(map(drawn, row))}</tr>" for row in placed(grid))
    return f"<table>{rows}</table>"


def by_row(grid: Grid, _: random.Random) -> str:
    """One table for every row; what was merged over rows stands only in the first."""
    return "\n".join(plain([row], random.Random(0)) for row in _unmerged(grid))


def cut(grid: Grid, rng: random.Random) -> str:
    """Cut by the pages of what it was pasted from, with page marks between."""
    rows, parts = _unmerged(grid), []
    while rows:
        size = rng.randint(3, 12)
        parts.append(plain(rows[:size], rng))
        rows = rows[size:]
    return "".join(f"{part}<p>— {at} —</p>" for at, part in enumerate(parts, 1))


def boxed(grid: Grid, rng: random.Random) -> str:
    """Inside a table of one cell, every figure inside one too."""

    def cell(c: GridCell) -> str:
        text = escape(c.text)
        inner = f"<table><tr><td>{text}</td></tr></table>" if c.address else text
        return f"<td{_spans(c)}>{inner}</td>"

    return f'<table width="100%"><tr><td align="center">{_table(grid, cell)}</td></tr></table>'


def wide(grid: Grid, rng: random.Random) -> str:
    """Every column of the form is drawn as several, as Word does for tables set by hand."""
    factor = rng.randint(2, 4)

    def cell(c: GridCell) -> str:
        across = f' colspan="{c.colspan * factor}"'
        down = f' rowspan="{c.rowspan}"' if c.rowspan > 1 else ""
        return f"<td{across}{down}>{escape(c.text)}</td>"

    return _table(grid, cell)


def _unmerged(grid: Grid) -> Grid:
    """Return the rows with an empty cell where one merged over rows goes on."""
    return [
        [
            GridCell(slot.text, slot.cell.colspan, 1, slot.cell.address)
            for slot in line
            if slot.kind != "right"
        ]
        for line in placed(grid)
    ]


TABLES: dict[str, SetTable] = {
    set_table.__name__: set_table
    for set_table in (plain, word, broken, unclosed, covered, by_row, cut, boxed, wide)
}

_MENU = "".join(
    f'<li><a href="/{at}/">{name}</a></li>'
    for at, name in enumerate(
        ("首页", "政府信息公开指南", "政府信息公开年报", "政务服务", "互动交流")
    )
)
_OTHERS = (
    '<div class="list"><p>上一篇：<a href="a.html">乙县水利局2020年政府信息公开工作年度报告</a></p>'
    '<p>下一篇：<a href="b.html">丙县财政局2018年政府信息公开工作年度报告</a></p></div>'
)
_FOOTER = (
    "<div class=footer><p>主办：甲县人民政府办公室　承办：甲县大数据中心</p>"
    "<p>版权所有：甲县人民政府　备案号：冀ICP备05003333号　网站标识码：1310000001</p></div>"
    "<script>document.write('<div><table><tr><td>9</td></tr></table>');</script>"
)


def _paragraphs(lines: list[str]) -> str:
    return "\n".join(line if line.startswith("<") else f"<p>{line}</p>" for line in lines)


def bare(lines: list[str], _: TruthReport) -> str:
    """A page with nothing but the report."""
    return f"<!DOCTYPE html><html><head></head><body>{_paragraphs(lines)}</body></html>"


def portal(lines: list[str], report: TruthReport) -> str:
    """Menus, bread crumbs, share widgets, neighbours, a footer; the title in ``<h1>`` only."""
    title, body = _parted(lines)
    return (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml"><head>'
        '<meta http-equiv="Content-Type" content="text/html; charset=gb2312"/>'
        f"<title>政府信息公开年报_甲县人民政府</title><style>.x{{color:red}}</style></head><body>"
        '<div class="header"><h1 class="logo">甲县人民政府</h1>'
        f'<ul class="nav">{_MENU * 12}</ul></div>'
        '<div class="wrap"><div class="crumbs">您现在的位置：<a href="/">首页</a> &gt; '
        '<a href="/x">政府信息公开年报</a> &gt; 正文</div>'
        f'<div class="main"><h1>{"<br>".join(title)}</h1>'
        "<div class='info'>发布时间：2019-01-18 来源：甲县政府办 浏览次数：<span>17</span>"
        "【字体：<a>大</a> <a>中</a> <a>小</a>】</div>"
        f'<div id="zoom" class="TRS_Editor"><style>p{{}}</style>{_paragraphs(body)}</div>'
        '<div class="bdsharebuttonbox"><a>分享到：</a><a>微信</a><a>微博</a></div>'
        f'<div class="relate">相关链接</div>{_OTHERS}</div>'
        f'<div class="right">热点 <ul>{_MENU}</ul></div></div>{_FOOTER}</body></html>'
    )


def form(lines: list[str], report: TruthReport) -> str:
    """A page all inside one form; the title in a meta element, the metadata in a table."""
    title, body = _parted(lines)
    index = (
        "<table class=xxgk><tr><td>索 引 号</td><td>000014349/2019-00001</td><td>发布机构</td>"
        "<td>甲县政府办</td></tr><tr><td>名　　称</td><td colspan=3>年度报告</td></tr></table>"
    )
    return (
        f'<html><head><meta name="ArticleTitle" content="{"".join(title)}">'
        "<title>甲县人民政府门户网站</title></head>"
        '<body><form id="form1" action="/"><input type="hidden" name="__VIEWSTATE" value="1/2">'
        f'<div class="nav_main">{_MENU}</div>'
        f'<div class="location">当前位置：首页 > 年报</div>{index}'
        f'<div class="page_content">{_paragraphs(body)}</div>'
        f"{_OTHERS}{_FOOTER}</form></body></html>"
    )


def layout(lines: list[str], report: TruthReport) -> str:
    """Old and set by tables: a menu cell beside the cell that holds the whole article."""
    title, body = _parted(lines)
    menu = "".join(f"<tr><td><a href='{at}'>栏目{at}</a></td></tr>" for at in range(50))
    return (
        f"<html><head><title>{''.join(title)} - 甲县人民政府</title></head><body><center>"
        f"<table width=1000><tr><td colspan=2><img src=banner.jpg></td></tr><tr>"
        f"<td width=200><table>{menu}</table></td><td><table><tr><td>"
        f"{_paragraphs(body)}</td></tr></table></td></tr>"
        f"<tr><td colspan=2>{_FOOTER}</td></tr></table></center></body></html>"
    )


def breaks(lines: list[str], _: TruthReport) -> str:
    """One block in which ``<br>`` ends every paragraph, indented by blanks; no ``</html>``."""
    body = "".join(
        line if line.startswith("<") else f"&nbsp;&nbsp;&nbsp;&nbsp;{line}<br/><br/>"
        for line in lines
    )
    return f'<html><head></head><body><div class="con">{body}</div>'


def fragment(lines: list[str], _: TruthReport) -> str:
    """What a crawler cut out of a page."""
    return f"<div class='content'>{_paragraphs(lines)}</div>"


def hidden(lines: list[str], _: TruthReport) -> str:
    """Shown by script only."""
    return (
        f'<html><body><div class="nav"><ul>{_MENU}</ul></div>'
        f"<div id=content style='display:none'>{_paragraphs(lines)}</div></body></html>"
    )


def markdown(lines: list[str], _: TruthReport) -> str:
    """Markdown of a PDF converter that writes tables as HTML."""
    head = chain([f"# {lines[0]}"], lines[1:])
    return "\n\n".join(line.replace("\n", "") if line.startswith("<") else line for line in head)


def _parted(lines: list[str]) -> tuple[list[str], list[str]]:
    """Part the lines of the title from the rest."""
    end = next(at for at, line in enumerate(lines) if "公开" in line) + 1
    return lines[:end], lines[end:]


PAGES: dict[str, SetPage] = {
    set_page.__name__: set_page
    for set_page in (bare, portal, form, layout, breaks, fragment, hidden, markdown)
}


def saved(html: bytes, charset: str, encoding: str) -> MIMEMultipart:
    """Return a page as a browser or Word saves it in one file (MHTML)."""
    made = MIMEMultipart("related", type="text/html", boundary="----=_NextPart_01DA")
    part = MIMEText("", "html", charset)
    del part["Content-Transfer-Encoding"]
    part["Content-Location"] = "file:///C:/年报.htm".encode("ascii", "replace").decode()
    if encoding == "base64":
        part["Content-Transfer-Encoding"] = "base64"
        part.set_payload(base64.encodebytes(html).decode())
    else:
        part["Content-Transfer-Encoding"] = "quoted-printable"
        part.set_payload(quopri.encodestring(html).decode())
    made.attach(part)
    other = Message()
    other["Content-Type"] = "text/xml"
    other.set_payload("<xml/>")
    made.attach(other)
    return made
