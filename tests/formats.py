"""Cells right of cells printed, format by format: ``python -m tests.formats --reports 40``.

Random reports of both editions, with all the mess there is, go through real programs: python-docx,
openpyxl, LibreOffice, and for scans pdftoppm. Each file is inspected as a worker would.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.reports.cells import TruthReport
from tests.reports.layouts import RENDERERS, random_document
from tests.reports.truth import random_report
from tests.worker.reading import (
    html_pages,
    ofd_files,
    office_files,
    pdf_drawn,
    pdf_files,
    pdf_parts,
)
from worker.inspection import Inspection, inspect

Files = Iterator[tuple[TruthReport, bytes]]
_DPI: Final = "200"


@dataclass(slots=True)
class Tally:
    """What came of the files of one format."""

    files: int = 0
    stored: int = 0
    cells: int = 0
    wrong: int = 0
    flagged: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, found: Inspection, truth: TruthReport) -> None:
        """Compare what was read with what was printed."""
        wrong = office_files.wrong_cells(found, truth)
        read = {} if found.report is None else dict(found.report.cells())
        at_fault = [
            key
            for key, cell in truth.cells.items()
            if key not in read
            or (read[key].value, str(read[key].printed)) != (cell.value, str(cell.printed))
        ]
        told = {key for finding in found.findings for key in finding.cells}
        self.files += 1
        self.stored += found.outcome == "stored"
        self.cells += len(truth.cells)
        self.wrong += len(at_fault)
        self.flagged += sum(found.outcome == "dead" or key in told for key in at_fault)
        self.examples += wrong[:2]

    def line(self, name: str) -> str:
        """Return a row of the table."""
        right = self.cells - self.wrong
        return (
            f"{name:28} {self.files:5} {self.stored:6} {right:7,} / {self.cells:7,}"
            f" {100 * right / self.cells:7.2f} %  {self.wrong - self.flagged:6}"
        )


def _word_files(count: int) -> Files:
    for seed, report in enumerate(office_files.reports(count)):
        yield report, office_files.word(report, seed)


def _workbooks(count: int) -> Files:
    for seed, report in enumerate(office_files.reports(count)):
        options = {"sheets": seed % 2 == 0, "numbers": seed % 3 != 0}
        yield report, office_files.workbook(report, seed=seed, **options)


def _converted(make: Callable[[int], Files], suffix: str, target: str) -> Callable[[int], Files]:
    def files(count: int) -> Files:
        made = list(make(count))
        with tempfile.TemporaryDirectory() as folder:
            sources = {f"{at:03}.{suffix}": data for at, (_, data) in enumerate(made)}
            results = office_files.convert(sources, target, Path(folder))
        yield from ((truth, results[f"{at:03}.{suffix}"]) for at, (truth, _) in enumerate(made))

    return files


def _pages(count: int) -> Files:
    shapes = [(table, shell) for table in html_pages.TABLES for shell in html_pages.PAGES]
    for seed in range(count):
        rng = random.Random(seed)
        table, shell = shapes[seed % len(shapes)]
        report = random_report(rng, messy=True)
        yield report, html_pages.page(report, rng, table, shell).encode("gb18030")


def _printed(count: int, *, ruled: bool = True) -> Files:
    pages = [pdf_files.random_printing(random.Random(seed), ruled=ruled) for seed in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        printings = pdf_files.print_all(pages, Path(folder))
    yield from ((one.truth, one.data) for one in printings)


def _borderless(count: int) -> Files:
    yield from _printed(count, ruled=False)


def _drawn(count: int) -> Files:
    for seed in range(count):
        rng = random.Random(seed)
        report = random_report(rng, messy=True)
        drawing = pdf_drawn.Drawing(
            style=rng.choice(pdf_drawn.STYLES), turn=rng.randrange(4), cut=rng.random() < 0.5
        )
        yield report, drawing.report(report, rng)


def _ofd(count: int) -> Files:
    """LibreOffice's pages written again as OFD, in any of its dialects."""
    for seed, (report, data) in enumerate(_printed(count)):
        dialect = ofd_files.random_dialect(random.Random(seed))
        yield report, ofd_files.ofd(pdf_parts.sheets(data), dialect)


def _texts(count: int) -> Files:
    for seed in range(count):
        name = list(RENDERERS)[seed % len(RENDERERS)]
        report, _, text = random_document(random.Random(seed), renderer=name)
        yield report, text.encode()


def _scans(count: int) -> Files:
    """Print, render each page in grey, and bind the pictures into one PDF again."""
    import pypdfium2  # type: ignore[import-untyped]

    for report, data in _printed(count):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "a.pdf"
            source.write_bytes(data)
            command = ["pdftoppm", "-r", _DPI, "-gray", "-jpeg", str(source), f"{folder}/page"]
            subprocess.run(command, check=True)
            bound = pypdfium2.PdfDocument.new()
            for path in sorted(Path(folder).glob("page*.jpg")):
                picture = pypdfium2.PdfImage.new(bound)
                picture.load_jpeg(str(path), inline=True)
                width, height = (size * 72 / int(_DPI) for size in picture.get_px_size())
                picture.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
                page = bound.new_page(width, height)
                page.insert_obj(picture)
                page.gen_content()
            bound.save(f"{folder}/bound.pdf")
            yield report, (Path(folder) / "bound.pdf").read_bytes()


FORMATS: Final[dict[str, Callable[[int], Files]]] = {
    "text, 9 layouts": _texts,
    "HTML, shapes of CMS, GB18030": _pages,
    "HTML by LibreOffice": _converted(_word_files, "docx", "html"),
    "DOCX by python-docx": _word_files,
    "DOCX by LibreOffice": _converted(_word_files, "docx", "docx:MS Word 2007 XML"),
    "DOC by LibreOffice": _converted(_word_files, "docx", "doc"),
    "ODT by LibreOffice": _converted(_word_files, "docx", "odt"),
    "RTF by LibreOffice": _converted(_word_files, "docx", "rtf"),
    "XLSX by openpyxl": _workbooks,
    "XLS by LibreOffice": _converted(_workbooks, "xlsx", "xls"),
    "ODS by LibreOffice": _converted(_workbooks, "xlsx", "ods"),
    "PDF of Word, LibreOffice": _converted(_word_files, "docx", "pdf"),
    "PDF, any setting, ruled": _printed,
    "PDF drawn, turned, cut": _drawn,
    "PDF, borderless": _borderless,
    "OFD of those pages": _ofd,
    "scan, 200 dpi": _scans,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=40, help="how many of each format")
    parser.add_argument("--only", default="", help="formats whose name holds this")
    parser.add_argument("--examples", action="store_true", help="show what was read wrong")
    asked = parser.parse_args()
    heading = f"{'format':28} {'files':>5} {'stored':>6} {'cells right / printed':>17}"
    print(f"{heading} {'share':>9}  not told")
    for name, make in FORMATS.items():
        if asked.only not in name:
            continue
        tally = Tally()
        for truth, data in make(asked.reports):
            tally.add(inspect(data, "年报"), truth)
        print(tally.line(name), flush=True)
        for example in tally.examples if asked.examples else ():
            print("   ", example, file=sys.stderr)


if __name__ == "__main__":
    main()
