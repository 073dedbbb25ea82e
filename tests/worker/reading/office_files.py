"""Real office files of generated reports: python-docx, openpyxl, and LibreOffice for the rest."""

import io
import random
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import docx
import openpyxl  # type: ignore[import-untyped]
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.text.paragraph import CT_P
from docx.table import Table as WordTable
from openpyxl.worksheet.worksheet import Worksheet  # type: ignore[import-untyped]

from models.disclosure.form import TABLES
from tests.budgets import CONVERTED
from tests.reports.cells import TruthReport
from tests.reports.layouts import EXPRESSES
from tests.reports.narrative import document
from tests.reports.statutory import Grid, grids, placed
from tests.reports.truth import random_report
from tests.tools import need
from worker.inspection import Inspection, inspect
from worker.reading.pages import Grid as ReadGrid
from worker.reading.pages import Pages, Paragraph

FEATURES = "features.docx"
NUMBERED = "numbered.docx"
_NUMBER = re.compile(
    r"\s*(?:[（(][一二三四五六七八九十]+[）)]|[一二三四五六七八九十]+、|\d[.．、](?!\d))\s*"
)
MESS = sorted(EXPRESSES["tabbed"])


def reports(count: int, first: int = 0) -> list[TruthReport]:
    """Return random reports of both editions with all the mess there is, by seed."""
    return [_report(random.Random(seed)) for seed in range(first, first + count)]


def _report(rng: random.Random) -> TruthReport:
    return random_report(rng, messy={option: rng.choice((0.0, 0.1, 0.3)) for option in MESS})


def flow(report: TruthReport, seed: int = 0) -> list[str | Grid]:
    """Return the report as lines of text and drawn tables."""
    marks = {table: f"@{table}@" for table in TABLES}
    tables = {marks[key]: grid for key, grid in grids(report).items()}
    text = document(report, random.Random(seed), marks)
    return [tables.get(line, line) for line in text.splitlines()]


def word(report: TruthReport, seed: int = 0) -> bytes:
    """Return a DOCX file."""
    made = docx.Document()
    for part in flow(report, seed):
        if isinstance(part, str):
            made.add_paragraph(part)
        else:
            word_table(made, part)
    return saved(made)


def numbered(report: TruthReport, seed: int = 0) -> bytes:
    """Return a DOCX file whose headings and labels are numbered by properties, not by text."""
    made = docx.Document(io.BytesIO(word(report, seed)))
    for paragraph in made.element.body.iter(qn("w:p")):
        runs = paragraph.findall(qn("w:r"))
        texts = [text for run in runs for text in run.findall(qn("w:t"))]
        if texts and (found := _NUMBER.match(texts[0].text or "")):
            texts[0].text = texts[0].text[found.end() :]
            _style_as_list(paragraph)
    return saved(made)


def _style_as_list(paragraph: CT_P) -> None:
    """``List Number`` is a style of python-docx's template that numbers by itself."""
    paragraph.get_or_add_pPr().get_or_add_pStyle().val = "ListNumber"


def saved(made: Document) -> bytes:
    """Return the bytes of a Word file."""
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


def word_table(made: Document, grid: Grid) -> WordTable:
    """Draw a table with its merged cells."""
    lines = placed(grid)
    table: WordTable = made.add_table(len(lines), len(lines[0]))
    table.style = "Table Grid"
    cells = [row.cells for row in table.rows]
    for row, line in enumerate(lines):
        for at, slot in enumerate(line):
            if slot.kind != "cell":
                continue
            box = slot.cell
            if box.rowspan > 1 or box.colspan > 1:
                cells[row][at].merge(cells[row + box.rowspan - 1][at + box.colspan - 1])
            cells[row][at].text = box.text
    return table


_XML = (
    '<w:body xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:v="urn:schemas-microsoft-com:vml">{}</w:body>'
)
_CHANGE = 'w:id="1" w:author="a" w:date="2024-01-01T00:00:00Z"'
SHOWN = [
    "显示",
    "增留",
    "见链接处",
    "一二",
    "三-４",
    "框外",
    "框内",
    "标题",
    "前",
    "末",
    "间",
    "完𠮷",
]
"""The lines of ``features`` that print, in order."""


def features() -> bytes:
    """Return a DOCX file with what must be told from text: changes, fields, boxes, hidden text."""
    made = docx.Document()
    section = made.sections[0]
    section.header.paragraphs[0].text, section.footer.paragraphs[0].text = "页眉", "— 1 —"
    body = made.element.body
    for element in parse_xml(_XML.format("".join(_features()))):
        body.insert(len(body) - 1, element)
    return saved(made)


def _features() -> Iterable[str]:
    yield _line(_run("显"), _run("隐", "<w:vanish/>"), _run("示"))
    deleted = f"<w:del {_CHANGE}><w:r><w:delText>删</w:delText></w:r></w:del>"
    yield _line(deleted, f"<w:ins {_CHANGE}>{_run('增')}</w:ins>", _run("留"))
    marks = (
        f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")
    )
    begin, separate, end = marks
    code = '<w:r><w:instrText> HYPERLINK "http://a.b" </w:instrText></w:r>'
    yield _line(_run("见"), begin, code, separate, _run("链接"), end, _run("处"))
    yield _line(
        "<w:r><w:t>一\u00ad二</w:t><w:br/><w:t>三</w:t><w:noBreakHyphen/><w:t>４</w:t></w:r>"
    )
    box = f"<w:txbxContent>{_line(_run('框内'))}</w:txbxContent>"
    shape = f'<v:shape style="width:200pt;height:50pt"><v:textbox>{box}</v:textbox></v:shape>'
    yield _line(f"<w:r><w:pict>{shape}</w:pict></w:r>", _run("框外"))
    inner = _drawn(*(tuple(f"{row}{column}" for column in "abc") for row in "123"))
    yield _drawn(("标题",), (_line(_run("前")) + inner + _line(_run("末")),))
    yield _line(_run("间"))
    label = _drawn(("三、",), ("本年度",)) + _line()
    yield _drawn((label, "0", "1"), (label, "2", "3"))
    yield _line(_run("完𠮷"))


def _run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def _line(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def _drawn(*rows: tuple[str, ...]) -> str:
    columns = '<w:gridCol w:w="2000"/>' * len(rows[0])
    cells = (
        "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="2000" w:type="dxa"/></w:tcPr>'
            f"{cell if cell.startswith('<') else _line(_run(cell))}</w:tc>"
            for cell in row
        )
        for row in rows
    )
    drawn = "".join(f"<w:tr>{row}</w:tr>" for row in cells)
    return f"<w:tbl><w:tblPr/><w:tblGrid>{columns}</w:tblGrid>{drawn}</w:tbl>"


def printed(pages: Pages) -> tuple[list[str], list[list[list[str]]]]:
    """Return the lines of running text, and the texts of every grid's cells."""
    lines = [block.text for block in pages.blocks if isinstance(block, Paragraph)]
    tables = [
        [[cell.text for cell in row.cells] for row in block.rows]
        for block in pages.blocks
        if isinstance(block, ReadGrid)
    ]
    return lines, tables


FEATURE_TABLES = [
    [[f"{row}{column}" for column in "abc"] for row in "123"],
    [["三、\n本年度", "0", "1"], ["三、\n本年度", "2", "3"]],
]
"""The tables of ``features``: one inside a layout table, one with tables inside its labels."""


def read_back(files: Mapping[str, bytes]) -> list[str]:
    """Return every cell that is read wrong in converted reports."""
    truths = reports(max(1, CONVERTED))
    read = (inspect(files[f"{seed}.docx"], "x") for seed in range(len(truths)))
    return all_wrong(zip(read, truths, strict=True))


def numbered_report() -> TruthReport:
    """Return the report that is numbered by properties."""
    return reports(1, first=700)[0]


def read_numbered(files: Mapping[str, bytes]) -> list[str]:
    """Return every cell that is read wrong in the converted report that is numbered so."""
    return wrong_cells(inspect(files[NUMBERED], "x"), numbered_report())


def workbook(report: TruthReport, *, sheets: bool, numbers: bool, seed: int = 0) -> bytes:
    """Return an XLSX file: one sheet, or one for each table; figures as numbers or as text."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    row = 1
    for part in flow(report, seed):
        if isinstance(part, str):
            sheet.cell(row, 1, part)
            row += 1
            continue
        if sheets:
            sheet, row = book.create_sheet(), 1
        row = _sheet_table(sheet, part, row, numbers=numbers)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _sheet_table(sheet: Worksheet, grid: Grid, row: int, *, numbers: bool) -> int:
    lines = placed(grid)
    for line in lines:
        for at, slot in enumerate(line, 1):
            if slot.kind != "cell":
                continue
            box = slot.cell
            sheet.cell(row, at, _typed(box.text) if numbers else box.text)
            if box.rowspan > 1 or box.colspan > 1:
                end = row + box.rowspan - 1, at + box.colspan - 1
                sheet.merge_cells(None, row, at, *end)
        row += 1
    return row


def _typed(text: str) -> str | float | None:
    if text.isascii() and text.replace(".", "", 1).isdecimal() and len(text) < 15:
        return float(text)
    return text or None


def convert(sources: Mapping[str, bytes], target: str, folder: Path) -> dict[str, bytes]:
    """Convert files (name → bytes) by one call of LibreOffice; ``target`` as ``--convert-to``."""
    need("soffice")
    suffix = target.partition(":")[0]
    out = folder / suffix
    out.mkdir()
    for name, data in sources.items():
        (folder / name).write_bytes(data)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    named = [str(folder / name) for name in sources]
    command = ["soffice", profile, "--headless", "--convert-to", target, "--outdir", str(out)]
    subprocess.run([*command, *named], check=True, capture_output=True, timeout=1200)
    return {name: (out / Path(name).with_suffix(f".{suffix}")).read_bytes() for name in sources}


def wrong_cells(inspection: Inspection, truth: TruthReport) -> list[str]:
    """Return what was read otherwise than printed: cells, and the report's own data."""
    report = inspection.report
    if report is None:
        return [f"no report: {inspection.message}"]
    read = {key: (cell.value, str(cell.printed)) for key, cell in report.cells()}
    wrong = [
        f"{key}: {read.get(key)} for {cell.value} {cell.printed} {cell.raw!r}"
        for key, cell in truth.cells.items()
        if read.get(key) != (cell.value, str(cell.printed))
    ]
    wrong += [f"{key}: not in the file" for key in read if key not in truth.cells]
    found = (report.publisher, report.year, report.edition, report.signed_on)
    printed = (truth.publisher, truth.year, truth.edition, truth.signed_on)
    return wrong + [
        f"{one} for {other}" for one, other in zip(found, printed, strict=True) if one != other
    ]


def all_wrong(pairs: Iterable[tuple[Inspection, TruthReport]]) -> list[str]:
    """Return every wrong cell of many files, with the number of its file."""
    return [f"{at}: {wrong}" for at, pair in enumerate(pairs) for wrong in wrong_cells(*pair)]
