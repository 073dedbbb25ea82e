"""PDFs drawn by hand: what LibreOffice never does to a table, other programs do.

Lines as thin rectangles, in one path, in dashes or inside a form; pages turned; rows that a page
cuts in two without a line between; and the ``MANNERS`` in which programs write and print.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from tests.reports.cells import TruthReport
from tests.reports.narrative import document
from tests.reports.statutory import Grid, GridCell, Line, Slot, grids, placed
from tests.worker.reading.pdf_objects import numbered, stream

MANNERS: Final = {
    "bold": "every character is printed twice, a third of a point apart",
    "shuffled": "characters are drawn in no order",
    "centred": "figures stand in the middle of their cells",
    "right": "figures stand at the right of their cells",
    "headed": "the head of a table is repeated on every page",
    "unsided": "tables have no lines at their sides",
    "double": "every line is two",
    "aslant": "a watermark is set aslant over the page",
    "stamped": "a watermark in large letters is set over the page",
    "hidden": "figures that nobody sees stand in the cells, not painted",
    "white": "figures that nobody sees stand in the cells, white on white",
    "shaded": "cells are shaded",
    "dark": "labels are white on dark cells",
    "running": "a line runs at the head of every page",
    "cropped": "the paper is larger than the page, with printer's marks",
    "units": "a unit of the page is ten points",
    "booklet": "two pages stand side by side on one sheet",
    "mixed": "some pages are turned",
}
GRAINS: Final = {"glyph": 1, "run": 3, "line": 1_000}
"""How many characters are written at once."""
WEIGHTS: Final = ("plain", "twice", "stroked")
STYLES: Final = ("stroke", "fill", "one_path", "form", "dashes")
_WIDTH, _HEIGHT, _MARGIN, _PAD = 595.0, 842.0, 48.0, 3.0
_OVER: Final = {
    "aslant": "q 0.8 g 0.7 0.7 -0.7 0.7 150 200 cm BT /F1 80 Tf <8349 7a3f 5185 90e8 0031> Tj ET Q",
    "stamped": "q 0.8 g BT /F1 90 Tf 1 0 0 1 120 500 Tm <8349 7a3f 0032> Tj"
    " 1 0 0 1 120 250 Tm <8349 7a3f 0032> Tj ET Q",
}
_FONT: Final = (
    b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H"
    b"/DescendantFonts[<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000"
    b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>/W[1 95 500]"
    b"/FontDescriptor<</Type/FontDescriptor/FontName/STSong-Light/Flags 4/Ascent 859"
    b"/Descent -141/CapHeight 700/ItalicAngle 0/StemV 80/FontBBox[0 -141 1000 859]>>>>]>>"
)


@dataclass(slots=True)
class Drawing:
    """How a report is drawn, and the pages drawn so far.

    ``turn`` counts quarter turns of the content to the left; ``flagged`` says so in the page, so
    that viewers show it upright. ``cut`` lets pages cut rows in two. ``grain`` says how much text
    is written at once, ``weight`` how it is made bold; ``unit`` is that of the text in points, set
    for the page or, where ``in_text``, for the text itself.
    """

    style: str = "stroke"
    turn: int = 0
    flagged: bool = True
    cut: bool = False
    size: float = 9.0
    grain: str = "glyph"
    weight: str = "plain"
    unit: float = 1.0
    in_text: bool = False
    manners: frozenset[str] = frozenset()
    pages: list[tuple[str, str]] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _rules: list[str] = field(default_factory=list)
    _under: list[str] = field(default_factory=list)
    _ink: str = "0 g"
    _y: float = _MARGIN

    def report(self, report: TruthReport, rng: random.Random) -> bytes:
        """Return the report as a PDF."""
        tables = grids(report)
        text = document(report, rng, {table: f"@{table}" for table in tables})
        for line in text.splitlines():
            if line.startswith("@"):
                self._table(tables[line[1:]])
            elif line:
                self._paragraph(line)
        self._end_page()
        return self.file()

    def file(self) -> bytes:
        """Return the pages drawn so far as a PDF."""
        return assembled(
            self.pages,
            turn=self.turn,
            flagged=self.flagged,
            form=self.style == "form",
            manners=self.manners,
        )

    @property
    def _pitch(self) -> float:
        return self.size * 1.4

    @property
    def _room(self) -> float:
        return _HEIGHT - _MARGIN - self._y

    def _paragraph(self, line: str) -> None:
        for part in _wrapped(line, _WIDTH - 2 * _MARGIN, self.size):
            if self._room < self._pitch:
                self._end_page()
            self._write(part, _MARGIN, self._y)
            self._y += self._pitch

    def _table(self, grid: Grid) -> None:
        lines = placed(grid)
        edges = _edges(len(lines[0]))
        waiting: dict[int, list[str]] = {}
        heights = self._heights(lines, edges)
        under: list[Line | None] = [*lines[1:], None]
        fresh = True
        for line, below, height in zip(lines, under, heights, strict=True):
            texts = [self._texts(slot.cell, at, edges) for at, slot in enumerate(line)]
            for at, slot in enumerate(line):
                if slot.kind == "cell":
                    waiting[at] = texts[at]
            upper = self._upper(height)
            if not upper:
                if self._room < height:
                    self._end_page()
                    fresh = True
                    if "headed" in self.manners and below is not None:
                        fresh = not self._head(lines, heights, edges)
                self._row(line, below, height, edges, waiting, top=fresh, bottom=True)
            else:
                self._row(line, below, upper, edges, waiting, top=fresh, bottom=False)
                self._end_page()
                self._row(line, below, height - upper, edges, waiting, top=False, bottom=True)
            fresh = False
        self._y += self._pitch

    def _head(self, lines: list[Line], heights: list[float], edges: list[float]) -> bool:
        """Draw the head of a table, the rows above its first figure; tell whether it has one."""
        rows = next(at for at, line in enumerate(lines) if any(slot.figure for slot in line))
        waiting: dict[int, list[str]] = {}
        for row, line in enumerate(lines[:rows]):
            for at, slot in enumerate(line):
                if slot.kind == "cell":
                    waiting[at] = self._texts(slot.cell, at, edges)
            below = lines[row + 1]
            self._row(line, below, heights[row], edges, waiting, top=not row, bottom=True)
        return rows > 0

    def _upper(self, height: float) -> float:
        """Return how much of a row the page takes when it cuts it in two, else nothing."""
        whole = int((self._room - _PAD) / self._pitch)
        cut = self.cut and self._room < height and 0 < whole < int(height / self._pitch)
        return _PAD + whole * self._pitch if cut else 0.0

    def _heights(self, lines: list[Line], edges: list[float]) -> list[float]:
        counts = [
            max(
                (
                    len(self._texts(s.cell, at, edges))
                    for at, s in enumerate(line)
                    if s.kind == "cell" and s.cell.rowspan == 1
                ),
                default=1,
            )
            for line in lines
        ]
        for row, line in enumerate(lines):
            for at, slot in enumerate(line):
                if slot.kind == "cell" and slot.cell.rowspan > 1:
                    last = row + slot.cell.rowspan - 1
                    wanted = len(self._texts(slot.cell, at, edges))
                    counts[last] += max(0, wanted - sum(counts[row : last + 1]))
        return [max(count, 1) * self._pitch + 2 * _PAD for count in counts]

    def _texts(self, cell: GridCell, at: int, edges: list[float]) -> list[str]:
        room = edges[min(at + cell.colspan, len(edges) - 1)] - edges[at] - 2 * _PAD
        return _wrapped(cell.text, room, self.size)

    def _row(
        self,
        line: Line,
        below: Line | None,
        height: float,
        edges: list[float],
        waiting: dict[int, list[str]],
        *,
        top: bool,
        bottom: bool,
    ) -> None:
        """Draw a row, or its part on one page; merged cells take the lines that still wait."""
        foot = self._y + height
        for at, slot in enumerate(line):
            left, right = edges[at], edges[at + 1]
            if slot.kind != "right":
                if at or "unsided" not in self.manners:
                    self._line(left, self._y, left, foot)
                self._behind(slot, left, edges[at + slot.cell.colspan], foot)
                for number in range(int((height - _PAD) / self._pitch + 0.01)):
                    if waiting.get(at):
                        y = self._y + _PAD + number * self._pitch
                        text = waiting[at].pop(0)
                        room = edges[at + slot.cell.colspan] - left - 2 * _PAD
                        self._write(text, left + _PAD + self._shift(slot, text, room), y)
                self._ink = "0 g"
            if top:
                self._line(left, self._y, right, self._y)
            if bottom and (below is None or below[at].cell is not slot.cell):
                self._line(left, foot, right, foot)
        if "unsided" not in self.manners:
            self._line(edges[-1], self._y, edges[-1], foot)
        self._y = foot

    def _behind(self, slot: Slot, left: float, right: float, foot: float) -> None:
        """Draw what is behind a cell, and what nobody sees in it."""
        label = slot.kind == "cell" and slot.text and not slot.figure
        if label and self.manners & {"shaded", "dark"}:
            dark = "dark" in self.manners
            self._under.append(
                f"{'0 0 0.4' if dark else '0.9 0.9 0.9'} rg {left:.2f} {_HEIGHT - foot:.2f}"
                f" {right - left:.2f} {foot - self._y:.2f} re f"
            )
            self._ink = "1 g" if dark else "0 g"
        if slot.figure:
            for manner, ink in (("hidden", "0 g 3 Tr"), ("white", "1 g")):
                if manner in self.manners:
                    self._ink = ink
                    self._write("捌", left + _PAD + 1, self._y + _PAD)
                    self._ink = "0 g"

    def _shift(self, slot: Slot, text: str, room: float) -> float:
        free = room - sum(_advance(character) * self.size for character in text)
        if not slot.figure or not self.manners & {"centred", "right"}:
            return 0.0
        return max(0.0, free / 2 if "centred" in self.manners else free)

    def _write(self, text: str, x: float, y: float) -> None:
        base = _HEIGHT - y - 0.9 * self.size
        step = GRAINS[self.grain]
        for part in (text[at : at + step] for at in range(0, len(text), step)):
            code = part.encode("utf-16-be").hex()
            if not part.isspace():
                shifts = (0.0, 0.3) if {self.weight, *self.manners} & {"bold", "twice"} else (0.0,)
                for shift in shifts:
                    self._text.append(f"{self._pen} {self._place(x + shift, base)} <{code}> Tj")
            x += sum(_advance(character) for character in part) * self.size

    @property
    def _pen(self) -> str:
        mode = f"2 Tr {0.4 / self._drawn_unit:.4f} w" if self.weight == "stroked" else "0 Tr"
        return f"{mode} {self._ink}"

    @property
    def _drawn_unit(self) -> float:
        return 1.0 if self.in_text else self.unit

    def _place(self, x: float, y: float) -> str:
        if self.in_text:
            return f"{self.unit} 0 0 {self.unit} {x:.2f} {y:.2f} Tm"
        return f"1 0 0 1 {x / self.unit:.4f} {y / self.unit:.4f} Tm"

    def _line(self, left: float, top: float, right: float, bottom: float) -> None:
        self._stroke(left, top, right, bottom)
        if "double" in self.manners:
            self._stroke(left + 1.2, top + 1.2, right + 1.2, bottom + 1.2)

    def _stroke(self, left: float, top: float, right: float, bottom: float) -> None:
        top, bottom = _HEIGHT - top, _HEIGHT - bottom
        if self.style in ("stroke", "form"):
            self._rules.append(f"{left:.2f} {top:.2f} m {right:.2f} {bottom:.2f} l S")
        elif self.style == "dashes":
            steps = max(1, int((right - left + top - bottom) / 3))
            for step in range(steps):
                x, y = left + (right - left) * step / steps, bottom + (top - bottom) * step / steps
                self._rules.append(f"{x:.2f} {y:.2f} 1.5 1.5 re f")
        else:
            size = f"{right - left + 0.5:.2f} {top - bottom + 0.5:.2f}"
            paint = "f" if self.style == "fill" else ""
            self._rules.append(f"{left:.2f} {bottom:.2f} {size} re {paint}")

    def _end_page(self) -> None:
        self._write(f"- {len(self.pages) + 1} -", _WIDTH / 2 - 10, _HEIGHT - 30)
        if "running" in self.manners:
            self._write("政府信息公开工作年度报告", _MARGIN, 20)
        if "shuffled" in self.manners:
            random.Random(len(self.pages)).shuffle(self._text)
        over = "\n".join(_OVER[manner] for manner in _OVER if manner in self.manners)
        rules = "\n".join(self._rules) + (" f" if self.style == "one_path" and self._rules else "")
        text = f"BT /F1 {self.size / self.unit:.4f} Tf\n" + "\n".join(self._text) + "\nET\n"
        unit = self._drawn_unit
        text = text if unit == 1.0 else f"q {unit} 0 0 {unit} 0 0 cm\n{text}Q\n"
        under = "q\n" + "\n".join(self._under) + "\nQ\n" if self._under else ""
        self.pages.append((under + text + over, rules))
        self._text, self._rules, self._under, self._y = [], [], [], _MARGIN


def assembled(
    pages: list[tuple[str, str]],
    *,
    turn: int = 0,
    flagged: bool = True,
    form: bool = False,
    manners: frozenset[str] = frozenset(),
    fonts: Mapping[str, bytes] = MappingProxyType({}),
    widget: tuple[str, bytes] | None = None,
) -> bytes:
    """Return a PDF of pages of (text, rules) as content streams.

    ``fonts`` are more than ``F1``, by name; ``widget`` is what every page has for an annotation,
    the number of its looks to be filled in, and these.
    """
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", _FONT, *fonts.values()]
    faces = "".join(f"/{name} {number} 0 R" for number, name in enumerate(("F1", *fonts), 3))
    annotation = ""
    if widget is not None:
        objects.append(widget[1])
        annotation = f"/Annots[<<{widget[0].format(len(objects))}>>]"
    kids = []
    step = 2 if "booklet" in manners else 1
    for first in range(0, len(pages), step):
        turned = (turn + first) % 4 if "mixed" in manners else turn
        content = ""
        for at, (text, rules) in enumerate(pages[first : first + step]):
            inner = "" if not form else rules
            objects.append(stream(inner, "/Type/XObject/Subtype/Form/BBox[0 0 900 900]"))
            drawn = text + "\n" + (f"/X{at + 1} Do" if form else rules)
            content += f"q 1 0 0 1 {at * _WIDTH} 0 cm\n{drawn}\nQ\n"
        forms = [len(objects) - at for at in reversed(range(len(pages[first : first + step])))]
        placed, boxes = _paper(content, turned, step, manners)
        objects.append(stream(placed))
        kids.append(len(objects) + 1)
        named = "".join(f"/X{at} {number} 0 R" for at, number in enumerate(forms, 1))
        resources = f"/Font<<{faces}>>/XObject<<{named}>>"
        rotate = 90 * turned if flagged else 0
        page = f"{annotation}{boxes}/Rotate {rotate}/Contents {len(objects)} 0 R"
        objects.append(f"<</Type/Page/Parent 2 0 R/Resources<<{resources}>>{page}>>".encode())
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{listed}]>>".encode()
    return numbered(objects)


def _paper(content: str, turn: int, step: int, manners: frozenset[str]) -> tuple[str, str]:
    """Return content as it is set on its paper, and the boxes of the page."""
    width, height = _WIDTH * step, _HEIGHT
    turns = (
        "1 0 0 1 0 0",
        f"0 1 -1 0 {height} 0",
        f"-1 0 0 -1 {width} {height}",
        f"0 -1 1 0 0 {width}",
    )
    if turn % 2:
        width, height = height, width
    content = f"q {turns[turn]} cm\n{content}\nQ"
    boxes = f"/MediaBox[0 0 {width} {height}]"
    if "cropped" in manners:
        marks = f"BT /F1 8 Tf 1 0 0 1 5 {height / 2} Tm <0034003200300032> Tj ET"
        content = f"{marks}\nq 1 0 0 1 40 30 cm\n{content}\nQ"
        boxes = (
            f"/MediaBox[0 0 {width + 80} {height + 60}]/CropBox[40 30 {width + 40} {height + 30}]"
        )
    if "units" in manners:
        content = f"q 0.1 0 0 0.1 0 0 cm\n{content}\nQ"
        boxes = re.sub(r"(?<=[\[ ])\d[\d.]*", lambda found: f"{float(found[0]) / 10:.1f}", boxes)
        boxes += "/UserUnit 10"
    return content, boxes


def _edges(columns: int) -> list[float]:
    """Return the edges of columns; those of labels in table 三 are as narrow as in real files."""
    shares = {10: (0.5, 1, 2.6, 1, 1, 1, 1, 1, 1, 1)}.get(columns, (1,) * columns)
    edges = [_MARGIN]
    for share in shares:
        edges.append(edges[-1] + (_WIDTH - 2 * _MARGIN) * share / sum(shares))
    return edges


def _wrapped(text: str, room: float, size: float) -> list[str]:
    lines, used = [""], 0.0
    for character in text:
        used += _advance(character) * size
        if used > room and lines[-1]:
            lines.append("")
            used = _advance(character) * size
        lines[-1] += character
    return lines


def _advance(character: str) -> float:
    return 0.5 if character.isascii() else 1.0
