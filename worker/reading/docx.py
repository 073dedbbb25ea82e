"""Word files (DOCX, DOCM, DOTX): the main document part, as it prints.

Kept: insertions, moved-in text, content controls, text boxes (after the paragraph they hang on).
Left out: deletions, hidden text, placeholders, field codes, headers, footers, notes, comments.
"""

import posixpath
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from worker.reading import nested, package, word_table
from worker.reading.nested import Box, Flow, Table
from worker.reading.package import Element
from worker.reading.pages import Pages
from worker.reading.word_table import MARKS as _MARKS
from worker.reading.word_table import clamped as _clamped
from worker.reading.word_table import said as _said

MEDIA_TYPE: Final = package.DOCX

_STRICT: Final = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_TRANSITIONAL: Final = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_P, _R, _T, _TBL, _TR, _TC, _SDT = (_W + name for name in ("p", "r", "t", "tbl", "tr", "tc", "sdt"))
_TXBX: Final = _W + "txbxContent"
_RUBY, _RUBY_BASE = _W + "ruby", _W + "rubyBase"
_ALTERNATE, _CHOICE, _FALLBACK = _MC + "AlternateContent", _MC + "Choice", _MC + "Fallback"
_VAL: Final = _W + "val"
_RPR, _PPR, _TRPR, _TCPR = (_W + name for name in ("rPr", "pPr", "trPr", "tcPr"))
_GRID_SPAN, _DOWN, _ACROSS, _CELL_DELETED = (
    _W + name for name in ("gridSpan", "vMerge", "hMerge", "cellDel")
)
_VANISH, _STYLE = _W + "vanish", _W + "style"
_LEFT_OUT: Final = frozenset(
    _W + name
    for name in ("del", "moveFrom", "pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr")
)
_HOLDERS: Final = frozenset((_W + "drawing", _W + "pict", _W + "object", _ALTERNATE))
_STYLED: Final = (b":pStyle", b":rStyle")
_INTRICATE: Final = (
    *(_W + name for name in ("tbl", "del", "moveFrom", "sdt", "ruby", "vanish", "hidden")),
    *(_W + name for name in ("hMerge", "cellDel", "pStyle", "rStyle")),
    *(_W + name for name in ("tcPrChange", "trPrChange")),
    *_HOLDERS,
)
"""What tells that text may be left out, moved or nested; most tables and paragraphs have none."""
_OFF: Final = frozenset(("0", "false", "off", "none"))
_OFFICE_DOCUMENT: Final = re.compile(r"/officeDocument$")


def read(data: bytes) -> Pages:
    """Read a Word file.

    Raises:
        Refused: ``empty``, ``truncated``, ``encrypted``, ``too_large`` or ``unreadable``.
    """
    parts = package.Package(data)
    name = _main_part(parts)
    content = _transitional(parts.read(name))
    styled = any(mark in content for mark in _STYLED)
    hidden = _hidden_styles(parts, posixpath.dirname(name)) if styled else frozenset[str]()
    reader = _Document(hidden)
    body = package.parse_xml(content, name).find(_W + "body")
    flow = [] if body is None else reader.flow(body)
    return Pages(nested.blocks(flow), MEDIA_TYPE)


def _transitional(content: bytes) -> bytes:
    return content.replace(_STRICT, _TRANSITIONAL) if _STRICT in content else content


def _main_part(parts: package.Package) -> str:
    """Return the part that the package's relations name; it need not be ``document.xml``."""
    if "_rels/.rels" in parts:
        for relation in parts.xml("_rels/.rels"):
            if _OFFICE_DOCUMENT.search(relation.get("Type", "")):
                return relation.get("Target", "").lstrip("/")
    return "word/document.xml"


def _hidden_styles(parts: package.Package, folder: str) -> frozenset[str]:
    """Return the ids of styles whose text is hidden; next to no file has one."""
    name = posixpath.join(folder, "styles.xml")
    if name not in parts:
        return frozenset()
    content = _transitional(parts.read(name))
    if b":vanish" not in content:
        return frozenset()
    styles = package.parse_xml(content, name).iter(_STYLE)
    return frozenset(
        style.get(_W + "styleId", "") for style in styles if _is_on(style.find(f"{_RPR}/{_VANISH}"))
    )


def _is_on(toggle: Element | None) -> bool:
    return toggle is not None and toggle.get(_VAL) not in _OFF


def _branch(alternate: Element) -> Element | tuple[()]:
    """The same content stands there for new and for old programs: take it once."""
    for tag in (_CHOICE, _FALLBACK):
        found = alternate.find(tag)
        if found is not None and len(found):
            return found
    return ()


def _within(parent: Element, wanted: str) -> Iterator[Element]:
    """Yield rows of a table or cells of a row, content controls and insertions opened."""
    for child in parent:
        if child.tag == wanted:
            yield child
        elif child.tag not in _LEFT_OUT and child.tag not in (_TBL, _P):
            yield from _within(child, wanted)


class _Document:
    """Walks the document; ``hidden`` are the styles of hidden text."""

    def __init__(self, hidden: frozenset[str]) -> None:
        self.hidden = hidden
        styles = () if hidden else (_W + "pStyle", _W + "rStyle")
        self.intricate = tuple(tag for tag in _INTRICATE if tag not in styles)

    def flow(self, parent: Element | tuple[()]) -> Flow:
        """Return the paragraphs and tables below an element."""
        found: Flow = []
        for child in parent:
            tag = child.tag
            if tag == _P:
                self.paragraph(child, found)
            elif tag == _TBL:
                found.append(self.table(child))
            elif tag == _ALTERNATE:
                found.extend(self.flow(_branch(child)))
            elif tag not in _LEFT_OUT and not _is_left_out(child):
                found.extend(self.flow(child))
        return found

    def paragraph(self, element: Element, found: Flow) -> None:
        """Add the lines of a paragraph, then what its text boxes hold."""
        if self.hidden and self._has_hidden_style(element.find(_PPR), "pStyle"):
            return
        if next(element.iter(*self.intricate), None) is None:
            found.extend(nested.lines("".join(map(_said, element.iter(_T, *_MARKS)))))
            return
        texts: list[str] = []
        boxes: Flow = []
        self.inline(element, texts, boxes)
        found.extend(nested.lines("".join(texts)))
        found.extend(boxes)

    def inline(self, parent: Element, texts: list[str], boxes: Flow) -> None:
        """Collect the runs of a paragraph, hyperlinks and fields opened."""
        for child in parent:
            tag = child.tag
            if tag == _R:
                self.run(child, texts, boxes)
            elif tag == _ALTERNATE:
                boxes.extend(self.boxes(child))
            elif tag not in _LEFT_OUT and not _is_left_out(child):
                self.inline(child, texts, boxes)

    def run(self, element: Element, texts: list[str], boxes: Flow) -> None:
        """Collect the text of a run unless it is hidden."""
        for child in element:
            tag = child.tag
            if tag == _T:
                texts.append(child.text or "")
            elif tag == _RPR:
                if self._is_hidden(child):
                    return
            elif tag in _MARKS:
                texts.append(_MARKS[tag])
            elif tag in _HOLDERS:
                boxes.extend(self.boxes(child))
            elif tag == _RUBY:
                for base in child.iter(_RUBY_BASE):
                    self.inline(base, texts, boxes)

    def boxes(self, element: Element) -> Flow:
        """Return what the text boxes inside a drawing hold."""
        if element.tag == _TXBX:
            return self.flow(element)
        children = _branch(element) if element.tag == _ALTERNATE else element
        return [part for child in children for part in self.boxes(child)]

    def table(self, element: Element) -> Table:
        """Return a table; a cell merged over rows counts them and stands where it begins."""
        intricate = element.iter(*self.intricate)
        next(intricate)  # the table itself
        if next(intricate, None) is None:
            with suppress(IndexError):
                return word_table.read(element)
        table = Table()
        above: dict[int, Box] = {}
        for row in _within(element, _TR):
            properties = row.find(_TRPR)
            if properties is not None and _is_row_left_out(properties):
                continue
            first = None if properties is None else properties.find(_W + "gridBefore")
            before = 0 if first is None else _clamped(first.get(_VAL), 0)
            cells = [Box(columns=before, skipped=True)] if before else []
            above = self.row(row, cells, before, above)
            table.rows.append(cells)
        return table

    def row(
        self, element: Element, cells: list[Box], column: int, above: dict[int, Box]
    ) -> dict[int, Box]:
        """Add the cells of a row; return those that may go on in the next, by column."""
        merged: dict[int, Box] = {}
        for cell in _within(element, _TC):
            properties = cell.find(_TCPR)
            said = {} if properties is None else {p.tag: p.get(_VAL) for p in properties}
            if _CELL_DELETED in said:
                continue
            width = _clamped(said.get(_GRID_SPAN), 1) or 1
            down, across = _merge(said, _DOWN), _merge(said, _ACROSS)
            if down == "continue" and column in above:
                above[column].rows += 1
                merged[column] = above[column]
            elif across == "continue" and cells:
                cells[-1].columns += width
            else:
                cells.append(Box(self.flow(cell), columns=width))
                if down:
                    merged[column] = cells[-1]
            column += width
        return merged

    def _is_hidden(self, properties: Element) -> bool:
        if _is_on(properties.find(_VANISH)):
            return True
        return bool(self.hidden) and self._has_hidden_style(properties, "rStyle")

    def _has_hidden_style(self, properties: Element | None, name: str) -> bool:
        style = None if properties is None else properties.find(_W + name)
        return style is not None and style.get(_VAL) in self.hidden


def _merge(said: dict[str, str | None], name: str) -> str:
    """Return ``restart`` or ``continue`` (which the format leaves unsaid), or nothing."""
    return said[name] or "continue" if name in said else ""


def _is_row_left_out(properties: Element) -> bool:
    return properties.find(_W + "del") is not None or _is_on(properties.find(_W + "hidden"))


def _is_left_out(element: Element) -> bool:
    """A content control may hold no text of the report: a prompt nobody followed, or a contents."""
    if element.tag != _SDT:
        return False
    gallery = element.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
    if gallery is not None and gallery.get(_VAL) == "Table of Contents":
        return True
    return _is_on(element.find(f"{_W}sdtPr/{_W}showingPlcHdr"))
