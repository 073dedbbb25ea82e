"""Lines of text: tab-separated, Markdown pipes, space-aligned, or one cell a line.

A line with tabs or pipes becomes a ``RAGGED`` grid row; a line whose pieces stand apart by runs of
spaces, or that ends in figures, becomes a ``SPACED`` one; any other line is a paragraph. Markdown
separator rows are dropped: they may stand anywhere, even inside a row.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from models.disclosure.report import Place
from models.tuples import maker
from worker.reading import pipes
from worker.reading.pages import Block, Grid, GridCell, GridRow, Paragraph, Shape

_LONGEST_ROW: Final = 20_000
"""Characters; a longer line is running text, whatever separators it holds."""
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad\x00-\x08\x0e-\x1f]")
_UNCLEAN: Final = re.compile(
    "[\u00a0\u2002\u2003\u2009\u200b-\u200f\u2060\ufeff\u00ad\x00-\x08\x0e-\x1f&]"
)
_SPACES: Final = str.maketrans({"\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2009": " "})
_NBSP: Final = re.compile(r"&nbsp;?", re.IGNORECASE)
_SEPARATOR: Final = re.compile(
    r"[|｜│┃+\s:=─━┼├┤┌┐└┘┬┴\-]*(?:-{2,}|[=─━]+)[|｜│┃+\s:=─━┼├┤┌┐└┘┬┴\-]*"
)
_EMPHASIS: Final = re.compile(r"\*\*|__|`|<br\s*/?>", re.IGNORECASE)
# What converters put into a cell of a first row that has none.
_FILLER: Final = re.compile(r"Col\d{1,2}|Unnamed: ?\d{1,2}(?:_level_\d)?")
_A_ROW: Final = 3
_SHORT: Final = 30
_PIECE: Final = re.compile(r"\S+(?:[ ]\S+)*")
_NUMBER: Final = r"[+\-−－＋]?[\d０-９][\d０-９,，]*(?:[.．][\d０-９]+)?"
_NOTE: Final = r"(?:[件个条项起元]|万元)?(?:[（(][^（()）]*[)）])?"
_FIGURE: Final = rf"(?:{_NUMBER}{_NOTE}|[/／]|[-－—–―─]{{1,3}})"
_FIGURES: Final = re.compile(rf"{_FIGURE}(?:\s+{_FIGURE})*")
# a bound on the label: without it a line of lone dashes takes time quadratic in its length
_LABEL: Final = r".{0,59}?[^\s\d]"
_TRAILING: Final = re.compile(rf"(?P<label>{_LABEL})\s+(?P<figures>{_FIGURE}(?:\s+{_FIGURE})*)")
_PAGE_MARK: Final = re.compile(r"[-－—–―─~·]+\s*\d{1,4}\s*[-－—–―─~·]+")

_SPACED: Final = Shape.SPACED
_RAGGED: Final = Shape.RAGGED
_place: Final = maker(Place)
_cell: Final = maker(GridCell)
_Line = Paragraph | tuple[Shape, GridRow]


def blocks(content: str) -> Iterator[Block]:
    """Yield the blocks of a text; places are its lines and columns."""
    yield from _joined(_blocks(pipes.one_cell_a_line(content)))


def looks_like_a_row(line: str) -> bool:
    """Tell whether a line of running text sets cells apart: by pipes, or figures at its end."""
    if line.count("|") > 1:
        return True
    if " " in line and _FIGURES.fullmatch(line) is not None:
        return True
    found = _TRAILING.fullmatch(line) if line[-1:].isdigit() else None
    if found is None:
        return False
    return len(line) <= _SHORT or len(found["figures"].split()) >= _A_ROW


def _blocks(content: str) -> Iterator[_Line]:
    page, gap = 1, True
    inner = pipes.unframed(content)
    paged = "\f" in content
    clean = _cleaning(content)
    for number, (line, end) in enumerate(_lines(content), 1):
        text = clean(line)
        place = _place((number, 1, page if paged else None, None, None, None))
        block = _block(text, place, gap=gap, framed=number not in inner)
        if block is not None:
            yield block
        gap = block is None and (gap or not text.strip())
        page += end == "\f"


def _lines(content: str) -> Iterator[tuple[str, str]]:
    """Yield every line and what ends it; nothing ends the last."""
    start = 0
    for end in pipes.LINE_END.finditer(content):
        yield content[start : end.start()], end[0]
        start = end.end()
    yield content[start:], ""


def _cleaning(content: str) -> Callable[[str], str]:
    """Return what rids the lines of a text of what is not seen; most have nothing of it."""
    return _clean if _UNCLEAN.search(content) else str


def _clean(line: str) -> str:
    if "&" in line:
        line = _NBSP.sub(" ", line)
    return _INVISIBLE.sub("", line.translate(_SPACES))


def _block(line: str, place: Place, *, gap: bool, framed: bool) -> _Line | None:
    if len(line) > _LONGEST_ROW:
        return Paragraph(line.strip(), place, gap) if line.strip() else None
    if "\t" in line:
        return _RAGGED, GridRow(tuple(_separated(line, "\t", place, framed=False)), gap)
    if not line.strip():
        return None
    if pipes.MARK.search(line) or line.lstrip().startswith("+-"):
        if _SEPARATOR.fullmatch(line):
            return None
        return _RAGGED, GridRow(tuple(_separated(line, "|", place, framed=framed)), gap)
    return _spaced(line, place, gap=gap)


def _separated(line: str, mark: str, place: Place, *, framed: bool) -> Iterator[GridCell]:
    """Yield the cells between separators; the ends of a line are not cells of their own."""
    if mark == "|":
        line = pipes.MARK.sub("|", line)
    texts = line.split(mark)
    kept = _kept(texts, mark, framed=framed)
    number, _, page, *_ = place
    emphasised = _EMPHASIS.search(line) is not None
    offset = sum(map(len, texts[: kept.start])) + kept.start
    for index in kept:
        text = texts[index]
        stripped = text.strip()
        at = offset + (text.find(stripped) if stripped else len(text))
        offset += len(text) + 1
        if emphasised:
            stripped = _EMPHASIS.sub("", text).strip()
        if _FILLER.fullmatch(stripped):
            stripped = ""
        if " " in stripped and mark == "|" and _FIGURES.fullmatch(stripped):
            # A converter has put the figures of several columns into one cell.
            parts = list(_figures(at, stripped))
        else:
            parts = [(at, stripped)]
        for left, part in parts:
            where = _place((number, left + 1, page, None, None, None))
            yield _cell((part, index, left, left + len(part), 1, 1, where, None))


def _kept(texts: list[str], mark: str, *, framed: bool) -> range:
    """Which parts of a split line are cells: an indent or an outer pipe makes none."""
    last = len(texts) - 1
    if mark == "\t":
        return range(int(last == 1 and not texts[0].strip()), last + 1)
    first = int(framed and not texts[0].strip() and last > 0)
    end = last - int(not texts[last].strip() and last > 0)
    return range(first, max(end, first) + 1)


def _spaced(line: str, place: Place, *, gap: bool) -> _Line:
    plain = _EMPHASIS.sub("", line)
    several = len(plain.split(None, 1)) > 1 and not _PAGE_MARK.fullmatch(plain.strip())
    pieces = list(_pieces(plain)) if several else []
    number, _, page, *_ = place
    if len(pieces) > 1:
        cells = [
            _cell((text, index, at, at + len(text), 1, 1, where, None))
            for index, (at, text) in enumerate(pieces)
            for where in (_place((number, at + 1, page, None, None, None)),)
        ]
        return _SPACED, GridRow(tuple(cells), gap)
    text = plain.strip().strip("\u3000")
    at = plain.find(text)
    return Paragraph(text, _place((number, at + 1, page, None, None, None)), gap)


def _pieces(line: str) -> Iterator[tuple[int, str]]:
    for found in _PIECE.finditer(line.replace("\u3000", " ")):
        yield from _split(found.start(), found.group())


def _split(at: int, piece: str) -> Iterator[tuple[int, str]]:
    """Part figures from each other and from the label before them."""
    if " " not in piece:
        yield at, piece
    elif _FIGURES.fullmatch(piece):
        yield from _figures(at, piece)
    elif found := _TRAILING.fullmatch(piece):
        yield at, found["label"]
        yield from _figures(at + found.start("figures"), found["figures"])
    else:
        yield at, piece


def _figures(at: int, text: str) -> Iterator[tuple[int, str]]:
    for found in re.finditer(_FIGURE, text):
        yield at + found.start(), found.group()


def _joined(lines: Iterator[_Line]) -> Iterator[Block]:
    """Join neighbouring grid rows of the same shape into one grid."""
    rows: list[GridRow] = []
    shape: Shape | None = None
    for line in lines:
        here = None if isinstance(line, Paragraph) else line[0]
        if shape is not None and here is not shape:
            yield Grid(tuple(rows), shape)
            rows = []
        shape = here
        if isinstance(line, Paragraph):
            yield line
        else:
            rows.append(line[1])
    if shape is not None:
        yield Grid(tuple(rows), shape)
