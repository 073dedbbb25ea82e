"""Real PDFs of random reports, printed by LibreOffice Writer in as many settings as reports."""

import random
import re
import subprocess
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from models.disclosure.form import TABLES
from tests.reports.cells import TruthReport
from tests.reports.narrative import document
from tests.reports.statutory import Grid, GridCell, grids
from tests.reports.truth import MESS, random_report

_FOOTER_STYLE = (
    "<style:footer-style><style:header-footer-properties"
    ' fo:min-height="0.6cm" fo:margin-top="0.4cm"/></style:footer-style>'
)
_FONTS = ("Noto Serif CJK SC", "Noto Sans CJK SC", "Noto Sans Mono CJK SC")
_MARKS = ("— {} —", "-{}-", "第 {} 页", "{}", "")
_WIDEST = 15
_PAPERS = ("21cm 29.7cm", "21cm 29.7cm", "29.7cm 21cm", "17cm 24cm", "18.4cm 26cm")


@dataclass(frozen=True, slots=True)
class Setting:
    """How a report is printed: lengths as CSS has them, ``padding`` and ``points`` in points."""

    paper: str = "21cm 29.7cm"
    margin: str = "2.5cm"
    font: str = _FONTS[0]
    points: float = 10.5
    padding: float = 2
    align: str = "center"
    valign: str = "middle"
    indent: str = "0"
    mark: str = _MARKS[0]
    ruled: bool = True

    @property
    def fits(self) -> bool:
        """Whether the fifteen columns of table 四 are wide enough for two characters each."""
        paper, margin = (float(size.split("cm")[0]) for size in (self.paper, self.margin))
        room = (paper - 2 * margin) / 2.54 * 72
        return room >= _WIDEST * (2 * self.points + 2 * self.padding + 1)


@dataclass(frozen=True, slots=True)
class Printing:
    """A report whose truth is known, how it was set, and the PDF of it."""

    truth: TruthReport
    setting: Setting
    data: bytes


def random_setting(rng: random.Random, *, ruled: bool = True) -> Setting:
    """Return any way to set a report in which its widest table still fits the paper."""
    while not (setting := _any_setting(rng, ruled=ruled)).fits:
        pass
    return setting


def _any_setting(rng: random.Random, *, ruled: bool) -> Setting:
    return Setting(
        paper=rng.choice(_PAPERS),
        margin=rng.choice(("1.2cm", "2cm", "2.5cm")),
        font=rng.choice(_FONTS),
        points=rng.choice((7.5, 9, 10.5, 12, 14)),
        # Without lines only room tells columns apart.
        padding=rng.choice((0, 1, 2, 6) if ruled else (4, 6)),
        align=rng.choice(("center", "center", "left", "right")),
        valign=rng.choice(("middle", "middle", "top", "bottom")),
        indent=rng.choice(("0", "2em")),
        mark=rng.choice(_MARKS),
        ruled=ruled,
    )


def random_printing(
    rng: random.Random, *, ruled: bool = True, paper: str | None = None
) -> tuple[TruthReport, Setting, str]:
    """Return a random report of either edition with any mess, its setting and its HTML."""
    options = {option: rng.choice((0.0, 0.3)) for option in sorted(MESS)}
    report = random_report(rng, messy=options)
    setting = random_setting(rng, ruled=ruled)
    if paper:
        small = min(setting.points, 10.5)
        setting = replace(setting, paper=paper, margin="1.2cm", points=small)
    return report, setting, html_of(report, setting, rng)


def html_of(report: TruthReport, setting: Setting, rng: random.Random) -> str:
    """Return the report as a page whose tables have the merged cells of the notice."""
    marks = {table: f"@{table}@" for table in TABLES}
    text = document(report, rng, marks)
    body = "".join(f"<p>{escape(line)}</p>\n" for line in text.splitlines() if line)
    for table, grid in grids(report).items():
        body = body.replace(f"<p>{marks[table]}</p>", _table(grid, setting))
    style = (
        f"@page {{ size: {setting.paper}; margin: {setting.margin} }}"
        f"body, p, td {{ font-family: '{setting.font}'; font-size: {setting.points}pt }}"
        f"p {{ margin: 0 0 4pt 0; text-indent: {setting.indent} }}"
        f"td {{ text-align: {setting.align}; vertical-align: {setting.valign} }}"
    )
    head = f"<head><meta charset='utf-8'><style>{style}</style></head>"
    return f"<html>{head}<body>{body}</body></html>"


def _table(grid: Grid, setting: Setting) -> str:
    rows = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>\n" for row in grid)
    border = int(setting.ruled)
    about = f"border='{border}' cellspacing='0' cellpadding='{setting.padding}' width='100%'"
    return f"<table {about}>{rows}</table>\n"


def _cell(cell: GridCell) -> str:
    spans = f" colspan='{cell.colspan}'" if cell.colspan > 1 else ""
    spans += f" rowspan='{cell.rowspan}'" if cell.rowspan > 1 else ""
    return f"<td{spans}>{escape(cell.text) or '&nbsp;'}</td>"


def print_all(pages: list[tuple[TruthReport, Setting, str]], folder: Path) -> list[Printing]:
    """Print every page to PDF with its page mark at the foot; two starts of LibreOffice in all.

    Raises:
        subprocess.CalledProcessError: LibreOffice failed.
    """
    sources = []
    for number, (_, _, html) in enumerate(pages):
        sources.append(folder / f"{number:03}.html")
        sources[-1].write_text(html, encoding="utf-8")
    convert(sources, "fodt:OpenDocument Text Flat XML", "--infilter=HTML (StarWriter)")
    flats = [source.with_suffix(".fodt") for source in sources]
    for flat, (_, setting, _) in zip(flats, pages, strict=True):
        flat.write_text(_marked(flat.read_text(encoding="utf-8"), setting), encoding="utf-8")
    convert(flats, "pdf:writer_pdf_Export")
    return [
        Printing(truth, setting, flat.with_suffix(".pdf").read_bytes())
        for flat, (truth, setting, _) in zip(flats, pages, strict=True)
    ]


def convert(files: list[Path], target: str, *options: str) -> None:
    """Convert files of one folder side by side with LibreOffice."""
    folder = files[0].parent
    profile = f"-env:UserInstallation=file://{folder}/profile"
    where = ("--convert-to", target, "--outdir", str(folder))
    command = ("soffice", profile, "--headless", *options, *where, *map(str, files))
    subprocess.run(command, check=True, capture_output=True, timeout=600 + 60 * len(files))


def _marked(flat: str, setting: Setting) -> str:
    """Give every master page of a flat ODF text a footer; HTML cannot say one."""
    if not setting.mark:
        return flat
    mark = setting.mark.format("<text:page-number/>")
    footer = f"<style:footer><text:p>{mark}</text:p></style:footer>"
    flat = flat.replace("<style:footer-style/>", _FOOTER_STYLE)
    return re.sub(r"(<style:master-page [^>]*)/>", rf"\1>{footer}</style:master-page>", flat)
