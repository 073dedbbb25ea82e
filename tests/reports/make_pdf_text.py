"""Make real ``pdftotext -layout`` text of generated reports: HTML → soffice → PDF → text.

Run ``python -m tests.reports.make_pdf_text`` from the project's root to make again the samples
in ``tests/data/pdftotext``; it needs ``soffice``, ``pdftotext`` and Chinese fonts.
"""

import json
import random
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from models.disclosure.form import TABLES
from tests.reports.cells import TruthReport, as_json
from tests.reports.narrative import document
from tests.reports.statutory import Grid, GridCell, grids
from tests.reports.truth import random_report

_FOOTER_STYLE = (
    "<style:footer-style><style:header-footer-properties"
    ' fo:min-height="0.6cm" fo:margin-top="0.4cm"/></style:footer-style>'
)
_FOOTER = "<style:footer><text:p>— <text:page-number/> —</text:p></style:footer>"
DATA = Path(__file__).parent.parent / "data" / "pdftotext"


@dataclass(frozen=True, slots=True)
class Sheet:
    """How a report is set: paper and margin in CSS lengths, font family and size in points."""

    name: str
    seed: int
    edition: str
    paper: str = "21cm 29.7cm"
    margin: str = "2.5cm"
    font: str = "Noto Serif CJK SC"
    points: float = 10.5
    messy: tuple[str, ...] = ()
    undivided: bool = False


SHEETS = (
    Sheet("a4-2021", 1, "2021"),
    Sheet("a4-large-type-2021", 2, "2021", points=14, messy=("blanks", "label_variants")),
    Sheet(
        "landscape-2019",
        3,
        "2019",
        paper="29.7cm 21cm",
        font="Noto Sans CJK SC",
        points=9,
        messy=("slashes", "notes"),
    ),
    Sheet(
        "narrow-2021-undivided",
        4,
        "2021",
        paper="17cm 24cm",
        margin="1.2cm",
        messy=("blank_row", "dropped_row"),
        undivided=True,
    ),
)
"""The samples that are kept: other paper, type, edition and mess make other wraps and breaks."""


def pdf_text(html: str, folder: Path) -> str:
    """Return what ``pdftotext -layout`` reads from the HTML set by LibreOffice Writer.

    Every page gets a page mark at its foot.

    Raises:
        subprocess.CalledProcessError: one of the two programs failed.
    """
    page = folder / "report.html"
    page.write_text(html, encoding="utf-8")
    _convert(page, "fodt:OpenDocument Text Flat XML", "--infilter=HTML (StarWriter)")
    flat = page.with_suffix(".fodt")
    flat.write_text(_with_page_marks(flat.read_text(encoding="utf-8")), encoding="utf-8")
    _convert(flat, "pdf:writer_pdf_Export")
    _run("pdftotext", "-layout", str(folder / "report.pdf"), str(folder / "report.txt"))
    return (folder / "report.txt").read_text(encoding="utf-8")


def _convert(file: Path, target: str, *options: str) -> None:
    profile = f"-env:UserInstallation=file://{file.parent}/profile"
    where = ("--convert-to", target, "--outdir", str(file.parent))
    _run("soffice", profile, "--headless", *options, *where, str(file))


def _with_page_marks(flat: str) -> str:
    """Give every master page of a flat ODF text a footer; HTML cannot say one."""
    flat = flat.replace("<style:footer-style/>", _FOOTER_STYLE)
    return re.sub(r"(<style:master-page [^>]*)/>", rf"\1>{_FOOTER}</style:master-page>", flat)


def html_of(report: TruthReport, sheet: Sheet, rng: random.Random) -> str:
    """Return the report as a page whose tables have the merged cells of the notice."""
    marks = {table: f"@{table}@" for table in TABLES}
    text = document(report, rng, marks)
    body = "".join(f"<p>{escape(line)}</p>\n" for line in text.splitlines() if line)
    for table, grid in grids(report).items():
        body = body.replace(f"<p>{marks[table]}</p>", _table(grid))
    style = (
        f"@page {{ size: {sheet.paper}; margin: {sheet.margin} }}"
        f"body, p, td {{ font-family: '{sheet.font}'; font-size: {sheet.points}pt }}"
        "p { margin: 0 0 4pt 0 } td { text-align: center }"
    )
    head = f"<head><meta charset='utf-8'><style>{style}</style></head>"
    return f"<html>{head}<body>{body}</body></html>"


def _table(grid: Grid) -> str:
    rows = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>\n" for row in grid)
    return f"<table border='1' cellspacing='0' cellpadding='2' width='100%'>{rows}</table>\n"


def _cell(cell: GridCell) -> str:
    spans = f" colspan='{cell.colspan}'" if cell.colspan > 1 else ""
    spans += f" rowspan='{cell.rowspan}'" if cell.rowspan > 1 else ""
    return f"<td{spans}>{escape(cell.text) or '&nbsp;'}</td>"


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=180)


def make(sheet: Sheet, data: Path = DATA) -> None:
    """Write ``<name>.txt`` and its truth ``<name>.json``."""
    rng = random.Random(sheet.seed)
    report = random_report(
        rng,
        edition=sheet.edition,
        undivided=sheet.undivided,
        messy=dict.fromkeys(sheet.messy, 0.1),
    )
    with tempfile.TemporaryDirectory() as folder:
        text = pdf_text(html_of(report, sheet, rng), Path(folder))
    data.mkdir(parents=True, exist_ok=True)
    (data / f"{sheet.name}.txt").write_text(text, encoding="utf-8")
    truth = json.dumps(as_json(report), ensure_ascii=False, indent=1)
    (data / f"{sheet.name}.json").write_text(truth + "\n", encoding="utf-8")


def main(sheets: Sequence[Sheet] = SHEETS) -> None:
    """Make every sample again."""
    for sheet in sheets:
        make(sheet)


if __name__ == "__main__":
    main()
