"""Word files of 97 to 2003 (DOC), and WPS files, which are the same inside.

Left out: headers, footers, notes, comments, field codes, hidden and deleted text. Text boxes stand
where they are anchored, or at the end where the anchors do not tell.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import compound, nested
from worker.reading.pages import Pages
from worker.reading.rowwise import Assembly, Definition, Edge
from worker.reading.word97 import Word97

MEDIA_TYPE: Final = compound.DOC

_IN_TABLE, _ROW_END, _DEPTH, _DEEPER = 0x2416, 0x2417, 0x6649, 0x664A
_INNER_CELL, _INNER_ROW = 0x244B, 0x244C
_DEF_TABLE, _MERGE, _MERGE_DOWN = 0xD608, 0x5624, 0xD62B
_CELL_SIZE: Final = 20
_MOST_CELLS: Final = 64
_MARK: Final = re.compile("[\r\x07\x0c]")
_FIELD: Final = re.compile("[\x13\x14\x15]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ANCHOR: Final = "\x08"
_NO_MARK: Final = re.compile("[^\r\x07\x0c]")
_DROPPED: Final = "\x00"
_SHOWN: Final = str.maketrans({"\x0e": "\n", "\x1e": "-"})
_DOWN: Final = {1: "continue", 2: "restart", 3: "restart"}


def read(data: bytes) -> Pages:
    """Read a Word 97 to 2003 file.

    Raises:
        Refused: ``empty``, ``encrypted``, ``unsupported_type`` for Word 6 and 95, ``truncated``,
            ``too_large`` or ``unreadable``.
    """
    try:
        flow = _Body(Word97(data)).flow()
    except (struct.error, IndexError) as error:
        raise Refused(Reason.UNREADABLE, f"the Word file is broken: {error}") from error
    return Pages(nested.blocks(flow), MEDIA_TYPE)


@dataclass(frozen=True, slots=True)
class _Ruled:
    """What the modifiers of a paragraph say of tables."""

    depth: int
    cell_end: bool
    row_end: bool
    definition: Definition


@dataclass(slots=True)
class _Row:
    """The definition of a row while its modifiers are applied."""

    left: int = 0
    rights: list[int] = field(default_factory=list)
    down: list[str] = field(default_factory=list)
    across: list[str] = field(default_factory=list)

    def define(self, operand: bytes) -> None:
        """Take edges and merges from a table definition."""
        count = min(operand[0], _MOST_CELLS) if operand else 0
        if len(operand) < 1 + 2 * (count + 1):
            return
        edges = struct.unpack_from(f"<{count + 1}h", operand, 1)
        self.left, self.rights = edges[0], list(edges[1:])
        flags = [self._flags(operand, 1 + 2 * (operand[0] + 1), at) for at in range(count)]
        self.across = ["continue" if flag & 3 == 1 else "" for flag in flags]
        self.down = [_DOWN.get(flag >> 5 & 3, "") for flag in flags]

    @staticmethod
    def _flags(operand: bytes, start: int, which: int) -> int:
        at = start + which * _CELL_SIZE
        return int.from_bytes(operand[at : at + 2], "little")

    def merge_down(self, operand: bytes) -> None:
        """Take the vertical merge of one cell."""
        if len(operand) >= 2 and operand[0] < len(self.down):
            self.down[operand[0]] = _DOWN.get(operand[1], "")

    def merge(self, operand: bytes) -> None:
        """Take a horizontal merge of a run of cells."""
        for which in range(operand[0] + 1, min(operand[1], len(self.across))):
            self.across[which] = "continue"

    def definition(self) -> Definition:
        """Return what was defined."""
        cells = zip(self.rights, self.down, self.across, strict=True)
        return Definition(self.left, tuple(Edge(*cell) for cell in cells))


def _ruled(sprms: Iterable[tuple[int, bytes]]) -> _Ruled:
    row = _Row()
    values = dict.fromkeys((_IN_TABLE, _ROW_END, _DEPTH, _INNER_CELL, _INNER_ROW), 0)
    for code, operand in sprms:
        if code in values:
            values[code] = int.from_bytes(operand, "little", signed=True)
        elif code == _DEEPER:
            values[_DEPTH] += int.from_bytes(operand, "little", signed=True)
        elif code == _DEF_TABLE:
            row.define(operand)
        elif code == _MERGE_DOWN:
            row.merge_down(operand)
        elif code == _MERGE and len(operand) == 2:
            row.merge(operand)
    return _Ruled(
        max(values[_DEPTH], int(bool(values[_IN_TABLE]))),
        bool(values[_INNER_CELL]),
        bool(values[_ROW_END] or values[_INNER_ROW]),
        row.definition(),
    )


class _Body:
    """Walks the paragraphs of the text."""

    def __init__(self, word: Word97) -> None:
        self.word = word
        dropped = [*word.hidden(), *_codes(word.text)]
        self.text = _without(word.text, dropped)
        anchors = self.text.count(_ANCHOR, 0, word.main)
        self.ruled: dict[bytes, _Ruled] = {}
        self.boxes = iter(word.text_boxes)
        self.anchored = anchors == len(word.text_boxes)

    def flow(self) -> nested.Flow:
        """Return the body, text boxes included."""
        found = self._story(0, self.word.main)
        for start, end in self.boxes:
            found.extend(self._story(start, end))
        return found

    def _story(self, start: int, end: int) -> nested.Flow:
        assembly = Assembly()
        at = start
        for mark in _MARK.finditer(self.text, start, end):
            text = self.text[at : mark.start()]
            self._paragraph(assembly, text, mark)
            at = mark.end()
        assembly.text(_lines(self.text[at:end]), 0)
        return assembly.flow()

    def _paragraph(self, assembly: Assembly, text: str, mark: re.Match[str]) -> None:
        stored = self.word.paragraph(mark.start())
        if stored not in self.ruled:
            self.ruled[stored] = _ruled(self.word.modifiers(stored))
        ruled = self.ruled[stored]
        ends_cell = mark.group() == "\x07"
        depth = max(ruled.depth, int(ends_cell))
        if depth and ruled.row_end:
            assembly.row(depth, ruled.definition)
            return
        assembly.text(_lines(text), depth)
        for _ in range(text.count(_ANCHOR) if self.anchored else 0):
            assembly.text(self._story(*next(self.boxes, (0, 0))), depth)
        if ends_cell or (depth > 1 and ruled.cell_end):
            assembly.cell(depth)


def _lines(text: str) -> list[str]:
    if _SURROGATE.search(text):
        # Word counts a pair as two characters: only now may it become one.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return nested.lines(text.translate(_SHOWN))


def _codes(text: str) -> Iterator[tuple[int, int]]:
    """Yield the codes of fields, from the begin mark to the separator; a lone begin is nothing."""
    begun: list[int] = []
    for mark in _FIELD.finditer(text):
        if mark.group() == "\x13":
            begun.append(mark.start())
        elif begun and begun[-1] >= 0:
            yield begun[-1], mark.end()
            begun[-1] = -1
        if mark.group() == "\x15" and begun:
            begun.pop()


def _without(text: str, dropped: Iterable[tuple[int, int]]) -> str:
    """Blank out what is dropped; marks stay, for they hold the tables together."""
    parts: list[str] = []
    at = 0
    for start, end in sorted(dropped):
        start = max(start, at)
        if start >= end:
            continue
        parts.append(text[at:start])
        parts.append(_NO_MARK.sub(_DROPPED, text[start:end]))
        at = end
    return "".join([*parts, text[at:]])
