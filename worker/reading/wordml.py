"""WordprocessingML, the markup of Word's XML formats: paragraphs, runs, tables, text boxes.

Kept: insertions, moved-in text, content controls, text boxes (after the paragraph they hang on).
Left out: deletions, hidden text, placeholders, field codes, headers, footers, notes, comments.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from worker.reading import nested, word_table
from worker.reading.nested import Box, Flow, Table
from worker.reading.package import Element
from worker.reading.word_table import MARKS, clamped, said

TRANSITIONAL: Final = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
"""The namespace that the other ones are rewritten to before parsing."""
W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_P, _R, _T, _TBL, _TR, _TC, _SDT = (W + name for name in ("p", "r", "t", "tbl", "tr", "tc", "sdt"))
_TXBX: Final = W + "txbxContent"
_RUBY, _RUBY_BASE = W + "ruby", W + "rubyBase"
_ALTERNATE, _CHOICE, _FALLBACK = _MC + "AlternateContent", _MC + "Choice", _MC + "Fallback"
_VAL, _TYPE = W + "val", W + "type"
_RPR, _PPR, _TRPR, _TCPR = (W + name for name in ("rPr", "pPr", "trPr", "tcPr"))
_GRID_SPAN, _DOWN, _ACROSS, _CELL_DELETED = (
    W + name for name in ("gridSpan", "vMerge", "hMerge", "cellDel")
)
_VANISH, _STYLE = W + "vanish", W + "style"
_LEFT_OUT: Final = frozenset(
    W + name
    for name in ("del", "moveFrom", "pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr")
)
_HOLDERS: Final = frozenset((W + "drawing", W + "pict", W + "object", _ALTERNATE))
_OFF: Final = frozenset(("0", "false", "off", "none"))
_AML: Final = "{http://schemas.microsoft.com/aml/2001/core}annotation"
_AML_LEFT_OUT: Final = frozenset(("Word.Deletion", "Word.Comment"))
_INTRICATE: Final = (
    *(W + name for name in ("tbl", "del", "moveFrom", "sdt", "ruby", "vanish", "hidden")),
    *(W + name for name in ("hMerge", "cellDel", "pStyle", "rStyle")),
    *(W + name for name in ("tcPrChange", "trPrChange")),
    _AML,
    *_HOLDERS,
)
"""What tells that text may be left out, moved or nested; most tables and paragraphs have none."""


def hidden_styles(styles: Element) -> frozenset[str]:
    """Return the ids of styles whose text is hidden; next to no file has one."""
    return frozenset(
        style.get(W + "styleId", "")
        for style in styles.iter(_STYLE)
        if _is_on(style.find(f"{_RPR}/{_VANISH}"))
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


class Walker:
    """Walks the text of a Word document; ``hidden`` are the styles of hidden text."""

    def __init__(self, hidden: frozenset[str]) -> None:
        self.hidden = hidden
        styles = () if hidden else (W + "pStyle", W + "rStyle")
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
            found.extend(nested.lines("".join(map(said, element.iter(_T, *MARKS)))))
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
            elif tag in MARKS:
                texts.append(MARKS[tag])
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
            first = None if properties is None else properties.find(W + "gridBefore")
            before = 0 if first is None else clamped(first.get(_VAL), 0)
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
            told = {} if properties is None else {p.tag: p.get(_VAL) for p in properties}
            if _CELL_DELETED in told:
                continue
            width = clamped(told.get(_GRID_SPAN), 1) or 1
            down, across = _merge(told, _DOWN), _merge(told, _ACROSS)
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
        style = None if properties is None else properties.find(W + name)
        return style is not None and style.get(_VAL) in self.hidden


def _merge(told: dict[str, str | None], name: str) -> str:
    """Return ``restart`` or ``continue`` (which the format leaves unsaid), or nothing."""
    return told[name] or "continue" if name in told else ""


def _is_row_left_out(properties: Element) -> bool:
    return properties.find(W + "del") is not None or _is_on(properties.find(W + "hidden"))


def _is_left_out(element: Element) -> bool:
    """A content control may hold no text of the report: a prompt nobody followed, or a contents.

    Word 2003 marks changes and comments by annotations around what they concern.
    """
    if element.tag != _SDT:
        return element.tag == _AML and element.get(_TYPE) in _AML_LEFT_OUT
    gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    if gallery is not None and gallery.get(_VAL) == "Table of Contents":
        return True
    return _is_on(element.find(f"{W}sdtPr/{W}showingPlcHdr"))
