"""Word's binary format (97 to 2003) as [MS-DOC] writes it down: text, and what rules it.

Text is a run of pieces; properties of characters and paragraphs lie in pages of 512 bytes that go
by file offset. Only what tells tables and hidden text is read of them.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading.compound import Compound

_WORD97, _WORD6 = 0xA5EC, (0xA5DC, 0xA5DB)
_FIRST_97: Final = 0xC0
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_STORIES: Final = ("<8i", 0x4C)
"""Lengths of main text, footnotes, headers, macros, comments, endnotes, text boxes (2 kinds)."""
_CHARACTERS, _PARAGRAPHS, _PIECES, _TEXT_BOXES = 0xFA, 0x102, 0x1A2, 0x25A
_PAGE: Final = 512
_COMPRESSED: Final = 1 << 30
_TEXT_BOX_SIZE: Final = 22
_OPERAND: Final = (1, 1, 2, 4, 2, 2, 0, 3)
_DEF_TABLE: Final = 0xD608
_CHANGE_TABS: Final = 0xC615
_HUGE: Final = (0x6645, 0x6646)
_VANISH, _DELETED = 0x083C, 0x0800


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters ``start`` to ``end`` of the text, from ``offset`` of the main stream on."""

    start: int
    end: int
    offset: int
    width: int


class Word97:
    """A Word file: ``text`` and ``main`` (how much of it is the body), and its properties."""

    def __init__(self, data: bytes) -> None:
        """Open it.

        Raises:
            Refused: ``encrypted``, ``unsupported_type`` for Word 6 and 95, ``truncated`` or
                ``unreadable``.
        """
        ole = Compound(data)
        self._stream = ole.stream("WordDocument")
        if len(self._stream) < _TEXT_BOXES + 8:
            self._refuse_old()
            raise Refused(Reason.TRUNCATED, "the Word header is cut")
        self._check_kind()
        (flags,) = struct.unpack_from("<H", self._stream, 0x0A)
        self._table = ole.stream("1Table" if flags & _SECOND_TABLE else "0Table")
        self._data = ole.stream("Data") if "Data" in ole else b""
        counts = struct.unpack_from(_STORIES[0], self._stream, _STORIES[1])
        self.main = max(0, counts[0])
        boxes_at = sum(max(0, count) for count in counts[:6])
        self.text_boxes = [
            (boxes_at + first, boxes_at + last) for first, last in self._text_box_extents()
        ]
        self._pieces = list(self._read_pieces(sum(max(0, count) for count in counts)))
        self.text = "".join(self._decoded(piece) for piece in self._pieces)
        self._runs = sorted(self._paragraph_runs())
        self._starts = [run[0] for run in self._runs]
        self._piece_starts = [piece.start for piece in self._pieces]

    def _refuse_old(self) -> None:
        if len(self._stream) >= 2 and struct.unpack_from("<H", self._stream)[0] in _WORD6:
            raise Refused(
                Reason.UNSUPPORTED_TYPE,
                "a Word 6 or 95 file: convert it with LibreOffice (soffice --convert-to docx)",
            )

    def _check_kind(self) -> None:
        self._refuse_old()
        magic, version = struct.unpack_from("<HH", self._stream)
        if magic != _WORD97 or version < _FIRST_97:
            raise Refused(Reason.UNREADABLE, f"no Word header (0x{magic:04x}, version {version})")
        (flags,) = struct.unpack_from("<H", self._stream, 0x0A)
        if flags & _ENCRYPTED:
            raise Refused(Reason.ENCRYPTED, "the Word file is behind a password")

    def _part(self, at: int) -> bytes:
        """Return the part of the table stream that the header names at this offset."""
        start, size = struct.unpack_from("<II", self._stream, at)
        return self._table[start : start + size]

    def _read_pieces(self, count: int) -> Iterator[Piece]:
        part = self._part(_PIECES)
        at = 0
        while at + 3 <= len(part) and part[at] == 1:
            at += 3 + struct.unpack_from("<H", part, at + 1)[0]
        if at + 5 > len(part) or part[at] != 2:
            raise Refused(Reason.TRUNCATED, "the Word file has lost its piece table")
        plc = part[at + 5 : at + 5 + struct.unpack_from("<I", part, at + 1)[0]]
        number = (len(plc) - 4) // 12
        ends = struct.unpack_from(f"<{number + 1}I", plc) if number > 0 else (0,)
        for which in range(number):
            start, end = ends[which], min(ends[which + 1], count)
            if end <= start:
                continue
            (field,) = struct.unpack_from("<I", plc, 4 * (number + 1) + 8 * which + 2)
            width = 1 if field & _COMPRESSED else 2
            offset = field & (_COMPRESSED - 1)
            yield Piece(start, end, offset // 2 if width == 1 else offset, width)

    def _decoded(self, piece: Piece) -> str:
        length = (piece.end - piece.start) * piece.width
        data = self._stream[piece.offset : piece.offset + length]
        if len(data) < length:
            raise Refused(Reason.TRUNCATED, "the text of the Word file is cut")
        encoding = "cp1252" if piece.width == 1 else "utf-16-le"
        text = data.decode(encoding, "replace")
        # A pair of surrogates is two characters to Word: positions must not shift.
        return text if len(text) == piece.end - piece.start else _unpaired(data)

    def _text_box_extents(self) -> list[tuple[int, int]]:
        plc = self._part(_TEXT_BOXES)
        number = (len(plc) - 4) // (4 + _TEXT_BOX_SIZE)
        if number < 1:
            return []
        ends = struct.unpack_from(f"<{number + 1}I", plc)
        return list(pairwise(ends[:number]))

    def _property_pages(self, at: int) -> Iterator[bytes]:
        plc = self._part(at)
        number = max(0, (len(plc) - 4) // 8)
        pages = struct.unpack_from(f"<{number}I", plc, 4 * (number + 1)) if number else ()
        for page in dict.fromkeys(which & 0x3FFFFF for which in pages):
            content = self._stream[page * _PAGE : (page + 1) * _PAGE]
            if len(content) == _PAGE:
                yield content

    def _paragraph_runs(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield (first offset, end offset, modifiers) of every run of equal paragraphs."""
        for page in self._property_pages(_PARAGRAPHS):
            number = min(page[511], 29)
            offsets = struct.unpack_from(f"<{number + 1}I", page)
            for which in range(number):
                at = 2 * page[4 * (number + 1) + 13 * which]
                if at:
                    size = 2 * page[at] - 1 if page[at] else 2 * page[at + 1] if at < 511 else 0
                    at += 1 if page[at] else 2
                    yield offsets[which], offsets[which + 1], page[at + 2 : at + size]

    def hidden(self) -> Iterator[tuple[int, int]]:
        """Yield runs of characters (first, end) that are hidden or deleted."""
        for page in self._property_pages(_CHARACTERS):
            number = min(page[511], 101)
            offsets = struct.unpack_from(f"<{number + 1}I", page)
            for which in range(number):
                at = 2 * page[4 * (number + 1) + which]
                if at and _is_hidden(page[at + 1 : at + 1 + page[at]]):
                    yield from self._characters(offsets[which], offsets[which + 1])

    def _characters(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the characters that lie between two offsets of the stream."""
        for piece in self._pieces:
            length = (piece.end - piece.start) * piece.width
            low, high = max(first, piece.offset), min(end, piece.offset + length)
            if low < high:
                begin = piece.start + (low - piece.offset) // piece.width
                yield begin, piece.start + (high - piece.offset) // piece.width

    def paragraph(self, character: int) -> bytes:
        """Return the modifiers, as stored, of the paragraph whose mark is this character."""
        which = bisect_right(self._piece_starts, character) - 1
        if which < 0:
            return b""
        piece = self._pieces[which]
        offset = piece.offset + (character - piece.start) * piece.width
        run = bisect_right(self._starts, offset) - 1
        if run < 0 or offset >= self._runs[run][1]:
            return b""
        return self._runs[run][2]

    def modifiers(self, content: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield opcode and operand of stored modifiers, those kept in the data stream too."""
        for code, operand in _sprms(content):
            if code in _HUGE and len(operand) == 4:
                (at,) = struct.unpack("<I", operand)
                size = int.from_bytes(self._data[at : at + 2], "little")
                yield from _sprms(self._data[at + 2 : at + 2 + size])
            else:
                yield code, operand


def _unpaired(data: bytes) -> str:
    return "".join(map(chr, struct.unpack(f"<{len(data) // 2}H", data)))


def _is_hidden(content: bytes) -> bool:
    if all(code.to_bytes(2, "little") not in content for code in (_VANISH, _DELETED)):
        return False
    found = {code: operand[:1] for code, operand in _sprms(content) if code in (_VANISH, _DELETED)}
    return any(operand in (b"\x01", b"\x81") for operand in found.values())


def _sprms(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield opcode and operand; the opcode's upper bits tell how long the operand is."""
    at = 0
    while at + 2 < len(content):
        (code,) = struct.unpack_from("<H", content, at)
        at += 2
        size = _OPERAND[code >> 13]
        if code == _DEF_TABLE:
            size = int.from_bytes(content[at : at + 2], "little") - 1
            at += 2
        elif size == 0:
            size = content[at]
            at += 1
            if code == _CHANGE_TABS and size == 0xFF:
                return
        yield code, content[at : at + max(0, size)]
        at += max(0, size)
