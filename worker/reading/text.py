"""Plain text: tab-separated, Markdown pipes, space-aligned, or one cell a line.

A line with tabs or pipes becomes a ``RAGGED`` grid row; a line whose pieces stand apart by runs of
spaces, or that ends in figures, becomes a ``SPACED`` one; any other line is a paragraph. Markdown
separator rows are dropped: they may stand anywhere, even inside a row.
"""

import re
from collections.abc import Iterator
from typing import Final

from models.disclosure.finding import Reason
from models.disclosure.report import Place
from worker.errors import Refused
from worker.reading import pipes
from worker.reading.charset import decode
from worker.reading.pages import Block, Grid, GridCell, GridRow, Pages, Paragraph, Shape

MEDIA_TYPE: Final = "text/plain"

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_LINE_END: Final = pipes.LINE_END
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad\x00-\x08\x0e-\x1f]")
_SPACES: Final = str.maketrans({"\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2009": " "})
_NBSP: Final = re.compile(r"&nbsp;?", re.IGNORECASE)
_SEPARATOR: Final = re.compile(
    r"[|｜│┃+\s:=─━┼├┤┌┐└┘┬┴\-]*(?:-{2,}|[=─━]+)[|｜│┃+\s:=─━┼├┤┌┐└┘┬┴\-]*"
)
_EMPHASIS: Final = re.compile(r"\*\*|__|`|<br\s*/?>", re.IGNORECASE)
_PIECE: Final = re.compile(r"\S+(?:[ ]\S+)*")
_NUMBER: Final = r"[+\-−－＋]?[\d０-９][\d０-９,，]*(?:[.．][\d０-９]+)?"
_NOTE: Final = r"(?:[件个条项起元]|万元)?(?:[（(][^（()）]*[)）])?"
_FIGURE: Final = rf"(?:{_NUMBER}{_NOTE}|[/／]|[-－—–―─]{{1,3}})"
_FIGURES: Final = re.compile(rf"{_FIGURE}(?:\s+{_FIGURE})*")
# a bound on the label: without it a line of lone dashes takes time quadratic in its length
_LABEL: Final = r".{0,59}?[^\s\d]"
_TRAILING: Final = re.compile(rf"(?P<label>{_LABEL})\s+(?P<figures>{_FIGURE}(?:\s+{_FIGURE})*)")
_PAGE_MARK: Final = re.compile(r"[-－—–―─~·]+\s*\d{1,4}\s*[-－—–―─~·]+")


def is_text(data: bytes) -> bool:
    """Tell whether the bytes decode to text that holds next to no control characters."""
    sample, _ = decode(data[:65536])
    bad = len(_CONTROLS.findall(sample)) + sample.count("\ufffd")
    return bool(sample) and bad <= len(sample) // 200


def read(data: bytes) -> Pages:
    """Read plain text.

    Raises:
        Refused: ``empty`` when nothing but white space is in it.
    """
    content, encoding = decode(data)
    blocks = tuple(_joined(_blocks(pipes.one_cell_a_line(content))))
    if not blocks:
        raise Refused(Reason.EMPTY, "the file holds nothing but white space")
    return Pages(blocks, MEDIA_TYPE, encoding)


def _blocks(content: str) -> Iterator[Block]:
    start, number, page, gap = 0, 0, 1, True
    inner = pipes.unframed(content)
    paged = "\f" in content
    while start <= len(content):
        end = _LINE_END.search(content, start)
        stop = end.start() if end else len(content)
        number += 1
        line = _clean(content[start:stop])
        place = Place(number, 1, page if paged else None)
        block = _block(line, place, gap=gap, framed=number not in inner)
        if block is not None:
            yield block
        gap = block is None and (gap or not line.strip())
        if end is None:
            return
        page += end.group() == "\f"
        start = end.end()


def _clean(line: str) -> str:
    if "&" in line:
        line = _NBSP.sub(" ", line)
    return _INVISIBLE.sub("", line.translate(_SPACES))


def _block(line: str, place: Place, *, gap: bool, framed: bool) -> Block | None:
    if "\t" in line:
        cells = tuple(_separated(line, "\t", place, framed=False))
        return Grid((GridRow(cells, gap),), Shape.RAGGED)
    if not line.strip():
        return None
    if pipes.MARK.search(line) or line.lstrip().startswith("+-"):
        if _SEPARATOR.fullmatch(line):
            return None
        cells = tuple(_separated(line, "|", place, framed=framed))
        return Grid((GridRow(cells, gap),), Shape.RAGGED)
    return _spaced(line, place, gap=gap)


def _separated(line: str, mark: str, place: Place, *, framed: bool) -> Iterator[GridCell]:
    """Yield the cells between separators; the ends of a line are not cells of their own."""
    if mark == "|":
        line = pipes.MARK.sub("|", line)
    texts = line.split(mark)
    offset = 0
    kept = _kept(texts, mark, framed=framed)
    for index, text in enumerate(texts):
        if index in kept:
            at = offset + len(text) - len(text.lstrip())
            stripped = _EMPHASIS.sub("", text).strip()
            where = Place(place.line, at + 1, place.page)
            yield GridCell(stripped, index, at, at + len(stripped), place=where)
        offset += len(text) + 1


def _kept(texts: list[str], mark: str, *, framed: bool) -> range:
    """Which parts of a split line are cells: an indent or an outer pipe makes none."""
    last = len(texts) - 1
    if mark == "\t":
        return range(int(last == 1 and not texts[0].strip()), last + 1)
    first = int(framed and not texts[0].strip() and last > 0)
    end = last - int(not texts[last].strip() and last > 0)
    return range(first, max(end, first) + 1)


def _spaced(line: str, place: Place, *, gap: bool) -> Block:
    plain = _EMPHASIS.sub("", line)
    pieces = [] if _PAGE_MARK.fullmatch(plain.strip()) else list(_pieces(plain))
    if len(pieces) > 1:
        cells = tuple(
            GridCell(text, index, at, at + len(text), place=Place(place.line, at + 1, place.page))
            for index, (at, text) in enumerate(pieces)
        )
        return Grid((GridRow(cells, gap),), Shape.SPACED)
    text = plain.strip().strip("\u3000")
    at = plain.find(text)
    return Paragraph(text, Place(place.line, at + 1, place.page), gap)


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


def _joined(blocks: Iterator[Block]) -> Iterator[Block]:
    """Join neighbouring grid rows of the same shape into one grid."""
    rows: list[GridRow] = []
    shape: Shape | None = None
    for block in blocks:
        if isinstance(block, Grid) and block.shape == shape:
            rows.extend(block.rows)
            continue
        if shape is not None:
            yield Grid(tuple(rows), shape)
            rows, shape = [], None
        if isinstance(block, Grid):
            rows, shape = list(block.rows), block.shape
        else:
            yield block
    if shape is not None:
        yield Grid(tuple(rows), shape)
