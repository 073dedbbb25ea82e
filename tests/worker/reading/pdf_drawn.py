"""PDFs drawn by hand: what LibreOffice never does to a table, other programs do.

Lines as thin rectangles, in one path, in dashes or inside a form; pages turned; rows that a page
cuts in two without a line between.
"""

import random
from dataclasses import dataclass, field
from typing import Final

from tests.reports.cells import TruthReport
from tests.reports.narrative import document
from tests.reports.statutory import Grid, GridCell, Line, grids, placed

STYLES: Final = ("stroke", "fill", "one_path", "form", "dashes")
_WIDTH, _HEIGHT, _MARGIN, _PAD = 595.0, 842.0, 48.0, 3.0
_TURNS: Final = (
    "1 0 0 1 0 0",
    f"0 1 -1 0 {_HEIGHT} 0",
    f"-1 0 0 -1 {_WIDTH} {_HEIGHT}",
    f"0 -1 1 0 0 {_WIDTH}",
)
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
    that viewers show it upright. ``cut`` lets pages cut rows in two.
    """

    style: str = "stroke"
    turn: int = 0
    flagged: bool = True
    cut: bool = False
    size: float = 9.0
    pages: list[tuple[str, str]] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _rules: list[str] = field(default_factory=list)
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
            self.pages, turn=self.turn, flagged=self.flagged, form=self.style == "form"
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
                self._row(line, below, height, edges, waiting, top=fresh, bottom=True)
            else:
                self._row(line, below, upper, edges, waiting, top=fresh, bottom=False)
                self._end_page()
                self._row(line, below, height - upper, edges, waiting, top=False, bottom=True)
            fresh = False
        self._y += self._pitch

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
                self._line(left, self._y, left, foot)
                for number in range(int((height - _PAD) / self._pitch + 0.01)):
                    if waiting.get(at):
                        y = self._y + _PAD + number * self._pitch
                        self._write(waiting[at].pop(0), left + _PAD, y)
            if top:
                self._line(left, self._y, right, self._y)
            if bottom and (below is None or below[at].cell is not slot.cell):
                self._line(left, foot, right, foot)
        self._line(edges[-1], self._y, edges[-1], foot)
        self._y = foot

    def _write(self, text: str, x: float, y: float) -> None:
        for character in text:
            code = character.encode("utf-16-be").hex()
            base = _HEIGHT - y - 0.9 * self.size
            if not character.isspace():
                self._text.append(f"1 0 0 1 {x:.2f} {base:.2f} Tm <{code}> Tj")
            x += _advance(character) * self.size

    def _line(self, left: float, top: float, right: float, bottom: float) -> None:
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
        rules = "\n".join(self._rules) + (" f" if self.style == "one_path" and self._rules else "")
        self.pages.append((f"BT /F1 {self.size} Tf\n" + "\n".join(self._text) + "\nET", rules))
        self._text, self._rules, self._y = [], [], _MARGIN


def assembled(
    pages: list[tuple[str, str]], *, turn: int = 0, flagged: bool = True, form: bool = False
) -> bytes:
    """Return a PDF of pages of (text, rules) as content streams."""
    width, height = (_WIDTH, _HEIGHT) if turn % 2 == 0 else (_HEIGHT, _WIDTH)
    rotate = 90 * turn if flagged else 0
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", _FONT]
    kids = []
    for text, rules in pages:
        begin = f"q {_TURNS[turn]} cm\n"
        inner = stream("" if not form else rules, "/Type/XObject/Subtype/Form/BBox[0 0 900 900]")
        content = begin + text + "\n" + ("/X1 Do" if form else rules) + "\nQ"
        objects += [inner, stream(content)]
        kids.append(len(objects) + 1)
        resources = f"/Font<</F1 3 0 R>>/XObject<</X1 {len(objects) - 1} 0 R>>"
        page = f"/MediaBox[0 0 {width} {height}]/Rotate {rotate}/Contents {len(objects)} 0 R"
        objects.append(f"<</Type/Page/Parent 2 0 R/Resources<<{resources}>>{page}>>".encode())
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{listed}]>>".encode()
    return _numbered(objects)


def stream(content: str, about: str = "") -> bytes:
    """Return a stream object."""
    data = content.encode()
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(data), about.encode(), data)


def _numbered(objects: list[bytes]) -> bytes:
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


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
