"""OpenDocument content (ODT, ODS): paragraphs, tables and sheets of ``content.xml``.

Left out: tracked deletions, notes, comments, hidden text, tables of contents.
"""

import re
from collections.abc import Iterator
from typing import Final, Self

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import nested
from worker.reading.nested import Box, Flow, Table
from worker.reading.package import Element, Package
from worker.reading.worksheet import Merge, Sheet

_NS: Final = "{urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _TABLE, _OFFICE, _DRAW, _STYLE = (
    f"{_NS}{name}:1.0}}" for name in ("text", "table", "office", "drawing", "style")
)
_PARAGRAPHS: Final = frozenset((_TEXT + "p", _TEXT + "h"))
_TABLE_TAG, _ROW = _TABLE + "table", _TABLE + "table-row"
_CELL, _COVERED = _TABLE + "table-cell", _TABLE + "covered-table-cell"
_LEFT_OUT: Final = frozenset(
    (
        *(_TEXT + name for name in ("tracked-changes", "note", "hidden-text", "placeholder")),
        *(_TEXT + name for name in ("table-of-content", "ruby-text", "sequence-decls")),
        *(_OFFICE + name for name in ("annotation", "forms", "event-listeners")),
        _TABLE + "shapes",
    )
)
_MARKS: Final = {_TEXT + "tab": "\t", _TEXT + "line-break": "\n"}
_SPACE: Final = _TEXT + "s"
_BLANKS: Final = re.compile(r"[ \t\r\n]+")
_MOST_SPANNED: Final = 10_000
_MOST_REPEATED: Final = 256
_MOST_COUNTED: Final = 1 << 21


class Content:
    """The content of an OpenDocument file."""

    def __init__(self, root: Element) -> None:
        self._hidden = _hidden_styles(root)
        self._body = root.find(f"{_OFFICE}body")

    @classmethod
    def of(cls, parts: Package) -> Self:
        """Open a package.

        Raises:
            Refused: ``encrypted``, or what the package and its XML are refused for.
        """
        manifest = "META-INF/manifest.xml"
        if manifest in parts and b"encryption-data" in parts.read(manifest):
            raise Refused(Reason.ENCRYPTED, "the OpenDocument file is behind a password")
        return cls(parts.xml("content.xml"))

    def flow(self) -> Flow:
        """Return the paragraphs and tables of a text document."""
        body = None if self._body is None else self._body.find(f"{_OFFICE}text")
        return [] if body is None else self._flow(body)

    def sheets(self) -> Iterator[Sheet]:
        """Yield the sheets of a spreadsheet."""
        body = None if self._body is None else self._body.find(f"{_OFFICE}spreadsheet")
        for element in () if body is None else body:
            if element.tag == _TABLE_TAG:
                yield self._sheet(element)

    def _flow(self, parent: Element) -> Flow:
        found: Flow = []
        for child in parent:
            if child.tag in _PARAGRAPHS:
                texts: list[str] = []
                boxes: Flow = []
                self._inline(child, texts, boxes)
                found.extend(nested.lines("".join(texts)))
                found.extend(boxes)
            elif child.tag == _TABLE_TAG:
                found.append(self._table(child))
            elif child.tag not in _LEFT_OUT:
                found.extend(self._flow(child))
        return found

    def _inline(self, element: Element, texts: list[str], boxes: Flow) -> None:
        """Collect the text of an element; white space of the XML is one space."""
        if self._hidden and element.get(_TEXT + "style-name") in self._hidden:
            return
        if element.text:
            texts.append(_BLANKS.sub(" ", element.text))
        for child in element:
            tag = child.tag
            if tag in _MARKS:
                texts.append(_MARKS[tag])
            elif tag == _SPACE:
                texts.append(" " * _count(child, _TEXT + "c", _MOST_REPEATED))
            elif tag.startswith(_DRAW):
                boxes.extend(self._flow(child))
            elif tag not in _LEFT_OUT:
                self._inline(child, texts, boxes)
            if child.tail:
                texts.append(_BLANKS.sub(" ", child.tail))

    def _table(self, element: Element) -> Table:
        table = Table()
        for row in _within(element, (_ROW,)):
            cells: list[Box] = []
            for cell in _within(row, (_CELL,)):
                content = self._flow(cell)
                rows, columns = _spans(cell)
                repeated = _count(cell, _TABLE + "number-columns-repeated", _MOST_REPEATED)
                cells.extend(Box(content, rows, columns) for _ in range(repeated))
            times = _count(row, _TABLE + "number-rows-repeated", _MOST_REPEATED)
            table.rows.extend([cells] * times)
        return table

    def _sheet(self, element: Element) -> Sheet:
        sheet = Sheet(element.get(_TABLE + "name", ""))
        at = 0
        for row in _within(element, (_ROW,)):
            times = _count(row, _TABLE + "number-rows-repeated", _MOST_COUNTED)
            texts = self._sheet_row(row, at, sheet.merges)
            if len(sheet.cells) + len(texts) * times > nested.MOST_CELLS:
                raise Refused(Reason.TOO_LARGE, f"sheet {sheet.name} holds too many cells")
            for _ in range(times if texts else 0):
                sheet.cells |= {(at, column): text for column, text in texts.items()}
                at += 1
            at += 0 if texts else times
        return sheet

    def _sheet_row(self, row: Element, at: int, merges: list[Merge]) -> dict[int, str]:
        texts: dict[int, str] = {}
        column = 0
        for cell in _within(row, (_CELL, _COVERED)):
            repeated = _count(cell, _TABLE + "number-columns-repeated", _MOST_COUNTED)
            if cell.tag == _CELL:
                text = "\n".join(part for part in self._flow(cell) if isinstance(part, str))
                rows, columns = _spans(cell)
                if rows > 1 or columns > 1:
                    merges.append((at, column, rows, columns))
                if text.strip():
                    last = column + min(repeated, _MOST_REPEATED)
                    texts |= dict.fromkeys(range(column, last), text)
            column += repeated
        return texts


def _within(parent: Element, wanted: tuple[str, ...]) -> Iterator[Element]:
    """Yield rows of a table or cells of a row, groups and headers opened."""
    for child in parent:
        if child.tag in wanted:
            yield child
        elif child.tag not in _LEFT_OUT and child.tag != _TABLE_TAG:
            yield from _within(child, wanted)


def _spans(cell: Element) -> tuple[int, int]:
    return (
        _count(cell, _TABLE + "number-rows-spanned", _MOST_SPANNED),
        _count(cell, _TABLE + "number-columns-spanned", _MOST_REPEATED),
    )


def _count(element: Element, name: str, most: int) -> int:
    text = element.get(name, "1")
    return max(1, min(int(text), most)) if text.isdecimal() and len(text) < 12 else 1


def _hidden_styles(root: Element) -> frozenset[str]:
    return frozenset(
        style.get(_STYLE + "name", "")
        for style in root.iter(_STYLE + "style")
        for properties in style.iter(_STYLE + "text-properties")
        if properties.get(_TEXT + "display") == "none"
    )
